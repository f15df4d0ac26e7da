"""Two readers of one format: walread.py, written from docs/format.md alone, and the C library."""
from __future__ import annotations

import random
import re
import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from driver import ROOT, build_tool, check_follower, check_same, record_difference  # noqa: E402
from driver import slots_agree  # noqa: E402
from scenario import Life, lose_unsynced, lose_witness  # noqa: E402
from walread import read_log  # noqa: E402

SEEDS = range(24)
ROUNDS, STEPS, LOSSES = 3, 12, 5


@pytest.fixture(scope="session")
def tool(tmp_path_factory):
    return build_tool(tmp_path_factory.mktemp("build"))


def write_example(directory: Path) -> None:
    """The log of 'Worked example'."""
    text = (ROOT / "docs" / "format.md").read_text(encoding="utf-8")
    for name, size, lines in re.findall(r"```hex (\S+) (\d+)\n(.*?)```", text, re.S):
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
            durable = read_log(str(damaged))[0]["durable_offset"]
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
    ours = read_log(str(snapshot))
    assert ours[0]["verdict"] == "clean", ours[0]
    for name in ("first_lsn", "next_lsn", "metadata"):
        assert ours[0][name] == live[0][name], (name, ours[0], live[0])
    assert not record_difference(ours[1:], live[1:])
    assert ours[0]["durable_lsn"] >= durable
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
