# SPDX-License-Identifier: Apache-2.0
"""A program of an earlier version runs with this library. It is built against that version's
headers and a stand-in for its library, made of that version's map, so that it asks for the symbols
that a program of that time asks for; and once more against the headers of today. Each struct of
those headers has its test in tests/api/layout_test.c. Where libwal-crypto was built, its program
does the same.

old.py DIRECTORY BUILD_DIR CC NM"""

import os
import re
from pathlib import Path

from freeze import RELEASED, checksums
from install import cache_value, has_crypto, output, run
from symbols import map_symbols

PROGRAMS = {"wal": "program", "wal-crypto": "crypto"} # folders beside a version's headers
MISTAKES = ("incompatible-pointer-types", "implicit-function-declaration", "int-conversion")


def version_of(directory):
    return tuple(int(number) for number in directory.name.split("."))


def mapped(directory, *libraries):
    """What the version's maps export, with the names of their nodes."""
    scripts = [directory / f"lib{name}.map" for name in libraries]
    return set().union(*(map_symbols(path.read_text()) for path in scripts if path.exists()))


def added(directory, library):
    """What the version has that none before it had."""
    before = [path.parent for path in directory.parent.glob("*/libwal.map")
              if version_of(path.parent) < version_of(directory)]
    return mapped(directory, library).difference(*(mapped(path, library) for path in before))


def stand_in(work, directory, cc, libraries):
    """Libraries with the version's symbols, and nothing in them."""
    for library in libraries:
        names = sorted(symbol.partition("@@")[0] for symbol in mapped(directory, library))
        (work / "empty.c").write_text("".join(f"void {name}(void){{}}\n" for name in names))
        script = directory / f"lib{library}.map"
        output([cc, "-shared", "-fPIC", work / "empty.c", "-o", work / f"lib{library}.so",
                f"-Wl,-soname,lib{library}.so.1,--version-script={script}"])
    return work


def build(work, directory, cc, include, library_dir, *flags, libraries=("wal",)):
    """The program that the first of the libraries has in the directory."""
    folder = PROGRAMS[libraries[0]]
    program = work / f"{folder}-{include.parent.name}"
    output([cc, "-std=c99", *(f"-Werror={mistake}" for mistake in MISTAKES), "-I", include,
            *sorted((directory / folder).glob("*.c")), "-L", library_dir,
            *(f"-l{library}" for library in libraries), *flags, "-o", program])
    return program


def untested_structs(directory, test):
    tested = set(re.findall(r"(wal_\w+) \*\w+ = structs\(", test.read_text()))
    for header in sorted(directory.glob("include/libwal/*.h")):
        structs = re.findall(r"^typedef struct \{.*?^\} (\w+);", header.read_text(),
                             re.DOTALL | re.MULTILINE)
        for name in sorted(set(structs) - tested):
            yield f"{name} of {directory.name}/{header.name} is not in {test.name}"


def symbols_asked_for(program, directory, nm, libraries):
    """The program's symbols of libwal carry the version's nodes, and it uses all that was new."""
    rows = output([nm, "-D", "--undefined-only", "--format=posix", program]).splitlines()
    asked = {row.split()[0].replace("@", "@@") for row in rows if row.startswith("wal_")}
    for symbol in sorted(asked - mapped(directory, *libraries)):
        yield f"asks for {symbol}, which isn't in the map"
    for symbol in sorted(added(directory, libraries[0]) - asked):
        yield f"{program.name} doesn't use {symbol}"


def run_program(work, program, library_dir):
    logs = work / f"{program.name}-logs"
    logs.mkdir()
    print(output([program, logs], LD_LIBRARY_PATH=str(library_dir), LD_BIND_NOW="1"), end="")
    if left := os.listdir(logs):
        yield f"{program.name} leaves {left}"


def of_library(work, directory, build_dir, cc, nm, source, libraries):
    links = stand_in(work, directory, cc, libraries)
    old = build(work, directory, cc, directory / "include", links, libraries=libraries)
    yield from symbols_asked_for(old, directory, nm, libraries)
    new = build(work, directory, cc, source / "include", build_dir, libraries=libraries)
    for program in (old, new):
        yield from run_program(work, program, build_dir)


def problems(work, directory, build_dir, cc, nm):
    directory, build_dir = Path(directory), Path(build_dir)
    source = Path(cache_value(build_dir, "CMAKE_HOME_DIRECTORY"))
    released = directory / RELEASED
    if released.exists() and released.read_text() != "".join(checksums(directory)):
        yield f"{directory.name} was released, and has been changed since"
    yield from untested_structs(directory, source / "tests/api/layout_test.c")
    yield from of_library(work, directory, build_dir, cc, nm, source, ("wal",))
    if has_crypto(build_dir):
        yield from of_library(work, directory, build_dir, cc, nm, source, ("wal-crypto", "wal"))


if __name__ == "__main__":
    run(problems)
