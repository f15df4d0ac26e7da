# SPDX-License-Identifier: Apache-2.0
"""The forge's workflows run scripts that are there, by commands that these know."""

import re

import tree

FOLDER = ".github/workflows"
RUN = re.compile(r"^\s*- run: (\S+)(?: (.*))?$", re.MULTILINE)
COMMANDS = re.compile(r"command: \[(.*)\]")


def commands(text):
    """What the steps run: script and first argument, those of a matrix one by one."""
    for script, argument in RUN.findall(text):
        if "matrix.command" in script + argument:
            for listed in COMMANDS.findall(text):
                for command in re.findall(r'"(.*?)"', listed):
                    name, _, rest = command.partition(" ")
                    yield f"packaging/{name}", rest.partition(" ")[0]
        else:
            yield script, ""


def knows(script, argument):
    """A word must be one of the script's, a number is for it to read."""
    text = script.read_text()
    return not argument or argument.isdigit() or re.search(rf"(?<![\w-]){argument}\b", text)


def check(root):
    for path in sorted((root / FOLDER).glob("*.yml")):
        found = list(dict.fromkeys(commands(path.read_text())))
        if not found:
            yield f"{path.relative_to(root)} runs nothing"
        for name, argument in found:
            script = root / name
            if not script.is_file():
                yield f"{path.relative_to(root)}: there is no {name}"
            elif not knows(script, argument):
                yield f"{path.relative_to(root)}: {name} doesn't know {argument}"


if __name__ == "__main__":
    tree.run(check)
