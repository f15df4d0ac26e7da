# SPDX-License-Identifier: Apache-2.0
"""What the documents name exists: files, functions, tests, and the places that links lead to. Names
stand in `code`; a test is `program: case, case`, or `crash_explore SETUP:LETTERS`. Capitals are
other people's names, unless they begin with WAL_."""

import re
from functools import cache

import tree

LAYERS = ("base", "crc", "os", "format", "segment", "log", "api", "crypto")
SOURCES = {layer: f"src/{layer}" for layer in LAYERS} | {
    "python": "bindings/python/src", "go": "bindings/go",
}
DESIGN = "docs/design.md"
BUGS_TEST, BUGS_TEXT = "tests/planted/bugs_test.c", "docs/testing.md"
ROOMS = ("", "src", "tests", "docs", "include", "include/libwal")
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
FENCE = re.compile(r"^```")
LINK = re.compile(r"\[[^\]]*\]\(([^()\s]+)\)")
BROKEN = re.compile(r"\[[^\]`]*$")
CODE = re.compile(r"`([^`]+)`")
PATH = re.compile(r"(?<![\w./<-])((?:\w[\w.-]*/)+\w[\w-]*\.(?:c|h|py|sh|md|map))(?![\w/<])")
FOLDER = re.compile(r"^(?:src|tests|docs|include|packaging)(?:/[\w-]+)*/?$")
PAIR = re.compile(rf"^({'|'.join(LAYERS)})/(\w+)$")
NAME = re.compile(r"^([a-z]\w*_\w+|WAL_\w+)(?:\(\))?$")
PROGRAM = re.compile(
    r"^((?:unit|api|threads|crypto|crash|damage|kill|fuzz|planted|abi|tidy|docs|example)_\w+)"
    r"(?:: (.+)| (\w+:\w+))?$"
)


def text_lines(path):
    """(number, line) of what is not in a fenced block."""
    fenced = False
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if FENCE.match(line):
            fenced = not fenced
        elif not fenced:
            yield number, line


def slug(heading):
    """The anchor that a heading gets."""
    words = re.sub(r"[^\w\- ]", "", heading.replace("`", "").strip().lower())
    return words.replace(" ", "-")


def anchors(path):
    return {slug(line.lstrip("#")) for _, line in text_lines(path) if line.startswith("#")}


@cache
def words(root):
    """Every name in the code: C without its comments, the rest as it is."""
    found = set()
    for path in filter(tree.is_code, tree.files(root)):
        text, in_c = path.read_text(), path.suffix in (".c", ".h")
        found.update(re.findall(r"\w+", COMMENT.sub(" ", text) if in_c else text))
    return found


def program_file(root, name):
    folder, _, rest = name.partition("_")
    places = (f"{folder}/{rest}_test.c", f"{folder}/{rest}.py", f"{folder}s/{rest}.c",
              f"{folder}/{rest}_fuzz.c")
    return next((root / "tests" / at for at in places if (root / "tests" / at).exists()), None)


def missing_letters(root, scenario):
    """What a scenario of the crash tests has that they don't know."""
    setup, _, letters = scenario.partition(":")
    session = (root / "tests/crash/session.c").read_text()
    setups = re.findall(r'\{"(\w+)", WAL_SYNC', session)
    known = re.findall(r"\{'(.)', \"", (root / "tests/crash/ops.c").read_text())
    unknown = [] if setup in setups else [setup]
    return unknown + [letter for letter in letters if letter not in known]


def problems_of_program(root, name, cases, scenario):
    path = program_file(root, name)
    if path is None:
        yield f"there is no test {name}"
        return
    text = path.read_text()
    for case in cases.split(", ") if cases else ():
        if not re.search(rf"^static void {re.escape(case)}\(", text, re.MULTILINE):
            yield f"{name} has no case {case}"
    if scenario:
        for word in missing_letters(root, scenario):
            yield f"{scenario}: there is no {word}"


def problems_of_code(root, code):
    if found := PROGRAM.match(code):
        yield from problems_of_program(root, *found.groups())
    elif found := PAIR.match(code):
        if not any((root / "src" / f"{code}{suffix}").exists() for suffix in (".c", ".h")):
            yield f"src/{code} is no source file"
    elif FOLDER.match(code):
        if not (root / code).exists():
            yield f"{code} doesn't exist"
    elif (found := NAME.match(code)) and found[1] not in words(root):
        yield f"nothing is named {found[1]}"


def problems_of_link(root, path, target):
    if re.match(r"\w+:", target):
        return
    file, _, anchor = target.partition("#")
    to = (path.parent / file).resolve() if file else path
    if not to.exists():
        yield f"the link to {target} leads nowhere"
    elif anchor and anchor not in anchors(to):
        yield f"{to.relative_to(root)} has no heading for #{anchor}"


def problems_of_line(root, path, line):
    if BROKEN.search(line) or line.count("`") % 2 == 1:
        yield "a link or code that goes over the line's end isn't checked"
    for target in LINK.findall(line):
        yield from problems_of_link(root, path, target)
    for code in CODE.findall(line):
        yield from problems_of_code(root, code)
    for name in PATH.findall(LINK.sub(" ", line)):
        if not any((root / room / name).exists() for room in (*ROOMS, path.parent)):
            yield f"there is no file {name}"


def unnamed_sources(root):
    """Files of the layers and of the bindings that the design doesn't name."""
    text = (root / DESIGN).read_text() if (root / DESIGN).exists() else ""
    for name, folder in SOURCES.items():
        for stem in sorted({path.stem for path in (root / folder).glob("*.[cgh]*")
                            if path.suffix in (".c", ".h", ".go")
                            and not path.stem.endswith("_test")}):
            if not re.search(rf"\b{name}/{stem}\b", text):
                yield f"{DESIGN}:1: {folder}/{stem} isn't named"


def numbers_in(pattern, *paths):
    """The numbers that a pattern finds in these files, as far as they exist."""
    texts = [path.read_text() for path in paths if path.exists()]
    return {int(number) for text in texts for number in re.findall(pattern, text, re.MULTILINE)}


def planted_bugs(root):
    """A bug that is planted is tried, and in the list."""
    planted = numbers_in(r"PLANTED\((\d+)\)", *tree.c_files(root, "src"))
    for place, pattern in (BUGS_TEST, r"^ +\{(\d+), \""), (BUGS_TEXT, r"^\| (\d+) "):
        listed = numbers_in(pattern, root / place)
        for number in sorted(planted ^ listed):
            where = "src" if number in listed else place
            yield f"{place}:1: bug {number} isn't in {where}"


def check(root):
    for path in filter(tree.is_prose, tree.files(root)):
        for number, line in text_lines(path):
            for problem in problems_of_line(root, path, line):
                yield f"{tree.place(root, path, number)}: {problem}"
    yield from unnamed_sources(root)
    yield from planted_bugs(root)


if __name__ == "__main__":
    tree.run(check)
