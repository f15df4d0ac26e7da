# SPDX-License-Identifier: Apache-2.0
"""Two readers of one format: walread.py, written from docs/format.md alone, and the C library."""
from __future__ import annotations

import os
import random
import re
import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from driver import KEYS, ROOT, Writer, check_follower, check_same  # noqa: E402
from driver import record_difference, slots_agree  # noqa: E402
from lint import lint  # noqa: E402
from recover import recover  # noqa: E402
from scenario import Life, lose_unsynced, lose_witness  # noqa: E402
from walread import read_log  # noqa: E402

BASE = int(os.environ.get("WAL_ORACLE_SEED", "0"))  # other logs: any other number
SEEDS = range(BASE, BASE + 16)
ROUNDS, STEPS, LOSSES = 3, 12, 5


def write_example(directory: Path) -> None:
    """The log of 'Worked example'."""
    text = (ROOT / "docs" / "format.md").read_text(encoding="utf-8")
    for name, size, lines in re.findall(r"```hex (control|\S+\.wal) (\d+)\n(.*?)```", text, re.S):
        data = bytearray(int(size))
        for line in lines.splitlines():
            offset, *digits = line.split("|")[0].split()
            row = bytes.fromhex("".join(digits))
            data[int(offset, 16) : int(offset, 16) + len(row)] = row
        (directory / name).write_bytes(data)


def test_worked_example(tool, tmp_path):
    log = tmp_path / "log"
    log.mkdir(mode=0o700)
    write_example(log)
    header = check_same(tool, log, tmp_path / "copy")
    assert header["verdict"] == "clean" and header["next_lsn"] == 3
    assert (header["end_offset"], header["durable_offset"]) == (4352, 4352)
    segment = log / "00000000000000000001.wal"
    data = bytearray(segment.read_bytes())
    data[0x10D2] ^= 1
    segment.write_bytes(data)
    assert check_same(tool, log, tmp_path / "copy")["verdict"] == "corrupt"
    lose_witness(log, bytes(64))
    header = check_same(tool, log, tmp_path / "copy")
    assert (header["verdict"], header["durable_offset"]) == ("ambiguous", 4224)


def check_losses(tool, snapshot: Path, header: dict, rng: random.Random, older: bytes) -> None:
    """Copies of a snapshot that lack something which no evidence calls durable."""
    for number in range(LOSSES):
        damaged = snapshot.with_name("damaged")
        shutil.copytree(snapshot, damaged)
        durable = header["durable_offset"]
        if number % 2:
            lose_witness(damaged, rng.choice((bytes(64), older)))
            durable = read_log(str(damaged), KEYS)[0]["durable_offset"]
        lose_unsynced(damaged, durable, rng)
        found = check_same(tool, damaged, snapshot.with_name("copy"))
        if not number % 2:
            assert found["verdict"] in ("clean", "torn", "ambiguous"), found
            assert found["next_lsn"] > header["durable_lsn"], (header, found)
        shutil.rmtree(damaged)


def check_moment(tool, life: Life, folder: Path, rng: random.Random, older: bytes) -> None:
    """The log as a kill would leave it now: nothing that was written is missing."""
    life.writer.do("flush")
    live = life.writer.dump()
    durable = life.writer.do("durable")
    snapshot = folder / "snapshot"
    life.writer.snapshot(snapshot)
    ours = read_log(str(snapshot), KEYS)
    assert ours[0]["verdict"] == "clean", ours[0]
    for name in ("first_lsn", "next_lsn", "metadata", "tag", "checkpoint"):
        assert ours[0][name] == live[0][name], (name, ours[0], live[0])
    assert not record_difference(ours[1:], live[1:])
    assert ours[0]["durable_lsn"] >= durable
    assert not lint(recover(str(snapshot), KEYS))
    check_same(tool, snapshot, folder / "copy")
    if slots_agree(snapshot):
        check_follower(tool, snapshot, ours)
    check_losses(tool, snapshot, ours[0], rng, older)
    shutil.rmtree(snapshot)


@pytest.mark.parametrize("seed", SEEDS)
def test_random_life(tool, tmp_path, seed):
    rng = random.Random(seed)
    log = tmp_path / "log"
    life = Life(tool, log, rng)
    for _ in range(ROUNDS):
        older = (log / "control").read_bytes()[8192:8256]
        for _ in range(rng.randrange(1, STEPS)):
            life.step()
        check_moment(tool, life, tmp_path, rng, older)
        for _ in range(rng.randrange(0, STEPS)):
            life.step()
        life.reopen(killed=rng.random() < 0.6)
    life.writer.close()
    assert check_same(tool, log, tmp_path / "copy")["verdict"] == "clean"
    assert not lint(recover(str(log), KEYS))
    assert not life.refusals


def names(directory: Path) -> set[str]:
    return {path.name for path in directory.glob("*.wal")}


@pytest.mark.parametrize("seed", range(BASE, BASE + 8))
def test_change_that_control_does_not_name_yet(tool, tmp_path, seed):
    """A new segment, but the control file from before: the change didn't happen."""
    rng = random.Random(seed)
    life = Life(tool, tmp_path / "log", rng)
    before, after, copy = tmp_path / "before", tmp_path / "after", tmp_path / "copy"
    compared = 0
    changes = ("rotate", "replace", "after", "swap")
    steps = "many checkpoint rotate tagged replace joint checkpoint batch"
    steps += " after many swap tagged replace long after"
    for name in steps.split():
        life.writer.do("sync")
        life.writer.snapshot(before)
        getattr(life, "do_" + name, life.do_plain)(name)
        life.writer.snapshot(after)
        if names(before) < names(after) and name in changes:
            shutil.copy(before / "control", after / "control")
            check_same(tool, after, copy)
            old, new = read_log(str(before), KEYS), read_log(str(after), KEYS)
            assert old[1:] == new[1:]
            assert all(old[0][name] == new[0][name] for name in ("metadata", "tag", "checkpoint"))
            compared += 1
        shutil.rmtree(before)
        shutil.rmtree(after)
    life.writer.close()
    assert compared and not life.refusals


def write_and_kill(tool, directory: Path, options: dict, *commands: str) -> None:
    writer = Writer(tool, directory, options)
    try:
        for command in commands:
            writer.do(*command.split())
    finally:
        writer.kill()


@pytest.mark.parametrize("lsn", range(1, 20))
def test_cut_anywhere_in_a_long_batch(tool, tmp_path, lsn):
    """Within its first, a middle or its last group, and between two of them."""
    log = tmp_path / "log"
    options = {"group_bytes": "64K", "zero_ahead_bytes": "0"}
    commands = ("batch 18 20000 419990880 0", "append 1 9 9 0", f"after {lsn}")
    write_and_kill(tool, log, options, *commands)
    header = check_same(tool, log, tmp_path / "copy")
    assert (header["verdict"], header["next_lsn"]) == ("clean", lsn + 1)
    assert not lint(recover(str(log), KEYS))


BEHIND_LSN_5 = "0000000000"  # a tag without records, of seed 4


@pytest.mark.parametrize("lsn", range(2, 22))
def test_cut_anywhere_among_tags(tool, tmp_path, lsn):
    """Whatever is cut off, the tag in force is the one that came last of what is left."""
    log = tmp_path / "log"
    first = ("tagged 2 10 1 0", "append 1 9 9 0", "joint 2 10 3 0", "joint 0 0 4 0")
    second = ("rotate", "append 1 9 9 0", "tagged 12 20000 5 0", "joint 3 30000 6 0")
    options = {"group_bytes": "64K"}
    write_and_kill(tool, log, options, *first, *second, f"after {lsn}")
    header = check_same(tool, log, tmp_path / "copy")
    assert header["next_lsn"] == lsn + 1
    tags = [record["tag"] for record in read_log(str(log), KEYS)[1:] if "tag" in record]
    assert header["tag"] == (BEHIND_LSN_5 if lsn in (5, 6) else tags[-1])
    assert not lint(recover(str(log), KEYS))


@pytest.mark.parametrize("lsn", range(0, 9))
@pytest.mark.parametrize("reopened", (False, True))
def test_cut_anywhere_among_checkpoints(tool, tmp_path, lsn, reopened):
    """One that is cut off is gone, and no older one comes back; a newest one that is of what stays
    goes over."""
    log = tmp_path / "log"
    options = {"group_bytes": "64K"}
    write_and_kill(tool, log, options, "many 4 10 1 0", "checkpoint 2 100 1", "rotate",
                   "many 4 10 2 0", "checkpoint 5 200000 2")
    if reopened:
        write_and_kill(tool, log, options, "append 1 5 5 0")
    write_and_kill(tool, log, options, f"after {lsn}")
    header = check_same(tool, log, tmp_path / "copy")
    assert (header["next_lsn"], header["checkpoint_lsn"]) == (lsn + 1, 5 if lsn >= 5 else 0)
    assert not lint(recover(str(log), KEYS))


@pytest.mark.parametrize("lsn", range(2, 10))
@pytest.mark.parametrize("size", (0, 50, 100000))
def test_front_cut_anywhere_among_checkpoints(tool, tmp_path, lsn, size):
    """The newest one stays, whatever segment it lies in."""
    log = tmp_path / "log"
    options = {"group_bytes": "64K"}
    write_and_kill(tool, log, options, "many 4 10 1 0", f"checkpoint 3 {size} 7", "rotate",
                   "many 2 10 2 0", "rotate", "many 3 10 3 0", f"before {lsn}")
    header = check_same(tool, log, tmp_path / "copy")
    assert (header["first_lsn"], header["checkpoint_lsn"]) == (lsn, 3)
    assert header["checkpoint"].startswith(f"3:{size}:")
    assert not lint(recover(str(log), KEYS))


def test_witness_after_the_front_was_cut_in_front_of_unsynced_groups(tool, tmp_path):
    """Its group CRC is that of the group that ends at its durable place."""
    log = tmp_path / "log"
    options = {"sync": "none", "segment_bytes": "64K", "group_bytes": "64K"}
    batch = "many 40 30000 7 0"
    write_and_kill(tool, log, options, "many 10 100 3 0", batch, batch, "before 4", "flush")
    assert not lint(recover(str(log), KEYS))
