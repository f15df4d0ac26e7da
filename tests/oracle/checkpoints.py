# SPDX-License-Identifier: Apache-2.0
"""The newest checkpoint and its state: 'Checkpoint' in docs/format.md."""
from __future__ import annotations

from typing import Iterator, NamedTuple, Optional

from bodies import read_checkpoint
from layout import CHECKPOINT, LAST, Refusal, Slot
from segment import Group, Segment

Parts = list[tuple[Segment, list[Group]]]
FIELDS = 32


class Found(NamedTuple):
    """`state` None: what should be there isn't whole, which one learns who reads it."""

    lsn: int
    state: Optional[bytes]


NONE = Found(0, b"")


def whole_runs(groups: list[Group]) -> Iterator[list[Group]]:
    run: list[Group] = []
    for group in groups:
        if group.header.type != CHECKPOINT:
            continue
        if run and run[0].offset != group.starts_run:
            run = []
        run.append(group)
        if group.has(LAST) or not group.in_run:
            yield run
            run = []


def read_state(run: list[Group]) -> Found:
    """Its parts follow each other from 0 to the end."""
    lsn, size, state = 0, 0, b""
    for group in run:
        part = read_checkpoint(group.body)
        if group is run[0]:
            lsn, size = part.lsn, part.state_size
        fits = (part.lsn, part.state_size, part.part_offset) == (lsn, size, len(state))
        if not fits or (part.part_size == 0 and group is not run[0]):
            raise Refusal("corrupt", "a checkpoint's parts don't fit together")
        state += group.body[FIELDS : FIELDS + part.part_size]
    if len(state) != size:
        raise Refusal("corrupt", "a checkpoint isn't whole")
    return Found(lsn, state)


def in_last_segment(groups: list[Group]) -> Optional[Found]:
    runs = list(whole_runs(groups))
    if not runs:
        return None
    try:
        return read_state(runs[-1])
    except Refusal:
        return Found(int.from_bytes(runs[-1][-1].body[:8], "little"), None)


def named_by_control(slot: Slot, parts: Parts) -> Found:
    if slot.checkpoint_segment == 0:
        return NONE
    for segment, groups in parts:
        if segment.number != slot.checkpoint_segment:
            continue
        for run in whole_runs(groups):
            if run[0].offset == slot.checkpoint_offset:
                try:
                    found = read_state(run)
                except Refusal:
                    break
                if found.lsn == slot.checkpoint_lsn:
                    return found
    return Found(slot.checkpoint_lsn, None)


def newest_checkpoint(groups: list[Group], slot: Slot, parts: Parts) -> Found:
    """`groups`: of the last segment, as far as they count."""
    return in_last_segment(groups) or named_by_control(slot, parts)
