# SPDX-License-Identifier: Apache-2.0
"""Fixtures for both files of tests."""
from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from driver import build_tool  # noqa: E402


@pytest.fixture(scope="session")
def tool(tmp_path_factory):
    """make_logs, the program that has the C library in it."""
    return build_tool(tmp_path_factory.mktemp("build"))
