# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the tests of the Python binding. They run against whatever libwal can be imported:
that of the build tree, by PYTHONPATH, or an installed one. Warnings are errors (pytest.ini), also
those of objects that were left open, and exceptions that nobody could catch."""

import faulthandler
import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

import libwal

HANG_S = 180


@pytest.fixture(autouse=True)
def watchdog() -> Iterator[None]:
    """A test that hangs ends the run, with the stack of each thread."""
    faulthandler.dump_traceback_later(HANG_S, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()


@pytest.fixture(autouse=True)
def leftovers() -> Iterator[None]:
    """What a test leaves open is told in that test, not in a later one."""
    yield
    gc.collect(0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a log can be made."""
    return tmp_path / "log"


@pytest.fixture
def log(path: Path) -> Iterator[libwal.Log]:
    """A new log, durable with each append."""
    with libwal.open(path) as log:
        yield log


@pytest.fixture
def buffered(path: Path) -> Iterator[libwal.Log]:
    """A new log that syncs when asked only."""
    with libwal.open(path, sync="none") as log:
        yield log
