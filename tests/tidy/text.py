# SPDX-License-Identifier: Apache-2.0
"""Lines of the tree: width, trailing blanks, left-over marks, paths of somebody's machine."""

import re

import tree

COLUMNS = 100
MARKS = re.compile(r"\b(" + "|".join(("TO" "DO", "FIX" "ME", "X" "XX", "HA" "CK")) + r")\b")
MACHINE_PATH = re.compile(r"/(root|work|farm|home)/[a-z]")


def problems_of(line, code):
    if code and len(line) > COLUMNS:
        yield f"{len(line)} columns, limit {COLUMNS}"
    if line != line.rstrip():
        yield "trailing blanks"
    if code and (mark := MARKS.search(line)):
        yield f"left-over mark {mark[0]}"
    if MACHINE_PATH.search(line):
        yield "path of one machine"


def check(root):
    for path in tree.files(root):
        if not tree.is_code(path) and not tree.is_prose(path):
            continue
        for number, line in enumerate(path.read_text().split("\n"), 1):
            for problem in problems_of(line, tree.is_code(path)):
                yield f"{tree.place(root, path, number)}: {problem}"


if __name__ == "__main__":
    tree.run(check)
