# SPDX-License-Identifier: Apache-2.0
"""The files of the source tree, and the frame of a check: a function from the root to problems."""

import re
import sys
from pathlib import Path

FOLDERS = ("src", "include", "tests", "bindings", "packaging", "docs", ".ci")
CODE = (".c", ".h", ".py", ".pyi", ".go", ".sh", ".map", ".cmake", ".in", ".json", ".yml")


def files(root, *folders):
    """Every file below the folders (default: all), and the top level's own files, sorted."""
    for folder in folders or FOLDERS:
        for path in sorted((root / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path
    if not folders:
        yield from sorted(path for path in root.iterdir() if path.is_file())


def is_code(path):
    return path.suffix in CODE or path.name == "CMakeLists.txt" or path.parent.name == ".ci"


def is_prose(path):
    return path.suffix == ".md"


def c_files(root, *folders):
    return [path for path in files(root, *folders) if path.suffix in (".c", ".h")]


def blank(text):
    """C text with comments and literals replaced by spaces: same lines, same columns."""
    pattern = r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
    return re.sub(pattern, lambda m: re.sub(r"[^\n]", " ", m[0]), text, flags=re.DOTALL)


def place(root, path, line):
    return f"{path.relative_to(root)}:{line}"


def run(check):
    """Main program of a check: the root is its first argument."""
    problems = list(check(Path(sys.argv[1]).resolve(), *sys.argv[2:]))
    print(*problems, sep="\n", end="\n" if problems else "")
    sys.exit(1 if problems else 0)
