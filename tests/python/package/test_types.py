# SPDX-License-Identifier: Apache-2.0
"""The types that the package promises: the stub against the extension, and mypy's strictest over
the package and its examples."""

import subprocess
import sys
from pathlib import Path


def run_mypy(folder: Path, *words: str | Path, path: Path) -> None:
    """Runs one of mypy's programs with the package in a folder, path, in view."""
    command = [sys.executable, "-m", *words]
    environment = {"PATH": "", "MYPYPATH": str(path), "PYTHONPATH": str(path)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_stub_says_what_the_extension_has(unpacked: Path, tmp_path: Path) -> None:
    allowed = Path(__file__).with_name("stubtest_allowed.txt")
    run_mypy(tmp_path, "mypy.stubtest", "--allowlist", allowed, "--ignore-unused-allowlist",
             "libwal", path=unpacked)


def test_mypy_is_content(root: Path, tmp_path: Path) -> None:
    binding = root / "bindings/python"
    examples = sorted((binding / "examples").glob("*.py"))
    assert examples
    run_mypy(tmp_path, "mypy", "--strict", "-p", "libwal", path=binding)
    run_mypy(tmp_path, "mypy", "--strict", *examples, path=binding)
