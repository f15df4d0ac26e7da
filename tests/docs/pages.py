# SPDX-License-Identifier: Apache-2.0
"""The manual pages' sources, taken apart: sections, and what stands in literal blocks."""

import re
from dataclasses import dataclass, field
from pathlib import Path

FENCE = "```"


@dataclass
class Block:
    """A literal block, and the last line of text in front of it."""

    before: str
    text: str


@dataclass
class Page:
    name: str  # wal_get.3
    sections: dict = field(default_factory=dict)  # title: text without its blocks
    blocks: dict = field(default_factory=dict)  # title: its blocks

    @property
    def names(self):
        """What the page is found by."""
        return re.split(r",\s*", self.sections["NAME"].partition(" - ")[0].strip())


def unescaped(line, where):
    """A line of a literal block, as the page shows it."""
    if re.search(r"(?<!\\)(?:\\\\)*\\(?!\\)", line):
        raise ValueError(f"{where}: scdoc drops a single backslash: {line}")
    return line.replace("\\\\", "\\")


def read_page(path):
    page = Page(path.name.removesuffix(".scd"))
    title, last, lines = "", "", None
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip() == FENCE:
            if lines is not None:
                page.blocks[title].append(Block(last, "".join(lines)))
            lines = [] if lines is None else None
        elif lines is not None:
            lines.append(unescaped(line, page.name) + "\n")
        elif found := re.match(r"# (.*)", line):
            title = found[1]
            page.sections[title], page.blocks[title] = "", []
        elif title:
            page.sections[title] += line + "\n"
            last = line.strip() or last
    return page


def pages(root):
    return [read_page(path) for path in sorted((Path(root) / "docs/man").glob("*.scd"))]
