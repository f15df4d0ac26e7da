# SPDX-License-Identifier: Apache-2.0
"""Logs that are compressed and encrypted, with the right keys, with others, and with none."""
from __future__ import annotations

import random
import re
import sys
import zlib
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))

from coding import segment_key  # noqa: E402
from damage import change, put, rechain  # noqa: E402
from driver import KEY_WORDS, KEYS, ROOT, check_same  # noqa: E402
from layout import COMPRESSED, DATA, ENCRYPTED, GROUP_HEADER_SIZE  # noqa: E402
from lint import lint  # noqa: E402
from recover import recover  # noqa: E402
from scenario import Life, encoding, lose_witness  # noqa: E402
from segment import Segment  # noqa: E402
from test_oracle import BASE, check_moment, write_and_kill  # noqa: E402

KINDS = ("zlib", "aead", "both")
SEGMENT = "00000000000000000001.wal"


def test_key_derivation():
    """The vector of 'Encoded bodies'."""
    text = (ROOT / "docs" / "format.md").read_text(encoding="utf-8")
    digits = re.search(r"key id 7\s+comes ([0-9A-F\s]+)\.", text).group(1)
    key = segment_key(bytes(range(0x40, 0x60)), bytes(range(0x20)), 1, 7)
    assert key == bytes.fromhex("".join(digits.split()))


@pytest.mark.parametrize("seed", range(BASE, BASE + 6))
def test_random_life(tool, tmp_path, seed):
    """Each handle encodes as it likes; one that knows the keys reads them all."""
    rng = random.Random(f"encoded {seed}")
    log = tmp_path / "log"
    life = Life(tool, log, rng, encoding(KINDS[seed % 3], rng))
    encrypted = "keys" in life.fixed
    for _ in range(3):
        older = (log / "control").read_bytes()[8192:8256]
        for _ in range(rng.randrange(4, 12)):
            life.step()
        check_moment(tool, life, tmp_path, rng, older)
        kinds = ("aead", "both") if encrypted else ("plain", *KINDS)
        life.fixed = encoding(rng.choice(kinds), rng)
        encrypted = "keys" in life.fixed
        life.options = {name: value for name, value in life.options.items()
                        if name not in ("codec", "keys")} | life.fixed
        life.reopen(killed=rng.random() < 0.6)
    life.writer.close()
    assert check_same(tool, log, tmp_path / "copy")["verdict"] == "clean"
    assert not lint(recover(str(log), KEYS))
    assert not life.refusals


def encoded_log(tool, log: Path, kind: str, *commands: str) -> None:
    write_and_kill(tool, log, encoding(kind, random.Random(kind)), *commands)


def golden_keys() -> dict[tuple[int, int], bytes]:
    """Those of tests/golden/keys.h."""
    return {(key_id, key_id): bytes((31 * key_id + at) % 256 for at in range(32))
            for key_id in (1, 2)}


def payloads(log: Path) -> list[tuple[int, int, int, int]]:
    return [(record.lsn, record.type, len(record.payload), zlib.crc32(record.payload))
            for record in recover(str(log), golden_keys()).records]


@pytest.mark.parametrize("version", ("1.0", "1.0-tags", "1.0-checkpoint", "1.0-zlib", "1.0-aead"))
def test_golden(version):
    """What is checked in, against what its maker put in."""
    folder = ROOT / "tests" / "golden" / version
    expected: dict[str, list] = {}
    for line in (folder / "expected.txt").read_text(encoding="utf-8").splitlines():
        name, *words = line.split()
        if name == "log":
            records = expected[words[0]] = []
        elif name == "record":
            lsn, kind, size = map(int, words[:3])
            records.append((lsn, kind, size, int(words[4], 16)))
    assert {name: payloads(folder / name) for name in expected} == expected


@pytest.mark.parametrize("kind", KINDS)
def test_flags(tool, tmp_path, kind):
    """What is asked for is done: text is compressed, and everything is encrypted."""
    log = tmp_path / "log"
    encoded_log(tool, log, kind, "many 5 3000 3 0", "meta k 100 3", "rotate")
    groups = list(Segment(str(log / SEGMENT), 1, KEYS).walk())
    assert len(groups) == 3
    assert all(group.has(ENCRYPTED) == (kind != "zlib") for group in groups)
    assert groups[0].has(COMPRESSED) == (kind != "aead")
    assert check_same(tool, log, tmp_path / "copy")["verdict"] == "clean"


@pytest.mark.parametrize("others", (0, 1))
@pytest.mark.parametrize("commands", (["many 3 10 3 0"], ["many 3 10 3 0", "close"], []))
def test_missing_and_other_keys(tool, tmp_path, commands, others):
    """Nothing is cut for want of the right one; a log without groups may do without."""
    log = tmp_path / "log"
    encoded_log(tool, log, "both", *commands)
    wrong = tuple(word[:-1] + "9" for word in KEY_WORDS) if others else ("aead=1:77:0",)
    header = check_same(tool, log, tmp_path / "copy", wrong)
    assert header["verdict"] == ("crypto" if commands else "clean")


def test_key_of_an_older_segment(tool, tmp_path):
    log = tmp_path / "log"
    for word in KEY_WORDS:
        others = tuple(other for other in KEY_WORDS if other != word)
        write_and_kill(tool, log, {"keys": (*others, word)}, "many 3 100 3 0", "rotate")
    assert check_same(tool, log, tmp_path / "copy")["verdict"] == "clean"
    header = check_same(tool, log, tmp_path / "copy", KEY_WORDS[1:])
    assert header["verdict"] == "crypto"


@pytest.mark.parametrize("sealed", (False, True))
def test_swapped_groups(tool, tmp_path, sealed):
    """Two bodies of the same size change places under right checksums: without a cipher nobody can
    tell but by the records' own; with one it shows."""
    log = tmp_path / "log"
    encoded_log(tool, log, "aead" if sealed else "plain", "append 1 50 2 0", "append 1 50 6 0")
    segment = Segment(str(log / SEGMENT), 1, KEYS)
    first, second = segment.walk()
    assert first.header.type == second.header.type == DATA
    swapped = [first._replace(stored=second.stored), second._replace(stored=first.stored)]

    def edit(data: bytearray) -> None:
        for group in swapped:
            put(data, group.offset + GROUP_HEADER_SIZE, group.stored)
        rechain(data, segment.header, swapped, {})

    change(log / SEGMENT, edit)
    lose_witness(log, bytes(64))
    header = check_same(tool, log, tmp_path / "copy")
    assert header["verdict"] == ("crypto" if sealed else "corrupt")
