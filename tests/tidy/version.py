# SPDX-License-Identifier: Apache-2.0
"""The version: CMakeLists.txt says it, and what can't take it from there says the same."""

import re

import tree

SOURCE = ("CMakeLists.txt", r"project\(libwal VERSION (\S+)")
COPIES = (
    ("bindings/python/pyproject.toml", r'^version = "(.+)"'),
    ("bindings/go/raftwal/go.mod", r"libwal/bindings/go v(\S+)"),
    ("bindings/go/prometheus/go.mod", r"libwal/bindings/go v(\S+)"),
    ("packaging/vcpkg/vcpkg.json", r'^  "version": "(.+)"'),
)
HEADER = "include/libwal/types.h"


def stated(root, name, pattern):
    """What the file says, or what is wrong with it."""
    path = root / name
    found = path.exists() and re.search(pattern, path.read_text(), re.MULTILINE)
    return found[1] if found else "nothing"


def check(root):
    version = stated(root, *SOURCE)
    for name, pattern in COPIES:
        if (found := stated(root, name, pattern)) != version:
            yield f"{name} has version {found}, {SOURCE[0]} {version}"
    parts = [stated(root, HEADER, rf"WAL_VERSION_{part} (\d+)") for part in ("MAJOR", "MINOR")]
    if version.split(".")[:2] != parts:
        yield f"{HEADER} has version {'.'.join(parts)}, {SOURCE[0]} {version}"


if __name__ == "__main__":
    tree.run(check)
