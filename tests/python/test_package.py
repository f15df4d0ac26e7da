# SPDX-License-Identifier: Apache-2.0
"""The package as it can be imported, from wherever it is. It takes a moment, and shows that a build
works: what the packages hold is looked at in the folder package."""

import re
import subprocess
import sys
import tomllib
from importlib.resources import files
from pathlib import Path

import libwal
from libwal import _libwal

ROOT = Path(__file__).parents[2]


def version_of_the_library() -> str:
    """As the library's own build says it."""
    build = (ROOT / "CMakeLists.txt").read_text()
    found = re.search(r"^project\(libwal VERSION (\S+)", build, re.MULTILINE)
    assert found
    return found[1]


def test_the_version_is_the_librarys() -> None:
    project = tomllib.loads((ROOT / "bindings/python/pyproject.toml").read_text())["project"]
    assert project["version"] == version_of_the_library()
    assert libwal.version() == version_of_the_library()


def test_the_extension_is_one_for_all_versions() -> None:
    assert str(_libwal.__file__).endswith("/libwal/_libwal.abi3.so")


def test_types_are_with_it() -> None:
    package = files("libwal")
    assert package.joinpath("py.typed").is_file()
    assert package.joinpath("_libwal.pyi").is_file()


def test_a_log_comes_back_in_a_new_process(tmp_path: Path) -> None:
    with libwal.open(tmp_path / "log") as log:
        assert log.append_many([b"one", b"two"]) == 1
    show = "import sys, libwal; print([r.data for r in libwal.open(sys.argv[1], mode='r')])"
    command = [sys.executable, "-c", show, tmp_path / "log"]
    assert subprocess.check_output(command, text=True) == "[b'one', b'two']\n"


def test_what_is_written_with_a_key_needs_it(tmp_path: Path) -> None:
    with libwal.open(tmp_path / "log", key=bytes(32)) as log:
        log.append(b"secret")
    with libwal.open(tmp_path / "log", mode="r", key=bytes(32)) as log:
        assert log[1] == b"secret"
        assert log.info().cipher == "aes-256-gcm"
