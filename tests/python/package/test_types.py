"""The types that the package promises: the stub against the extension, and mypy's strictest over
the package and its examples."""

import subprocess
import sys
from pathlib import Path

import pytest


def mypy(folder: Path, *words: str | Path, path: Path) -> None:
    """Runs one of mypy's programs with the package in that folder in view."""
    command = [sys.executable, "-m", *words]
    environment = {"PATH": "", "MYPYPATH": str(path), "PYTHONPATH": str(path)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_stub_says_what_the_extension_has(unpacked: Path, tmp_path: Path) -> None:
    mypy(tmp_path, "mypy.stubtest", "libwal", path=unpacked)


@pytest.mark.parametrize("part", ["libwal", "examples"])
def test_mypy_is_content(part: str, unpacked: Path, root: Path, tmp_path: Path) -> None:
    files = sorted((root / "bindings/python" / part).rglob("*.py"))
    assert files
    sources = unpacked if part == "examples" else root / "bindings/python"
    mypy(tmp_path, "mypy", "--strict", *files, path=sources)
