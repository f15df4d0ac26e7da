# SPDX-License-Identifier: Apache-2.0
"""Damaged and forged logs: the library comes to the verdict that docs/format.md asks for."""
from __future__ import annotations

import os
import random
import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from damage import OLDER_CONTROL, change, disturb_files, forge_control  # noqa: E402
from damage import forge_group, forge_header, put, rechain, rot_bytes, seal_block  # noqa: E402
from driver import KEYS, Writer, c_reading, check_same  # noqa: E402
from layout import CONTROL_SIZE, GROUP_HEADER_SIZE, SLOT, SLOT_OFFSETS, Slot  # noqa: E402
from scenario import Life, encoding, lose_witness  # noqa: E402
from segment import Segment  # noqa: E402
from walread import read_log  # noqa: E402

KINDS = {
    "rot": rot_bytes,
    "files": disturb_files,
    "control": forge_control,
    "header": forge_header,
    "group": forge_group,
}
BASE = 1000 + int(os.environ.get("WAL_ORACLE_SEED", "0"))  # other logs: any other number
LOGS, EACH = 4, 10
ENCODED = ["zlib", "aead"]  # two more logs


@pytest.fixture(scope="module")
def logs(tool, tmp_path_factory):
    """Small logs with several segments and runs, some of them closed."""
    result = []
    for seed in range(LOGS + len(ENCODED)):
        folder = tmp_path_factory.mktemp("logs")
        rng = random.Random(BASE + seed)
        options = {"segment_bytes": "64K", "zero_ahead_bytes": "4K"}
        if seed >= LOGS:
            options |= encoding(ENCODED[seed - LOGS], rng)
        life = Life(tool, folder / "log", rng, options)
        for step in range(14):
            life.step()
            if step == 7:
                life.reopen(killed=True)
            if step == 10:
                older = (folder / "log" / "control").read_bytes()
        life.writer.do("flush")
        if seed % 2:
            life.writer.close()
        else:
            life.writer.snapshot(folder / "snapshot")
            life.writer.kill()
            shutil.rmtree(folder / "log")
            (folder / "snapshot").rename(folder / "log")
        (folder / "log" / OLDER_CONTROL).write_bytes(older)
        result.append(folder / "log")
    return result


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(LOGS + len(ENCODED)))
def test_damage(tool, logs, tmp_path, kind, seed):
    rng = random.Random(f"{kind} {BASE + seed}")
    wrong = []
    for _ in range(EACH):
        damaged = tmp_path / "damaged"
        shutil.copytree(logs[seed], damaged)
        done = KINDS[kind](damaged, rng)
        try:
            check_same(tool, damaged, tmp_path / "copy")
        except AssertionError as difference:
            wrong.append(f"{done}\n    {difference}")
        shutil.rmtree(damaged)
    assert not wrong, "\n".join(wrong)


def test_records_that_do_not_fill_their_group(tool, tmp_path):
    """'Hostile input': at the end, count and body are used up together. The log was not closed, so
    its records go over into another segment."""
    log = tmp_path / "log"
    writer = Writer(tool, log, {})
    writer.do("many", 3, 0, 5, 0)
    writer.kill()
    path = log / "00000000000000000001.wal"
    segment = Segment(str(path), 1, KEYS)
    groups = list(segment.walk())
    short = groups[0].header._replace(records=2)
    change(path, lambda data: rechain(data, segment.header, groups, {groups[0].offset: short}))
    lose_witness(log, bytes(64))
    assert check_same(tool, log, tmp_path / "copy")["verdict"] == "corrupt"


# What of a sealed segment is damaged, and whether that has to be noticed when the first LSN is the
# segment's base, and when it is the second record's.
PARTS = {
    "metadata at the beginning": (True, False),
    "the first record": (True, False),
    "metadata behind it": (True, False),
    "the second record": (True, True),
    "metadata behind that": (True, True),
    "the third record": (True, True),
}


@pytest.mark.parametrize("at_base", (True, False))
@pytest.mark.parametrize("part", PARTS)
def test_damage_around_the_first_lsn(tool, tmp_path, part, at_base):
    """'R2': a reading begins with the first LSN's group, or with its segment if that LSN is the
    segment's base."""
    log = tmp_path / "log"
    writer = Writer(tool, log, {})
    for command in ("meta 6b 1", "append 1 5 5 0", "rotate", "append 1 5 5 0", "meta 6b 2",
                    "append 1 5 5 0", "meta 6b 3", "append 1 5 5 0", "rotate",
                    f"before {2 if at_base else 3}", "close"):
        writer.do(*command.split())
    writer.kill()
    path = log / "00000000000000000002.wal"
    groups = list(Segment(str(path), 2, KEYS).walk())
    assert [group.header.records for group in groups] == [0, 1, 0, 1, 0, 1, 0]
    at = groups[list(PARTS).index(part)].offset + GROUP_HEADER_SIZE + 16
    change(path, lambda data: put(data, at, bytes([data[at] ^ 1])))
    noticed = PARTS[part][not at_base]
    ours = read_log(str(log), KEYS)[0]
    assert (ours["verdict"], ours.get("certain", True)) == ("corrupt", noticed)
    assert (c_reading(tool, "dump", log)[0]["verdict"] == "corrupt") == noticed


CREATIONS = {
    "nothing": "new",
    "zeros": "new",
    "control": "new",
    "segment": "new",
    "group": "corrupt",
    "no slot": "corrupt",
}


@pytest.mark.parametrize("left", CREATIONS)
def test_creation_that_was_cut_short(tool, tmp_path, left):
    """What creation has written: control with newest = 0, then segment 1 without groups. A group
    in it shows that control named it once."""
    log = tmp_path / "log"
    writer = Writer(tool, log, {})
    if left == "group":
        writer.do("append", 1, 10, 6, 0)
    writer.kill()
    control, segment = log / "control", log / "00000000000000000001.wal"
    slot = Slot._make(SLOT.unpack(control.read_bytes()[:256]))
    first = slot._replace(sequence=1, epoch=0, oldest=0, newest=0)
    data = bytearray(CONTROL_SIZE)
    if left not in ("zeros", "no slot"):
        for at in SLOT_OFFSETS:
            put(data, at, seal_block(first, SLOT))
    control.write_bytes(data)
    if left == "nothing":
        control.unlink()
    if left not in ("segment", "group", "no slot"):
        segment.unlink()
    assert check_same(tool, log, tmp_path / "copy")["verdict"] == CREATIONS[left]


def test_first_lsn_far_in_front_of_the_oldest_of_two_segments(tool, tmp_path):
    """'R1': control's first LSN is below the oldest segment's base LSN."""
    log = tmp_path / "log"
    writer = Writer(tool, log, {"first_lsn": 2**63})
    for command in ("many 3 100 3 0", "rotate", "append 1 5 5 0", "close"):
        writer.do(*command.split())
    writer.kill()
    slot = Slot._make(SLOT.unpack((log / "control").read_bytes()[:256]))
    block = seal_block(slot._replace(first_lsn=3), SLOT)
    for at in SLOT_OFFSETS:
        change(log / "control", lambda data: put(data, at, block))
    assert read_log(str(log), KEYS)[0]["verdict"] == "corrupt"
    assert c_reading(tool, "dump", log, 10)[0]["verdict"] == "corrupt"
