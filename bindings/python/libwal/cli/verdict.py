# SPDX-License-Identifier: Apache-2.0
"""What a look at a log's end came to."""

from libwal import Recovery
from libwal.cli import codes
from libwal.cli.console import Console

CLEAN, IN_USE, TORN, AMBIGUOUS, DAMAGED = "clean", "in use", "torn", "ambiguous", "damaged"
CODES = {TORN: codes.TORN, AMBIGUOUS: codes.TORN, DAMAGED: codes.CORRUPT}


def verdict_of(recovery: Recovery | None, in_use: bool) -> str:
    """By open's report. A writer that lives is in the middle of a write."""
    if recovery is None or recovery.verdict not in (TORN, AMBIGUOUS):
        return CLEAN
    return IN_USE if in_use else recovery.verdict


def show(console: Console, verdict: str) -> None:
    """In its colour."""
    kind = "bad" if verdict in CODES else "good"
    console.put(console.color(kind), verdict.encode(), console.color("off"))
