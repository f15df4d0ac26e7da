# SPDX-License-Identifier: Apache-2.0
"""Rules of docs/format.md that bind who writes, and that no reader needs: an undamaged log keeps
them all. Each function yields what is wrong, in words."""
from __future__ import annotations

import re
from typing import Iterator

from bodies import read_data, read_seal
from layout import (
    BIRTH, CHECKPOINT, DATA, FIRST_GROUP, LAST, METADATA, SEAL, SEGMENT_RESET, TAG, UNIT,
)
from recover import Log, newest_tag
from segment import Group, Segment

LETTERS = {METADATA: "m", TAG: "t", CHECKPOINT: "c", DATA: "d", SEAL: "s"}
BIRTH_ORDER = re.compile("m?t?c*[dt]*")


def check_births(segment: Segment, groups: list[Group]) -> Iterator[str]:
    """'BIRTH groups': in front, in order, as many as the segment's header says."""
    births = [group for group in groups if group.has(BIRTH)]
    if births != groups[: len(births)]:
        yield "a BIRTH group behind another group"
    end = births[-1].end if births else FIRST_GROUP
    stated = segment.header.birth_place * UNIT
    if end != stated and groups and groups[-1].end >= stated:
        yield f"birth place {stated}, but BIRTH groups end at {end}"
    order = "".join(LETTERS[group.header.type] for group in births)
    if not BIRTH_ORDER.fullmatch(order):
        yield "BIRTH groups are out of order"
    if sum(group.header.records for group in births) < segment.header.kept_records:
        if end == stated:
            yield "more kept records than BIRTH records"


def check_evidence(groups: list[Group]) -> Iterator[str]:
    """'Groups': durable place and watermark never fall, and are ends of groups and of batches."""
    boundaries = {0, FIRST_GROUP} | {group.end for group in groups}
    place = watermark = 0
    for group in groups:
        header = group.header
        if header.durable_place * UNIT not in boundaries or header.durable_place < place:
            yield f"durable place {header.durable_place} of the group at {group.offset}"
        if header.watermark < watermark:
            yield f"watermark {header.watermark} of the group at {group.offset}"
        place, watermark = header.durable_place, header.watermark
        if header.raw_bytes % 8:
            yield f"body of the group at {group.offset} is no multiple of 8 bytes"


def check_seals(groups: list[Group]) -> Iterator[str]:
    """'Seal': the last group, its entries are data groups."""
    for group in groups:
        if group.header.type != SEAL:
            continue
        if group is not groups[-1]:
            yield f"groups behind the seal at {group.offset}"
        known = {(g.header.first_lsn, g.offset) for g in groups if g.header.type == DATA}
        strange = [entry for entry in read_seal(group.body) if entry not in known]
        if strange:
            yield f"the seal names {strange[0]}, which is no data group"


def check_batch_ends(segment: Segment, groups: list[Group]) -> Iterator[str]:
    """'Data': which record has BATCH_LAST. What a cut has left may lack it."""
    for index, group in enumerate(groups):
        if group.header.type != DATA:
            continue
        *inner, last = read_data(group.body, group.header, segment.header)
        behind = [later for later in groups[index + 1 :] if later.starts_run == group.starts_run]
        goes_on = any(later.header.type == DATA for later in behind)
        finished = not group.in_run or group.has(LAST) or any(g.has(LAST) for g in behind)
        if group.in_run and any(record.batch_last for record in inner):
            yield f"a batch ends within a group of a run, at {group.offset}"
        if last.batch_last and goes_on:
            yield f"LSN {last.lsn} ends a batch that goes on"
        if finished and not goes_on and not last.batch_last and not group.has(BIRTH):
            yield f"LSN {last.lsn} doesn't end its batch"


def batch_of(groups: list[Group], group: Group) -> list[Group]:
    """The data groups of the batch that a group without several batches belongs to."""
    run = [other for other in groups if other.starts_run == group.starts_run]
    return [other for other in run if other.header.type == DATA]


def check_tagged(segment: Segment, groups: list[Group]) -> Iterator[str]:
    """'Data': a tagged batch is alone, and each of its groups has the tag."""
    for group in groups:
        if group.header.type != DATA or not group.header.tag_bytes:
            continue
        records = read_data(group.body, group.header, segment.header)
        if any(record.batch_last for record in records[:-1]):
            yield f"a tagged batch isn't alone in the group at {group.offset}"
        if any(newest_tag([other]) != newest_tag([group]) for other in batch_of(groups, group)):
            yield f"not every group has the tag of the one at {group.offset}"


def check_tags_in_force(log: Log) -> Iterator[str]:
    """'Tag': each segment begins with the one that is in force where it goes on."""
    for (_, before), (segment, groups) in zip(log.parts, log.parts[1:]):
        births = [group for group in groups if group.has(BIRTH)]
        data = [index for index, group in enumerate(births) if group.header.type == DATA]
        front = births[: data[0]] if data else births
        own = [group for group in front if group.header.type == TAG]
        wanted = newest_tag(before)
        if segment.header.flags & SEGMENT_RESET or not wanted:
            continue  # where none was in force, one without records may come first
        if newest_tag(own[:1]) != wanted:
            yield f"{segment.name} begins with another tag than was in force"


def check_witness(log: Log) -> Iterator[str]:
    """'Witness': in a log that somebody has written to, it agrees with the last segment."""
    witness = log.control.witness
    segment, groups = log.parts[-1]
    slot = log.control.slot
    if slot.clean and witness is not None and witness.sequence < slot.sequence:
        return  # records at the front went since, by a handle that has no segment of its own
    if witness is None or witness.sequence != slot.sequence:
        yield "the witness is missing or not of this control state"
        return
    if witness.segment != segment.number:
        yield f"the witness names segment {witness.segment}"
        return
    ends = {group.end: group for group in segment.walk()}
    place = witness.durable_place * UNIT
    group = ends.get(place)
    crc = group.header.header_crc if group else segment.header.crc
    if (group is None and place != FIRST_GROUP) or crc != witness.group_crc:
        yield f"the witness's durable place {place} or group CRC"
    lasts = {g.next_lsn - 1 for g in groups if not g.in_run or g.has(LAST)}
    if witness.durable_lsn not in lasts | {segment.header.base_lsn - 1}:
        yield f"the witness's durable LSN {witness.durable_lsn} is no end of a batch"


def check_control(log: Log) -> Iterator[str]:
    """'Control': what it refers to is there."""
    slot = log.control.slot
    segment, groups = log.parts[-1]
    if slot.clean:
        if not groups or groups[-1].header.type != SEAL:
            yield "closed without a seal"
        if (slot.end_lsn, slot.end_offset) != (log.next_lsn - 1, log.tail.walked):
            yield f"closed at {slot.end_lsn}, {slot.end_offset}"
    metadata = {
        (part.number, group.offset)
        for part, live in log.parts
        for group in part.walk()
        if group.header.type == METADATA
    }
    named = (slot.metadata_segment, slot.metadata_offset)
    if named != (0, 0) and named not in metadata:
        yield f"control names a metadata group at {named}"
    if slot.clean and named[0] == 0 and log.metadata:
        yield "control of a closed log names no metadata group"
    tagged = [(segment.number, group.offset) for group in groups if group.header.tag_bytes]
    stated = (slot.tagged_segment, slot.tagged_offset)
    if slot.clean and stated != (tagged[-1] if tagged else (0, 0)):
        yield f"control of a closed log names a tag at {stated}"
    epochs = [part.header.epoch for part, _ in log.parts]
    if epochs != sorted(epochs) or epochs[-1] > slot.epoch:
        yield f"epochs {epochs}, control's {slot.epoch}"


def check_window(log: Log) -> Iterator[str]:
    """'The torn window', against the evidence that is there."""
    segment, _ = log.parts[-1]
    in_flight = segment.behind_last_byte() - log.tail.durable
    if in_flight > segment.header.window * 4096:
        yield f"{in_flight} bytes are in flight"


def lint(log: Log) -> list[str]:
    """All that is wrong with a log that nobody has damaged."""
    if log.tail is None:
        return []
    found = [*check_witness(log), *check_control(log), *check_window(log)]
    found += check_tags_in_force(log)
    for segment, groups in log.parts:
        for problem in (
            *check_births(segment, groups),
            *check_evidence(groups),
            *check_seals(groups),
            *check_batch_ends(segment, groups),
            *check_tagged(segment, groups),
        ):
            found.append(f"{segment.name}: {problem}")
    return found
