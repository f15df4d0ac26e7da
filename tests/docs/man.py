# SPDX-License-Identifier: Apache-2.0
"""The manual pages hold against what they are about: each public function has its prototype, as
the header has it, in the page that is found by its name; each constant of the headers is named;
walctl(1) has each command with the options that it takes. mandoc finds nothing wrong in them.

man.py ROOT MADE_PAGES WALCTL MANDOC"""

import re
import struct
import subprocess
import sys
from pathlib import Path

from pages import pages

sys.path.append(str(Path(__file__).parents[1] / "oracle"))

import layout  # noqa: E402

# What scdoc always writes, and every program that shows a page passes over.
SCDOCS_OWN = "skipping paragraph macro"
EVERYWHERE = {"-h", "--help"}  # said once for all commands
GROUP = re.compile(r"\[(\w+ options)\]")
OPTION = re.compile(r"(?<![\w-])--?[a-zA-Z0-9][\w-]*")


def statements(text):
    """C declarations without comments and layout: up to a semicolon outside of braces."""
    text = re.sub(r"/\*.*?\*/|^\s*#.*?$", " ", text, flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"\bLIBWAL_(BEGIN|END)\b", " ", text)
    for found in re.finditer(r"[^;{}]*(?:\{[^{}]*\}[^;{}]*)?;", text):
        yield " ".join(found[0].split())


def function_of(statement):
    """The name that a prototype declares, None for a type."""
    found = None if statement.startswith("typedef") else re.search(r"\b(wal_\w+)\(", statement)
    return found and found[1]


def exported(root):
    for script in ("src/api/libwal.map", "src/crypto/libwal-crypto.map"):
        yield from re.findall(r"^\s*(wal_\w+);", (root / script).read_text(), re.MULTILINE)


def problems_of_prototypes(root, functions):
    declared = set()
    for header in sorted((root / "include/libwal").glob("*.h")):
        declared |= set(statements(header.read_text()))
    shown = {}
    for page in functions:
        text = "".join(block.text for block in page.blocks["SYNOPSIS"])
        found = list(statements(text))
        for statement in found:
            if statement not in declared:
                yield f"{page.name}: no header has: {statement}"
        names = {name for name in map(function_of, found) if name}
        if names != set(page.names) - {"libwal"}:
            yield f"{page.name}: prototypes and NAME differ in {names ^ set(page.names)}"
        for name in names:
            if name in shown:
                yield f"{name} is in {shown[name]} and {page.name}"
            shown[name] = page.name
    for name in sorted(set(exported(root)) ^ set(shown)):
        yield f"{name}: either exported or in a page"


def problems_of_constants(root, functions):
    text = "".join("".join(page.sections.values()) for page in functions)
    for header in sorted((root / "include/libwal").glob("*.h")):
        for name in re.findall(r"^#define (WAL_\w+)", header.read_text(), re.MULTILINE):
            if not re.search(rf"\b{name}\b", text):
                yield f"{header.name}: no page in section 3 has {name}"


def problems_of_options(root, functions):
    """Option by option: the default that the page says is the one of the header's comment."""
    text = next(page for page in functions if page.name == "wal_options_set.3").sections["OPTIONS"]
    comment = (root / "include/libwal/options.h").read_text().partition("*/\n#define")[0]
    rows = re.findall(r"^ \* ([A-Z_]{4,}) +(\w.*(?:\n \*  +.*)?)", comment, re.MULTILINE)
    for name, row in rows:
        head = re.sub(r"\s+\*\s+", " ", row).partition(":")[0]
        wanted = head.rpartition(", ")[2].replace(" off", "").replace(" no limit", "")
        line = re.search(rf"^.*\*WAL_OPT_{name}\*.*$", text, re.MULTILINE)
        if line and wanted not in line[0]:
            yield f"wal_options_set.3: {name} is {wanted} unless it is set, not so: {line[0]}"
    if len(rows) < 30:
        yield f"only {len(rows)} options found in the header"


def problems_of_format(page):
    """libwal(5): what begins at an offset there begins there in the reader that is written from
    docs/format.md."""
    structs = (layout.SLOT, layout.SEGMENT, layout.GROUP)
    tables = re.findall(r"^\|\[ \*offset\*\n(?:[|: ].*\n)+", page.sections["DESCRIPTION"],
                        re.MULTILINE)
    for known, table in zip(structs, tables, strict=True):
        starts = {struct.calcsize("<" + known.format[1:end])
                  for end in range(1, len(known.format) + 1)
                  if not known.format[1:end][-1:].isdigit()}
        for offset, sizes in re.findall(r"^\|  (\d+)\n:  ([\d, ]+)$", table, re.MULTILINE):
            at = int(offset)
            for size in map(int, sizes.split(", ")):
                if not {at, at + size} <= starts:
                    yield f"{page.name}: no field has the bytes {at} to {at + size - 1}"
                at += size


def entries(page):
    """Each command's usage and what is said of it, from the lines that begin with its name."""
    text = page.sections["DESCRIPTION"]
    for found in re.finditer(r"^\*walctl (\w+)\*(.*\n(?:\t.*\n)*)", text, re.MULTILINE):
        yield found[1], found[2]


def options_of_groups(page):
    """The options in each part of OPTIONS, by its title."""
    parts = re.split(r"^## (.*)$", page.sections["OPTIONS"], flags=re.MULTILINE)[1:]
    return {title: set(OPTION.findall(re.sub(r"^\t.*$", "", text, flags=re.MULTILINE)))
            for title, text in zip(parts[::2], parts[1::2], strict=True)}


def pairs_of(page):
    """The long names of short options, from wherever both stand beside each other."""
    text = page.sections["DESCRIPTION"] + page.sections["OPTIONS"]
    return dict(re.findall(r"\*(-\w)\*, \*(--[\w-]+)\*", text))


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def problems_of_walctl(page, walctl):
    commands = re.findall(r"^  (\w+)  ", output(walctl, "help").partition("Topics")[0],
                          re.MULTILINE)
    told, groups, long_names = dict(entries(page)), options_of_groups(page), pairs_of(page)
    for name in sorted(set(commands) ^ set(told)):
        yield f"walctl.1: {name}: either a command or in the page"
    for name in sorted(set(commands) & set(told)):
        text = output(walctl, "help", name)
        takes = re.findall(r"^ +(?:(-\w), +)?(?:    )?(--[\w-]+)", text, re.MULTILINE)
        wanted = {long for _, long in takes} - EVERYWHERE
        shown = set(OPTION.findall(told[name].partition("\n")[0]))
        for group in GROUP.findall(told[name]):
            shown |= groups[group]
        shown = {long_names.get(option, option) for option in shown}
        if shown != wanted:
            yield f"walctl.1: {name}: help and page differ in {sorted(shown ^ wanted)}"


def problems_of_references(sources):
    """A page of ours that another one names is there."""
    names = {(name, page.name.rpartition(".")[2]) for page in sources for name in page.names}
    for page in sources:
        for name, section in re.findall(r"\*(\w+)\*\((\d)\)", "".join(page.sections.values())):
            if re.match("wal|libwal", name) and (name, section) not in names:
                yield f"{page.name}: there is no {name}({section})"


def problems_of_made(made, mandoc, sources):
    """mandoc's warnings, and links that lead nowhere."""
    names = {f"{name}.{page.name.rpartition('.')[2]}" for page in sources for name in page.names}
    there = {path.name for path in made.iterdir()}
    for name in sorted(names ^ there):
        yield f"{name}: either in a NAME or made"
    for path in sorted(made.iterdir()):
        text = path.read_text(encoding="utf-8")
        if link := re.fullmatch(r"\.so man\d/(\S+)\n", text):
            if link[1] not in there:
                yield f"{path.name} leads to {link[1]}, which isn't there"
            continue
        done = subprocess.run([mandoc, "-T", "lint", "-W", "warning", path], check=False,
                              capture_output=True, text=True)
        yield from (line for line in done.stdout.splitlines() if SCDOCS_OWN not in line)


def problems(root, made, walctl, mandoc):
    sources = pages(root)
    functions = [page for page in sources if page.name.endswith(".3")]
    yield from problems_of_prototypes(root, functions)
    yield from problems_of_constants(root, functions)
    yield from problems_of_options(root, functions)
    yield from problems_of_walctl(next(p for p in sources if p.name == "walctl.1"), walctl)
    yield from problems_of_format(next(p for p in sources if p.name == "libwal.5"))
    yield from problems_of_references(sources)
    yield from problems_of_made(made, mandoc, sources)


if __name__ == "__main__":
    found = list(problems(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:]))
    print(*found, sep="\n")
    sys.exit(1 if found else 0)
