# SPDX-License-Identifier: Apache-2.0
"""The package as a distribution would build it: with the libwal that is installed."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import elf


@pytest.mark.parametrize(
    ("crypto", "libraries"),
    [("AUTO", {"libwal.so.1", "libwal-crypto.so.1"}), ("OFF", {"libwal.so.1"})],
)
def test_it_links_the_installed_library(
    crypto: str, libraries: set[str], build: Path, root: Path, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-index", "--no-deps",
               "--no-build-isolation", "-w", tmp_path, root / "bindings/python",
               "--config-settings=cmake.define.WAL_PYTHON_SYSTEM_LIBRARY=ON",
               f"--config-settings=cmake.define.WAL_CRYPTO={crypto}",
               "--config-settings=cmake.build-type=Debug"]
    environment = os.environ | {"CMAKE_PREFIX_PATH": str(build)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    extension = Path(zipfile.ZipFile(wheel).extract("libwal/_libwal.abi3.so", tmp_path))
    assert {name for name in elf.needed(extension) if "wal" in name} == libraries
    assert elf.exported(extension) == {"PyInit__libwal"}
