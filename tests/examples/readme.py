# SPDX-License-Identifier: Apache-2.0
"""The README shows hello.c as it is below its licence, and what it prints.

readme.py README.md HELLO.C PROGRAM"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

RUNS = 3


def blocks(text, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def program_of(source):
    """The text below the line that names the licence."""
    return Path(source).read_text().split("\n", 1)[1]


def output_of_last_run(program):
    with tempfile.TemporaryDirectory() as directory:
        for _ in range(RUNS):
            done = subprocess.run([program, f"{directory}/hello.wal"], check=True,
                                  capture_output=True, text=True)
    return done.stdout


def main(readme, source, program):
    text = Path(readme).read_text()
    if blocks(text, "c") != [program_of(source)]:
        sys.exit(f"{readme}: its one example in C isn't {source}")
    if (shown := blocks(text, "text")) != [(printed := output_of_last_run(program))]:
        sys.exit(f"{readme}: shows {shown} for run {RUNS}, which prints {printed!r}")


if __name__ == "__main__":
    main(*sys.argv[1:])
