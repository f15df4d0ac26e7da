# SPDX-License-Identifier: Apache-2.0
"""Writers that are killed: everything they were told is there, and nothing that they didn't
write."""

import random
import signal
from pathlib import Path

import pytest

import libwal
from support import child

ROUNDS = 8
BATCH = 4

WRITER = """
    import itertools, os, sys, threading, libwal

    path, kind, round_, count = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
    log = libwal.open(path, segment_bytes="64K")

    def acknowledge(*words):
        os.write(1, (" ".join(map(str, words)) + "\\n").encode())

    def payload(thread, number):
        return f"{round_}.{thread}.{number}".encode() + b"." * (number % 500)

    def single(thread):
        for number in itertools.count():
            lsn = log.append(payload(thread, number))
            acknowledge(lsn, thread, number)

    def batches(thread):
        for first in itertools.count(0, 4):
            with log.batch() as batch:
                for number in range(first, first + 4):
                    batch.append(payload(thread, number))
            acknowledge(batch.last_lsn, thread, first + 3)

    def submitted(thread):
        for number in itertools.count():
            lsn = log.append(payload(thread, number), submit=True)
            if number % 10 == 9:
                log.wait(lsn)
                acknowledge(lsn, thread, number)

    work = {"single": single, "batches": batches, "submitted": submitted}[kind]
    for thread in range(count):
        threading.Thread(target=work, args=(thread,), daemon=True).start()
    threading.Event().wait()
"""


def killed_writer(path: Path, kind: str, round_: int, threads: int, lines: int) -> list[list[int]]:
    """Runs a writer and kills it once it has said so many lines; returns all that it said: LSN,
    thread and number of records that it was told are durable."""
    with child(WRITER, path, kind, round_, threads) as writer:
        assert writer.stdout is not None
        said = [writer.stdout.readline() for _ in range(lines)]
        writer.kill()
        said += writer.stdout.readlines()
        assert writer.wait() == -signal.SIGKILL
    return [[int(word) for word in line.split()] for line in said if line.endswith("\n")]


def found(log: libwal.Log) -> dict[int, tuple[int, int, int]]:
    """Round, thread and number of each record, by LSN."""
    records = {}
    for record in log:
        words = record.data.rstrip(b".").split(b".")
        round_, thread, number = map(int, words)
        assert record.data == b"%d.%d.%d" % (round_, thread, number) + b"." * (number % 500)
        records[record.lsn] = (round_, thread, number)
    assert list(records) == list(range(1, len(records) + 1))
    return records


def check_order(records: dict[int, tuple[int, int, int]], whole: int) -> None:
    """Each thread's records of each round are 0, 1, 2 ..., in this order, in whole batches."""
    numbers: dict[tuple[int, int], int] = {}
    for round_, thread, number in records.values():
        assert numbers.get((round_, thread), -1) == number - 1
        numbers[round_, thread] = number
    assert all((last + 1) % whole == 0 for last in numbers.values())


@pytest.mark.parametrize(
    "kind, threads", [("single", 1), ("single", 4), ("batches", 3), ("submitted", 2)]
)
def test_what_was_acknowledged_is_there(path: Path, kind: str, threads: int) -> None:
    draw = random.Random(f"{kind} {threads}")
    acknowledged: dict[int, tuple[int, int, int]] = {}
    for round_ in range(ROUNDS):
        lines = draw.randrange(60)
        for lsn, thread, number in killed_writer(path, kind, round_, threads, lines):
            acknowledged[lsn] = (round_, thread, number)
        if not path.exists():
            continue  # it was killed before it had begun
        with libwal.open(path) as log:
            records = found(log)
            assert acknowledged.items() <= records.items()
            check_order(records, BATCH if kind == "batches" else 1)
        assert libwal.verify(path).records == len(records)
    assert acknowledged
