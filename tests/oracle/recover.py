# SPDX-License-Identifier: Apache-2.0
"""From a directory to a verdict and the log's records: 'Recovery', R0 to R3."""
from __future__ import annotations

import os
import re
from typing import NamedTuple, Optional

from bodies import Record, read_data, read_metadata, read_tag
from checkpoints import NONE, Found, newest_checkpoint
from coding import ZLIB, Keys
from layout import (
    BIRTH, BLOCK_SIZE, CONTROL_SIZE, COUNT_MAX, DATA, FIRST_GROUP, LAST, METADATA,
    NEWER, RIGHT, SLOT_OFFSETS, TAG, UNIT, WITNESS_OFFSET, Refusal, Slot, Witness, corrupt,
    read_slot, read_witness,
)
from segment import Group, Segment, live_groups, read_regular_file

SEGMENT_NAME = re.compile(r"([0-9]{20})\.wal\Z")


class Control(NamedTuple):
    slots: list[Slot]  # the right ones
    witness: Optional[Witness]

    @property
    def slot(self) -> Slot:
        """The one that a writer takes."""
        return max(self.slots, key=lambda slot: slot.sequence)


class Tail(NamedTuple):
    """The last segment's end in the terms of 'Recovery'."""

    verdict: str
    walked: int  # T
    end: int  # C
    durable: int  # D
    next_lsn: int  # the LSN at C


class Log:
    """What a directory contains. `parts` are the segments from the oldest on, each with its live
    groups; of a log that isn't there yet, none."""

    def __init__(self) -> None:
        self.verdict = "new"
        self.certain = True  # as in Refusal
        self.control: Optional[Control] = None
        self.tail: Optional[Tail] = None
        self.parts: list[tuple[Segment, list[Group]]] = []
        self.first_lsn = 0
        self.next_lsn = 0
        self.durable_lsn = 0
        self.checkpoint: Found = NONE
        self.given_up = 0
        self.metadata: dict[bytes, bytes] = {}
        self.tag = b""
        # As one sees them who follows the writer:
        self.durable_metadata: dict[bytes, bytes] = {}
        self.durable_tag = b""
        self.durable_checkpoint: Found = NONE
        self.records: list[Record] = []


def segment_files(directory: str) -> dict[int, str]:
    """Files that have a segment's name, by number."""
    result = {}
    for name in os.listdir(directory):
        match = SEGMENT_NAME.match(name)
        number = int(match.group(1)) if match else 0
        if 1 <= number < 2**64:
            result[number] = os.path.join(directory, name)
    return result


def read_control(directory: str) -> Control:
    """'Control'. A missing file has no right slot."""
    try:
        data = read_regular_file(os.path.join(directory, "control"), 2**63)
    except FileNotFoundError:
        data = b""
    data = data[:CONTROL_SIZE].ljust(CONTROL_SIZE, b"\0")
    raws = [data[at : at + BLOCK_SIZE] for at in SLOT_OFFSETS]
    read = [read_slot(raw) for raw in raws]
    if any(state == NEWER for state, _ in read):
        raise Refusal("version", "a control slot of a newer version")
    slots = [slot for state, slot in read if state == RIGHT]
    if len(slots) == 2:
        if slots[0].uuid != slots[1].uuid:
            raise corrupt("the control slots have different UUIDs")
        if slots[0].sequence == slots[1].sequence and raws[0] != raws[1]:
            raise corrupt("the control slots have one sequence, but differ")
    return Control(slots, read_witness(data[WITNESS_OFFSET : WITNESS_OFFSET + 64]))


def check_larger_numbers(files: dict[int, str], slot: Slot) -> None:
    """'R1': a segment above newest into which groups without BIRTH were written."""
    for number, path in files.items():
        if number <= slot.newest:
            continue
        try:
            segment = Segment(path, number)
        except Refusal as refusal:
            if refusal.verdict == "refused":
                raise
            continue
        if segment.header.number != number or segment.header.uuid != slot.uuid:
            continue
        if any(not header.flags & BIRTH for header in segment.right_headers(FIRST_GROUP)):
            raise corrupt(f"control is stale: {segment.name} was in use")


def read_chain(files: dict[int, str], slot: Slot, keys: Keys) -> list[Segment]:
    """'R1': the segments from oldest to newest, their headers checked against each other."""
    chain: list[Segment] = []
    number = slot.newest
    while True:
        if number not in files:
            raise corrupt(f"segment {number} is missing")
        segment = Segment(files[number], number, keys)
        header = segment.header
        if header.number != number or header.uuid != slot.uuid:
            raise corrupt(f"{segment.name} is of another log or has another's name")
        if header.codec > ZLIB:
            raise Refusal("unsupported", f"{segment.name} has an unknown codec")
        if chain and header.salt_low != chain[-1].header.follow_salt_low:
            raise corrupt(f"{segment.name} isn't the one that its successor follows")
        chain.append(segment)
        if number == slot.oldest:
            break
        if header.follow < slot.oldest:
            raise corrupt(f"the chain leads from {segment.name} past the oldest segment")
        number = header.follow
    if slot.first_lsn < chain[-1].header.base_lsn:
        raise corrupt("control's first LSN lies in front of the oldest segment")
    return chain[::-1]


def lsn_at(segment: Segment, groups: list[Group], offset: int) -> int:
    """The LSN that a group at this offset would have to begin with."""
    for group in reversed(groups):
        if group.end <= offset:
            return group.next_lsn
    return segment.header.base_lsn


def durable_offset(
    segment: Segment, groups: list[Group], walked: int, control: Control
) -> int:
    """D: below it everything was durable once."""
    header = segment.header
    places = [group.header.durable_place for group in groups]
    places += [group.durable_place for group in segment.right_headers(walked)]
    places.append(header.birth_place)
    witness = control.witness
    if (
        witness is not None
        and witness.segment == segment.number
        and witness.salt_low == header.salt_low
    ):
        places.append(witness.durable_place)
    highest = max(places) * UNIT
    return max(highest, control.slot.end_offset) if control.slot.clean else highest


def judge_tail(segment: Segment, groups: list[Group], control: Control) -> Tail:
    """'R3': the first case that fits."""
    walked = groups[-1].end if groups else FIRST_GROUP
    unfinished = bool(groups) and groups[-1].in_run and not groups[-1].has(LAST)
    end = groups[-1].starts_run if unfinished else walked
    durable = durable_offset(segment, groups, walked, control)
    next_lsn = lsn_at(segment, groups, end)
    zeros = segment.zeros_from(walked)
    room = len(segment.data) >= walked + UNIT
    right_header = any(
        header.place * UNIT == walked for header in segment.right_headers(walked)
    )
    where = f"{segment.name}, offset {walked}, LSN {lsn_at(segment, groups, walked)}"
    if durable > walked:
        raise corrupt(f"durable bytes are damaged or missing: {where}")
    if next_lsn < control.slot.first_lsn:
        raise corrupt(f"records that were kept are missing: {where}")
    if not segment.zeros_from(walked + segment.header.window * 4096):
        raise corrupt(f"more lies behind it than can have been in flight: {where}")
    if zeros and room:
        verdict = "clean" if end == walked else "torn"
    else:
        verdict = "ambiguous" if right_header and not zeros else "torn"
    return Tail(verdict, walked, end, durable, next_lsn)


def durable_groups(groups: list[Group], durable: int) -> list[Group]:
    """Those up to the end of the last batch that lies wholly below D. `groups` has no unfinished
    run."""
    count = 0
    for index, group in enumerate(groups):
        if group.end <= durable and (group.has(LAST) or not group.in_run):
            count = index + 1
    return groups[:count]


def newest_metadata(groups: list[Group]) -> dict[bytes, bytes]:
    """'Metadata': the map of the newest group in the last segment."""
    for group in reversed(groups):
        if group.header.type == METADATA:
            return read_metadata(group.body)
    return {}


def newest_tag(groups: list[Group]) -> bytes:
    """'Tag': that of the newest group that has one."""
    for group in reversed(groups):
        if group.header.tag_bytes:
            return read_tag(group.body, group.header)
    return b""


def all_tags_right(groups: list[Group]) -> bool:
    """Whether those are right too that nobody needs but who carries the segment over."""
    try:
        for group in groups:
            if group.header.type == TAG:
                read_tag(group.body, group.header)
    except Refusal:
        return False
    return True


def read_records(log: Log, segment: Segment, groups: list[Group]) -> None:
    """A broken body in front of the first LSN is none of the log's; but who carries the segment
    over may read it."""
    for group in groups:
        if group.header.type != DATA:
            continue
        try:
            records = read_data(group.body, group.header, segment.header)
        except Refusal:
            if group.next_lsn > log.first_lsn:
                raise
            log.certain = False
        else:
            log.records += [record for record in records if record.lsn >= log.first_lsn]


def recover(directory: str, keys: Optional[Keys] = None) -> Log:
    """The log in a directory, as one finds it who is about to write; raises Refusal."""
    log = Log()
    files = segment_files(directory) if os.path.isdir(directory) else {}
    control = read_control(directory)
    if not control.slots:
        if files:
            raise corrupt("no right control slot, but segments")
        return log
    slot = control.slot
    if slot.sequence > COUNT_MAX or slot.newest > COUNT_MAX:
        raise corrupt("control counts further than a writer can go on from")
    if slot.newest == 0 and slot.epoch != 0:
        return log
    check_larger_numbers(files, slot)
    if control.witness is not None and control.witness.sequence > slot.sequence:
        raise corrupt("control is stale: the witness is newer")
    if slot.newest == 0:
        return log
    log.control = control
    chain = read_chain(files, slot, keys or {})
    last = chain[-1]
    walked = list(last.walk())
    log.tail = judge_tail(last, walked, control)
    for segment, successor in zip(chain, chain[1:]):
        groups = live_groups(segment, successor.header, slot.first_lsn)
        log.parts.append((segment, groups))
    groups = [group for group in walked if group.end <= log.tail.end]
    log.parts.append((last, groups))
    log.verdict = log.tail.verdict
    log.first_lsn = slot.first_lsn
    log.next_lsn = log.tail.next_lsn
    durable = durable_groups(groups, log.tail.durable)
    durable_next = durable[-1].next_lsn if durable else last.header.base_lsn
    log.durable_lsn = max(durable_next, slot.first_lsn) - 1
    log.given_up = max(log.tail.walked, last.behind_last_byte()) - log.tail.end
    log.checkpoint = newest_checkpoint(groups, slot, log.parts)
    if log.checkpoint.lsn >= log.next_lsn:
        raise corrupt("the newest checkpoint lies above the log's end")
    log.metadata = newest_metadata(groups)
    log.tag = newest_tag(groups)
    log.certain = all_tags_right(groups) and log.checkpoint.state is not None
    log.certain &= not any(segment.opener.locked for segment in chain)
    log.durable_metadata, log.durable_tag = newest_metadata(durable), newest_tag(durable)
    shown = newest_checkpoint(durable, slot, log.parts)
    log.durable_checkpoint = shown if shown.lsn <= log.durable_lsn else NONE
    for segment, live in log.parts:
        read_records(log, segment, live)
    expected = list(range(log.first_lsn, log.next_lsn))
    if [record.lsn for record in log.records] != expected:
        raise corrupt("records are missing")
    return log
