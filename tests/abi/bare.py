# SPDX-License-Identifier: Apache-2.0
"""The library alone needs a C compiler with its binutils, CMake, a build tool and zlib: README's
commands build and install a copy of the sources (no tests in it) where no other program can be
found, and without a network; so does plain make, with a distribution's directories and flags, which
stay. The second goes without OpenSSL and libwal-crypto. Both install what is listed, and a program
is linked with what make has installed.

bare.py CMAKE BUILD_DIR CC PKG_CONFIG NINJA MAKE CONSUMER_C"""

import os
import re
import shutil
import subprocess
from pathlib import Path

from install import by_pkg_config, cache_value, has_crypto, run, surplus
from ways import snippets

BINUTILS = ("as", "ld", "ar", "ranlib", "objcopy")
SOURCES = ("CMakeLists.txt", "CMakePresets.json", "include", "src", "packaging")
BY_MAKE = """
cmake -S . -B by-make -G "Unix Makefiles" -DCMAKE_DISABLE_FIND_PACKAGE_OpenSSL=ON \
    -DBUILD_TESTING=OFF -DCMAKE_INSTALL_PREFIX=/usr \
    -DCMAKE_INSTALL_LIBDIR=lib/x86_64-linux-gnu -DCMAKE_C_FLAGS_RELWITHDEBINFO=-O1 \
    -DCMAKE_C_FLAGS="-flto -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3"
cmake --build by-make -j 2
cmake --install by-make
"""
NO_PROGRAM = re.compile(r"(ZLIB|OPENSSL_\w+)_LIBRARY|CMAKE_TOOLCHAIN_FILE")
DOWNLOADS = re.compile(r"FetchContent|ExternalProject|DOWNLOAD|\b(curl|wget|git|pip)\b")


def downloads(source):
    """Where a file that has a part in configuring or building speaks of fetching something."""
    for path in (source / "CMakeLists.txt", *source.glob("*/CMakeLists.txt"),
                 *source.glob("packaging/*.cmake"), source / "CMakePresets.json"):
        for found in DOWNLOADS.finditer(path.read_text()):
            yield f"{path.name}: {found[0]}"


def without_network():
    """What to put in front of a command."""
    unshare = shutil.which("unshare") or "unshare"
    for prefix in ([unshare, "--net"], [unshare, "--map-root-user", "--net"]):
        if subprocess.run([*prefix, "true"], check=False, capture_output=True).returncode == 0:
            print(f"note: the library was built without a network, by {' '.join(prefix)}")
            return prefix
    print("note: this user can't take the network away: only the texts were searched for downloads")
    return []


def make_room(work, source, programs):
    """A copy of the sources, a folder with the programs, and CMake told of no other folder."""
    for folder in ("tree", "bin"):
        (work / folder).mkdir()
    for name in SOURCES:
        copy = shutil.copytree if (source / name).is_dir() else shutil.copy
        copy(source / name, work / "tree" / name)
    for name, program in programs.items():
        (work / "bin" / name).symlink_to(program)
    others = [*os.environ["PATH"].split(":"), "/usr/local/sbin", "/usr/sbin", "/sbin",
              "/usr/local/bin", "/usr/bin", "/bin"]
    (work / "toolchain.cmake").write_text(f"set(CMAKE_IGNORE_PATH \"{';'.join(others)}\")\n")


def build(work, name, commands, prefix):
    """Runs the commands; returns what they installed into."""
    environment = {"PATH": str(work / "bin"), "HOME": str(work / "home"),
                   "CMAKE_TOOLCHAIN_FILE": str(work / "toolchain.cmake"),
                   "DESTDIR": str(work / name)}
    subprocess.run([*prefix, "/bin/sh", "-ec", commands], cwd=work / "tree", env=environment,
                   capture_output=True, text=True, check=True)
    return work / name


def strangers(work, tree):
    """Programs that configuring has found, but for those that are allowed."""
    cache = (tree / "CMakeCache.txt").read_text()
    for name, value in re.findall(r"^(\w+):FILEPATH=(\S+)$", cache, re.MULTILINE):
        if not value.endswith("NOTFOUND") and not NO_PROGRAM.match(name) and \
                Path(value).parent != work / "bin":
            yield f"{tree.name}: {name} is {value}"


def problems(work, cmake, present_build, cc, pkg_config, ninja, make, consumer):
    source = Path(cache_value(present_build, "CMAKE_HOME_DIRECTORY"))
    tools = {name: shutil.which(name) for name in BINUTILS}
    make_room(work, source, {"cmake": cmake, "cc": cc, "ninja": ninja, "make": make, **tools})
    yield from downloads(source)
    prefix = without_network()
    by_readme, _ = snippets((source / "README.md").read_text(), "sh")
    for name, prefix_dir, commands in (("build-release", "usr/local", by_readme),
                                       ("by-make", "usr", BY_MAKE)):
        installed = build(work, name, commands, prefix) / prefix_dir
        if wrong := surplus(installed, work / "tree" / name):
            yield f"{name}: installed or listed alone: {wrong}"
        yield from strangers(work, work / "tree" / name)
    if "-D_FORTIFY_SOURCE=2" in (work / "tree/by-make/compile_commands.json").read_text():
        yield "the distribution's -D_FORTIFY_SOURCE=3 is taken back"
    if has_crypto(work / "tree/by-make"):
        yield "by-make: OpenSSL was found"
    yield from by_pkg_config(installed, work, cc, pkg_config, {"libwal": consumer})


if __name__ == "__main__":
    run(problems)
