# SPDX-License-Identifier: Apache-2.0
"""What a log is and how it stands, as far as a look without reading its records tells."""

from __future__ import annotations

from dataclasses import dataclass

from libwal import Info, Log, Range, Recovery
from libwal.cli import opening
from libwal.cli.args import Choices
from libwal.cli.verdict import verdict_of


@dataclass
class Facts:
    """Of one moment."""

    path: str
    info: Info
    recovery: Recovery
    range: Range
    segments: int
    disk_bytes: int
    metadata_keys: int
    in_use: bool
    writer_pid: int  # 0: unknown
    verdict: str


def look(path: str, choices: Choices) -> Facts:
    """Opens the log read-only. A writer may come while it is looked at, and be what makes the
    end look torn."""
    in_use, pid = opening.writes(path)
    with opening.open_read_only(path, choices) as log:
        info, recovery, at = log.info(), log.recovery, log.range()
        counts = len(log.segments()), log.disk_bytes, len(log.meta)
        if not in_use:
            in_use, pid = opening.writes(path)
        verdict = verdict_of(recovery, in_use)
        return Facts(path, info, recovery, at, *counts, in_use, pid, verdict)
