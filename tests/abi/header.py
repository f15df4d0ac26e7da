# SPDX-License-Identifier: Apache-2.0
"""Each public header compiles by itself in each language that we promise, without a warning, and
keeps out of the ABI what differs between compilers and languages; <libwal/wal.h> brings them all,
but for that of libwal-crypto.

header.py ROOT CC CXX"""

import re
import subprocess
import sys
from pathlib import Path

WARNINGS = ("-Wall", "-Wextra", "-pedantic", "-Wpedantic", "-Wpadded", "-Werror")
PROGRAM = "#include <libwal/{0}>\n#include <libwal/{0}>\nint main(void) {{ return 0; }}\n"
BANNED = re.compile(r"\b(inline|enum|bool|_Bool|off_t|FILE|time_t|long)\b|#\s*define\s+\w+\(")


def compiles(root, header, compiler, language, standard):
    command = [compiler, "-x", language, f"-std={standard}", *WARNINGS, "-fsyntax-only",
               "-I", str(root / "include"), "-"]
    result = subprocess.run(command, input=PROGRAM.format(header.name), capture_output=True,
                            text=True, check=False)
    if result.returncode != 0:
        yield f"{compiler} -std={standard}: {header.name}:\n{result.stderr}"


def problems(root, header, cc, cxx):
    text = re.sub(r"/\*.*?\*/", " ", header.read_text(), flags=re.DOTALL)
    for match in BANNED.finditer(text):
        yield f"{match[0]} in {header.name}"
    for standard in ("c99", "c11"):
        yield from compiles(root, header, cc, "c", standard)
    yield from compiles(root, header, cxx, "c++", "c++17")


def misplaced(headers):
    """Headers that <libwal/wal.h> includes, and shouldn't, or the other way round."""
    included = set(re.findall(r"#include <libwal/(\w+\.h)>", headers["wal.h"].read_text()))
    for name in sorted(headers.keys() ^ included ^ {"wal.h", "crypto.h"}):
        yield f"wal.h includes {name}, or doesn't: it should be the other way round"


def main(root, cc, cxx):
    headers = {path.name: path for path in sorted((root / "include/libwal").glob("*.h"))}
    found = list(misplaced(headers))
    for header in headers.values():
        found += problems(root, header, cc, cxx)
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), *sys.argv[2:]))
