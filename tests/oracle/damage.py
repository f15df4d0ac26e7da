# SPDX-License-Identifier: Apache-2.0
"""Damage that no crash makes: rotten bytes, files that are gone or swapped, and blocks that are
wrong although their checksums are right."""
from __future__ import annotations

import shutil
import struct
from pathlib import Path
from random import Random
from typing import Callable

from driver import KEYS
from layout import (
    FIRST_GROUP, GROUP, GROUP_HEADER_SIZE, HEADER_COPIES, SEGMENT, SEGMENT_RESET, SLOT,
    SLOT_OFFSETS, UNIT, WITNESS, GroupHeader, SegmentHeader, Slot, Witness, crc,
)
from segment import Group, Segment

WITNESS_AT = 8192
OLDER_CONTROL = "older-control"  # beside the log, by a name that a log ignores


def put(data: bytearray, at: int, block: bytes) -> None:
    data[at : at + len(block)] = block


def change(path: Path, edit: Callable[[bytearray], None]) -> None:
    data = bytearray(path.read_bytes())
    edit(data)
    path.write_bytes(data)


def seal_block(fields: tuple, layout: struct.Struct) -> bytes:
    """A control slot, witness or segment header with a right CRC."""
    raw = layout.pack(*fields)
    return raw[:-4] + struct.pack("<I", crc(raw[:-4]))


# ---- Rotten bytes ----


def interesting_offset(path: Path, size: int, rng: Random) -> int:
    """Some byte of a structure rather than of zeros or payload, mostly."""
    if path.name == "control":
        return rng.choice((0, 4096, 8192)) + rng.randrange(256)
    if rng.random() < 0.2:
        return rng.choice((0, 2048)) + rng.randrange(256)
    try:
        groups = list(Segment(str(path), 0, KEYS).walk())
    except Exception:
        groups = []
    if groups and rng.random() < 0.7:
        group = rng.choice(groups)
        return group.offset + rng.randrange(min(128, group.end - group.offset))
    return rng.randrange(FIRST_GROUP, size) if size > FIRST_GROUP else 0


def rot_bytes(directory: Path, rng: Random) -> str:
    path = rng.choice(sorted(directory.glob("*.wal")) + [directory / "control"])
    size = path.stat().st_size
    at = interesting_offset(path, size, rng)
    kind = rng.choice(("bit", "byte", "zeros", "cut", "add"))

    def edit(data: bytearray) -> None:
        if kind == "cut":
            del data[at:]
        elif kind == "add":
            data.extend(bytes(rng.randrange(100)) + rng.choice((b"", b"\1")))
        elif kind == "zeros":
            length = len(data[at : at + rng.choice((4, 64, 512, 5000))])
            data[at : at + length] = bytes(length)
        elif at < len(data):
            data[at] ^= 1 << rng.randrange(8) if kind == "bit" else rng.randrange(1, 256)

    change(path, edit)
    return f"{kind} at {at} of {path.name}"


# ---- Files ----


def disturb_files(directory: Path, rng: Random) -> str:
    paths = sorted(directory.glob("*.wal"))
    path, other = rng.choice(paths), rng.choice(paths)
    above = int(paths[-1].stem) + rng.choice((1, 2, 50))
    kind = rng.choice(
        ("remove", "swap", "no control", "old control", "old slots", "old slot", "old slot")
        + ("copy above", "above", "below", "link", "directory")
    )
    if kind == "remove":
        path.unlink()
    elif kind == "swap":
        first, second = path.read_bytes(), other.read_bytes()
        path.write_bytes(second)
        other.write_bytes(first)
    elif kind == "no control":
        (directory / "control").unlink()
    elif kind == "old control":
        shutil.copy(directory / OLDER_CONTROL, directory / "control")
    elif kind.startswith("old slot"):
        older = (directory / OLDER_CONTROL).read_bytes()
        for at in SLOT_OFFSETS if kind == "old slots" else (rng.choice(SLOT_OFFSETS),):
            change(directory / "control", lambda data: put(data, at, older[at : at + 256]))
    elif kind == "copy above":
        shutil.copy(path, directory / f"{above:020}.wal")
    elif kind == "above":
        groups = rng.random() < 0.6
        renumber(path, directory / f"{above:020}.wal", above, rng.random() < 0.5, groups)
    elif kind == "below" and int(paths[0].stem) > 1:
        shutil.copy(path, directory / f"{int(paths[0].stem) - 1:020}.wal")
    elif kind == "link":
        path.rename(directory / "elsewhere")
        path.symlink_to("elsewhere")
    elif kind == "directory":
        (directory / f"{above:020}.wal").mkdir()
    return f"{kind} {path.name} {other.name}"


def renumber(source: Path, target: Path, number: int, foreign: bool, groups: bool) -> None:
    """A segment with right headers under another number, with the groups of `source` or none."""
    data = bytearray(source.read_bytes())
    try:
        header = Segment(str(source), 0, KEYS).header
    except Exception:
        return
    fields = header._replace(number=number, uuid=bytes(16) if foreign else header.uuid)
    write_header(data, fields)
    if not groups:
        data[FIRST_GROUP:] = bytes(len(data) - FIRST_GROUP)
    target.write_bytes(data)


# ---- Wrong values under right checksums ----


def write_header(data: bytearray, header: SegmentHeader) -> None:
    raw = seal_block(header, SEGMENT)
    for at in HEADER_COPIES:
        put(data, at, raw)


def near(value: int, bits: int, rng: Random) -> int:
    """Another value that a field of so many bits could have."""
    choices = [value - 1, value + 1, value - 64, value + 64, value * 2, 0, 1, 2, 3, 64, 2**bits - 1]
    choices += [value ^ (1 << rng.randrange(bits)), value - 4096, value + 4096, 4096]
    return rng.choice(choices) % 2**bits


def forge(fields: tuple, layout: struct.Struct, names: tuple, rng: Random) -> tuple[tuple, str]:
    """One field changed to a value near to its own."""
    name = rng.choice(names)
    value = getattr(fields, name)
    if isinstance(value, bytes):
        changed: object = bytes([value[0] ^ 1]) + value[1:]
    else:
        sizes = [struct.calcsize("<" + code) for code in field_codes(layout)]
        changed = near(value, 8 * sizes[fields._fields.index(name)], rng)
    return fields._replace(**{name: changed}), f"{name}: {value!r} -> {changed!r}"


def field_codes(layout: struct.Struct) -> list[str]:
    codes, digits = [], ""
    for letter in layout.format.lstrip("<"):
        if letter.isdigit():
            digits += letter
            continue
        count = 1 if letter == "s" or not digits else int(digits)
        codes += [digits + letter if letter == "s" else letter] * count
        digits = ""
    return codes


# The text doesn't say what a checkpoint's LSN means where its segment is 0.
FORGED_SLOT_FIELDS = tuple(name for name in Slot._fields[:-1] if name != "checkpoint_lsn")


def forge_control(directory: Path, rng: Random) -> str:
    """A field of one slot or of both, or of the witness."""
    path = directory / "control"
    data = path.read_bytes()
    where = rng.choice(("both", "both", "both", "one", "witness"))
    if where == "witness":
        witness = Witness._make(WITNESS.unpack(data[WITNESS_AT : WITNESS_AT + 64]))
        fields, text = forge(witness, WITNESS, Witness._fields[:-1], rng)
        block, offsets = seal_block(fields, WITNESS), (WITNESS_AT,)
    else:
        slot = Slot._make(SLOT.unpack(data[:256]))
        fields, text = forge(slot, SLOT, FORGED_SLOT_FIELDS, rng)
        offsets = SLOT_OFFSETS if where == "both" else (rng.choice(SLOT_OFFSETS),)
        block = seal_block(fields, SLOT)

    def edit(raw: bytearray) -> None:
        for at in offsets:
            put(raw, at, block)

    change(path, edit)
    return f"control, {where}: {text}"


# A writer's answer to an unknown read-only bit isn't the same as a reader's.
FORGED_HEADER_FIELDS = tuple(
    name for name in SegmentHeader._fields[:-1] if name != "read_only_ok"
)


def forge_header(directory: Path, rng: Random) -> str:
    """A field of a segment's header, with the groups' CRCs and links made anew for it."""
    path = rng.choice(sorted(directory.glob("*.wal")))
    segment = Segment(str(path), 0, KEYS)
    fields, text = forge(segment.header, SEGMENT, FORGED_HEADER_FIELDS, rng)
    if fields.flags & SEGMENT_RESET and fields.follow:
        return "nothing: the text is of two minds about RESET with follow fields"
    again = rng.random() < 0.8

    def edit(data: bytearray) -> None:
        groups = list(segment.walk())
        write_header(data, fields)
        if again:
            header = SegmentHeader._make(SEGMENT.unpack(data[:256]))
            rechain(data, header, groups, {})

    change(path, edit)
    return f"{path.name}: {text}, groups {'anew' if again else 'as they were'}"


def rechain(
    data: bytearray, segment: SegmentHeader, groups: list[Group], changed: dict[int, GroupHeader]
) -> None:
    """Writes the groups' headers again: right salt, CRCs and links, whatever else they say."""
    link = segment.crc
    for group in groups:
        header = changed.get(group.offset, group.header)
        header = header._replace(
            salt_low=segment.salt & 0xFFFFFFFF,
            epoch_low=segment.epoch & 0xFFFFFFFF,
            link=link,
            body_crc=crc(segment.salt.to_bytes(8, "little"), group.stored),
        )
        raw = GROUP.pack(*header)
        link = crc(segment.salt.to_bytes(8, "little"), raw[8:])
        put(data, group.offset, raw[:4] + struct.pack("<I", link) + raw[8:])


FORGED_GROUP_FIELDS = (
    "place", "first_lsn", "watermark", "records", "stored_bytes", "raw_bytes", "type", "flags",
    "flags", "flags", "tag_bytes", "durable_place",
)


def forge_group(directory: Path, rng: Random) -> str:
    """A field of a group's header or some bytes of its body in the last segment."""
    path = max(directory.glob("*.wal"))
    segment = Segment(str(path), 0, KEYS)
    groups = list(segment.walk())
    if not groups:
        return "no group"
    index = rng.choice((rng.randrange(len(groups)), len(groups) - 1))
    group = groups[index]
    if rng.random() < 0.3 and group.stored:
        stored = bytearray(group.stored)
        at = rng.randrange(min(len(stored), 64))
        stored[at] ^= 1 << rng.randrange(8)
        groups[index] = group._replace(stored=bytes(stored))
        text, changed = f"body byte {at}", {}
    else:
        fields, text = forge(group.header, GROUP, FORGED_GROUP_FIELDS, rng)
        changed = {group.offset: fields}

    def edit(data: bytearray) -> None:
        put(data, group.offset + GROUP_HEADER_SIZE, groups[index].stored)
        rechain(data, segment.header, groups, changed)

    change(path, edit)
    return f"{path.name}, group at {group.offset // UNIT} x 64: {text}"
