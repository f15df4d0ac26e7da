# SPDX-License-Identifier: Apache-2.0
"""Keeps the interface of a version: its headers and the maps of its libraries, beside programs
written for it, with which all later ones are tested (old.py).

    freeze.py VERSION             copies them to tests/abi/VERSION, as often as they grow
    freeze.py VERSION --release   the same for the last time: what is in that folder is final"""

import hashlib
import re
import shutil
import sys
from pathlib import Path

RELEASED = "released"
MAPS = ("src/api/libwal.map", "src/crypto/libwal-crypto.map")


def checksums(directory):
    """One line per file, as sha256sum prints them."""
    for path in sorted(path for path in directory.rglob("*") if path.is_file()):
        if path.name != RELEASED:
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            yield f"{digest}  {path.relative_to(directory)}\n"


def version(root):
    header = (root / "include/libwal/types.h").read_text()
    return ".".join(re.search(rf"#define WAL_VERSION_{part} (\d+)", header)[1]
                    for part in ("MAJOR", "MINOR"))


def freeze(root, name, release):
    """Returns what is in the way, None when it is done."""
    directory = root / "tests/abi" / name
    if name != version(root):
        return f"the headers are those of {version(root)}, not of {name}"
    if (directory / RELEASED).exists():
        return f"{name} is released: programs are built against it, and it stays as it is"
    shutil.rmtree(directory / "include", ignore_errors=True)
    shutil.copytree(root / "include", directory / "include")
    for script in MAPS:
        shutil.copy(root / script, directory)
    if release:
        (directory / RELEASED).write_text("".join(checksums(directory)))
    return None


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[2:] not in ([], ["--release"]):
        sys.exit(__doc__)
    sys.exit(freeze(Path(__file__).resolve().parents[2], sys.argv[1], len(sys.argv) > 2))
