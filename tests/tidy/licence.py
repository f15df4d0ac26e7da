# SPDX-License-Identifier: Apache-2.0
"""The licence: every source file names it at its top, and the Go module has its whole text."""

import tree

TAG = "SPDX-License-Identifier: Apache-2.0"
TOP = 2  # lines: the first may say who runs the file
BARE = (".json",)  # has no comments
MARKUP = (".scd", ".ksy", ".magic", ".svg")


def check(root):
    for path in tree.files(root):
        if (tree.is_code(path) or path.suffix in MARKUP) and path.suffix not in BARE:
            top = path.read_text().split("\n")[:TOP]
            if not any(TAG in line for line in top):
                yield f"{tree.place(root, path, 1)}: no {TAG}"
    whole = (root / "LICENSE").read_bytes()
    if (root / "bindings/go/LICENSE").read_bytes() != whole:
        yield "bindings/go/LICENSE differs from LICENSE"


if __name__ == "__main__":
    tree.run(check)
