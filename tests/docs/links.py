# SPDX-License-Identifier: Apache-2.0
"""Asks for each link to another place that a document has; tidy_documents checks those within the
tree. It needs the network, and is no part of the tests.

links.py ROOT"""

import re
import sys
import urllib.error
import urllib.request
from pathlib import Path

LINK = re.compile(r"\]\((https?://[^)\s]+)\)|<(https?://[^>\s]+)>")
TIMEOUT_S = 30


def links(root):
    """{link: the documents that have it}"""
    found = {}
    for path in sorted(root.rglob("*.md")):
        if not any(part.startswith(("build", ".")) for part in path.relative_to(root).parts):
            for pair in LINK.findall(path.read_text(encoding="utf-8")):
                found.setdefault("".join(pair), set()).add(str(path.relative_to(root)))
    return found


def problem_of(link):
    request = urllib.request.Request(link, headers={"User-Agent": "link check of libwal"})
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_S):
            return None
    except (urllib.error.URLError, TimeoutError) as error:
        return str(error)


def main(root):
    wrong = 0
    for link, documents in sorted(links(root).items()):
        if problem := problem_of(link):
            wrong += 1
            print(f"{', '.join(sorted(documents))}: {link}: {problem}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
