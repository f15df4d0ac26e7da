# SPDX-License-Identifier: Apache-2.0
"""Every command in a block ```sh of a document is run here, if need be with smaller numbers; or
what it names is there, and another test runs the like of it. One that no rule below knows fails.

commands.py ROOT BUILD CTEST"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.DOTALL | re.MULTILINE)
# Less of it; and statuses that are no failure: too few images, a list in place of a run.
SMALLER = ((r"=3600", "=1"), (r" --all$", " --all || test $? = 1"),
           (r" --only x$", " --only x || test $? = 2"))
QUICK = {"CRASH_IMAGES": "100", "CRASH_LIMIT": "2"}
MINUTES_S = 300
OWN_TEST = "readme_test.go"  # runs the commands of the document beside it


def commands(root):
    """(document, command without its remark)"""
    for path in sorted(root.rglob("*.md")):
        built = any(part.startswith(("build", ".")) for part in path.relative_to(root).parts)
        if not built and not (path.parent / OWN_TEST).exists():
            for block in BLOCK.findall(path.read_text(encoding="utf-8")):
                for line in block.splitlines():
                    if command := re.sub(r"(?:^|\s+)#.*", "", line):
                        yield path.relative_to(root), command


class Rules:
    """Each method says what is wrong with a command; its comment is the pattern of its commands."""

    def __init__(self, root, build, ctest):
        self.root, self.build, self.ctest = root, build, ctest

    def output(self, *command, **environment):
        done = subprocess.run(command, cwd=self.root, check=False, text=True, timeout=MINUTES_S,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env={**os.environ, **environment})
        return done.returncode, done.stdout

    def crash_test(self, command):
        r"""(CRASH_\w+=\d+ )*build-dev/tests/crash_\w+( .+)?"""
        for long, short in SMALLER:
            command = re.sub(long, short, command)
        code, text = self.output("bash", "-c", command.replace("build-dev", str(self.build)),
                                 **QUICK)
        return text if code else None

    def by_ctest(self, command):
        r"""ctest --preset dev( -[LR] \w+)?"""
        code, text = self.output(self.ctest, "--test-dir", str(self.build), "-N",
                                 *command.split()[3:])
        return text if code or re.search("Total Tests: 0", text) else None

    def presets(self, command):
        r"""cmake --preset (\w+)( -D\w+=OFF)? && cmake --build --preset \w+( && ctest .*)?"""
        known = json.loads((self.root / "CMakePresets.json").read_text())["configurePresets"]
        names = {preset["name"] for preset in known}
        return None if set(re.findall(r"--preset (\w+)", command)) <= names else "no such preset"

    def script(self, command):
        r"""packaging/\w+\.sh( \S+)*"""
        path, *words = command.split()
        head = (self.root / path).read_text().split("\nset -")[0]
        if not os.access(self.root / path, os.X_OK):
            return "nobody can run it"
        wanted = words[0] if words else ""
        known = wanted.isdigit() or re.search(rf"\.sh +{wanted}\b", head) or not words
        return None if known else f"its head doesn't speak of '{wanted}'"

    def bench(self, command):
        r"""tests/bench/run( .*)?"""
        _, text = self.output(sys.executable, "tests/bench/run", "--help")
        return next((f"{option} is no option" for option in re.findall(r"--\w+", command)
                     if option not in text), None)

    def pytest(self, command):
        r"""(\w+=\S+ )?python3 -m pytest( -q)? \S+"""
        target = self.root / command.split()[-1]
        texts = [path.read_text() for path in target.parent.rglob("*.py")]
        variable = re.match(r"(\w+)=", command)
        if not target.exists():
            return "there is no such test"
        known = variable is None or any(variable[1] in text for text in texts)
        return None if known else f"nothing reads {variable[1]}"

    def pip(self, command):
        r"""pip install .*libwal(\[\w+\])?( libwal)?"""
        project = (self.root / "bindings/python/pyproject.toml").read_text()
        cmake = "".join(path.read_text() for path in
                        (self.root / "CMakeLists.txt", self.root / "bindings/python/CMakeLists.txt",
                         self.root / "bindings/python/library.cmake"))
        for extra in re.findall(r"\[(\w+)\]", command):
            if not re.search(rf"^{extra} = \[", project, re.MULTILINE):
                return f"there is no extra {extra}"
        for name in re.findall(r"define\.(\w+)=", command):
            if name not in cmake:
                return f"CMake has no {name}"
        return None

    def shown_elsewhere(self, command):
        r"""cc hello\.c .*|cmake --install build-release|export PYTHONPATH=.*|go test -run - .*"""
        return None  # abi_ways, abi_bare; what the next lines need; Raft's own benchmarks

    def walmigrate(self, command):
        r"""walmigrate \S+ \S+"""
        there = (self.root / "bindings/go/raftwal/cmd/walmigrate/main.go").exists()
        return None if there else "there is no such program"


def problems(root, build, ctest):
    rules = Rules(root, build, ctest)
    methods = [value for name, value in vars(Rules).items()
               if name not in ("__init__", "output") and callable(value)]
    count = 0
    for document, command in commands(root):
        count += 1
        check = next((m for m in methods if re.fullmatch(m.__doc__, command)), None)
        if check is None:
            yield f"{document}: no rule for: {command}"
        elif wrong := check(rules, command):
            yield f"{document}: {command}: {wrong}"
    print(f"{count} commands")
    if count < 20:
        yield "where are the others?"


if __name__ == "__main__":
    found = list(problems(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]))
    print(*found, sep="\n")
    sys.exit(1 if found else 0)
