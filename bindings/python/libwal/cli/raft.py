# SPDX-License-Identifier: Apache-2.0
"""Entries of a Raft log, as the Go package raftwal lays them out in records."""

from __future__ import annotations

_VERSION = 1
_TYPES = (b"command", b"noop", b"add-peer", b"remove-peer", b"barrier", b"configuration")
_NANOSECONDS = 1_000_000_000


def _take_leb128(data: bytes, at: int) -> tuple[int, int]:
    """The number that begins there, and where it ends. ValueError: none of 64 bits does."""
    value = 0
    for count, byte in enumerate(data[at : at + 10]):
        value |= (byte & 0x7F) << 7 * count
        if byte < 0x80:
            if value >= 1 << 64:
                break
            return value, at + count + 1
    raise ValueError("no number of 64 bits")


def decode(data: bytes) -> bytes | None:
    """The entry's term, type and data. None: the record is no entry."""
    if len(data) < 2 or data[0] != _VERSION:
        return None
    kind, at = data[1], 2
    try:
        term, at = _take_leb128(data, at)
        _, at = _take_leb128(data, at)
        nanoseconds, at = _take_leb128(data, at)
        extensions, at = _take_leb128(data, at)
    except ValueError:
        return None
    if nanoseconds >= _NANOSECONDS or extensions > len(data) - at:
        return None
    name = _TYPES[kind] if kind < len(_TYPES) else b"type-%d" % kind
    rest = data[at + extensions :]
    return b"term %d %s" % (term, name) + (b" " + rest if rest else b"")
