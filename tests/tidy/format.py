# SPDX-License-Identifier: Apache-2.0
"""C files are as clang-format with the tree's .clang-format leaves them: format.py ROOT PROGRAM"""

import subprocess

import tree


def check(root, clang_format):
    paths = tree.c_files(root, "src", "include", "bindings", "tests")
    command = [clang_format, "--style=file", "--dry-run", "--Werror", *map(str, paths)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    for line in result.stderr.splitlines():
        if "error:" in line or result.returncode == 0:
            yield line.replace(f"{root}/", "")
    if result.returncode != 0:
        yield f"to mend: {clang_format} -i FILES"


if __name__ == "__main__":
    tree.run(check)
