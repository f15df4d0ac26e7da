# SPDX-License-Identifier: Apache-2.0
"""System calls live in src/os alone, and the library never prints, exits or aborts."""

import re

import tree

HEADER = re.compile(
    r"^\s*#\s*include\s*<((?:sys|linux|asm)/[^>]*"
    r"|(?:unistd|fcntl|dirent|poll|sched|signal|time)\.h)>"
)
ALLOWED_HEADERS = ("sys/uio.h",)
FILE_CALL = r"fopen|freopen|remove|rename|tmpfile|popen|system|syscall"
LOUD_CALL = r"v?f?printf|puts|putchar|perror|abort|exit|_exit|quick_exit|longjmp|assert"
CALL = re.compile(rf"(?<![\w.>])(?:({FILE_CALL})|({LOUD_CALL}))\s*\(")


def check(root):
    for path in tree.c_files(root, "src"):
        layer = path.relative_to(root / "src").parts[0]
        if layer == "walctl":
            continue
        for number, line in enumerate(tree.blank(path.read_text()).splitlines(), 1):
            header, call = HEADER.match(line), CALL.search(line)
            if header and layer != "os" and header[1] not in ALLOWED_HEADERS:
                yield f"{tree.place(root, path, number)}: <{header[1]}> outside src/os"
            if call and call[1] and layer != "os":
                yield f"{tree.place(root, path, number)}: {call[1]}() outside src/os"
            if call and call[2]:
                yield f"{tree.place(root, path, number)}: {call[2]}() in a library"


if __name__ == "__main__":
    tree.run(check)
