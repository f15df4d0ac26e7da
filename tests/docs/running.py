# SPDX-License-Identifier: Apache-2.0
"""What the tests of the documents share: to build and run a program that stands in one, and to run
a session of a shell that shows what its commands print."""

import os
import re
import subprocess
import sys
from pathlib import Path

WARNINGS = ("-std=c99", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror")
MINUTE = 60


class Wrong(Exception):
    """What a document shows isn't so."""


def run(command, folder, **environment):
    """Output and errors together, as somebody at a terminal sees them."""
    return subprocess.run(command, cwd=folder, env={**os.environ, **environment}, check=False,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, timeout=MINUTE)


def compare(what, done, shown):
    if done.returncode != 0:
        raise Wrong(f"{what}: status {done.returncode}\n{done.stdout}")
    if shown is not None and done.stdout != shown:
        raise Wrong(f"{what}: shown is\n{shown}and it prints\n{done.stdout}")


def build_c(what, source, folder, compiler, root, libraries):
    """Compiles a program against the public headers and the build's shared libraries."""
    program = Path(folder) / "program"
    program.with_suffix(".c").write_text(source, encoding="utf-8")
    flags = ["-I", str(root / "include"), "-L", libraries, f"-Wl,-rpath,{libraries}", "-lwal"]
    if "<libwal/crypto.h>" in source:
        flags.append("-lwal-crypto")
    if "sqlite3.h" in source:
        flags.append("-lsqlite3")
    compare(what, run([compiler, *WARNINGS, f"{program}.c", *flags, "-o", str(program)], folder),
            "")
    return program


def steps(text):
    """(command, what it prints) of a session: a command stands behind `$ `."""
    return re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", text, re.MULTILINE)


def run_session(what, text, folder, *programs):
    """Each command by a shell of its own, with these programs' folders in front of PATH."""
    path = ":".join([*(str(Path(program).parent) for program in programs), os.environ["PATH"]])
    for command, shown in steps(text):
        compare(f"{what}: {command}", run(["bash", "-c", command], folder, PATH=path), shown)


def main(checks):
    """Runs (name, function) pairs, says which went wrong, and how many there were."""
    wrong = count = 0
    for check in checks:
        count += 1
        try:
            check()
        except (Wrong, subprocess.TimeoutExpired) as problem:
            wrong += 1
            print(problem)
    print(f"{count} examples")
    sys.exit(1 if wrong or count == 0 else 0)
