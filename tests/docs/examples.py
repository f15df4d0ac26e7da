# SPDX-License-Identifier: Apache-2.0
"""The manual pages' examples: programs compile and print what stands behind them, sessions of a
shell go as shown.

examples.py ROOT BUILD WALCTL CC"""

import sys
import tempfile
from functools import partial
from itertools import pairwise
from pathlib import Path

import running
from pages import Block, pages


def program(what, block, behind, root, build, compiler):
    shown = behind.text if behind.before.endswith("prints") else None
    with tempfile.TemporaryDirectory() as folder:
        made = running.build_c(what, block.text, folder, compiler, root, build)
        running.compare(what, running.run([made, f"{folder}/log"], folder), shown)


def session(what, block, walctl):
    with tempfile.TemporaryDirectory() as folder:
        running.run_session(what, block.text, folder, walctl)


def checks(root, build, walctl, compiler):
    for page in pages(root):
        blocks = page.blocks.get("EXAMPLES", [])
        for block, behind in pairwise([*blocks, Block("", "")]):
            if block.text.startswith("#include"):
                yield partial(program, page.name, block, behind, root, build, compiler)
            elif block.text.startswith("$ "):
                yield partial(session, page.name, block, walctl)
            elif not block.before.endswith("prints"):
                raise SystemExit(f"{page.name}: a block that is neither a program nor a session")


if __name__ == "__main__":
    running.main(checks(Path(sys.argv[1]), *sys.argv[2:]))
