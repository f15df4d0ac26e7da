# SPDX-License-Identifier: Apache-2.0
"""The source distribution: with the C library's sources, and nothing that isn't needed."""

from pathlib import Path


def files_below(folder: Path, *patterns: str) -> set[str]:
    found = (path for pattern in patterns for path in folder.rglob(pattern))
    return {path.relative_to(folder).as_posix() for path in found if "walctl" not in path.parts}


def test_it_holds_the_librarys_sources(sdist_names: set[str], root: Path) -> None:
    expected = {f"src/{name}" for name in files_below(root / "src", "*.[ch]", "*.map")}
    expected |= {f"include/{name}" for name in files_below(root / "include", "*.h")}
    expected |= {"CMakeLists.txt", "LICENSE", "packaging/sbom.py"}
    place = "libwal-sources/"
    assert {name[len(place):] for name in sdist_names if name.startswith(place)} == expected


def test_it_holds_the_binding(sdist_names: set[str], root: Path) -> None:
    binding = root / "bindings/python"
    expected = {f"src/{name}" for name in files_below(binding / "src", "*.[ch]")}
    expected |= {f"libwal/{name}" for name in files_below(binding / "libwal", "*.py", "*.pyi")}
    expected |= {"libwal/py.typed", "pyproject.toml", "CMakeLists.txt"}
    expected |= {"library.cmake", "sbom.cmake"}
    expected |= {"LICENSE", "README.md", "PKG-INFO"}
    assert {name for name in sdist_names if not name.startswith("libwal-sources/")} >= expected
    assert not [name for name in sdist_names if "requirements" in name or "__pycache__" in name]
