# SPDX-License-Identifier: Apache-2.0
"""Readers that fetch ahead and show memory, against truncations, garbage collections and threads
that look at them."""

import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

import libwal
from support import Call, fill, soon


def again(log: libwal.Log, last: int) -> None:
    """Cuts behind a record, and fills up with others."""
    log.truncate_after(last)
    log.append_many([b"new"] * 100, sync=True)


def test_cut_twice_while_it_is_set_back(log: libwal.Log) -> None:
    fill(log, 100)
    with log.read() as reader:
        assert [next(reader).lsn for _ in range(50)][-1] == 50
        log.truncate_after(50)  # leaves its place, 51
        again(log, 30)
        with pytest.raises(libwal.TrimmedError):
            next(reader)
        reader.seek(31)
        assert next(reader).data == b"new"


@pytest.mark.parametrize("reverse", [False, True])
def test_cut_while_its_memory_is_shown(log: libwal.Log, reverse: bool) -> None:
    fill(log, 100)
    reader = log.read(60 if reverse else None, form="view", reverse=reverse)
    views = reader.read_many(5) if reverse else [next(reader) for _ in range(100)]
    again(log, 30)
    with pytest.raises(libwal.TrimmedError):
        next(reader)
    assert len({view.lsn for view in views}) == len(views)


def test_a_cut_behind_its_bound_is_none(log: libwal.Log) -> None:
    fill(log, 100)
    with log.read(1, 51) as reader:
        assert len([*reader]) == 50
        again(log, 30)
        assert [*reader] == []


def test_seek_that_fails_leaves_it_where_it_was(log: libwal.Log) -> None:
    payloads = fill(log, 100)
    with log.read(form="bytes") as reader:
        next(reader)
        with pytest.raises(libwal.RangeError):
            reader.seek(1000)
        assert reader.position == 2
        assert [*reader] == payloads[1:]


def test_position_while_it_waits(log: libwal.Log) -> None:
    fill(log, 3)
    with log.tail(2) as tail:
        assert [next(tail).lsn, next(tail).lsn] == [2, 3]
        waiting = Call(tail.__next__)
        soon()
        assert tail.position == 4 and "next LSN 4" in repr(tail)
        log.append(b"x")
        assert waiting.result().lsn == 4


@contextmanager
def collection(act: Callable[[], object]) -> Iterator[None]:
    """A cycle whose death does something lies about, and each new object collects garbage (where
    the interpreter does that at once: up to 3.11)."""

    class Dying:
        def __init__(self) -> None:
            self.me = self

        def __del__(self) -> None:
            act()

    thresholds = gc.get_threshold()
    gc.disable()
    Dying()
    gc.set_threshold(1)
    gc.enable()
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.collect()


def test_closed_by_a_collection_between_two_views(log: libwal.Log) -> None:
    payloads = fill(log, 100)
    reader = log.read(form="view")
    seen = [next(reader)]
    with collection(reader.close):
        try:
            seen += reader
        except libwal.ClosedError:
            pass
    assert [bytes(view) for view in seen] == payloads[: len(seen)]


@pytest.mark.parametrize("form", ["bytes", "view"])
def test_read_by_a_collection_within_read_many(log: libwal.Log, form: str) -> None:
    payloads = fill(log, 100)
    reader = log.read(form=form)  # type: ignore[call-overload]
    seen = [next(reader)]
    with collection(lambda: seen.extend(reader.read_many(20))):
        seen.extend(reader.read_many(10))
    seen.extend(reader)
    assert sorted(map(bytes, seen)) == sorted(payloads)


def test_cut_by_a_collection_between_two_views(log: libwal.Log) -> None:
    payloads = fill(log, 100)
    reader = log.read(form="view")
    seen = [next(reader)]
    with collection(lambda: again(log, 50)):
        seen += reader.read_many(10)
    seen += reader
    data = [bytes(view) for view in seen]
    assert data == payloads[:50] + [b"new"] * 100, sys.version
