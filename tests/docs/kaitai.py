# SPDX-License-Identifier: Apache-2.0
"""docs/libwal.ksy, compiled by Kaitai Struct, reads the golden logs as the reader does that is
written from docs/format.md: each field of slots, witness and headers, each group, and of each group
that is not encrypted records, tag, index, checkpoint and metadata.

kaitai.py ROOT COMPILED: a folder with the compiled description; it needs Kaitai's runtime"""

import sys
from pathlib import Path

ROOT = Path(sys.argv[1])
sys.path[:0] = [str(ROOT / "tests/oracle"), sys.argv[2]]

import bodies  # noqa: E402
import layout  # noqa: E402
from libwal import Libwal  # noqa: E402
from segment import Segment  # noqa: E402

# What the two call otherwise.
SLOT = {"oldest": "oldest_segment", "newest": "newest_segment", "process": "process_id"}
HEADER = {"follow_lsn": "follow_end_lsn", "follow_offset": "follow_end_offset",
          "alignment": "group_alignment", "max_group": "max_group_bytes",
          "max_record": "max_record_bytes", "follow": "follow_number"}
GROUP = {"records": "num_records"}
FORM = bytes.fromhex("89 57 41 4c 50 0d 0a 1a 01 00 00 00 03 00 00 00"
                     "43 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00"
                     "05 00 00 00 07 00 00 00 68 65 6c 6c 6f 00 00 00"
                     "00 00 00 00 00 02 00 00 00 ff ff 00 00 76 31 18 01 7e bc")
FLAGS = (("compressed", layout.COMPRESSED), ("encrypted", layout.ENCRYPTED),
         ("first", layout.FIRST), ("last", layout.LAST), ("birth", layout.BIRTH))
PARTS = ("checkpoint", "metadata", "tagged")


class Tally:
    def __init__(self):
        self.facts = self.wrong = 0

    def same(self, what, theirs, ours):
        self.facts += 1
        if theirs != ours:
            self.wrong += 1
            print(f"{what}: {theirs!r}, and the other reader has {ours!r}")


def value(thing):
    """A field's value: enumerations as their number."""
    return getattr(thing, "value", thing)


def same_fields(tally, what, theirs, ours, names, skip=()):
    for field in ours._fields:
        if field not in skip:
            found = value(getattr(theirs, names.get(field, field)))
            tally.same(f"{what}: {field}", found, getattr(ours, field))


def same_control(tally, path):
    data = path.read_bytes()
    control = Libwal.from_bytes(data).control
    for theirs, offset in ((control.slot_a, 0), (control.slot_b, 4096)):
        ours = layout.Slot(*layout.SLOT.unpack(data[offset:offset + layout.BLOCK_SIZE]))
        parts = [f"{part}_{end}" for part in PARTS for end in ("segment", "offset")]
        same_fields(tally, path, theirs, ours, SLOT, parts)
        for part in PARTS:
            for end in ("segment", "offset"):
                tally.same(f"{path}: {part}_{end}", getattr(getattr(theirs, part), end),
                           getattr(ours, f"{part}_{end}"))
    size = layout.WITNESS.size
    ours = layout.Witness(*layout.WITNESS.unpack(data[8192:8192 + size]))
    same_fields(tally, path, control.witness, ours, {})


def same_body(tally, what, theirs, group, header):
    tally.same(f"{what}: stored", theirs.stored, group.stored)
    if group.has(layout.ENCRYPTED):
        return
    body = theirs.body_compressed if group.has(layout.COMPRESSED) else theirs.body
    kind = group.header.type
    tally.same(f"{what}: tag", body.tag, group.body[:group.header.tag_bytes])
    if kind == layout.DATA:
        shown = [(r.lsn, r.type, r.flags, r.payload, body.tag) for r in body.records]
        tally.same(what, shown, [tuple(r) for r in
                                 bodies.read_data(group.body, group.header, header)])
    elif kind == layout.METADATA:
        tally.same(what, {e.key: e.value for e in body.metadata.entries},
                   bodies.read_metadata(group.body))
    elif kind == layout.SEAL:
        tally.same(what, [(e.first_lsn, e.place * layout.UNIT) for e in body.seal.entries],
                   bodies.read_seal(group.body))
    elif kind == layout.CHECKPOINT:
        part = body.checkpoint
        tally.same(what, (part.lsn, part.state_size, part.part_offset, part.part_size),
                   tuple(bodies.read_checkpoint(group.body)))


def same_segment(tally, path):
    segment = Segment(str(path), int(path.stem))
    theirs = Libwal.from_bytes(path.read_bytes()).segment
    for header in (theirs.header, theirs.header_copy):
        same_fields(tally, path, header, segment.header, HEADER)
    decode = segment.opener.body  # nobody here has keys
    segment.opener.body = lambda header, stored: (
        stored if header.flags & layout.ENCRYPTED else decode(header, stored))
    groups = list(segment.walk())
    shown = theirs.groups or []
    tally.same(f"{path}: has as many groups", len(shown) >= len(groups), True)
    for found, group in zip(shown, groups, strict=False):
        what = f"{path} at {group.offset}"
        tally.same(f"{what}: offset", (found.offset, found.end), (group.offset, group.end))
        same_fields(tally, what, found, group.header, GROUP, ("flags",))
        for name, bit in FLAGS:
            tally.same(f"{what}: {name}", bool(getattr(found.flags, name)), group.has(bit))
        same_body(tally, what, found, group, segment.header)


def same_form(tally):
    form = Libwal.from_bytes(FORM).portable
    shown = [(record.type, record.payload) for record in form.records]
    tally.same("portable form", (form.size, shown),
               (len(FORM), [(7, b"hello"), (0, b""), (65535, b"v1")]))


def main():
    tally = Tally()
    paths = sorted((ROOT / "tests/golden").glob("*/*/*"))
    for path in paths:
        (same_control if path.name == "control" else same_segment)(tally, path)
    same_form(tally)
    print(f"{len(paths)} files, {tally.facts} facts, {tally.wrong} differ")
    sys.exit(1 if tally.wrong or tally.facts < 1000 else 0)


main()
