"""A program of an earlier version runs with this library. It is built against that version's
headers and a stand-in for its library, made of that version's map, so that it asks for the symbols
that a program of that time asks for; and once more against the headers of today. Each struct of
those headers has its test in tests/api/layout_test.c.

old.py DIRECTORY BUILD_DIR CC NM"""

import os
import re
from pathlib import Path

from freeze import RELEASED, checksums
from install import cache_value, output, run
from symbols import map_symbols

MISTAKES = ("incompatible-pointer-types", "implicit-function-declaration", "int-conversion")


def version_of(directory):
    return tuple(int(number) for number in directory.name.split("."))


def mapped(directory):
    """What the version's map exports, with the names of its nodes."""
    return map_symbols((directory / "libwal.map").read_text())


def added(directory):
    """What the version has that none before it had."""
    before = [path.parent for path in directory.parent.glob("*/libwal.map")
              if version_of(path.parent) < version_of(directory)]
    return mapped(directory).difference(*map(mapped, before))


def stand_in(work, directory, cc):
    """A library with the version's symbols, and nothing in them."""
    names = sorted(symbol.partition("@@")[0] for symbol in mapped(directory))
    (work / "empty.c").write_text("".join(f"void {name}(void){{}}\n" for name in names))
    output([cc, "-shared", "-fPIC", work / "empty.c", "-o", work / "libwal.so",
            f"-Wl,-soname,libwal.so.1,--version-script={directory / 'libwal.map'}"])
    return work


def build(work, directory, cc, include, library_dir, *flags):
    program = work / f"program-{include.parent.name}"
    output([cc, "-std=c99", *(f"-Werror={mistake}" for mistake in MISTAKES), "-I", include,
            *sorted((directory / "program").glob("*.c")), "-L", library_dir, "-lwal",
            *flags, "-o", program])
    return program


def untested_structs(directory, test):
    tested = set(re.findall(r"(wal_\w+) \*\w+ = structs\(", test.read_text()))
    for header in sorted(directory.glob("include/libwal/*.h")):
        structs = re.findall(r"^typedef struct \{.*?^\} (\w+);", header.read_text(),
                             re.DOTALL | re.MULTILINE)
        for name in sorted(set(structs) - tested):
            yield f"{name} of {directory.name}/{header.name} is not in {test.name}"


def symbols_asked_for(program, directory, nm):
    """The program's symbols of libwal carry the version's nodes, and it uses all that was new."""
    rows = output([nm, "-D", "--undefined-only", "--format=posix", program]).splitlines()
    asked = {row.split()[0].replace("@", "@@") for row in rows if row.startswith("wal_")}
    for symbol in sorted(asked - mapped(directory)):
        yield f"asks for {symbol}, which isn't in the map"
    for symbol in sorted(added(directory) - asked):
        yield f"{directory.name}/program doesn't use {symbol}"


def run_program(work, program, library_dir):
    logs = work / f"{program.name}-logs"
    logs.mkdir()
    print(output([program, logs], LD_LIBRARY_PATH=str(library_dir), LD_BIND_NOW="1"), end="")
    if left := os.listdir(logs):
        yield f"{program.name} leaves {left}"


def problems(work, directory, build_dir, cc, nm):
    directory, build_dir = Path(directory), Path(build_dir)
    source = Path(cache_value(build_dir, "CMAKE_HOME_DIRECTORY"))
    released = directory / RELEASED
    if released.exists() and released.read_text() != "".join(checksums(directory)):
        yield f"{directory.name} was released, and has been changed since"
    yield from untested_structs(directory, source / "tests/api/layout_test.c")
    old = build(work, directory, cc, directory / "include", stand_in(work, directory, cc))
    yield from symbols_asked_for(old, directory, nm)
    for program in (old, build(work, directory, cc, source / "include", build_dir)):
        yield from run_program(work, program, build_dir)


if __name__ == "__main__":
    run(problems)
