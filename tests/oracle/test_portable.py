# SPDX-License-Identifier: Apache-2.0
"""Two readers of portable forms: portable.py, from the text alone, and wal_decode."""
from __future__ import annotations

import hashlib
import json
import random
import re
import struct
import subprocess

import pytest

from driver import ROOT
from layout import Refusal, crc
from portable import decode

FORMS = 40
CHANGES = 60  # of each form


class Coder:
    """make_logs, the program that has the C library in it."""

    def __init__(self, tool):
        self.process = subprocess.Popen(
            [str(tool), "portable"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def send(self, line: str) -> None:
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def encode(self, count: int, size: int, seed: int) -> bytes:
        self.send(f"encode {count} {size} {seed}")
        return bytes.fromhex(self.process.stdout.readline())

    def decode(self, form: bytes) -> tuple[str, list[tuple[int, int, str]]]:
        """The verdict, then type, size and SHA-256 of each record."""
        self.send(f"decode {form.hex()}")
        records = []
        while (line := self.process.stdout.readline()).startswith("{"):
            record = json.loads(line)
            assert record["lsn"] == 0 and not record["batch_last"]
            records.append((record["type"], record["size"], record["sha256"]))
        return line.strip(), records


@pytest.fixture(scope="module")
def coder(tool):
    coder = Coder(tool)
    yield coder
    coder.process.stdin.close()
    assert coder.process.wait(60) == 0


def from_text(form: bytes) -> tuple[str, list[tuple[int, int, str]]]:
    try:
        records = decode(form)
    except Refusal as refusal:
        return refusal.verdict, []
    return "right", [(kind, len(data), hashlib.sha256(data).hexdigest()) for kind, data in records]


def close(form: bytearray) -> bytes:
    """With a right checksum."""
    form[-4:] = struct.pack("<I", crc(bytes(form[:-4])))
    return bytes(form)


def test_worked_example(coder):
    text = (ROOT / "docs" / "format.md").read_text(encoding="utf-8")
    lines = re.search(r"```hex portable (\d+)\n(.*?)```", text, re.S)
    digits = [word for line in lines[2].splitlines() for word in line.split("|")[0].split()[1:]]
    form = bytes.fromhex("".join(digits))
    assert len(form) == int(lines[1])
    assert decode(form) == [(7, b"hello"), (0, b""), (65535, b"v1")]
    assert coder.decode(form) == from_text(form)


def change(form: bytes, rng: random.Random) -> bytes:
    """Something that nobody wrote: fields that count things, more and fewer bytes, flipped bits."""
    changed = bytearray(form)
    way = rng.randrange(5)
    if way == 0:
        at, size = rng.choice(((8, 2), (10, 2), (12, 4), (16, 8), (24, 8), (32, 4), (38, 2)))
        value = rng.choice((0, 1, 2, len(form), 2**31, 2**64 - 1, rng.getrandbits(64)))
        changed[at : at + size] = (value % 256**size).to_bytes(size, "little")
    elif way == 1:
        del changed[rng.randrange(len(changed)) :]
        changed += bytes(max(0, 4 - len(changed)))
    elif way == 2:
        changed += rng.randbytes(rng.randrange(1, 20))
    else:
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    if rng.random() < 0.3 and len(changed) >= 24:
        changed[16:24] = len(changed).to_bytes(8, "little")
    return close(changed) if rng.random() < 0.9 else bytes(changed)


def test_both_say_the_same(coder):
    rng = random.Random(2718)
    verdicts = set()
    for seed in range(FORMS):
        form = coder.encode(rng.randrange(1, 40), rng.randrange(0, 200), seed)
        verdict, records = from_text(form)
        assert verdict == "right" and records
        assert coder.decode(form) == (verdict, records)
        for _ in range(CHANGES):
            changed = change(form, rng)
            ours = from_text(changed)
            assert coder.decode(changed) == ours, changed.hex()
            verdicts.add(ours[0])
    assert verdicts == {"right", "corrupt", "version"}
