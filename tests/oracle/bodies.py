# SPDX-License-Identifier: Apache-2.0
"""What is inside a group's body: records, the metadata map, seals, checkpoints ('Bodies').

A valid group whose body breaks a rule here was made so: each function raises Refusal (corrupt).
"""
from __future__ import annotations

import struct
from typing import NamedTuple

from layout import (
    RECORD, RECORD_BATCH_LAST, RECORD_HEADER_SIZE, TAG, UNIT, GroupHeader, Refusal, SegmentHeader,
    corrupt, crc, round_up,
)


class Record(NamedTuple):
    lsn: int
    type: int
    flags: int
    payload: bytes
    tag: bytes

    @property
    def batch_last(self) -> bool:
        return bool(self.flags & RECORD_BATCH_LAST)


class Checkpoint(NamedTuple):
    lsn: int
    state_size: int
    part_offset: int
    part_size: int


def padded(body: bytes, at: int, size: int, what: str) -> tuple[bytes, int]:
    """`size` bytes at `at`, and where the next item begins; the zeros between are checked."""
    end = round_up(at + size, 8)
    if end > len(body):
        raise corrupt(f"{what} reaches beyond its group's body")
    if any(body[at + size : end]):
        raise corrupt(f"padding behind {what} isn't zeros")
    return body[at : at + size], end


def read_data(body: bytes, group: GroupHeader, segment: SegmentHeader) -> list[Record]:
    tag, at = padded(body, 0, group.tag_bytes, "the tag")
    records = []
    for index in range(group.records):
        lsn = group.first_lsn + index
        if at + RECORD_HEADER_SIZE > len(body):
            raise corrupt(f"record {lsn} doesn't fit into its group")
        length, check, lsn_low, kind, flags = RECORD.unpack_from(body, at)
        if length > segment.max_record:
            raise corrupt(f"record {lsn} is longer than the segment allows")
        payload, end = padded(body, at + RECORD_HEADER_SIZE, length, f"record {lsn}")
        if lsn_low != lsn & 0xFFFFFFFF or flags & ~RECORD_BATCH_LAST:
            raise corrupt(f"record {lsn} has a wrong LSN or unknown flags")
        fields = struct.pack("<IHHQ", length, flags, kind, lsn)
        if check != crc(payload, fields, segment.salt_bytes):
            raise Refusal("corrupt", f"CRC of record {lsn}", certain=False)
        records.append(Record(lsn, kind, flags, payload, tag))
        at = end
    if at != len(body):
        raise corrupt(f"the group at LSN {group.first_lsn} has bytes behind its records")
    return records


def read_tag(body: bytes, group: GroupHeader) -> bytes:
    """The tag of a group that has one; a tag group has nothing else."""
    tag, end = padded(body, 0, group.tag_bytes, "the tag")
    if group.type == TAG and end != len(body):
        raise corrupt("bytes behind a tag without records")
    return tag


def read_metadata(body: bytes) -> dict[bytes, bytes]:
    if len(body) < 8:
        raise corrupt("a metadata body without its count")
    keys, zero = struct.unpack_from("<II", body)
    if keys > 64 or zero:
        raise corrupt("a metadata body with a wrong count")
    result: dict[bytes, bytes] = {}
    previous, at = b"", 8
    for _ in range(keys):
        if at + 8 > len(body):
            raise corrupt("a metadata entry doesn't fit into its body")
        key_size, value_size, zero = struct.unpack_from("<HHI", body, at)
        if not 1 <= key_size <= 64 or value_size > 1024 or zero:
            raise corrupt("a metadata entry breaks a limit")
        both, at = padded(body, at + 8, key_size + value_size, "a metadata entry")
        key = both[:key_size]
        if key <= previous:
            raise corrupt("metadata keys don't ascend")
        result[key] = both[key_size:]
        previous = key
    if at != len(body):
        raise corrupt("bytes behind the last metadata entry")
    return result


def read_seal(body: bytes) -> list[tuple[int, int]]:
    """The index of a seal: pairs of first LSN and offset."""
    if len(body) < 8:
        raise corrupt("a seal's body without its count")
    entries, zero = struct.unpack_from("<II", body)
    if entries > 4096 or zero or len(body) != 8 + 16 * entries:
        raise corrupt("a seal's body with a wrong count")
    result = []
    previous = (0, 63)
    for lsn, place, zero in struct.iter_unpack("<QII", body[8:]):
        if zero or lsn <= previous[0] or place <= previous[1]:
            raise corrupt("entries of a seal don't ascend")
        previous = (lsn, place)
        result.append((lsn, place * UNIT))
    return result


def read_checkpoint(body: bytes) -> Checkpoint:
    if len(body) < 32:
        raise corrupt("a checkpoint's body without its fields")
    checkpoint = Checkpoint._make(struct.unpack_from("<QQQQ", body))
    _, end = padded(body, 32, checkpoint.part_size, "a checkpoint's part")
    if end != len(body):
        raise corrupt("bytes behind a checkpoint's part")
    if checkpoint.lsn == 0:
        raise corrupt("a checkpoint of LSN 0")
    if checkpoint.part_offset + checkpoint.part_size > checkpoint.state_size:
        raise corrupt("a checkpoint's part lies outside of its state")
    return checkpoint
