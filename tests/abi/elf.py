# SPDX-License-Identifier: Apache-2.0
"""What a shared library needs and how it is hardened: elf.py READELF STRIP LIBRARY [release]

Of a release build, the compiler's part of the hardening is looked for too (stack protector and
checked libc calls), and the size of what is installed."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

STRIPPED_BYTES = 250 * 1024
OF_SYSTEM = r"(libc|ld-linux.*|ld64|libpthread)\.so\.\d+"
NEEDED = {"libwal": r"libz\.so\.1", "libwal-crypto": r"libwal\.so\.1|libcrypto\.so\.3"}


def read(readelf, option, library):
    command = [readelf, "-W", option, library]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def of_release(readelf, strip, library):
    symbols = read(readelf, "--dyn-syms", library)
    if "__stack_chk_fail" not in symbols:
        yield "no stack protector"
    if not re.search(r"\b__(mem|str|v?s?n?printf|p?read)\w*_chk\b", symbols):
        yield "no checked libc calls"
    with tempfile.NamedTemporaryFile() as stripped:
        subprocess.run([strip, "--strip-unneeded", "-o", stripped.name, library], check=True)
        size = Path(stripped.name).stat().st_size
    print(f"{size} bytes stripped")
    if size > STRIPPED_BYTES:
        yield f"{size} bytes stripped, limit {STRIPPED_BYTES}"


def problems(readelf, library):
    name = Path(library).name.partition(".so")[0]
    needed = re.compile(f"{OF_SYSTEM}|{NEEDED[name]}")
    dynamic, segments = read(readelf, "-d", library), read(readelf, "-l", library)
    for other in re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic):
        if not needed.fullmatch(other):
            yield f"needs {other}"
    if not re.search(rf"\(SONAME\).*\[{name}\.so\.1\]", dynamic):
        yield f"its name is not {name}.so.1"
    if not re.search(r"BIND_NOW|\(FLAGS_1\).*NOW", dynamic):
        yield "not linked with -z now"
    for tag in ("TEXTREL", "RPATH", "RUNPATH"):
        if tag in dynamic:
            yield f"has {tag}"
    if "GNU_RELRO" not in segments:
        yield "not linked with -z relro"
    if not re.search(r"GNU_STACK(\s+0x\w+){5}\s+RW\s", segments):
        yield "executable stack"


if __name__ == "__main__":
    READELF, STRIP, LIBRARY, *KIND = sys.argv[1:]
    found = list(problems(READELF, LIBRARY))
    if KIND == ["release"]:
        found += of_release(READELF, STRIP, LIBRARY)
    print("\n".join(found))
    sys.exit(1 if found else 0)
