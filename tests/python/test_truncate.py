# SPDX-License-Identifier: Apache-2.0
"""Cutting at either end, replacing, reset, rotation, drain."""
# mypy: disable-error-code="arg-type, call-overload, list-item"

from pathlib import Path

import pytest

import libwal
from support import contents, fill, payload, segment_files


def state(log: libwal.Log) -> tuple[int, int, int]:
    return log.first_lsn, log.last_lsn, log.next_lsn


def test_before(path: Path) -> None:
    with libwal.open(path) as log:
        fill(log, 10)
        log.truncate_before(4)
        assert state(log) == (4, 10, 11)
        log.truncate_before(2)
        assert state(log) == (4, 10, 11), "at or below the first: nothing to do"
        assert [lsn for lsn, _ in contents(log)] == list(range(4, 11))
        with pytest.raises(libwal.RangeError):
            log[3]
        with pytest.raises(libwal.RangeError):
            log.truncate_before(12)
        log.truncate_before(11)
        assert state(log) == (11, 0, 11) and len(log) == 0
    with libwal.open(path) as log:
        assert state(log) == (11, 0, 11)
        assert log.append(b"x") == 11


def test_after(path: Path) -> None:
    with libwal.open(path) as log:
        fill(log, 10)
        log.truncate_after(6)
        assert state(log) == (1, 6, 7) and log.durable_lsn == 6
        log.truncate_after(20)
        assert state(log) == (1, 6, 7), "at or above the last: nothing to do"
        assert log.append(b"new") == 7
        log.truncate_before(3)
        with pytest.raises(libwal.RangeError):
            log.truncate_after(1)
    with libwal.open(path) as log:
        assert contents(log) == [(n, payload(n)) for n in range(3, 7)] + [(7, b"new")]
        log.truncate_after(2)
        assert state(log) == (3, 0, 3)


@pytest.mark.parametrize("lsn", [-1, 2**64, 10**30, -(2**70)])
def test_numbers_out_of_range(log: libwal.Log, lsn: int) -> None:
    fill(log, 3)
    for call in (
        log.truncate_before,
        log.truncate_after,
        log.checkpoint,
        lambda lsn: log.replace_after(lsn, [b"x"]),
        log.sync,
        log.record,
        lambda lsn: log.replay(lambda record: None, lsn),
    ):
        with pytest.raises(libwal.RangeError):
            call(lsn)
    with pytest.raises((libwal.RangeError, libwal.InvalidError)):
        log.reset(lsn)
    assert state(log) == (1, 3, 4)


@pytest.mark.parametrize("lsn", ["1", 1.0, None, b"1", object()])
def test_numbers_of_a_wrong_type(log: libwal.Log, lsn: object) -> None:
    for call in (
        log.truncate_before,
        log.truncate_after,
        log.checkpoint,
        lambda lsn: log.replace_after(lsn, [b"x"]),
        log.sync,
        log.reset,
        log.record,
        log.get,
        log.wait,
        log.segment_checkpoint,
    ):
        with pytest.raises(TypeError):
            call(lsn)


def test_reset(path: Path) -> None:
    with libwal.open(path) as log:
        fill(log, 5)
        log.reset(1000)
        assert state(log) == (1000, 0, 1000)
        assert log.append(b"x") == 1000
        log.reset(3)
        assert log.append(b"y") == 3
        for lsn in (0, 2**64 - 1):
            with pytest.raises(libwal.InvalidError):
                log.reset(lsn)
    with libwal.open(path) as log:
        assert contents(log) == [(3, b"y")]


def test_replace_after(log: libwal.Log) -> None:
    fill(log, 5)
    assert log.replace_after(2, [b"a", b"b"], [8, 9]) == 3
    assert contents(log)[2:] == [(3, b"a"), (4, b"b")]
    assert [record.type for record in log] == [0, 0, 8, 9]
    assert log.replace_after(1, iter([b"c"])) == 2
    assert contents(log) == [(1, payload(1)), (2, b"c")]
    with pytest.raises(libwal.RangeError):
        log.replace_after(3, [b"x"])
    assert log.replace_after(1, []) == 0
    assert state(log) == (1, 1, 2), "without records it truncates only"


def test_replacing_by_what_cannot_be_taken(log: libwal.Log) -> None:
    payloads = fill(log, 5)
    with pytest.raises(TypeError):
        log.replace_after(2, [b"a", "b"])
    with pytest.raises(ZeroDivisionError):
        log.replace_after(2, (b"%d" % (1 // n) for n in (1, 0)))
    assert [data for _, data in contents(log)] == payloads


def test_rotate(log: libwal.Log, path: Path) -> None:
    log.rotate()
    assert len(segment_files(path)) == 1, "nothing to do where there are no records"
    log.append(b"a")
    log.rotate()
    log.append(b"b")
    assert [segment.sealed for segment in log.segments()] == [True, False]
    assert len(segment_files(path)) == 2
    assert contents(log) == [(1, b"a"), (2, b"b")]


def rotated(log: libwal.Log, segments: int) -> None:
    for _ in range(segments):
        fill(log, 3)
        log.rotate()


def test_drain(log: libwal.Log, path: Path) -> None:
    rotated(log, 4)
    asked: list[libwal.Segment] = []

    def old(segment: libwal.Segment) -> bool:
        asked.append(segment)
        return segment.last_lsn <= 6

    assert log.drain(old) == 2
    assert [segment.first_lsn for segment in asked] == [1, 4, 7]
    assert all(type(segment) is libwal.Segment and segment.sealed for segment in asked)
    assert log.first_lsn == 7
    assert log.drain(lambda segment: False) == 0
    assert log.drain(lambda segment: True) == 2
    assert (log.first_lsn, len(log)) == (13, 0)


def test_an_exception_ends_a_drain(log: libwal.Log) -> None:
    rotated(log, 3)

    def bad(segment: libwal.Segment) -> bool:
        if segment.first_lsn > 1:
            raise ZeroDivisionError
        return True

    with pytest.raises(ZeroDivisionError):
        log.drain(bad)
    assert log.first_lsn == 1, "all of them stay"
    with pytest.raises(TypeError):
        log.drain(None)


def test_retention(path: Path) -> None:
    options = {"segment_records": 10, "retain_segments": 2, "sync": "none"}
    with libwal.open(path, **options) as log:
        for number in range(100):
            log.append(b"x", sync=number % 10 == 9)
        assert log.first_lsn > 50
        assert len(log.segments()) <= 4


def test_the_last_lsn_of_all(path: Path) -> None:
    with libwal.open(path, first_lsn=2**64 - 2) as log:
        assert log.append(b"last") == 2**64 - 2
        assert log[2**64 - 2] == b"last"
        with pytest.raises(libwal.FullError):
            log.append(b"x")
        assert [record.lsn for record in log] == [2**64 - 2]
        assert [record.lsn for record in log.read(reverse=True)] == [2**64 - 2]
        assert 2**64 - 2 in log and 2**64 - 1 not in log
        log.truncate_before(2**64 - 1)
        assert len(log) == 0
