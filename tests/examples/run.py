# SPDX-License-Identifier: Apache-2.0
"""Runs an example: run.py PROGRAM

Beside the program's source NAME.c may lie NAME.txt, a session: a line `$ ARGUMENTS` is a call that
must succeed and print the lines that follow, `! ARGUMENTS` one that must fail. All calls have the
same fresh directory as their first argument. Without a session there is one call.
"""

import shlex
import subprocess
import sys
import tempfile
from pathlib import Path


def session(name):
    """[(succeeds, arguments, output)]"""
    path = Path(__file__).parent / f"{name}.txt"
    if not path.exists():
        return [(True, [], None)]
    calls = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line[:1] in ("$", "!"):
            calls.append((line[0] == "$", shlex.split(line[1:]), []))
        else:
            calls[-1][2].append(line)
    return calls


def main(program):
    name = Path(program).name.removeprefix("example_")
    with tempfile.TemporaryDirectory() as directory:
        for succeeds, arguments, output in session(name):
            done = subprocess.run([program, directory, *arguments], check=False, text=True,
                                  stdout=subprocess.PIPE, timeout=300)
            if (done.returncode == 0) != succeeds:
                sys.exit(f"{name} {arguments}: status {done.returncode}\n{done.stdout}")
            if output is not None and done.stdout.splitlines() != output:
                sys.exit(f"{name} {arguments} prints\n{done.stdout}instead of\n" +
                         "\n".join(output))


main(sys.argv[1])
