# SPDX-License-Identifier: Apache-2.0
"""One segment's file: its header, the walk along its groups, and what lies behind them."""
from __future__ import annotations

import os
import stat
from typing import Iterator, NamedTuple, Optional

from coding import Keys, Opener
from layout import (
    FIRST, FIRST_GROUP, GROUP_HEADER_SIZE, GROUP_MAGIC, LAST, SEAL, SEGMENT_SIZE_MAX,
    GroupHeader, Refusal, SegmentHeader, corrupt, crc, read_group_header, read_header_block,
    within_limits,
)


class Group(NamedTuple):
    """A valid group and where it lies. `starts_run`: the offset of FIRST of the run that it belongs
    to, its own outside of a run."""

    offset: int
    end: int
    header: GroupHeader
    stored: bytes
    body: bytes  # raw
    starts_run: int

    @property
    def next_lsn(self) -> int:
        return self.header.first_lsn + self.header.records

    @property
    def in_run(self) -> bool:
        return self.has(FIRST) or self.starts_run != self.offset

    def has(self, flag: int) -> bool:
        return bool(self.header.flags & flag)


def read_regular_file(path: str, limit: int) -> bytes:
    """A file's bytes; raises Refusal where something else than a file has the name."""
    info = os.lstat(path)
    name = os.path.basename(path)
    if not stat.S_ISREG(info.st_mode):
        raise Refusal("refused", f"{name} is no regular file")
    if info.st_size > limit:
        raise corrupt(f"{name} is larger than a segment can be")
    with open(path, "rb") as file:
        return file.read()


class Segment:
    def __init__(self, path: str, number: int, keys: Optional[Keys] = None):
        self.path = path
        self.number = number
        self.data = read_regular_file(path, SEGMENT_SIZE_MAX)
        self.header: SegmentHeader = read_header_block(self.data[:FIRST_GROUP])
        self.opener = Opener(self.header, keys or {})

    @property
    def name(self) -> str:
        return os.path.basename(self.path)

    def group_at(
        self, offset: int, next_lsn: int, link: int, run: Optional[int]
    ) -> Optional[Group]:
        """'A group is valid …', points 1 to 6. `run` is the offset of FIRST of the run that goes on
        here, None outside of one."""
        header = read_group_header(self.data, offset, self.header)
        if header is None or not within_limits(header, self.header):
            return None
        if header.first_lsn != next_lsn or header.link != link:
            return None
        if run is None and header.flags & LAST:
            return None
        if run is not None and (header.flags & FIRST or header.type == SEAL):
            return None
        end = header.end(offset, self.header.alignment)
        if end > len(self.data):
            return None
        body_end = offset + GROUP_HEADER_SIZE + header.stored_bytes
        stored = self.data[offset + GROUP_HEADER_SIZE : body_end]
        if header.body_crc != crc(self.header.salt_bytes, stored) or any(self.data[body_end:end]):
            return None
        body = self.opener.body(header, stored)
        if body is None:
            return None
        return Group(offset, end, header, stored, body, offset if run is None else run)

    def walk(self) -> Iterator[Group]:
        """The valid groups from the start on."""
        offset = FIRST_GROUP
        next_lsn = self.header.base_lsn
        link = self.header.crc
        run: Optional[int] = None
        while True:
            group = self.group_at(offset, next_lsn, link, run)
            if group is None:
                return
            yield group
            if group.has(FIRST):
                run = group.offset
            elif group.has(LAST):
                run = None
            offset, next_lsn, link = group.end, group.next_lsn, group.header.header_crc

    def right_headers(self, start: int) -> Iterator[GroupHeader]:
        """Every right group header at a multiple of the alignment from `start` on."""
        at = self.data.find(GROUP_MAGIC, start)
        while at >= 0:
            if at % self.header.alignment == 0:
                header = read_group_header(self.data, at, self.header)
                if header is not None:
                    yield header
            at = self.data.find(GROUP_MAGIC, at + 1)

    def zeros_from(self, offset: int) -> bool:
        return not self.data[offset:].strip(b"\0")

    def behind_last_byte(self) -> int:
        """The offset behind the last byte that isn't zero."""
        return len(self.data.rstrip(b"\0"))


def live_groups(segment: Segment, successor: SegmentHeader, first_lsn: int) -> list[Group]:
    """'R2': the groups up to the end that the successor states, which the walk must meet."""
    offset, last_lsn = FIRST_GROUP, segment.header.base_lsn - 1
    link = segment.header.crc
    groups = []
    verdict = "corrupt"
    reason = f"{segment.name} doesn't end where segment {successor.number} says"
    try:
        for group in segment.walk():
            if offset >= successor.follow_offset:
                break
            groups.append(group)
            offset, last_lsn, link = group.end, group.next_lsn - 1, group.header.header_crc
    except Refusal as refusal:
        if offset < successor.follow_offset:
            verdict, reason = refusal.verdict, refusal.reason
    stated = (successor.follow_offset, successor.follow_lsn, successor.follow_link)
    if (offset, last_lsn, link) != stated:
        first = max(first_lsn, segment.header.base_lsn)
        # A reading may begin with the first LSN's group, and miss what lies in front of it.
        missed = first > segment.header.base_lsn and any(
            header.first_lsn <= first < header.first_lsn + header.records
            for header in segment.right_headers(offset + GROUP_HEADER_SIZE)
        )
        wanted = successor.follow_lsn >= first and not missed
        raise Refusal(verdict, reason, certain=wanted)
    return groups
