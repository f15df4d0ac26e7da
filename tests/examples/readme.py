# SPDX-License-Identifier: Apache-2.0
"""The README shows hello.c as it is, and what it prints: readme.py README.md HELLO.C PROGRAM"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

RUNS = 3


def blocks(text, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def output_of_last_run(program):
    with tempfile.TemporaryDirectory() as directory:
        for _ in range(RUNS):
            done = subprocess.run([program, f"{directory}/hello.wal"], check=True,
                                  capture_output=True, text=True)
    return done.stdout


def main(readme, source, program):
    text = Path(readme).read_text()
    if blocks(text, "c") != [Path(source).read_text()]:
        sys.exit(f"{readme}: its one example in C isn't {source}")
    if (shown := blocks(text, "text")) != [(printed := output_of_last_run(program))]:
        sys.exit(f"{readme}: shows {shown} for run {RUNS}, which prints {printed!r}")


if __name__ == "__main__":
    main(*sys.argv[1:])
