# SPDX-License-Identifier: Apache-2.0
"""Readers: places in the log, walking."""
# mypy: disable-error-code="arg-type, attr-defined, call-overload"

from pathlib import Path

import pytest

import libwal
from support import Call, contents, fill, payload, soon


def lsns(reader: "libwal.Reader[libwal.Record]") -> list[int]:
    return [record.lsn for record in reader]


def test_all_of_it(log: libwal.Log) -> None:
    payloads = fill(log, 2000)
    assert contents(log) == list(enumerate(payloads, 1))
    assert list(log.read(form="bytes")) == payloads
    assert [bytes(view) for view in log.read(form="view")] == payloads
    assert lsns(log.read(reverse=True)) == list(range(2000, 0, -1))


def test_a_part(log: libwal.Log) -> None:
    fill(log, 1000)
    for start in (None, 1, 2, 500, 999, 1000, 1001):
        for stop in (None, 1, 2, 500, 1000, 1001, 5000):
            begin, end = start or 1, 1001 if stop is None else min(stop, 1001)
            assert lsns(log.read(start, stop)) == list(range(begin, end)), (start, stop)


def test_a_part_in_reverse(log: libwal.Log) -> None:
    """stop is exclusive, as range has it."""
    fill(log, 10)
    assert lsns(log.read(5, 2, reverse=True)) == [5, 4, 3]
    assert lsns(log.read(None, 8, reverse=True)) == [10, 9]
    assert lsns(log.read(3, reverse=True)) == [3, 2, 1]
    assert lsns(log.read(3, 3, reverse=True)) == []
    assert lsns(log.read(3, 7, reverse=True)) == []


def test_bounds_of_zero(log: libwal.Log) -> None:
    """There is no record 0: as in the C library it means the first one, and nothing is in front."""
    fill(log, 3)
    assert lsns(log.read(0)) == lsns(log.tail(0, timeout=0)) == [1, 2, 3]
    assert lsns(log.read(0, reverse=True)) == [3, 2, 1]
    assert lsns(log.read(stop=0)) == []
    assert lsns(log.read(stop=0, reverse=True)) == [3, 2, 1]


@pytest.mark.parametrize("start", [9, 21, -1, 2**64 - 1, 2**64, 10**30])
def test_a_start_outside(path: Path, start: int) -> None:
    with libwal.open(path, first_lsn=10) as log:
        fill(log, 10)
        with pytest.raises(libwal.RangeError):
            log.read(start)


def test_a_start_of_a_wrong_type(log: libwal.Log) -> None:
    for start in ("1", 1.0, b"1", object()):
        with pytest.raises(TypeError):
            log.read(start)
        with pytest.raises(TypeError):
            log.read(1, start)


@pytest.mark.parametrize("form", ["", "text", "Record", 5, None])
def test_unknown_forms(log: libwal.Log, form: object) -> None:
    with pytest.raises((ValueError, TypeError)):
        log.read(form=form)


def test_it_goes_on_where_it_ended(log: libwal.Log) -> None:
    fill(log, 3)
    reader = log.read()
    assert lsns(reader) == [1, 2, 3]
    assert lsns(reader) == []
    log.append(b"x")
    assert lsns(reader) == [4]
    reader.close()


def test_read_many(log: libwal.Log) -> None:
    payloads = fill(log, 3000)
    with log.read(form="bytes") as reader:
        assert reader.read_many(10) == payloads[:10]
        assert reader.position == 11
        assert next(reader) == payloads[10]
        got = []
        while part := reader.read_many():
            assert 1 <= len(part) <= 1024
            got += part
        assert got == payloads[11:]
        assert reader.read_many() == []


def test_read_many_by_bytes(log: libwal.Log) -> None:
    log.append_many([bytes(1000)] * 10)
    with log.read(form="bytes") as reader:
        assert len(reader.read_many(100, 2500)) == 2
        assert len(reader.read_many(100, 1)) == 1, "a record above it comes alone"
        assert len(reader.read_many(max=3, max_bytes=10**9)) == 3
        assert reader.position == 7


def test_next_and_read_many_by_turns(log: libwal.Log) -> None:
    """What was fetched ahead for the one is what the other begins with."""
    log.append_many([bytes(1000)] * 10)
    with log.read() as reader:
        assert next(reader).lsn == 1
        assert [record.lsn for record in reader.read_many(100, 2500)] == [2, 3]
        assert [record.lsn for record in reader.read_many(2)] == [4, 5]
        assert next(reader).lsn == 6
        assert reader.wait(0) is True
        assert [record.lsn for record in reader.read_many()] == [7, 8, 9, 10]
        assert reader.wait(0) is False


@pytest.mark.parametrize("max", [0, -1])
def test_read_many_of_nothing(log: libwal.Log, max: int) -> None:
    fill(log, 3)
    with log.read() as reader:
        with pytest.raises((ValueError, OverflowError)):
            reader.read_many(max)
        assert reader.position == 1


def test_read_many_of_a_huge_number(log: libwal.Log) -> None:
    """A number above what memory holds is no reason to ask for that memory."""
    payloads = fill(log, 30)
    with log.read(form="bytes") as reader:
        got = reader.read_many(2**31 - 1, 2**63 - 1)
        assert got == payloads[: len(got)] and got


def test_read_many_respects_stop(log: libwal.Log) -> None:
    fill(log, 100)
    with log.read(10, 20) as reader:
        assert [record.lsn for record in reader.read_many()] == list(range(10, 20))
        assert reader.read_many() == []
        assert list(reader) == []


def test_read_many_in_reverse(log: libwal.Log) -> None:
    fill(log, 10)
    with log.read(reverse=True) as reader:
        got = []
        while part := reader.read_many(4):
            got += [record.lsn for record in part]
        assert got == list(range(10, 0, -1))


def test_position(log: libwal.Log) -> None:
    fill(log, 5)
    with log.read(2) as reader:
        for lsn in range(2, 6):
            assert reader.position == lsn
            assert next(reader).lsn == lsn
        assert reader.position == 6
    with log.read(reverse=True) as reader:
        assert reader.position == 5
        assert lsns(reader) == [5, 4, 3, 2, 1]
        assert reader.position == 0


def test_seek(log: libwal.Log) -> None:
    fill(log, 500)
    with log.read() as reader:
        assert next(reader).lsn == 1
        reader.seek(400)
        assert reader.position == 400
        assert [record.lsn for record in reader.read_many(2)] == [400, 401]
        reader.seek(2)
        assert next(reader).lsn == 2
        reader.seek(501)
        assert list(reader) == []
        for lsn in (502, -1, 2**64):
            with pytest.raises(libwal.RangeError):
                reader.seek(lsn)
        with pytest.raises(TypeError):
            reader.seek("1")


def test_written_shows_what_is_not_durable(buffered: libwal.Log) -> None:
    buffered.append(b"a", sync=True)
    buffered.append(b"b")
    buffered.flush()
    assert lsns(buffered.read()) == [1]
    records = list(buffered.read(written=True))
    assert [(record.data, record.durable) for record in records] == [(b"a", True), (b"b", False)]
    buffered.sync()
    assert [record.durable for record in buffered.read(written=True)] == [True, True]


def test_wait(log: libwal.Log) -> None:
    with log.read() as reader:
        assert reader.wait(0) is False
        assert reader.wait(0.01) is False
        log.append(b"x")
        assert reader.wait(0) is True
        assert reader.wait() is True
        assert lsns(reader) == [1]
        waiting = Call(reader.wait)
        soon()
        log.append(b"y")
        assert waiting.result() is True
        assert lsns(reader) == [2]


def test_wait_at_the_beginning_in_reverse(log: libwal.Log) -> None:
    with log.read(reverse=True) as reader:
        assert reader.wait() is False


def test_interrupt(log: libwal.Log) -> None:
    with log.read() as reader:
        waiting = Call(reader.wait)
        soon()
        reader.interrupt()
        assert waiting.result() is False
        reader.interrupt()
        assert reader.wait() is False, "the next one, where none was under way"
        assert reader.wait(0.01) is False
        log.append(b"x")
        assert reader.wait() is True


def test_close(log: libwal.Log) -> None:
    fill(log, 5)
    reader = log.read()
    assert not reader.closed
    next(reader)
    reader.close()
    reader.close()
    assert reader.closed
    for call in (reader.read_many, reader.wait, lambda: next(reader), lambda: reader.seek(1)):
        with pytest.raises(libwal.ClosedError):
            call()


def test_the_log_is_closed_first(log: libwal.Log) -> None:
    fill(log, 5)
    reader = log.read()
    log.close()
    with pytest.raises(libwal.ClosedError):
        next(reader)
    with pytest.raises(libwal.ClosedError):
        reader.wait(1)
    reader.close()


def test_closed_with_records_in_hand(log: libwal.Log) -> None:
    """What was fetched ahead isn't given out by a log that is closed."""
    fill(log, 50)
    reader = log.read(form="bytes")
    next(reader)
    log.close()
    with pytest.raises(libwal.ClosedError):
        list(reader)
    reader.close()


@pytest.mark.parametrize("form", ["record", "bytes", "view"])
def test_what_was_cut_off_at_the_end_never_comes(log: libwal.Log, form: str) -> None:
    fill(log, 100)
    reader = log.read(form=form)
    for _ in range(10):
        next(reader)
    log.truncate_after(20)
    log.append_many([b"new"] * 3)
    rest = [bytes(item.data if form == "record" else item) for item in reader]
    assert rest == [payload(lsn) for lsn in range(11, 21)] + [b"new"] * 3
    reader.close()


def test_what_was_read_and_cut_off_goes_on_behind_the_cut(log: libwal.Log) -> None:
    """A reader above the cut was told of records that are no more."""
    fill(log, 100)
    with log.read() as reader:
        for _ in range(50):
            next(reader)
        log.truncate_after(20)
        with pytest.raises(libwal.TrimmedError):
            next(reader)
        with pytest.raises(libwal.TrimmedError):
            reader.read_many()
        reader.seek(15)
        assert lsns(reader) == list(range(15, 21))


def test_what_was_cut_off_at_the_front(log: libwal.Log) -> None:
    fill(log, 100)
    with log.read() as reader:
        next(reader)
        log.truncate_before(50)
        with pytest.raises(libwal.TrimmedError) as error:
            next(reader)
        assert error.value.name == "WAL_E_TRIMMED"
        reader.seek(log.first_lsn)
        assert next(reader).lsn == 50


def test_replaced_records_come_new(log: libwal.Log) -> None:
    fill(log, 50)
    with log.read(form="bytes") as reader:
        next(reader)
        log.replace_after(1, [b"new two", b"new three"])
        assert list(reader) == [b"new two", b"new three"]


def test_reset_takes_the_place(log: libwal.Log) -> None:
    fill(log, 50)
    with log.read() as reader:
        next(reader)
        log.reset(1000)
        with pytest.raises(libwal.TrimmedError):
            next(reader)


def test_pin(path: Path) -> None:
    options = {"segment_records": 10, "retain_segments": 1, "sync": "none"}
    with libwal.open(path, **options) as log:
        pinned = log.read(pin=True)
        for number in range(1, 101):
            log.append(b"%d" % number, sync=number % 10 == 0)
        assert log.first_lsn == 1
        assert list(record.lsn for record in pinned) == list(range(1, 101))
        pinned.close()
        for _ in range(10):
            log.append(b"x", sync=True)
        log.rotate()
        assert log.first_lsn > 1


def test_pins_that_make_no_sense(log: libwal.Log, path: Path) -> None:
    with pytest.raises(libwal.InvalidError):
        log.read(pin=True, reverse=True)
    with libwal.open(path, "r") as other, pytest.raises(libwal.ReadOnlyError):
        other.read(pin=True)


def test_a_generic_class() -> None:
    assert libwal.Reader[libwal.Record].__origin__ is libwal.Reader


def test_many_readers(log: libwal.Log) -> None:
    fill(log, 20)
    readers = [log.read() for _ in range(50)]
    assert all(list(record.lsn for record in reader) == list(range(1, 21)) for reader in readers)
    log.close()
    for reader in readers:
        reader.close()


def test_records_of_all_sizes(path: Path) -> None:
    sizes = [0, 1, 15, 4096, 65536, 1_000_000, 3_000_000, 0, 7]
    with libwal.open(path, segment_bytes="1M", sync="none") as log:
        for size in sizes:
            log.append(bytes([size % 251]) * size)
        log.sync()
        assert [len(data) for data in log.read(form="bytes")] == sizes
        assert [len(data) for data in log.read(form="bytes", reverse=True)] == sizes[::-1]
        assert [len(log[lsn]) for lsn in range(1, 10)] == sizes


def test_replay(log: libwal.Log) -> None:
    fill(log, 10)
    seen: list[libwal.Record] = []
    assert log.replay(seen.append) == 10
    assert [record.data for record in seen] == [payload(lsn) for lsn in range(1, 11)]
    assert log.replay(lambda record: record.lsn == 4, 2) == 4
    assert log.replay(lambda record: None, 11) == 0
    log.checkpoint(7)
    seen.clear()
    assert log.replay(seen.append) == 10
    assert [record.lsn for record in seen] == [8, 9, 10]
    with pytest.raises(libwal.RangeError):
        log.replay(seen.append, 12)


def test_an_exception_ends_a_replay(log: libwal.Log) -> None:
    fill(log, 3)
    with pytest.raises(ZeroDivisionError):
        log.replay(lambda record: 0 // (2 - record.lsn))
    assert log.append(b"still fine") == 4


def test_replay_wants_a_callable(log: libwal.Log) -> None:
    with pytest.raises(TypeError):
        log.replay(5)


def test_replay_with_threads(path: Path) -> None:
    with libwal.open(path, read_threads=4, sync="none", segment_records=50) as log:
        for number in range(500):
            log.append(b"%d" % number)
        log.sync()
        seen: list[bytes] = []
        assert log.replay(lambda record: seen.append(record.data)) == 500
        assert seen == [b"%d" % number for number in range(500)]
