# SPDX-License-Identifier: Apache-2.0
"""Lengths of files and C functions: prints src's figures, fails on what is above the limits.

A function's length runs from the line on which it starts to its closing brace, both included."""

import re
from statistics import median, quantiles

import tree

FILE_LINES = 600
FUNCTION_LINES = 70
DIRECTIVE = re.compile(r"^[ \t]*#(?:\\\n|[^\n])*", re.MULTILINE)


def named_at(head):
    """(name, place) of the function that a head defines: what stands before its last parentheses,
    so that macros in front of it, without a semicolon, don't count. None: it is no function's."""
    depth = 0
    for at in range(len(head) - 1, -1, -1) if head.endswith(")") else ():
        depth += (head[at] == ")") - (head[at] == "(")
        if depth == 0:
            found = re.search(r"(\w+)\s*$", head[:at])
            return (found[1], head.rfind("\n", 0, found.start()) + 1) if found else None
    return None


def functions(text):
    """(name, first line, length) of every function body in C text."""
    text = DIRECTIVE.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), tree.blank(text))
    depth, head_at, name, start = 0, 0, None, 0
    for found in re.finditer(r"[{};]", text):
        at, mark = found.start(), found[0]
        if mark == "{":
            head = text[head_at:at].strip()
            if head == "extern":
                head_at = at + 1  # extern "C", its string blanked: what is inside is top level
                continue
            if depth == 0 and (named := named_at(head)):
                name = named[0]
                start = at - len(text[head_at:at].lstrip()) + named[1]
            depth += 1
        elif mark == "}" and depth > 0:
            depth -= 1
            if depth == 0 and name:
                first = text.count("\n", 0, start) + 1
                yield name, first, text.count("\n", 0, at) + 2 - first
                name = None
        if depth == 0:
            head_at = at + 1


def figures(what, values):
    if len(values) < 2:
        return f"{what}: {len(values)}"
    p90 = quantiles(values, n=10, method="inclusive")[8]
    return (f"{what}: {len(values)}, lines: median {median(values):.0f}, p90 {p90:.0f}, "
            f"max {max(values)}")


def check(root):
    file_lines, function_lines = [], []
    for path in filter(tree.is_code, tree.files(root)):
        text = path.read_text()
        length = len(text.splitlines())
        if length > FILE_LINES:
            yield f"{tree.place(root, path, length)}: {length} lines, limit {FILE_LINES}"
        in_src = path.relative_to(root).parts[0] == "src"
        if in_src and path.suffix in (".c", ".h"):
            file_lines.append(length)
        if path.suffix not in (".c", ".h"):
            continue
        for name, line, length in functions(text):
            if in_src:
                function_lines.append(length)
            if length > FUNCTION_LINES:
                yield (f"{tree.place(root, path, line)}: {name} has {length} lines, "
                       f"limit {FUNCTION_LINES}")
    print(figures("files in src", file_lines))
    print(figures("functions in src", function_lines))


if __name__ == "__main__":
    tree.run(check)
