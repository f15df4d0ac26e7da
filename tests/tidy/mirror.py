"""Every C file of layers 0 to 4 has a unit test of its own: src/base/bytes.c, base_bytes_test.c."""

import tree

LAYERS = ("base", "crc", "codec", "os", "format", "segment", "log")


def check(root):
    for layer in LAYERS:
        for path in sorted((root / "src" / layer).glob("*.c")):
            test = root / "tests" / "unit" / f"{layer}_{path.stem}_test.c"
            if not test.exists():
                yield f"{tree.place(root, path, 1)}: {test.relative_to(root)} is missing"


if __name__ == "__main__":
    tree.run(check)
