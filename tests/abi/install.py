"""Installs, moves the installed tree, builds a program by pkg-config against the shared library and
against the archive alone, and runs it: install.py CMAKE BUILD_DIR CC PKG_CONFIG CONSUMER_C"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

HEADERS = {
    "append.h",
    "batch.h",
    "error.h",
    "info.h",
    "meta.h",
    "open.h",
    "options.h",
    "read.h",
    "truncate.h",
    "types.h",
    "wal.h",
}
INSTALLED = {"libwal.so", "libwal.so.1", "libwal.so.1.0.0", "libwal.a", "libwal.pc", *HEADERS}


def output(command, **environment):
    env = {**os.environ, **environment}
    return subprocess.run(command, env=env, capture_output=True, text=True, check=True).stdout


def build_and_run(work, cc, source, flags, library_path):
    program, directory = work / "consumer", work / "log"
    output([cc, "-std=c99", "-Wall", "-Wextra", "-pedantic", "-Werror", source, *flags, "-o",
            str(program)])
    output([str(program), str(directory)], LD_LIBRARY_PATH=library_path)


def main(cmake, build, cc, pkg_config, source):
    with tempfile.TemporaryDirectory() as directory:
        work = Path(directory)
        output([cmake, "--install", build, "--prefix", str(work / "first")])
        prefix = (work / "first").rename(work / "moved")
        names = {path.name for path in prefix.rglob("*") if not path.is_dir()}
        if names != INSTALLED:
            print(f"installed: {sorted(names)}")
            return 1
        pc_dir = next(prefix.rglob("libwal.pc")).parent
        query = {"PKG_CONFIG_PATH": str(pc_dir)}
        shared = output([pkg_config, "--cflags", "--libs", "libwal"], **query).split()
        static = output([pkg_config, "--static", "--cflags", "--libs", "libwal"], **query).split()
        odd = [flag for flag in shared + static if flag[:2] not in ("-I", "-L", "-l")]
        if odd:
            print(f"flags that cgo refuses: {odd}")
            return 1
        build_and_run(work, cc, source, shared, str(pc_dir.parent))
        for path in prefix.rglob("libwal.so*"):
            path.unlink()
        build_and_run(work, cc, source, static, "")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except subprocess.CalledProcessError as error:
        sys.exit(f"{error}\n{error.stdout}{error.stderr}")
