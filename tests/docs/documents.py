# SPDX-License-Identifier: Apache-2.0
"""The worked examples of documents, those of one in one folder and in their order: a block of C or
Python that names itself in its first line is a program, a block ```console a session that may call
it, and every command of a session prints what stands behind it.

documents.py ROOT BUILD WALCTL CC DOCUMENT...: their names in docs"""

import os
import re
import sys
import tempfile
from functools import partial
from pathlib import Path

import running

BLOCK = re.compile(r"^```(c|python|console)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
NAME = re.compile(r"(?:# |/\* )(\w+)\.(?:py|c)\b")


def write_python(block, name, folder):
    (folder / f"{name}.py").write_text(block, encoding="utf-8")


def write_c(block, name, folder, root, build, compiler):
    running.build_c(name, block, folder, compiler, root, build).rename(folder / name)


def checks(document, folder, root, build, walctl, compiler):
    for language, block in BLOCK.findall(document.read_text(encoding="utf-8")):
        if language == "console":
            yield partial(running.run_session, document.name, block, folder,
                          folder / "bin/python3", walctl)
        elif found := NAME.match(block):
            write = write_python if language == "python" else partial(
                write_c, root=root, build=build, compiler=compiler)
            yield partial(write, block, found[1], folder)
        else:
            raise SystemExit(f"{document.name}: a program without a name: {block[:40]}")


def prepared(folder):
    """The Python that runs this is the one that the document's programs get."""
    (folder / "bin").mkdir()
    python = folder / "bin/python3"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    return folder


def main(root, build, walctl, compiler, *documents):
    os.environ["PYTHONPATH"] = f"{build}/bindings/python"
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    with tempfile.TemporaryDirectory() as work:
        all_checks = []
        for name in documents:
            (folder := Path(work) / name).mkdir()
            all_checks += checks(Path(root) / "docs" / name, prepared(folder), Path(root), build,
                                 walctl, compiler)
        running.main(all_checks)


if __name__ == "__main__":
    main(*sys.argv[1:])
