# SPDX-License-Identifier: Apache-2.0
"""What abidiff has to say about this library after that of an earlier version: nothing, but what
was added. The earlier one is stood in for by functions with that version's prototypes and symbols,
which carry its types as debug information. Changed by hand, it is told from today's.

diff.py DIRECTORY BUILD_DIR CC ABIDIFF"""

import re
import shutil
import subprocess
from pathlib import Path

from install import cache_value, has_crypto, output, run
from old import PROGRAMS

HEADER = {"wal": "wal.h", "wal-crypto": "crypto.h"}
PROTOTYPE = re.compile(r"^((?:const )?\w+ \*?)(wal_\w+)(\([^;{}]*\));", re.MULTILINE)
# One bad sample of each kind: file, what stands there, what abidiff is to see in its place.
CHANGES = {
    "a member's type": ("error.h", "uint64_t lsn;", "uint32_t lsn;"),
    "a parameter": ("append.h", "data, size_t size,", "data, int size,"),
    "a result": ("open.h", "uint64_t wal_first_lsn(", "uint32_t wal_first_lsn("),
    "a function": ("append.h", "int wal_flush(", "int wal_flash("),
}


def prototypes(include, header, cc):
    """Every function that the header and those it includes declare, by name."""
    text = output([cc, "-E", "-P", "-I", include, include / "libwal" / header])
    flat = re.sub(r"\s+", " ", re.sub(r"^#.*$", "", text, flags=re.MULTILINE))
    lines = flat.replace("; ", ";\n").replace("} ", "}\n")
    return {name: f"{result}{name}{parameters}"
            for result, name, parameters in PROTOTYPE.findall(lines)}


def stand_in(work, include, script, library, cc):
    """A library with the prototypes of the headers and the symbols of the map."""
    names = set(re.findall(r"\b(wal_\w+);", script.read_text()))
    declared = prototypes(include, HEADER[library], cc)
    if missing := sorted(names - declared.keys()):
        raise LookupError(f"{script} has {missing}, which no header declares")
    work.mkdir()
    source = work / "stand_in.c"
    source.write_text(f"#include <libwal/{HEADER[library]}>\n" + "".join(
        f"{declared[name]} {{ __builtin_trap(); }}\n" for name in sorted(names)))
    built = work / f"lib{library}.so"
    output([cc, "-g", "-w", "-shared", "-fPIC", "-I", include, source, "-o", built,
            f"-Wl,-soname,lib{library}.so.1,--version-script={script}"])
    return built


def differences(abidiff, old, new):
    done = subprocess.run([abidiff, "--no-added-syms", old, new], capture_output=True, text=True,
                          check=False)
    return done.stdout if done.returncode else ""


def changed(work, directory, file, old, new):
    """The version's headers and map with a change; the words must be there to be changed."""
    copy = work / "changed"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(directory, copy)
    header = copy / "include/libwal" / file
    text = header.read_text()
    if old not in text:
        raise LookupError(f"{header} has no {old!r}")
    header.write_text(text.replace(old, new, 1))
    if old.startswith("int wal_"):
        script = copy / "libwal.map"
        names = [words.split()[-1].rstrip("(") for words in (old, new)]
        script.write_text(script.read_text().replace(f"{names[0]};", f"{names[1]};"))
    return copy


def problems(work, directory, build_dir, cc, abidiff):
    directory, build_dir = Path(directory), Path(build_dir)
    libraries = [name for name in PROGRAMS if name == "wal" or has_crypto(build_dir)]
    for library in libraries:
        old = stand_in(work / library, directory / "include", directory / f"lib{library}.map",
                       library, cc)
        if found := differences(abidiff, old, build_dir / f"lib{library}.so"):
            yield f"lib{library} has changed since {directory.name}:\n{found}"
    for number, (what, change) in enumerate(CHANGES.items()):
        copy = changed(work, directory, *change)
        old = stand_in(work / str(number), copy / "include", copy / "libwal.map", "wal", cc)
        if not differences(abidiff, old, build_dir / "libwal.so"):
            yield f"{what} was changed, and abidiff doesn't see it"


if __name__ == "__main__":
    run(problems)
