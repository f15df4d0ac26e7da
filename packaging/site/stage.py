# SPDX-License-Identifier: Apache-2.0
"""Puts the documents into one folder for mkdocs: README.md becomes the first page, manual pages
become HTML by mandoc, links to what isn't in the site lead to the repository, and what Python's
Markdown reads otherwise than others is put in its way.

stage.py ROOT FOLDER MADE_PAGES"""

import html
import re
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "tests/docs"))

from pages import read_page  # noqa: E402

DOCUMENTS = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/*.md", "bindings/*/README.md",
             "bindings/go/*/README.md", "bindings/go/raftwal/cmd/*/README.md",
             "tests/bench/README.md")
REPOSITORY = "https://github.com/libwal/libwal/blob/main"
LINK = re.compile(r"\]\(([^)\s:]+?)(#[\w-]+)?\)")
ITEM = re.compile(r"(?:[-*]|\d+\.) ")
LITERAL = re.compile(r"<pre>.*?</pre>", re.DOTALL)
MAN_LINK = re.compile(r"<b>([\w-]+)</b>\((\d)\)")
INDEX = """# Manual pages

Installed, `man 7 libwal` is the overview, and each function leads to its page: `man wal_sync`.

| page | about |
|---|---|
"""


def place_of(path):
    """Where a document lies in the site."""
    return "index.md" if str(path) == "README.md" else str(path)


def target(link, path, known, root):
    """A link of the document `path`, as the site has it."""
    to = (root / path.parent / link).resolve().relative_to(root)
    if to == Path("docs/man"):
        to = Path("man/index.md")
    elif str(to) in known:
        to = Path(known[str(to)])
    elif to.suffix != ".svg":
        return f"{REPOSITORY}/{to}"
    up = Path(known[str(path)]).parent
    return str(Path(*[".."] * len(up.parts)) / to)


def prepared(text, path, known, root):
    lines, fenced = [], False
    for line in text.split("\n"):
        if line.startswith("```"):
            fenced = not fenced
            line = re.match(r"```\w*", line)[0]  # no more words behind the language
        elif not fenced:
            line = LINK.sub(lambda m: f"]({target(m[1], path, known, root)}{m[2] or ''})", line)
            before = lines[-1] if lines else ""
            begins = ITEM.match(line) and before.strip() and not before.startswith(" ")
            if begins and not ITEM.match(before):
                lines.append("")
        lines.append(line)
    return "\n".join(lines)


def stage_documents(root, folder):
    paths = [path.relative_to(root) for pattern in DOCUMENTS for path in sorted(root.glob(pattern))]
    known = {str(path): place_of(path) for path in paths}
    for path in paths:
        place = folder / known[str(path)]
        place.parent.mkdir(parents=True, exist_ok=True)
        text = (root / path).read_text(encoding="utf-8")
        place.write_text(prepared(text, path, known, root), encoding="utf-8")
    shutil.copy(root / "docs/log.svg", folder / "docs")
    shutil.copy(Path(__file__).parent / "site.css", folder)


def page_html(path, source, link):
    """A page's text. mandoc loses empty lines of literal blocks: these come from the source."""
    text = subprocess.run(["mandoc", "-T", "html", "-O", "fragment", path],
                          capture_output=True, text=True, check=True).stdout
    text = re.sub(r'<table class="(?:head|foot)">.*?</table>', "", text, flags=re.DOTALL)
    blocks = [block.text for title in source.sections for block in source.blocks[title]]
    if len(LITERAL.findall(text)) != len(blocks):
        sys.exit(f"{path}: literal blocks that mandoc doesn't show as such")
    shown = iter(blocks)
    return LITERAL.sub(lambda _: f"<pre>{html.escape(next(shown))}</pre>",
                       MAN_LINK.sub(link, text))


def stage_pages(root, made, folder):
    """Each manual page, and a list of them: the last part of NAME says what one is about."""
    sources = [read_page(path) for path in sorted((root / "docs/man").glob("*.scd"))]
    sources.sort(key=lambda page: (page.name.rpartition(".")[2], page.name))
    leads = {f"{name}.{page.name.rpartition('.')[2]}": page.name
             for page in sources for name in page.names}

    def link(match):
        to = leads.get(f"{match[1]}.{match[2]}")
        return f'<a href="{to}.html">{match[0]}</a>' if to else match[0]

    (folder / "man").mkdir()
    index = INDEX
    for source in sources:
        name, _, section = source.name.rpartition(".")
        text = page_html(made / source.name, source, link)
        (folder / "man" / f"{source.name}.md").write_text(
            f"# {name}({section})\n\n<div>{text}</div>\n", encoding="utf-8")
        about = " ".join(source.sections["NAME"].partition(" - ")[2].split())
        index += f"| [{name}({section})]({source.name}.md) | {html.escape(about)} |\n"
    (folder / "man/index.md").write_text(index, encoding="utf-8")


if __name__ == "__main__":
    source, staged = Path(sys.argv[1]).resolve(), Path(sys.argv[2])
    shutil.rmtree(staged, ignore_errors=True)
    staged.mkdir(parents=True)
    stage_documents(source, staged)
    stage_pages(source, Path(sys.argv[3]), staged)
