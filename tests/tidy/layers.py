# SPDX-License-Identifier: Apache-2.0
"""Who includes what: a layer of src sees its own headers and those of the layers below it, bindings
and examples see what any program sees."""

import re

import tree

LEVEL = {"base": 0, "crc": 1, "codec": 1, "os": 1, "format": 2, "segment": 3, "log": 4, "api": 5}
PUBLIC_ONLY = ("walctl", "crypto")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


def may_include(layer, header):
    """Whether a file of the layer may write #include "header"."""
    folder, slash, _ = header.partition("/")
    if not slash:
        return False
    if folder == layer:
        return True
    if layer in PUBLIC_ONLY or folder not in LEVEL:
        return False
    return LEVEL[folder] < LEVEL[layer]


def check(root):
    for path in tree.c_files(root, "src"):
        layer = path.relative_to(root / "src").parts[0]
        if layer not in LEVEL and layer not in PUBLIC_ONLY:
            yield f"{tree.place(root, path, 1)}: src/{layer} is no layer"
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            found = INCLUDE.match(line)
            if found and found[1] == '"' and not may_include(layer, found[2]):
                yield f"{tree.place(root, path, number)}: {layer} may not include {found[2]}"
    for path in tree.c_files(root, "tests/examples", "include"):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            found = INCLUDE.match(line)
            if found and found[1] == '"':
                yield f"{tree.place(root, path, number)}: only public headers, in angle brackets"
    for path in tree.c_files(root, "bindings"):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            found = INCLUDE.match(line)
            if found and found[1] == '"' and not (path.parent / found[2]).exists():
                yield f"{tree.place(root, path, number)}: only public headers and the folder's own"


if __name__ == "__main__":
    tree.run(check)
