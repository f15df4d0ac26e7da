# SPDX-License-Identifier: Apache-2.0
"""A machine whose apply() raises on a thread that commits for others, too."""

import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import libwal

THREADS, ROUNDS, APPENDS = 6, 15, 5


class Refusing:
    """Raises at one payload, and remembers what else it was given."""

    def __init__(self) -> None:
        self.applied: set[bytes] = set()

    def apply(self, record: libwal.Record) -> None:
        if record.data == b"3-2":
            raise ValueError("refused")
        self.applied.add(record.data)

    def snapshot(self) -> bytes:
        return b""

    def restore(self, lsn: int, state: bytes) -> None:
        pass


@pytest.fixture
def fast_switches() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


def run_threads(log: libwal.Log) -> dict[bytes, BaseException | None]:
    """What became of each append."""
    results: dict[bytes, BaseException | None] = {}
    start = threading.Barrier(THREADS)

    def work(number: int) -> None:
        start.wait()
        for i in range(APPENDS):
            data = b"%d-%d" % (number, i)
            try:
                log.append(data)
                results[data] = None
            except BaseException as error:
                results[data] = error

    threads = [threading.Thread(target=work, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.usefixtures("fast_switches")
@pytest.mark.parametrize("round", range(ROUNDS))
def test_what_was_applied_was_appended(path: Path, round: int) -> None:
    """Not every round has a thread that commits for the one whose record is refused."""
    machine = Refusing()
    log = libwal.open(path, machine=machine)
    results = run_threads(log)
    with pytest.raises(libwal.WalError):
        log.close()
    assert {data for data, error in results.items() if error is None} == machine.applied
    error = results[b"3-2"]
    assert error is not None
    assert isinstance(error, ValueError) or isinstance(error.__cause__, ValueError)
