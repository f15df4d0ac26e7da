"""The public header compiles by itself in each language that we promise, without a warning, and
keeps out of the ABI what differs between compilers and languages.

header.py ROOT CC CXX"""

import re
import subprocess
import sys
from pathlib import Path

WARNINGS = ("-Wall", "-Wextra", "-pedantic", "-Wpedantic", "-Wpadded", "-Werror")
PROGRAM = "#include <libwal/wal.h>\n#include <libwal/wal.h>\nint main(void) { return WAL_OK; }\n"
BANNED = re.compile(r"\b(inline|enum|bool|_Bool|off_t|FILE|time_t|long)\b|#\s*define\s+\w+\(")


def compiles(root, compiler, language, standard):
    command = [compiler, "-x", language, f"-std={standard}", *WARNINGS, "-fsyntax-only",
               "-I", str(root / "include"), "-"]
    result = subprocess.run(command, input=PROGRAM, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        yield f"{compiler} -std={standard}:\n{result.stderr}"


def main(root, cc, cxx):
    header = (root / "include/libwal/wal.h").read_text()
    found = [f"{match[0]} in the header"
             for match in BANNED.finditer(re.sub(r"/\*.*?\*/", " ", header, flags=re.DOTALL))]
    for standard in ("c99", "c11"):
        found += compiles(root, cc, "c", standard)
    found += compiles(root, cxx, "c++", "c++17")
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), *sys.argv[2:]))
