# SPDX-License-Identifier: Apache-2.0
"""A program of an earlier version runs with a library of a later one, whose structs have all grown:
today's, with a member behind each. The sanitizers look whether it reads or writes one that the
program doesn't have. grown.py DIRECTORY BUILD_DIR CMAKE CC"""

import re
import shutil
from pathlib import Path

from install import cache_value, output, run
from old import build, run_program

SOURCES = ("CMakeLists.txt", "include", "src", "packaging")
SANITIZERS = "address,undefined"
END_OF_STRUCT = re.compile(r"^\} (wal_\w+_t;)$", re.MULTILINE)


def grown_tree(source, tree):
    tree.mkdir()
    for name in SOURCES:
        copy = shutil.copytree if (source / name).is_dir() else shutil.copy
        copy(source / name, tree / name)
    for header in tree.glob("include/libwal/*.h"):
        text, count = END_OF_STRUCT.subn(r"    uint64_t more;\n} \1", header.read_text())
        header.write_text(text)
        yield count


def problems(work, directory, build_dir, cmake, cc):
    source = Path(cache_value(build_dir, "CMAKE_HOME_DIRECTORY"))
    print(f"{sum(grown_tree(source, work / 'tree'))} structs are one member longer")
    library_dir = work / "build"
    output([cmake, "-S", work / "tree", "-B", library_dir, f"-DCMAKE_C_COMPILER={cc}",
            "-DBUILD_TESTING=OFF", "-DCMAKE_BUILD_TYPE=Debug", f"-DWAL_SANITIZE={SANITIZERS}"])
    output([cmake, "--build", library_dir, "-j", "2", "--target", "wal"])
    directory = Path(directory)
    program = build(work, directory, cc, directory / "include", library_dir,
                    f"-fsanitize={SANITIZERS}")
    yield from run_program(work, program, library_dir)


if __name__ == "__main__":
    run(problems)
