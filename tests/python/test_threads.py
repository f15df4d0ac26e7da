# SPDX-License-Identifier: Apache-2.0
"""Many threads on one log, and one that closes it while the others are inside."""
# mypy: disable-error-code="call-overload, misc"

import itertools
import random
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

import libwal
from support import Call, contents, fill, soon, until

THREADS = 16


def together(functions: list[Callable[[], object]]) -> None:
    """Runs them all at once; the first exception is raised here."""
    for call in [Call(function) for function in functions]:
        call.result()


def test_appending(log: libwal.Log) -> None:
    given: list[dict[int, bytes]] = [{} for _ in range(THREADS)]

    def work(name: int) -> None:
        for number in range(25):
            data = b"%d %d" % (name, number)
            given[name][log.append(data)] = data

    together([lambda name=name: work(name) for name in range(THREADS)])
    assert dict(contents(log)) == {lsn: data for own in given for lsn, data in own.items()}
    assert len(log) == THREADS * 25
    for own in given:
        assert list(own) == sorted(own), "a thread's calls keep their order"


def test_batches_stay_whole(buffered: libwal.Log) -> None:
    def work(name: int) -> None:
        for number in range(20):
            with buffered.batch() as batch:
                for part in range(5):
                    batch.append(b"%d %d %d" % (name, number, part))

    together([lambda name=name: work(name) for name in range(8)])
    buffered.sync()
    rows = [data.split() for _, data in contents(buffered)]
    assert len(rows) == 800
    for i in range(0, 800, 5):
        assert [row[2] for row in rows[i : i + 5]] == [b"0", b"1", b"2", b"3", b"4"]
        assert len({(row[0], row[1]) for row in rows[i : i + 5]}) == 1


def test_everything_at_once(path: Path) -> None:
    """Each thread does one kind of thing on the log, for as long as others append."""
    stop = threading.Event()
    with libwal.open(path, sync="none", segment_bytes="64K") as log:
        fill(log, 20)

        def loop(call: Callable[[], object]) -> Callable[[], None]:
            def body() -> None:
                while not stop.is_set():
                    call()

            return body

        def write() -> None:
            for number in range(200):
                log.append(b"x" * (number % 400), sync=number % 50 == 49)

        def walk() -> None:
            try:
                lsns = [record.lsn for record in log]
            except libwal.TrimmedError:
                return
            assert lsns == list(range(lsns[0], lsns[0] + len(lsns))) if lsns else True

        def listen() -> None:
            with log.events("rotated", "durable") as events:
                list(events)

        def pick() -> None:
            data = log.get(random.randrange(log.first_lsn, log.next_lsn))
            assert data is None or type(data) is bytes

        def note() -> None:
            log.meta[threading.current_thread().name] = b"x"

        readers = [walk, walk, listen, pick, pick, note, log.meta.copy, log.stats, log.segments,
                   log.info, log.range, lambda: log.truncate_before(max(log.last_lsn - 100, 1))]
        calls = [Call(loop(call)) for call in readers]
        try:
            together([write] * 4)
        finally:
            stop.set()
        for call in calls:
            call.result()
        assert log.last_lsn == 820
    libwal.verify(path)


def test_one_reader_of_each_thread(log: libwal.Log) -> None:
    payloads = fill(log, 300)

    def work() -> None:
        with log.read(form="bytes") as reader:
            assert list(reader) == payloads

    together([work] * THREADS)


def shared(log: libwal.Log, use: Callable[[], object], enough: int = 300) -> tuple[int, int]:
    """Several threads use one object; how often that went well, and how often it was refused."""
    good, busy = itertools.count(), itertools.count()

    def work() -> None:
        for _ in range(enough):
            try:
                use()
                next(good)
            except libwal.BusyError:
                next(busy)

    together([work] * 4)
    return next(good), next(busy)


def test_threads_share_a_reader(log: libwal.Log) -> None:
    """Each record comes once, or the call is refused: never twice, never a wrong one."""
    fill(log, 2000)
    seen: list[int] = []
    with log.read() as reader:
        good, busy = shared(log, lambda: seen.append(next(reader).lsn))
    assert good + busy == 1200 and len(seen) == good
    assert sorted(seen) == list(range(1, good + 1))


def test_a_reader_that_waits_is_busy(log: libwal.Log) -> None:
    with log.tail() as tail:
        waiting = Call(next, tail)
        soon()
        for call in (lambda: next(tail), tail.read_many, tail.wait, tail.close,
                     lambda: tail.seek(1)):
            with pytest.raises(libwal.BusyError):
                call()
        log.append(b"x")
        assert waiting.result().lsn == 1


def test_events_that_wait_are_busy(log: libwal.Log) -> None:
    with log.events("durable") as events:
        waiting = Call(events.wait)
        soon()
        for call in (lambda: next(events), lambda: events.wait(0), events.close):
            with pytest.raises(libwal.BusyError):
                call()
        log.append(b"x")
        assert waiting.result() is True
        assert next(events).lsn == 1


def test_threads_share_a_batch(log: libwal.Log) -> None:
    batch = log.batch()
    good, busy = shared(log, lambda: batch.append(b"x"))
    assert good + busy == 1200 and len(batch) == good
    batch.close()


def test_threads_share_events(log: libwal.Log) -> None:
    with log.events("synced") as events:
        for _ in range(100):
            log.append(b"x")
        seen: list[int] = []
        shared(log, lambda: seen.extend(event.lsn for event in events), 50)
        seen += [event.lsn for event in events]
    assert sorted(seen) == list(range(1, 101))


INSIDE: dict[str, Callable[[libwal.Log], object]] = {
    "append": lambda log: log.append(b"x" * 100),
    "append buffered": lambda log: log.append(b"x" * 100, sync=False),
    "append_many": lambda log: log.append_many([b"x"] * 20),
    "wait": lambda log: log.wait(10**9),
    "wait some": lambda log: log.wait(10**9, 60),
    "tail": lambda log: list(log.tail()),
    "reader.wait": lambda log: log.read(log.next_lsn).wait(),
    "events.wait": lambda log: log.events("opened").wait(),
    "sync": lambda log: log.sync(),
    "read": lambda log: list(log.read()),
    "views": lambda log: [bytes(view) for view in log.read(form="view")],
    "get": lambda log: log.get(1),
    "meta": lambda log: log.meta.__setitem__("k", b"v"),
    "replay": lambda log: log.replay(lambda record: None, log.first_lsn),
    "rotate": lambda log: log.rotate(),
    "truncate": lambda log: log.truncate_after(max(log.last_lsn, 1)),
    "checkpoint": lambda log: log.checkpoint(1),
    "batch": lambda log: batch(log),
    "segments": lambda log: (log.segments(), log.info(), log.stats(), log.range()),
}
WAITS = ("wait", "wait some", "tail", "reader.wait", "events.wait")


def batch(log: libwal.Log) -> None:
    with log.batch() as made:
        made.append_many([b"x"] * 5)


@pytest.mark.parametrize("name", INSIDE)
def test_closed_while_others_are_inside(path: Path, name: str) -> None:
    """Each of them ends, with ClosedError or well; the log is right."""
    log = libwal.open(path)
    fill(log, 200)

    def work() -> None:
        while True:
            INSIDE[name](log)

    calls = [Call(work) for _ in range(3)]
    soon()
    log.close()
    assert log.closed
    for call in calls:
        call.join()
        assert isinstance(call.error, libwal.ClosedError), (name, call.error)
    with libwal.open(path) as log:
        assert len(log) >= 200


def test_closed_by_many(path: Path) -> None:
    for _ in range(10):
        log = libwal.open(path, sync="none")
        log.append(b"x")
        together([log.close] * 8)
        assert log.closed
    libwal.open(path).close()


@pytest.mark.parametrize("name", WAITS)
def test_others_run_while_one_waits(log: libwal.Log, name: str) -> None:
    """A call that waits holds no lock of the interpreter's."""
    log.append(b"x")
    waiting = Call(INSIDE[name], log)
    ticks = itertools.count()
    until(lambda: next(ticks) > 20)
    assert waiting.running
    log.append(b"this one gets through")
    log.close()
    waiting.join()


def test_objects_die_on_other_threads(log: libwal.Log) -> None:
    fill(log, 50)

    def make() -> list[object]:
        return [log.read(), log.batch(), log.events(), next(log.read(form="view")), log.meta]

    for _ in range(20):
        made = Call(make).result()
        next(made[0])
        Call(made.clear).result()
    assert len(log) == 50
