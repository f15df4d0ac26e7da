# SPDX-License-Identifier: Apache-2.0
"""README's snippets on how to use the library, each run as it stands, with README's hello.c: by
pkg-config and find_package from an installed tree that was moved, and from a build that is not
installed; by add_subdirectory. Each program needs the libraries that it should, and no others.

ways.py CMAKE BUILD_DIR CC PKG_CONFIG READELF"""

import os
import re
import shutil
import tempfile
from pathlib import Path

from install import cache_value, moved_tree, output, run

SHARED = {"libwal.so.1", "libc.so.6"}
STATIC = {"libz.so.1", "libc.so.6"}
PART_OF_LIBC = re.compile(r"ld(64|-linux.*)\.so\.\d+|libpthread\.so\.0")
PROJECT = """cmake_minimum_required(VERSION 3.25)
project(hello C)
add_executable(hello hello.c)
add_executable(hello_static hello.c)
"""


def snippets(readme, language):
    section = re.search(r"^## Build and use\n(.*?)^## ", readme, re.DOTALL | re.MULTILINE)[1]
    return re.findall(rf"^```{language}\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)


def problems_of(what, program, wanted, readelf, library_path=""):
    dynamic = output([readelf, "-W", "-d", program])
    libraries = re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic)
    if (needed := {name for name in libraries if not PART_OF_LIBC.fullmatch(name)}) != wanted:
        yield f"{what}: needs {sorted(needed)}"
    log = Path(tempfile.mkdtemp(dir=program.parent)) / "log"
    for expected in ("1: Hello\n", "1: Hello\n2: Hello\n"):
        printed = output([program, log], LD_LIBRARY_PATH=library_path)
        if printed != expected:
            yield f"{what}: prints {printed!r}, not {expected!r}"


def by_pkg_config(work, snippet, pc_dir, readelf):
    """The snippet has a line for the shared library and one for the archive."""
    environment = {"PATH": f"{work}/bin:{os.environ['PATH']}", "PKG_CONFIG_PATH": str(pc_dir)}
    libdir = output(["pkg-config", "--variable=libdir", "libwal"], **environment).strip()
    for command, wanted in zip(snippet.splitlines(), (SHARED, STATIC), strict=True):
        output(["sh", "-ec", f"cd {work}; {command}"], **environment)
        yield from problems_of(f"{pc_dir}: {command}", work / "hello", wanted, readelf, libdir)


def by_cmake(work, cmake, snippet, readelf, *options):
    """Builds a program by the snippet, and another one by its last line with the other target."""
    other = snippet.splitlines()[-1].replace("hello", "hello_static").replace("wal)", "wal_static)")
    (work / "CMakeLists.txt").write_text(PROJECT + snippet + other)
    build = Path(tempfile.mkdtemp(dir=work))
    output([cmake, "-S", work, "-B", build, "-DBUILD_TESTING=ON", *options])
    output([cmake, "--build", build, "-j", "2"])
    output([cmake, "--install", build], DESTDIR=str(build / "destdir"))
    if (build / "libwal/tests").exists() or (build / "destdir").exists():
        yield f"{snippet}: brings tests or rules for installing"
    if (build_type := cache_value(build, "CMAKE_BUILD_TYPE")) != "":
        yield f"{snippet}: sets the build type {build_type}"
    for name, wanted in (("hello", SHARED), ("hello_static", STATIC)):
        yield from problems_of(f"{name}: {snippet}{options}", build / name, wanted, readelf)


def prepare(work, source, programs):
    """hello.c, the source tree as libwal, and the programs that the snippets call."""
    shutil.copy(source / "tests/examples/hello.c", work)
    (work / "libwal").symlink_to(source)
    (work / "bin").mkdir()
    for name, program in programs.items():
        (work / "bin" / name).symlink_to(program)


def problems(work, cmake, build, cc, pkg_config, readelf):
    source = Path(cache_value(build, "CMAKE_HOME_DIRECTORY"))
    prefix = moved_tree(cmake, build, work)
    prepare(work, source, {"cc": cc, "pkg-config": pkg_config})
    readme = (source / "README.md").read_text()
    _, commands = snippets(readme, "sh")  # the first one builds: see bare.py
    package, subdirectory = snippets(readme, "cmake")
    for pc_dir in (next(prefix.rglob("libwal.pc")).parent, build):
        yield from by_pkg_config(work, commands, pc_dir, readelf)
    for tree in (prefix, build):
        yield from by_cmake(work, cmake, package, readelf, f"-DCMAKE_PREFIX_PATH={tree}")
    yield from by_cmake(work, cmake, subdirectory, readelf)


if __name__ == "__main__":
    run(problems)
