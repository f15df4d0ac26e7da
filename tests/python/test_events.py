# SPDX-License-Identifier: Apache-2.0
"""Events: what a log does, from a queue."""
# mypy: disable-error-code="arg-type"

import select
import time
from pathlib import Path

import pytest

import libwal
from support import Call, corrupt_payload, fill, soon


def kinds(events: libwal.Events) -> list[str]:
    return [event.kind for event in events]


def test_rotation(log: libwal.Log) -> None:
    with log.events("rotated", "persisted") as events:
        assert list(events) == []
        before = time.time_ns()
        log.append(b"a")
        log.rotate()
        got = list(events)
        assert sorted(event.kind for event in got) == ["persisted", "rotated"]
        (rotated,) = [event for event in got if event.kind == "rotated"]
        assert (rotated.lsn, rotated.segment, rotated.code, rotated.dropped) == (2, 2, 0, 0)
        assert before - 10**9 < rotated.time_ns < time.time_ns() + 10**9
        assert type(rotated) is libwal.Event
        log.append(b"b")
        log.rotate()
        assert len(kinds(events)) == 2, "iteration goes on with what came since"


def test_durable(log: libwal.Log) -> None:
    with log.events("durable") as events:
        log.append(b"a")
        log.append(b"b")
        (event,) = events
        assert (event.kind, event.lsn) == ("durable", 2)
        log.append(b"c")
        assert [event.lsn for event in events] == [3]


def test_synced(log: libwal.Log) -> None:
    with log.events("synced") as events:
        log.append(b"abc")
        (event,) = events
        assert event.lsn == 1 and event.bytes > 0 and event.segment == 1


def test_truncated_and_removed(log: libwal.Log) -> None:
    with log.events("truncated", "removed") as events:
        fill(log, 5)
        log.rotate()
        fill(log, 5)
        log.truncate_before(7)
        log.truncate_after(8)
        got = list(events)
        cuts = [event.lsn for event in got if event.kind == "truncated"]
        assert cuts == [7, 8]
        assert "removed" in [event.kind for event in got]


def test_corrupt(path: Path) -> None:
    with libwal.open(path) as log:
        log.append(b"precious " * 20)
        log.append(b"end")
        log.rotate()
    corrupt_payload(path, b"precious " * 20)
    with libwal.open(path) as log, log.events("corrupt") as events:
        with pytest.raises(libwal.CorruptError):
            log[1]
        (event,) = events
        assert (event.kind, event.lsn, event.code) == ("corrupt", 1, -8)
        assert event.segment == 1 and event.bytes > 0


def test_slow_sync(path: Path) -> None:
    with libwal.open(path, slow_sync_us=1) as log, log.events("slow_sync") as events:
        log.append(b"x")
        (event,) = events
        assert event.duration_ns > 1000


def test_all_kinds(log: libwal.Log) -> None:
    with log.events() as events:
        log.append(b"a")
        log.rotate()
        got = set(kinds(events))
        assert {"synced", "rotated", "persisted", "durable"} <= got
        assert "opened" not in got


@pytest.mark.parametrize("kind", ["", "Rotated", "sync", "rotated "])
def test_unknown_kinds(log: libwal.Log, kind: str) -> None:
    with pytest.raises(ValueError):
        log.events(kind)


def test_kinds_of_a_wrong_type(log: libwal.Log) -> None:
    for kind in (5, None, b"rotated", ["rotated"]):
        with pytest.raises(TypeError):
            log.events(kind)


def test_descriptor(log: libwal.Log) -> None:
    def readable() -> bool:
        return bool(select.select([events.fileno()], [], [], 0)[0])

    with log.events("durable") as events:
        assert not readable()
        log.append(b"x")
        assert readable()
        list(events)
        assert not readable()
        poll = select.poll()
        poll.register(events, select.POLLIN)
        log.append(b"y")
        assert [number for number, _ in poll.poll(60_000)] == [events.fileno()]


def test_wait(log: libwal.Log) -> None:
    with log.events("durable") as events:
        assert events.wait(0) is False
        assert events.wait(0.01) is False
        waiting = Call(events.wait)
        soon()
        log.append(b"x")
        assert waiting.result() is True
        assert events.wait(0) is True
        assert len(list(events)) == 1
        assert events.wait(0) is False


def test_the_ring_is_bounded(path: Path) -> None:
    with libwal.open(path, event_ring=4) as log, log.events("synced") as events:
        for _ in range(10):
            log.append(b"x")
        got = list(events)
        assert [event.lsn for event in got] == [7, 8, 9, 10]
        assert got[0].dropped == 6 and got[1].dropped == 0


def test_several_queues(log: libwal.Log) -> None:
    with log.events("durable") as one, log.events("durable") as two, log.events("rotated") as other:
        log.append(b"x")
        assert kinds(one) == kinds(two) == ["durable"]
        assert kinds(other) == []


def test_close(log: libwal.Log) -> None:
    events = log.events()
    events.close()
    events.close()
    for call in (events.fileno, events.wait, lambda: next(events)):
        with pytest.raises(libwal.ClosedError):
            call()


def test_after_the_close_of_the_log(log: libwal.Log) -> None:
    events = log.events("synced", "persisted")
    log.append(b"x")
    log.close()
    got = []
    with pytest.raises(libwal.ClosedError):
        for event in events:
            got.append(event.kind)
    assert got[0] == "synced"
    events.close()


def test_close_of_the_log_wakes(log: libwal.Log) -> None:
    events = log.events("rotated")
    waiting = Call(events.wait)
    soon()
    log.close()
    try:
        waiting.result()
    except libwal.ClosedError:
        pass
    with pytest.raises(libwal.ClosedError):
        list(events)
    events.close()


def test_read_only(path: Path) -> None:
    with libwal.open(path) as log, libwal.open(path, "r") as other, other.events() as events:
        log.append(b"x")
        assert events.wait(60) is True
        assert ("durable", 1) in [(event.kind, event.lsn) for event in events]
        with other.events("rotated") as more:
            log.rotate()
            assert list(more) == [], "a read-only log tells of few kinds"
