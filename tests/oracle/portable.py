# SPDX-License-Identifier: Apache-2.0
"""The portable form of a batch, read from docs/format.md alone."""
from __future__ import annotations

import struct

from layout import RECORD_MAX, Refusal, corrupt, crc

MAGIC = bytes.fromhex("8957414c500d0a1a")
HEADER = struct.Struct("<8sHHIQQ")
ENTRY = struct.Struct("<IHH")
CRC_SIZE = 4
LEAST = HEADER.size + ENTRY.size + CRC_SIZE


def decode(form: bytes) -> list[tuple[int, bytes]]:
    """Type and payload of each record; raises Refusal for anything that isn't right."""
    if len(form) < LEAST or form[:8] != MAGIC:
        raise corrupt("too short, or another magic")
    if struct.unpack("<I", form[-CRC_SIZE:])[0] != crc(form[:-CRC_SIZE]):
        raise corrupt("checksum")
    _, major, minor, records, size, zero = HEADER.unpack_from(form)
    if major > 1:
        raise Refusal("version", f"major version {major}")
    if major == 0:
        raise corrupt("major version 0")
    if size != len(form):
        raise corrupt("size")
    if minor == 0 and zero != 0:
        raise corrupt("a field that is not zero")
    return entries(form[HEADER.size : -CRC_SIZE], records, minor)


def entries(body: bytes, records: int, minor: int) -> list[tuple[int, bytes]]:
    found: list[tuple[int, bytes]] = []
    at = 0
    while len(found) < records:
        if len(body) - at < ENTRY.size:
            raise corrupt("fewer records than stated")
        length, kind, zero = ENTRY.unpack_from(body, at)
        at += ENTRY.size
        if length > RECORD_MAX or length > len(body) - at:
            raise corrupt("a payload that is too long")
        if minor == 0 and zero != 0:
            raise corrupt("a field that is not zero")
        found.append((kind, body[at : at + length]))
        at += length
    if at != len(body):
        raise corrupt("something behind the last record")
    return found
