# SPDX-License-Identifier: Apache-2.0
"""What packages say a second time is what the sources say: the version, and the exported functions
with the version that brought them.

agree.py ROOT"""

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "abi"))
from symbols import differences, map_symbols  # noqa: E402

VERSIONS = {
    "bindings/python/pyproject.toml": r'^version = "(.+)"$',
    "packaging/debian/changelog": r"\Alibwal \((.+)-[^-]+\)",
    "packaging/libwal.spec": r"^Version: +(.+)$",
}
SYMBOLS = {
    "src/api/libwal.map": "packaging/debian/libwal1.symbols",
    "src/crypto/libwal-crypto.map": "packaging/debian/libwal-crypto1.symbols",
}


def versions(root):
    build = (root / "CMakeLists.txt").read_text()
    version = re.search(r"^project\(libwal VERSION (\S+)", build, re.MULTILINE)[1]
    for name, pattern in VERSIONS.items():
        found = re.search(pattern, (root / name).read_text(), re.MULTILINE)
        if not found or found[1] != version:
            yield f"{name} is of version {found and found[1]}, CMakeLists.txt of {version}"


def expected(version_script):
    """Lines as dpkg-gensymbols wants them; the node LIBWAL_1.0 came with version 1.0.0."""
    symbols = {name.replace("@@", "@") for name in map_symbols(version_script)}
    nodes = {name.partition("@")[2] for name in symbols}
    named = symbols | {f"{node}@{node}" for node in nodes}
    return {f"{name} {name.rpartition('_')[2]}.0" for name in named}


def symbols_files(root):
    for script, name in SYMBOLS.items():
        said = re.findall(r"^ (.+)$", (root / name).read_text(), re.MULTILINE)
        if said != sorted(said):
            yield f"{name} isn't sorted"
        yield from differences(f"{script}, {name}", expected((root / script).read_text()),
                               set(said))


if __name__ == "__main__":
    ROOT = Path(sys.argv[1])
    found = [*versions(ROOT), *symbols_files(ROOT)]
    print(*found, sep="\n")
    sys.exit(1 if found else 0)
