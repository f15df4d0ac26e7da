# SPDX-License-Identifier: Apache-2.0
"""The blocks of format 1.0, written from docs/format.md alone: bytes in, named fields out.

Nothing here reads a file. A block's rules that need no other block are checked here; each
function's comment names the section of the text that it follows.
"""
from __future__ import annotations

import struct
import zlib
from typing import NamedTuple, Optional

CONTROL_SIZE = 12288
SLOT_OFFSETS = (0, 4096)
WITNESS_OFFSET = 8192
BLOCK_SIZE = 256
HEADER_COPIES = (0, 2048)
FIRST_GROUP = 4096
UNIT = 64
GROUP_HEADER_SIZE = 64
RECORD_HEADER_SIZE = 16
LSN_MAX = 2**64 - 2
COUNT_MAX = 2**63 - 1
OFFSET_MAX = (2**32 - 1) * UNIT
SEGMENT_SIZE_MAX = 2**32 * UNIT + 4032
GROUP_BODY_MIN, GROUP_BODY_MAX = 73728, 1342181376
RECORD_MAX = 2**30

CONTROL_MAGIC = bytes.fromhex("8957414c430d0a1a")
WITNESS_MAGIC = bytes.fromhex("8957414c570d0a1a")
SEGMENT_MAGIC = bytes.fromhex("8957414c0d0a1a0a")
GROUP_MAGIC = bytes.fromhex("574c47b1")

CONTROL_CLEAN = 1
SEGMENT_RESET = 1
DATA, SEAL, TAG, CHECKPOINT, METADATA = 1, 2, 3, 4, 5
COMPRESSED, ENCRYPTED, FIRST, LAST, BIRTH = 1, 2, 4, 8, 16
RECORD_BATCH_LAST = 2
TAG_SIZES = {DATA: range(65), TAG: range(1, 65)}  # by type; others have none


class Refusal(Exception):
    """The log isn't read any further: verdict is corrupt, version, unsupported, crypto or refused.
    Not `certain`: a program that never reads these bytes won't see it, which the text leaves open.
    """

    def __init__(self, verdict: str, reason: str, certain: bool = True):
        super().__init__(f"{verdict}: {reason}")
        self.verdict = verdict
        self.reason = reason
        self.certain = certain


def corrupt(reason: str) -> Refusal:
    return Refusal("corrupt", reason)


def crc(*parts: bytes) -> int:
    value = 0
    for part in parts:
        value = zlib.crc32(part, value)
    return value


def round_up(value: int, unit: int) -> int:
    return (value + unit - 1) // unit * unit


def is_end_offset(offset: int) -> bool:
    return offset % UNIT == 0 and FIRST_GROUP <= offset <= OFFSET_MAX


class Slot(NamedTuple):
    magic: bytes
    major: int
    minor: int
    zero_12: int
    uuid: bytes
    sequence: int
    epoch: int
    oldest: int
    newest: int
    first_lsn: int
    flags: int
    process: int
    end_lsn: int
    end_offset: int
    checkpoint_lsn: int
    checkpoint_segment: int
    checkpoint_offset: int
    metadata_segment: int
    metadata_offset: int
    tagged_segment: int
    tagged_offset: int
    zero_152: bytes
    crc: int

    @property
    def clean(self) -> bool:
        return bool(self.flags & CONTROL_CLEAN)


class Witness(NamedTuple):
    magic: bytes
    sequence: int
    durable_lsn: int
    segment: int
    durable_place: int
    group_crc: int
    salt_low: int
    zero_44: bytes
    crc: int


class SegmentHeader(NamedTuple):
    magic: bytes
    major: int
    minor: int
    header_bytes: int
    incompatible: int
    read_only_ok: int
    uuid: bytes
    number: int
    base_lsn: int
    salt: int
    epoch: int
    follow_lsn: int
    follow_offset: int
    follow_link: int
    follow_salt_low: int
    alignment: int
    window: int
    max_group: int
    max_record: int
    checksum: int
    codec: int
    cipher: int
    zero_118: int
    key_id: int
    zero_124: int
    key_salt: bytes
    created_ns: int
    label: bytes
    follow: int
    flags: int
    birth_place: int
    kept_records: int
    crc: int

    @property
    def salt_bytes(self) -> bytes:
        return self.salt.to_bytes(8, "little")

    @property
    def salt_low(self) -> int:
        return self.salt & 0xFFFFFFFF


class GroupHeader(NamedTuple):
    magic: bytes
    header_crc: int
    salt_low: int
    place: int
    first_lsn: int
    watermark: int
    epoch_low: int
    link: int
    records: int
    stored_bytes: int
    raw_bytes: int
    body_crc: int
    type: int
    flags: int
    tag_bytes: int
    durable_place: int

    def end(self, offset: int, alignment: int) -> int:
        return round_up(offset + GROUP_HEADER_SIZE + self.stored_bytes, alignment)


SLOT = struct.Struct("<8sHHI16sQQQQQIIQQQQQQQQQ100sI")
WITNESS = struct.Struct("<8sQQQIII16sI")
SEGMENT = struct.Struct("<8sHHIII16sQQQQQQIIIIIIHHHHII32sQ64sQIIII")
GROUP = struct.Struct("<4sIIIQQIIIIIIBBHI")
RECORD = struct.Struct("<IIIHH")

RIGHT, NEWER, DAMAGED = "right", "newer", "damaged"


def block_state(raw: bytes, magic: bytes) -> str:
    """'Versions': the fields that every version has where 1.0 has them."""
    if raw[:8] != magic or struct.unpack_from("<I", raw, 252)[0] != crc(raw[:252]):
        return DAMAGED
    major = struct.unpack_from("<H", raw, 8)[0]
    return NEWER if major > 1 else RIGHT if major == 1 else DAMAGED


def read_slot(raw: bytes) -> tuple[str, Optional[Slot]]:
    """'Control': a slot is right when …"""
    state = block_state(raw, CONTROL_MAGIC)
    if state != RIGHT:
        return state, None
    slot = Slot._make(SLOT.unpack(raw))
    return (RIGHT, slot) if slot_rules_hold(slot) else (DAMAGED, None)


def slot_rules_hold(slot: Slot) -> bool:
    references = (
        (slot.checkpoint_segment, slot.checkpoint_offset),
        (slot.metadata_segment, slot.metadata_offset),
        (slot.tagged_segment, slot.tagged_offset),
    )
    return (
        slot.sequence != 0
        and slot.first_lsn != 0
        and (slot.oldest == slot.newest == 0 or 1 <= slot.oldest <= slot.newest)
        and (not slot.clean or (slot.newest != 0 and is_end_offset(slot.end_offset)))
        and all(
            (segment == 0 and offset == 0)
            or (1 <= segment <= slot.newest and is_end_offset(offset))
            for segment, offset in references
        )
        and (
            slot.minor != 0
            or (slot.flags & ~CONTROL_CLEAN == 0 and slot.zero_12 == 0 and not any(slot.zero_152))
        )
    )


def read_witness(raw: bytes) -> Optional[Witness]:
    """'Witness': it is right when …"""
    witness = Witness._make(WITNESS.unpack(raw))
    if witness.magic != WITNESS_MAGIC or witness.crc != crc(raw[:60]) or any(witness.zero_44):
        return None
    return witness


def read_header_copy(raw: bytes) -> tuple[str, Optional[SegmentHeader]]:
    """'Segment header': a copy is right when …"""
    state = block_state(raw, SEGMENT_MAGIC)
    if state != RIGHT:
        return state, None
    header = SegmentHeader._make(SEGMENT.unpack(raw))
    if header.incompatible != 0:
        return NEWER, None
    return (RIGHT, header) if header_rules_hold(header) else (DAMAGED, None)


def header_rules_hold(header: SegmentHeader) -> bool:
    if header.follow == 0:
        follow_right = not (
            header.follow_lsn
            or header.follow_offset
            or header.follow_link
            or header.follow_salt_low
        )
    else:
        follow_right = (
            header.follow < header.number
            and is_end_offset(header.follow_offset)
            and (
                header.follow_lsn == header.base_lsn - 1 or bool(header.flags & SEGMENT_RESET)
            )
        )
    return (
        header.number != 0
        and header.base_lsn != 0
        and header.salt != 0
        and header.checksum == 1
        and header.alignment in (64, 512, 4096)
        and GROUP_BODY_MIN <= header.max_group <= GROUP_BODY_MAX
        and header.max_record <= RECORD_MAX
        and header.max_record <= header.max_group - RECORD_HEADER_SIZE
        and header.birth_place >= FIRST_GROUP // UNIT
        and header.birth_place * UNIT % header.alignment == 0
        and follow_right
        and (
            header.minor != 0
            or (
                header.header_bytes == BLOCK_SIZE
                and header.flags & ~SEGMENT_RESET == 0
                and header.zero_118 == 0
                and header.zero_124 == 0
            )
        )
    )


def read_header_block(block: bytes) -> SegmentHeader:
    """Both copies of a segment header; raises Refusal where neither can be taken."""
    raws = [block[at : at + BLOCK_SIZE].ljust(BLOCK_SIZE, b"\0") for at in HEADER_COPIES]
    copies = [read_header_copy(raw) for raw in raws]
    states = [state for state, _ in copies]
    if NEWER in states and (raws[0] == raws[1] or DAMAGED in states):
        raise Refusal("version", "a segment header of a newer version")
    if states == [RIGHT, RIGHT] and raws[0] == raws[1]:
        return copies[0][1]
    if states.count(RIGHT) == 1 and DAMAGED in states:
        return copies[states.index(RIGHT)][1]
    raise corrupt("no right segment header, or two that differ")


def read_group_header(
    data: bytes, offset: int, segment: SegmentHeader
) -> Optional[GroupHeader]:
    """'Groups': the header at an offset if it is right for this segment and offset, else None."""
    raw = data[offset : offset + GROUP_HEADER_SIZE]
    if len(raw) < GROUP_HEADER_SIZE or raw[:4] != GROUP_MAGIC:
        return None
    group = GroupHeader._make(GROUP.unpack(raw))
    right = (
        group.header_crc == crc(segment.salt_bytes, raw[8:])
        and group.salt_low == segment.salt_low
        and group.place * UNIT == offset
        and group.epoch_low == segment.epoch & 0xFFFFFFFF
        and group.type in (DATA, SEAL, TAG, CHECKPOINT, METADATA)
        and group.flags & ~(COMPRESSED | ENCRYPTED | FIRST | LAST | BIRTH) == 0
        and group.flags & (FIRST | LAST) != FIRST | LAST
        and not (group.type == SEAL and group.flags & (FIRST | LAST | BIRTH))
        and group.tag_bytes in TAG_SIZES.get(group.type, (0,))
    )
    return group if right else None


def within_limits(group: GroupHeader, segment: SegmentHeader) -> bool:
    """'Hostile input', the list for a group header."""
    encrypted = bool(group.flags & ENCRYPTED)
    compressed = bool(group.flags & COMPRESSED)
    stored = group.stored_bytes - (16 if encrypted else 0)
    end = round_up(group.place * UNIT + GROUP_HEADER_SIZE + group.stored_bytes, UNIT)
    return (
        0 <= stored <= segment.max_group
        and group.raw_bytes <= segment.max_group
        and (group.raw_bytes <= 1024 * stored if compressed else group.raw_bytes == stored)
        and round_up(group.tag_bytes, 8) + RECORD_HEADER_SIZE * group.records <= group.raw_bytes
        and (group.records >= 1 if group.type == DATA else group.records == 0)
        and group.first_lsn >= 1
        and group.first_lsn + group.records - 1 <= LSN_MAX
        and group.watermark < group.first_lsn
        and group.durable_place <= group.place
        and end <= OFFSET_MAX
        and not (compressed and segment.codec == 0)
        and encrypted == (segment.cipher != 0)
    )
