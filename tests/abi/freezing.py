# SPDX-License-Identifier: Apache-2.0
"""freeze.py keeps the interface as it is, as often as one likes until the release, and never after
it: freezing.py ROOT"""

import shutil
import sys
import tempfile
from pathlib import Path

from freeze import RELEASED, checksums, freeze, version


def problems(root, copy):
    for name in ("include", "src/api", "src/crypto"):
        shutil.copytree(root / name, copy / name)
    name = version(copy)
    directory, header = copy / "tests/abi" / name, copy / "include/libwal/wal.h"
    (directory / "include/libwal").mkdir(parents=True)
    (directory / "include/libwal/stale.h").touch()
    if freeze(copy, f"{name}0", False) is None:
        yield "a version that the headers don't have is frozen"
    for release in (False, False, True):
        header.write_text(header.read_text() + "\n")
        if (refusal := freeze(copy, name, release)) is not None:
            yield f"refused before the release: {refusal}"
        if (directory / "include/libwal/wal.h").read_text() != header.read_text():
            yield "wal.h is not the one of today"
    if sorted(path.name for path in (directory / "include/libwal").iterdir()) != \
            sorted(path.name for path in header.parent.iterdir()):
        yield "other headers than those of today"
    sums = (directory / RELEASED).read_text()
    if sums != "".join(checksums(directory)) or "libwal.map" not in sums or \
            "libwal-crypto.map" not in sums:
        yield "what is released isn't written down"
    header.write_text("other\n")
    if freeze(copy, name, False) is None or (directory / RELEASED).read_text() != sums or \
            (directory / "include/libwal/wal.h").read_text() == "other\n":
        yield "frozen again after the release"
    (directory / "include/libwal/wal.h").write_text("other\n")
    if sums == "".join(checksums(directory)):
        yield "a change after the release isn't seen"


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        found = list(problems(Path(sys.argv[1]), Path(scratch)))
    print(*found, sep="\n")
    sys.exit(1 if found else 0)
