# SPDX-License-Identifier: Apache-2.0
"""Every check finds what it is there for: each bad sample gives its problem, the good tree none.

selftest.py ROOT [CLANG_FORMAT]: ROOT lends its .clang-format."""

import subprocess
import sys
import tempfile
from pathlib import Path

import documents
import format as format_check
import layers
import licence
import mirror
import sizes
import system
import text
import version
import workflow

TAG = licence.TAG
GOOD = {
    "LICENSE": "Do what it says.\n",
    "bindings/go/LICENSE": "Do what it says.\n",
    "CMakeLists.txt": "project(libwal VERSION 1.2.3\n",
    "include/libwal/types.h": "#define WAL_VERSION_MAJOR 1\n#define WAL_VERSION_MINOR 2\n",
    "bindings/python/pyproject.toml": 'version = "1.2.3"\n',
    "bindings/go/raftwal/go.mod": "libwal/bindings/go v1.2.3\n",
    "bindings/go/prometheus/go.mod": "libwal/bindings/go v1.2.3\n",
    "packaging/debian/changelog": "libwal (1.2.3-1) unstable\n",
    "packaging/libwal.spec": "Version:        1.2.3\n",
    "packaging/go.sh": "# go.sh asan        with the address sanitizer\n",
    ".github/workflows/ci.yml": '        command: ["go.sh asan", "go.sh"]\n'
    "      - run: packaging/${{ matrix.command }}\n",
    "packaging/vcpkg/vcpkg.json": '  "version": "1.2.3"\n',
    "src/base/one.h": "int one(void);\n",
    "src/base/one.c": '#include "base/one.h"\n\n#include <sys/uio.h>\n\n'
    "int one(void)\n{\n    return 1;\n}\n",
    "src/os/posix.c": '#include <unistd.h>\n\n#include "base/one.h"\n',
    "src/format/group.c": '#include "crc/crc.h"\n#include "os/os.h"\n',
    "bindings/python/src/log.h": "int log;\n",
    "bindings/python/src/log.c": '#include "log.h"\n#include <libwal/wal.h>\n',
    "bindings/go/log.go": "package wal\n",
    "bindings/go/log_test.go": "package wal\n",
    "src/walctl/main.c": "#include <libwal/wal.h>\n#include <unistd.h>\n",
    "tests/unit/base_one_test.c": '#include "base/one.h"\n',
    "tests/unit/os_posix_test.c": "\n",
    "tests/unit/format_group_test.c": "\n",
    "tests/crash/session.c": 'static const struct setup a[] = {{"data", WAL_SYNC_DATA}};\n',
    "tests/crash/ops.c": "static const struct op a[] = {{'s', \"append\"}};\n",
    "tests/crash/explore_test.c": "static void one_case(void **state);\n",
    "docs/format.md": "x" * 300 + "\n## The `slot`, a part\n",
    "docs/design.md": "[a](format.md#the-slot-a-part) `base/one` os/posix format/group.c\n"
    "python/log go/log\n"
    "`src/os` `one_case` unit/base_one_test.c `crash_explore: one_case` `crash_explore data:ss`\n"
    "```\nsrc/no/file.c [b](c.md)\n```\n",
}
LONG_FUNCTION = "int f(int a,\n      int b)\n{\n    if (a) {\n" + "    a++;\n" * 66 + "    }\n}\n"
MARK = "TO" + "DO"
UNTAGGED = "int untagged;\n"
BAD = [
    (layers, "src/crc/a.c", '#include "os/os.h"\n', "crc may not include os/os.h"),
    (layers, "src/os/a.c", '#include "crc/crc.h"\n', "os may not include crc/crc.h"),
    (layers, "src/base/a.h", '#  include "format/group.h"\n', "base may not include format"),
    (layers, "src/log/a.c", '#include "api/api.h"\n', "log may not include api"),
    (layers, "src/log/a.c", '#include "local.h"\n', "log may not include local.h"),
    (layers, "src/walctl/a.c", '#include "base/bytes.h"\n', "walctl may not include base"),
    (layers, "src/crypto/a.c", '#include "base/bytes.h"\n', "crypto may not include base"),
    (layers, "src/log/a.c", '#include "crypto/hkdf.h"\n', "log may not include crypto"),
    (layers, "src/util/a.c", "\n", "src/util is no layer"),
    (layers, "tests/examples/a.c", '#include "base/bytes.h"\n', "only public headers"),
    (layers, "bindings/python/src/a.c", '#include "base/bytes.h"\n', "only public headers and"),
    (system, "src/log/a.c", "#include <unistd.h>\n", "<unistd.h> outside src/os"),
    (system, "src/api/a.c", "#include <sys/stat.h>\n", "<sys/stat.h> outside src/os"),
    (system, "src/log/a.c", "int f(void) { return rename(a, b); }\n", "rename() outside src/os"),
    (system, "src/os/a.c", "void f(void) { abort(); }\n", "abort() in a library"),
    (system, "src/log/a.c", "void f(void) { printf(x); }\n", "printf() in a library"),
    (sizes, "src/log/a.c", "int x;\n" * 601, "601 lines, limit 600"),
    (sizes, "tests/unit/a.c", LONG_FUNCTION, "f has 72 lines, limit 70"),
    (sizes, "src/log/a.c", "M(a, 1)\n\n" + LONG_FUNCTION, "a.c:3: f has 72 lines"),
    (sizes, "src/log/a.h", 'extern "C" {\n' + LONG_FUNCTION + "}\n", "a.h:2: f has 72 lines"),
    (text, "src/log/a.c", "/* " + "x" * 98 + "\n", "101 columns"),
    (text, "docs/a.md", "word \n", "a.md:1: trailing blanks"),
    (text, "tests/a.py", f"# {MARK}: more\n", "left-over mark"),
    (text, "docs/a.md", "see /" + "root/notes\n", "path of one machine"),
    (licence, "src/log/a.c", UNTAGGED, "src/log/a.c:1: no SPDX-License-Identifier"),
    (licence, "bindings/go/LICENSE", "Another.\n", "bindings/go/LICENSE differs"),
    (version, "CMakeLists.txt", "project(libwal VERSION 1.2.4\n", "has version 1.2.3, CMake"),
    (version, "CMakeLists.txt", "project(libwal VERSION 1.3.3\n", "types.h has version 1.2"),
    (version, "packaging/vcpkg/vcpkg.json", "{}\n", "vcpkg.json has version nothing"),
    (workflow, ".github/workflows/a.yml", "on: push\n", "a.yml runs nothing"),
    (workflow, ".github/workflows/a.yml", "      - run: .ci/run\n", "there is no .ci/run"),
    (workflow, "packaging/go.sh", "# go.sh tsan\n", "packaging/go.sh doesn't know asan"),
    (mirror, "src/log/a.c", "\n", "tests/unit/log_a_test.c is missing"),
    (mirror, "src/crypto/a.c", "\n", "tests/crypto/a_test.c is missing"),
    (documents, "src/log/a.h", "\n", "docs/design.md:1: src/log/a isn't named"),
    (documents, "bindings/python/src/a.c", "\n", "bindings/python/src/a isn't named"),
    (documents, "bindings/go/a.go", "package wal\n", "bindings/go/a isn't named"),
    (documents, "docs/a.md", "`log/none`\n", "docs/a.md:1: src/log/none is no source file"),
    (documents, "docs/a.md", "see log/none.c\n", "there is no file log/none.c"),
    (documents, "docs/a.md", "`src/none`\n", "src/none doesn't exist"),
    (documents, "docs/a.md", "\n`no_such_name`\n", "a.md:2: nothing is named no_such_name"),
    (documents, "docs/a.md", "[a](none.md)\n", "the link to none.md leads nowhere"),
    (documents, "docs/a.md", "[a\nb](none.md)\n", "a link or code that goes over the line's end"),
    (documents, "docs/a.md", "`no_such\nname`\n", "a link or code that goes over the line's end"),
    (documents, "src/base/one.c", "bool b = PLANTED(9);\n", "bug 9 isn't in docs/testing.md"),
    (documents, "docs/testing.md", "| 9 a bug |\n", "bug 9 isn't in src"),
    (documents, "README.md", "[a](docs/format.md#b)\n", "docs/format.md has no heading for #b"),
    (documents, "docs/a.md", "`unit_base_none: a`\n", "there is no test unit_base_none"),
    (documents, "docs/a.md", "`crash_explore: one_case, b`\n", "crash_explore has no case b"),
    (documents, "docs/a.md", "`crash_explore plain:s`\n", "plain:s: there is no plain"),
    (documents, "docs/a.md", "`crash_explore data:st`\n", "data:st: there is no t"),
    (format_check, "src/log/a.c", "int f( void );\n", "src/log/a.c:1"),
]


def tagged(name, content):
    """The content under its licence, unless it says that it has none."""
    return content if content == UNTAGGED or name.endswith("LICENSE") else f"// {TAG}\n{content}"


def problems(module, samples, extra):
    """What the check finds in a tree of these files; its program's exit status must agree."""
    with tempfile.TemporaryDirectory() as directory:
        root = Path(directory).resolve()
        for name, content in samples.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(tagged(name, content) if module is licence else content)
        found = list(module.check(root, *extra))
        command = [sys.executable, module.__file__, directory, *extra]
        status = subprocess.run(command, stdout=subprocess.DEVNULL, check=False).returncode
        return found if status == (1 if found else 0) else [f"exit status {status}", *found]


def main(root, *clang_format):
    style = {".clang-format": (root / ".clang-format").read_text()}
    failures = 0
    cases = [(module, {}, "") for module in dict.fromkeys(case[0] for case in BAD)]
    cases += [(module, {name: content}, expected) for module, name, content, expected in BAD]
    for module, bad, expected in cases:
        if module is format_check and not clang_format:
            continue
        extra = clang_format if module is format_check else ()
        found = problems(module, {**style, **GOOD, **bad}, extra)
        right = any(expected in problem for problem in found) if bad else not found
        if not right:
            failures += 1
            print(f"{module.__name__}, {bad or 'good tree'}: wanted {expected!r}, got {found}")
    print(f"{len(cases)} cases, {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), *sys.argv[2:]))
