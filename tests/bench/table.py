# SPDX-License-Identifier: Apache-2.0
"""Figures to verdicts: medians over rounds, ratios within a round, and the table of them."""

from statistics import median

CLOSE = 0.05  # a quick run says nothing about figures that lie so near to their goal


def ratios(ours, theirs):
    """Round by round: both ran one right behind the other, so that what slows down the machine for
    longer slows down both."""
    return [a / b for a, b in zip(ours, theirs) if b]


def values(row, figures):
    """The row's value in each round, from {(party, figure): values by round}; empty: there are
    none."""
    ours = figures.get((row.ours, row.figure), [])
    if row.over is None:
        return [value * row.factor for value in ours]
    return ratios(ours, figures.get((row.over, row.figure), []))


def verdict(row, value, quick):
    if quick and abs(value / row.goal - 1) <= CLOSE:
        return "close"
    reached = value >= row.goal if row.better == "higher" else value <= row.goal
    return "pass" if reached else "short"


def number(value):
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.3g}" if value >= 10 else f"{value:.2f}"


def judge(row, figures, peers, against, quick):
    """Everything about a row, as a dictionary."""
    found = values(row, figures)
    result = {"row": row.name, "text": row.text, "unit": row.unit, "goal": row.goal,
              "better": row.better, "rounds": found, "value": None, "verdict": "-"}
    if found:
        result["value"] = median(found)
        result["verdict"] = verdict(row, result["value"], quick)
    over = figures.get((row.over, row.figure)) if row.over == "floor" else None
    result["peers"] = {}
    for peer in peers:
        theirs = figures.get((peer, row.figure), [])
        share = ratios(theirs, over) if over else []
        result["peers"][peer] = median(share) if share else None
    if against:
        pair = ratios(figures.get((row.ours, row.figure), []),
                      figures.get((f"{row.ours} of the other build", row.figure), []))
        result["against"] = median(pair) if pair else None
    return result


def goal_text(result):
    return f"{'>=' if result['better'] == 'higher' else '<='} {number(result['goal'])}"


def cells(result, peers, against):
    value, found = result["value"], result["rounds"]
    spread = f"{number(min(found))}..{number(max(found))}" if len(found) > 1 else ""
    line = [result["row"], result["text"], "-" if value is None else number(value), result["unit"],
            spread, goal_text(result), result["verdict"]]
    if against:
        line.append("-" if result["against"] is None else number(result["against"]))
    for peer in peers:
        share = result["peers"][peer]
        line.append("-" if share is None else number(share))
    return line


def lines(results, peers=(), against=False):
    """The table as lines of text."""
    head = ["row", "what", "figure", "unit", "rounds", "goal", "verdict"]
    head += ["/ other build"] if against else []
    head += [f"{peer} / floor" for peer in peers]
    rows = [head, *(cells(result, peers, against) for result in results)]
    widths = [max(len(row[k]) for row in rows) for k in range(len(head))]
    for row in rows:
        texts = [cell.rjust(width) if k in (2, 4, 5) or k > 6 else cell.ljust(width)
                 for k, (cell, width) in enumerate(zip(row, widths))]
        yield "  ".join(texts).rstrip()
