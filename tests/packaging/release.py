# SPDX-License-Identifier: Apache-2.0
"""packaging/release.sh names all that keeps a release from being made, one after the other, and
sets the tags when nothing does: release.py ROOT"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

PARTS = ("CMakeLists.txt", "packaging", "include", "src/api", "src/crypto", "tests/tidy",
         "tests/abi", "bindings/python/pyproject.toml", "bindings/go/raftwal/go.mod",
         "bindings/go/prometheus/go.mod")
NOBODY = {"GIT_AUTHOR_NAME": "test", "GIT_AUTHOR_EMAIL": "test@invalid", "GIT_CONFIG_GLOBAL": "",
          "GIT_COMMITTER_NAME": "test", "GIT_COMMITTER_EMAIL": "test@invalid"}


def run(tree, *command):
    return subprocess.run(command, cwd=tree, env={**os.environ, **NOBODY}, capture_output=True,
                          text=True, check=False)


def copy(root, tree):
    for part in PARTS:
        (tree / part).parent.mkdir(parents=True, exist_ok=True)
        if (root / part).is_dir():
            shutil.copytree(root / part, tree / part,
                            ignore=shutil.ignore_patterns("__pycache__", "build*"))
        else:
            shutil.copy(root / part, tree / part)
    (tree / ".gitignore").write_text("__pycache__/\n")
    (tree / "tests/abi" / version(tree).rpartition(".")[0] / "released").unlink(missing_ok=True)
    run(tree, "git", "init", "-q")


def version(tree):
    return re.search(r"project\(libwal VERSION (\S+)", (tree / "CMakeLists.txt").read_text())[1]


def commit(tree):
    run(tree, "git", "add", "-A")
    run(tree, "git", "commit", "-qm", "a step")


def problems(root, tree):
    copy(root, tree)
    name = version(tree)

    def refused(words):
        done = run(tree, "packaging/release.sh", "tag")
        if done.returncode == 0 or words not in done.stderr:
            yield f"wanted {words!r}, got {done.returncode}, {done.stderr!r}"

    yield from refused("changes that are not committed")
    commit(tree)
    yield from refused("CHANGELOG.md has no heading")
    (tree / "CHANGELOG.md").write_text(f"## {name}, 2026-01-02\n")
    commit(tree)
    yield from refused("isn't final")
    run(tree, sys.executable, "tests/abi/freeze.py", name.rpartition(".")[0], "--release")
    project = tree / "bindings/python/pyproject.toml"
    right = project.read_text()
    project.write_text(right.replace(f'version = "{name}"', 'version = "0.1"'))
    commit(tree)
    yield from refused("pyproject.toml has version 0.1")
    project.write_text(right)
    commit(tree)
    done = run(tree, "packaging/release.sh", "tag")
    tags = run(tree, "git", "tag").stdout.split()
    if done.returncode or len(tags) != 4 or f"bindings/go/raftwal/v{name}" not in tags:
        yield f"tag: {done.returncode}, {done.stderr!r}, {tags}"
    yield from refused(f"the tag v{name} is there")


def main(root):
    with tempfile.TemporaryDirectory() as directory:
        found = list(problems(Path(root), Path(directory)))
    print(*found, sep="\n", end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
