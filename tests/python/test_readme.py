# SPDX-License-Identifier: Apache-2.0
"""The examples in the READMEs run, and show what they say."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
READMES = (ROOT / "README.md", ROOT / "bindings/python/README.md")
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
BLOCKS = [(path, block) for path in READMES for block in BLOCK.findall(path.read_text())]


@pytest.mark.parametrize(("path", "block"), BLOCKS, ids=lambda it: getattr(it, "name", "block"))
def test_example(path: Path, block: str, tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", "-c", block]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert "b'Hello'" in done.stdout


def test_each_readme_has_one() -> None:
    assert {path for path, _ in BLOCKS} == set(READMES)
