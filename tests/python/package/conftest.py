# SPDX-License-Identifier: Apache-2.0
"""What packaging/python.sh made: a wheel and a source distribution in the folder WAL_DIST, and the
build of preset dev in WAL_BUILD."""

import os
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def only(folder: Path, pattern: str) -> Path:
    """The one file of that name."""
    (found,) = folder.glob(pattern)
    return found


@pytest.fixture(scope="session")
def root() -> Path:
    """The source tree."""
    return ROOT


@pytest.fixture(scope="session")
def build() -> Path:
    """Where preset dev builds: it serves as an installed C library."""
    return Path(os.environ["WAL_BUILD"])


@pytest.fixture(scope="session")
def wheel() -> Path:
    """The wheel."""
    return only(Path(os.environ["WAL_DIST"]), "*.whl")


@pytest.fixture(scope="session")
def unpacked(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is in the wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


@pytest.fixture(scope="session")
def extension(unpacked: Path) -> Path:
    """The wheel's extension module."""
    return unpacked / "libwal/_libwal.abi3.so"


@pytest.fixture(scope="session")
def sdist_names() -> set[str]:
    """The files of the source distribution, without the folder that they are all in."""
    with tarfile.open(only(Path(os.environ["WAL_DIST"]), "*.tar.gz")) as archive:
        return {name.partition("/")[2] for name in archive.getnames()}
