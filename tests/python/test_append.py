# SPDX-License-Identifier: Apache-2.0
"""Records in: what counts as data, types, flags, many at once."""
# mypy: disable-error-code="arg-type, call-arg, list-item"

import array
import ctypes
import mmap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import libwal
from support import contents


@pytest.mark.parametrize(
    "make",
    [
        bytes,
        bytearray,
        memoryview,
        lambda data: memoryview(bytearray(data)),
        lambda data: memoryview(b"xx" + data)[2:],
        lambda data: array.array("B", data),
        lambda data: (ctypes.c_char * len(data))(*data),
    ],
)
def test_data_are_whatever_has_bytes(log: libwal.Log, make: Callable[[bytes], bytes]) -> None:
    assert log.append(make(b"hello")) == 1
    assert log.append_many([make(b"many")]) == 2
    with log.batch() as batch:
        batch.append(make(b"batch"))
    assert [log[lsn] for lsn in (1, 2, 3)] == [b"hello", b"many", b"batch"]
    assert all(type(log[lsn]) is bytes for lsn in (1, 2, 3))


def test_wide_items_are_their_bytes(log: libwal.Log) -> None:
    numbers = array.array("d", [1.5, 2.5])
    assert log[log.append(numbers)] == numbers.tobytes()
    square = memoryview(bytes(range(12))).cast("B", (3, 4))
    assert log[log.append(square)] == bytes(range(12))


def test_mapped_memory(log: libwal.Log) -> None:
    with mmap.mmap(-1, 8192) as memory:
        memory[:5] = b"hello"
        lsn = log.append(memory)
        memory[:5] = b"later"
    assert log[lsn] == b"hello" + bytes(8187)


def test_memory_with_gaps_is_refused(log: libwal.Log) -> None:
    gaps = memoryview(b"abcdef")[::2]
    for call in (log.append, lambda data: log.append_many([data]), log.batch().append):
        with pytest.raises(BufferError):
            call(gaps)
    assert len(log) == 0


@pytest.mark.parametrize("data", ["text", 5, None, [b"x"], 1.5, object(), (1, 2)])
def test_other_data_are_refused(log: libwal.Log, data: object) -> None:
    batch = log.batch()
    for call in (log.append, lambda data: log.append_many([b"a", data]), batch.append):
        with pytest.raises(TypeError):
            call(data)
    with pytest.raises(TypeError):
        batch.append_many([b"a", data])
    assert len(log) == 0 and len(batch) == 0, "all of a call or nothing"


def test_a_string_is_no_list_of_payloads(log: libwal.Log) -> None:
    with pytest.raises(TypeError):
        log.append_many("abc")


def test_bytes_are_no_list_of_payloads(log: libwal.Log) -> None:
    """They iterate as numbers, none of which is a payload."""
    with pytest.raises(TypeError):
        log.append_many(b"abc")
    assert len(log) == 0


def test_empty_records(log: libwal.Log) -> None:
    assert log.append(b"") == 1
    assert log.append_many([b"", b"x", bytearray()]) == 2
    assert contents(log) == [(1, b""), (2, b""), (3, b"x"), (4, b"")]
    assert log.get(1, b"none") == b""


def test_types(log: libwal.Log) -> None:
    log.append(b"a", 65535)
    log.append(b"b", type=7)
    log.append_many([b"c", b"d"], 9)
    log.append_many([b"e", b"f"], [1, 2])
    log.append_many([b"g", b"h"], types=iter((3, 4)))
    assert [record.type for record in log] == [65535, 7, 9, 9, 1, 2, 3, 4]


@pytest.mark.parametrize("type", [65536, -1, 2**32, 2**64, 10**30])
def test_types_out_of_range(log: libwal.Log, type: int) -> None:
    for call in (
        lambda: log.append(b"x", type),
        lambda: log.append_many([b"x"], type),
        lambda: log.append_many([b"x", b"y"], [0, type]),
        lambda: log.batch().append(b"x", type),
        lambda: log.batch().append_many([b"x"], [type]),
        lambda: libwal.encode([b"x"], type),
    ):
        with pytest.raises((ValueError, OverflowError)):
            call()
    assert len(log) == 0


@pytest.mark.parametrize("types", ["a", 1.5, None, [None], ["0"], object()])
def test_types_of_a_wrong_type(log: libwal.Log, types: object) -> None:
    for call in (log.append_many, log.batch().append_many, libwal.encode):
        with pytest.raises(TypeError):
            call([b"x"], types)
    assert len(log) == 0


@pytest.mark.parametrize("types", [[], [1], [1, 2, 3]])
def test_as_many_types_as_payloads(log: libwal.Log, types: list[int]) -> None:
    batch = log.batch()
    for call in (log.append_many, batch.append_many, libwal.encode):
        with pytest.raises(ValueError):
            call([b"x", b"y"], types)
    assert len(log) == 0 and len(batch) == 0


def test_iterables(log: libwal.Log) -> None:
    def generator() -> Iterator[bytes]:
        for number in range(1000):
            yield b"%d" % number

    assert log.append_many(generator()) == 1
    assert log.append_many((b"a", b"b")) == 1001
    assert log.append_many({b"c": 1}) == 1003
    assert log.append_many(map(bytes, [[1], [2]])) == 1004
    assert len(log) == 1005
    assert log[1000] == b"999"


def test_append_many_is_one_batch(log: libwal.Log) -> None:
    log.append_many([b"a", b"b", b"c"])
    log.append(b"d")
    assert [record.batch_last for record in log] == [False, False, True, True]


def test_nothing_to_append(log: libwal.Log) -> None:
    for call in (log.append_many, libwal.encode):
        with pytest.raises(libwal.InvalidError):
            call([])


def test_a_generator_that_fails_appends_nothing(log: libwal.Log) -> None:
    def generator() -> Iterator[bytes]:
        yield b"a"
        raise ZeroDivisionError

    batch = log.batch()
    for call in (log.append_many, batch.append_many):
        with pytest.raises(ZeroDivisionError):
            call(generator())
    with pytest.raises(ZeroDivisionError):
        log.append_many([b"a", b"b"], (1 // number for number in (1, 0)))
    assert len(log) == 0 and len(batch) == 0


def test_a_generator_that_appends(log: libwal.Log) -> None:
    """What it appends comes before what it yields."""

    def generator() -> Iterator[bytes]:
        log.append(b"inner")
        yield b"outer"

    assert log.append_many(generator()) == 2
    assert contents(log) == [(1, b"inner"), (2, b"outer")]


def test_sync_at_will(path: Path) -> None:
    with libwal.open(path, sync="none") as log:
        log.append(b"a")
        assert log.durable_lsn == 0
        log.append(b"b", sync=True)
        assert log.durable_lsn == 2
        log.append_many([b"c"], sync=True)
        assert log.durable_lsn == 3
        log.append_many([b"d"], sync=False)
        assert log.durable_lsn == 3


def test_async_in_a_durable_log(log: libwal.Log) -> None:
    log.append(b"a", sync=False)
    assert log.durable_lsn == 0
    log.append(b"b")
    assert log.durable_lsn == 2, "a commit takes along what was buffered"


def test_submit(log: libwal.Log) -> None:
    first = log.append(b"a", submit=True)
    last = log.append_many([b"b", b"c"], submit=True)
    assert (first, last) == (1, 2)
    log.wait(3, 60)
    assert log.durable_lsn == 3


def test_flags_that_exclude_each_other(log: libwal.Log) -> None:
    for sync in (True, False):
        with pytest.raises(libwal.InvalidError):
            log.append(b"x", sync=sync, submit=True)
    assert len(log) == 0


def test_flags_are_keywords(log: libwal.Log) -> None:
    with pytest.raises(TypeError):
        log.append(b"x", 0, True)
    with pytest.raises(TypeError):
        log.append(b"x", durable=True)
    with pytest.raises(TypeError):
        log.append()


def test_nowait(path: Path) -> None:
    """With room for one record in memory the next one would have to wait for its writing."""
    options = {"pending_bytes": 65536, "max_record_bytes": 65536, "sync": "none"}
    with libwal.open(path, **options) as log:
        assert log.append(b"x", nowait=True) == 1
        written = refused = 0
        while refused == 0 and written < 1000:
            try:
                log.append(bytes(65536), sync=False, nowait=True)
                written += 1
            except libwal.BusyError:
                refused += 1
        assert len(log) == 1 + written


def test_what_is_too_big(path: Path) -> None:
    with libwal.open(path, max_record_bytes=100) as log:
        batch = log.batch()
        log.append(bytes(100))
        for call in (log.append, lambda data: log.append_many([b"a", data]), batch.append):
            with pytest.raises(libwal.TooBigError):
                call(bytes(101))
        assert len(log) == 1 and len(batch) == 0
        assert log.append(b"next") == 2


def test_the_data_are_copied(log: libwal.Log) -> None:
    data = bytearray(b"before")
    lsn = log.append(data, sync=False)
    data[:] = b"after!"
    data.extend(b"longer now")
    assert log[lsn] == b"before"


def test_a_batch_takes_copies(log: libwal.Log) -> None:
    data = bytearray(b"before")
    with log.batch() as batch:
        batch.append(data)
        data.extend(b"longer now")
    assert log[1] == b"before"


def test_lsn_is_what_comes_back(log: libwal.Log) -> None:
    assert [log.append(b"x") for _ in range(5)] == [1, 2, 3, 4, 5]
    assert type(log.append(b"x")) is int
