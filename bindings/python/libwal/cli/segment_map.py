# SPDX-License-Identifier: Apache-2.0
"""The log drawn on a terminal: a cell or more for each segment."""

from __future__ import annotations

import locale
import os
from typing import NamedTuple

from libwal import Segment
from libwal.cli.console import Console

COLUMNS_DEFAULT, COLUMNS_MIN, COLUMNS_MAX = 80, 20, 500


class Look(NamedTuple):
    """Of one kind of cell; its rank wins where a cell stands for several segments."""

    rank: int
    ascii: str
    utf8: str
    name: str
    color: str


NONE = Look(0, " ", " ", "", "")
HOLE = Look(1, "-", "┄", "no longer there", "")
EMPTY = Look(2, ".", "░", "without records", "")
SEALED = Look(3, "#", "█", "sealed", "good")
ACTIVE = Look(4, "+", "▓", "active", "type")
DAMAGED = Look(5, "!", "×", "damaged", "bad")
CHECKPOINT = Look(6, "^", "▲", "newest checkpoint", "lsn")


class Map:
    """What is drawn: cells, and the one that holds the checkpoint's record."""

    def __init__(
        self, segments: list[Segment], checkpoint_lsn: int, damaged: int, columns: int
    ) -> None:
        self.checkpoint_cell = 0
        self._segments = segments
        self._checkpoint_lsn = checkpoint_lsn
        self._damaged = damaged
        holes = sum(self._hole_before(k) for k in range(len(segments)))
        gaps = len(segments) - 1 + 2 * holes
        spare = columns - len(segments) - gaps
        self.cells = self._wide(spare) if spare >= 0 else self._narrow(columns)

    def _look(self, segment: Segment) -> Look:
        if segment.number == self._damaged:
            return DAMAGED
        if not segment.sealed and segment is self._segments[-1]:
            return ACTIVE
        return SEALED if segment.records else EMPTY

    def _hole_before(self, k: int) -> bool:
        return k > 0 and self._segments[k].number > self._segments[k - 1].number + 1

    def _note_checkpoint(self, segment: Segment, start: int, end: int) -> None:
        if segment.records and segment.first_lsn <= self._checkpoint_lsn <= segment.last_lsn:
            part = (self._checkpoint_lsn - segment.first_lsn) / segment.records
            self.checkpoint_cell = start + int(part * (end - start))

    def _wide(self, spare: int) -> list[Look]:
        """Each segment gets a cell, a gap before it, and its share by bytes of the spare ones."""
        cells: list[Look] = []
        total = float(sum(segment.bytes for segment in self._segments))
        before = 0.0
        for k, segment in enumerate(self._segments):
            cells += [NONE] * (k > 0)
            cells += [HOLE, NONE] * self._hole_before(k)
            start = len(cells)
            share = int(spare * (before + segment.bytes) / total) - int(spare * before / total)
            cells += [self._look(segment)] * (1 + share)
            before += segment.bytes
            self._note_checkpoint(segment, start, len(cells))
        return cells

    def _narrow(self, columns: int) -> list[Look]:
        """There are more segments: each cell stands for as many as it must."""
        in_cell = -(-len(self._segments) // columns)
        cells = [NONE] * -(-len(self._segments) // in_cell)
        for k, segment in enumerate(self._segments):
            at = k // in_cell
            cells[at] = max(cells[at], self._look(segment))
            self._note_checkpoint(segment, at, at + 1)
        return cells


class Pen:
    """How looks are drawn here."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._utf8 = _speaks_utf8()

    def cell(self, look: Look) -> bytes:
        """Without its colour."""
        return (look.utf8 if self._utf8 else look.ascii).encode()

    def on(self, look: Look) -> bytes:
        """The colour's code."""
        return self._console.color(look.color) if look.color else b""

    def off(self, look: Look) -> bytes:
        """Where the look has a colour."""
        return self._console.color("off") if look.color else b""


def _speaks_utf8() -> bool:
    try:
        locale.setlocale(locale.LC_CTYPE, "")
    except locale.Error:
        return False
    return locale.nl_langinfo(locale.CODESET) == "UTF-8"


def _columns() -> int:
    try:
        n = os.get_terminal_size(1).columns
    except OSError:
        n = 0
    text = os.environ.get("COLUMNS", "")
    if n <= 0:
        usable = text.isascii() and text.isdigit() and len(text) <= 10 and int(text) < 2**32
        n = int(text) if usable else COLUMNS_DEFAULT
    return min(max(n, COLUMNS_MIN), COLUMNS_MAX)


def show(console: Console, segments: list[Segment], checkpoint_lsn: int, damaged: int) -> None:
    """`damaged`: the number of a segment with damage; LSN or number 0: none."""
    if not segments:
        return
    drawing = Map(segments, checkpoint_lsn, damaged, _columns())
    pen = Pen(console)
    console.put(_cells(console, pen, drawing))
    if checkpoint_lsn > 0:
        console.put(b" " * drawing.checkpoint_cell, pen.on(CHECKPOINT), pen.cell(CHECKPOINT))
        console.put(console.color("off"), b"\n")
    console.put(_scale(segments, len(drawing.cells)))
    console.put(_legend(pen, drawing, checkpoint_lsn))


def _cells(console: Console, pen: Pen, drawing: Map) -> bytes:
    out, before = b"", NONE
    for look in drawing.cells:
        if look is not before and before is not NONE:
            out += console.color("off")
        if look is not before:
            out += pen.on(look)
        out += pen.cell(look)
        before = look
    return out + console.color("off") + b"\n"


def _scale(segments: list[Segment], columns: int) -> bytes:
    """At both ends, which LSNs they are."""
    first, last = segments[0].first_lsn, segments[-1].last_lsn
    if last < first:
        return b""
    blanks = columns - len(str(first)) - len(str(last))
    between = " to " if blanks < 4 else " " * blanks
    return f"{first}{between}{last}\n".encode()


def _legend(pen: Pen, drawing: Map, checkpoint_lsn: int) -> bytes:
    """Of what was drawn."""
    looks = [look for look in (HOLE, EMPTY, SEALED, ACTIVE, DAMAGED) if look in drawing.cells]
    if checkpoint_lsn > 0:
        looks.append(CHECKPOINT)
    words = [pen.on(k) + pen.cell(k) + pen.off(k) + f" {k.name}".encode() for k in looks]
    end = f", LSN {checkpoint_lsn}" if checkpoint_lsn > 0 else ""
    return b"  ".join(words) + end.encode() + b"\n"
