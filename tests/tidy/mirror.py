# SPDX-License-Identifier: Apache-2.0
"""Every C file of layers 0 to 4 has a unit test of its own: src/base/bytes.c, base_bytes_test.c; so
has every one of src/crypto: src/crypto/hkdf.c, tests/crypto/hkdf_test.c."""

import tree

LAYERS = ("base", "crc", "codec", "os", "format", "segment", "log")


def test_of(layer, stem):
    return f"crypto/{stem}_test.c" if layer == "crypto" else f"unit/{layer}_{stem}_test.c"


def check(root):
    for layer in (*LAYERS, "crypto"):
        for path in sorted((root / "src" / layer).glob("*.c")):
            test = root / "tests" / test_of(layer, path.stem)
            if not test.exists():
                yield f"{tree.place(root, path, 1)}: {test.relative_to(root)} is missing"


if __name__ == "__main__":
    tree.run(check)
