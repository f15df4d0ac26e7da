# SPDX-License-Identifier: Apache-2.0
"""What is installed is exactly what is listed here, by component, and can be moved: a program built
by pkg-config against the moved tree's shared library, and against its archive alone, runs, and so
does the tool. The same for libwal-crypto, where it was built.

install.py CMAKE BUILD_DIR CC PKG_CONFIG CONSUMER_C"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HEADERS = {
    "append.h",
    "batch.h",
    "checkpoint.h",
    "cipher.h",
    "error.h",
    "event.h",
    "info.h",
    "machine.h",
    "meta.h",
    "offline.h",
    "open.h",
    "options.h",
    "portable.h",
    "read.h",
    "truncate.h",
    "types.h",
    "wal.h",
}
# Component, folder below the prefix ("lib" stands for any libdir), names.
INSTALLED = [
    ("runtime", "lib", {"libwal.so.1", "libwal.so.VERSION"}),
    ("development", "lib", {"libwal.so", "libwal.a"}),
    ("development", "lib/pkgconfig", {"libwal.pc"}),
    ("development", "lib/cmake/libwal", {"libwal-config.cmake", "libwal-config-version.cmake",
                                         "libwal-shared.cmake", "libwal-shared-CONFIG.cmake",
                                         "libwal-static.cmake", "libwal-static-CONFIG.cmake"}),
    ("development", "include/libwal", HEADERS),
    ("tools", "bin", {"walctl"}),
    ("tools", "share/bash-completion/completions", {"walctl"}),
    ("tools", "share/zsh/site-functions", {"_walctl"}),
    ("tools", "share/fish/vendor_completions.d", {"walctl.fish"}),
    ("tools", "share/libwal", {"libwal.magic"}),
]
CRYPTO = [
    ("runtime", "lib", {"libwal-crypto.so.1", "libwal-crypto.so.VERSION"}),
    ("development", "lib", {"libwal-crypto.so", "libwal-crypto.a"}),
    ("development", "lib/pkgconfig", {"libwal-crypto.pc"}),
    ("development", "lib/cmake/libwal", {"libwal-crypto.cmake", "libwal-crypto-CONFIG.cmake",
                                         "libwal-crypto_static.cmake",
                                         "libwal-crypto_static-CONFIG.cmake"}),
    ("development", "include/libwal", {"crypto.h"}),
]
# The manual pages, where scdoc is there to make them: one more for each function.
PAGES = [
    ("tools", "share/man/man1", {"walctl.1"}),
    ("development", "share/man/man3", {"libwal.3"}),
    ("development", "share/man/man5", {"libwal.5"}),
    ("development", "share/man/man7", {"libwal.7"}),
]
MAPS = ("src/api/libwal.map", "src/crypto/libwal-crypto.map")
CGO_TAKES = re.compile(r"-[ILl]|-pthread$")
COMPONENTS = ("runtime", "development", "tools")


def output(command, **environment):
    env = {**os.environ, **environment}
    return subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout


def cache_value(build, name):
    cache = (Path(build) / "CMakeCache.txt").read_text()
    return re.search(rf"^{name}:\w+=(.*)$", cache, re.MULTILINE)[1]


def has_crypto(build):
    return cache_value(build, "WAL_HAS_CRYPTO") in ("ON", "TRUE")


def pages(build):
    if cache_value(build, "SCDOC").endswith("NOTFOUND"):
        return []
    source = Path(cache_value(build, "CMAKE_HOME_DIRECTORY"))
    functions = re.findall(r"^    (wal_\w+);", "".join((source / path).read_text()
                                                     for path in MAPS), re.MULTILINE)
    return [*PAGES, ("development", "share/man/man3", {f"{name}.3" for name in functions})]


def listed(build, components=COMPONENTS):
    """The paths below the prefix that the build's components install."""
    libdir, config, version = (cache_value(build, f"CMAKE_{name}") for name in
                               ("INSTALL_LIBDIR", "BUILD_TYPE", "PROJECT_VERSION"))
    for component, folder, names in [*INSTALLED, *(CRYPTO if has_crypto(build) else []),
                                     *pages(build)]:
        if component in components:
            folder = re.sub("^lib", libdir, folder)
            for name in names:
                name = name.replace("CONFIG", config.lower()).replace("VERSION", version)
                yield f"{folder}/{name}"


def surplus(prefix, build, components=COMPONENTS):
    """What is installed and not listed, and what is listed and not installed."""
    there = {str(path.relative_to(prefix)) for path in prefix.rglob("*") if not path.is_dir()}
    return sorted(there ^ set(listed(build, components)))


def moved_tree(cmake, build, work):
    """Installs the build, and renames the prefix."""
    output([cmake, "--install", build, "--prefix", str(work / "first")])
    return (work / "first").rename(work / "moved")


def by_component(cmake, build, work):
    for component in COMPONENTS:
        prefix = work / component
        output([cmake, "--install", build, "--prefix", str(prefix), "--component", component])
        if wrong := surplus(prefix, build, [component]):
            yield f"component {component}: {wrong}"


def names_places(prefix, places):
    """Files for programs that are built, with the name of a place that they were made in."""
    for path in (*prefix.rglob("*.cmake"), *prefix.rglob("*.pc")):
        for place in places:
            if str(place) in path.read_text():
                yield f"{path.name} names {place}"


def build_and_run(work, cc, source, flags, library_path):
    program, directory = work / "consumer", work / f"log-{Path(source).stem}"
    output([cc, "-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror", source, *flags, "-o",
            str(program)])
    output([str(program), str(directory)], LD_LIBRARY_PATH=library_path)


def by_pkg_config(prefix, work, cc, pkg_config, sources):
    """Sources by package: with its shared library first, and then, without them, its archive."""
    pc_dir = next(prefix.rglob("libwal.pc")).parent
    query = {"PKG_CONFIG_PATH": str(pc_dir)}
    for static in ([], ["--static"]):
        for package, source in sources.items():
            flags = output([pkg_config, *static, "--cflags", "--libs", package], **query).split()
            if odd := [flag for flag in flags if not CGO_TAKES.match(flag)]:
                yield f"{package}: flags that cgo refuses: {odd}"
            build_and_run(work, cc, source, flags, "" if static else str(pc_dir.parent))
        for path in prefix.rglob("libwal*.so*"):
            path.unlink()


def consumers(build, source):
    """The program for libwal, and the one for libwal-crypto beside it, if that was built."""
    return {"libwal": source} | ({"libwal-crypto": Path(source).with_name("sealed.c")}
                                 if has_crypto(build) else {})


def the_tool(prefix):
    """It finds the library from its own place."""
    said = output([str(prefix / "bin/walctl"), "--version"], LD_LIBRARY_PATH="")
    if not re.fullmatch(r"walctl \(libwal\) \d+\.\d+\.\d+\n", said):
        yield f"walctl --version says {said!r}"


def problems(work, cmake, build, cc, pkg_config, source):
    yield from by_component(cmake, build, work)
    prefix = moved_tree(cmake, build, work)
    if wrong := surplus(prefix, build):
        yield f"installed or listed alone: {wrong}"
    yield from names_places(prefix, [work, build, cache_value(build, "CMAKE_HOME_DIRECTORY")])
    yield from the_tool(prefix)
    yield from by_pkg_config(prefix, work, cc, pkg_config, consumers(build, source))


def run(check):
    """Main program of a check: a function from a scratch folder and the arguments to problems."""
    try:
        with tempfile.TemporaryDirectory() as directory:
            found = list(check(Path(directory), *sys.argv[1:]))
    except subprocess.CalledProcessError as error:
        sys.exit(f"{error}\n{error.stdout}{error.stderr}")
    print(*found, sep="\n")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    run(problems)
