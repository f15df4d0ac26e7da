# SPDX-License-Identifier: Apache-2.0
"""Nothing is left behind by any call, whether it goes well or not. LIBWAL_LEAK_CALLS is how many
calls are made of each kind that costs little, 100000 unless it is set; fewer of the others."""
# mypy: disable-error-code="arg-type, call-arg, call-overload, func-returns-value, index, list-item"

import gc
import os
import sys
import warnings
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import libwal
from support import fill, run_child

CALLS = int(os.environ.get("LIBWAL_LEAK_CALLS", "100000"))
RECORDS = 200
WARM_UP = 50
SLACK_BLOCKS = 500
SLACK_BYTES = 12 << 20
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")

DATA = b"some data that nobody else has"
LIST = [DATA] * 10


class World:
    """A log with records and what belongs to it, for the calls to use."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.log = libwal.open(path, sync="none", index_bytes="4K", segment_bytes="64K")
        fill(self.log, RECORDS)
        self.log.rotate()  # a sealed segment, which drain() asks about
        self.log.meta["key"] = b"value"
        self.log.checkpoint(10, b"state")
        self.reader = self.log.read()
        self.batch = self.log.batch()
        self.events = self.log.events("rotated")
        self.closed = self.log.read()
        self.closed.close()
        self.record = libwal.Record(1, DATA, 3, tag=DATA)
        self.form = libwal.encode(LIST, 7)

    def close(self) -> None:
        for thing in (self.reader, self.batch, self.events, self.log):
            thing.close()


def walk(reader: "libwal.Reader[libwal.Record]") -> None:
    reader.seek(1)
    for _ in reader:
        pass


def stopped(payloads: list[bytes]) -> Iterator[bytes]:
    yield from payloads
    raise ZeroDivisionError


def with_batch(w: World) -> None:
    with w.log.batch() as batch:
        batch.append(DATA)
        batch.set_tag(b"tag")


def views(w: World) -> None:
    with w.log.read(form="view") as reader:
        memories = [memoryview(view) for view in reader.read_many(20)]
        for memory in memories:
            memory.release()


def reopen(w: World) -> None:
    with libwal.open(w.path, "r") as log:
        log.record(1)


def two_ends(w: World) -> None:
    next(w.log.read())


# Cost: of so many calls one is made. 1: a fraction of a microsecond.
GOOD: dict[str, tuple[int, Callable[[World], object]]] = {
    "append": (2, lambda w: w.log.append(DATA)),
    "append typed": (3, lambda w: w.log.append(bytearray(DATA), 3, sync=False, nowait=True)),
    "append_many": (20, lambda w: w.log.append_many(LIST)),
    "append_many types": (40, lambda w: w.log.append_many(iter(LIST), range(10))),
    "append sync": (2000, lambda w: w.log.append(DATA, sync=True)),
    "replace_after": (2000, lambda w: w.log.replace_after(w.log.last_lsn, LIST)),
    "index": (2, lambda w: w.log[5]),
    "get": (2, lambda w: w.log.get(6)),
    "get default": (1, lambda w: w.log.get(10**9, DATA)),
    "record": (2, lambda w: w.log.record(7)),
    "contains": (1, lambda w: 5 in w.log),
    "len": (1, lambda w: len(w.log)),
    "getters": (5, lambda w: (w.log.first_lsn, w.log.last_lsn, w.log.path, w.log.closed)),
    "range": (2, lambda w: w.log.range()),
    "recovery": (5, lambda w: w.log.recovery),
    "failure": (1, lambda w: w.log.failure),
    "info": (200, lambda w: w.log.info()),
    "segments": (20, lambda w: w.log.segments()),
    "stats": (10, lambda w: w.log.stats()),
    "histogram": (10, lambda w: w.log.histogram("sync_ns")),
    "disk_bytes": (20, lambda w: w.log.disk_bytes),
    "repr": (5, lambda w: (repr(w.log), repr(w.record), repr(w.reader), repr(w.log.meta))),
    "flush": (20, lambda w: w.log.flush()),
    "sync": (20, lambda w: w.log.sync()),
    "wait": (5, lambda w: w.log.wait(5)),
    "read": (100, two_ends),
    "walk": (200, lambda w: walk(w.reader)),
    "seek": (20, lambda w: w.reader.seek(3)),
    "position": (1, lambda w: w.reader.position),
    "read_many": (100, lambda w: (w.reader.seek(1), w.reader.read_many(50))),
    "reader.wait": (20, lambda w: (w.reader.seek(1), w.reader.wait(0))),
    "bytes": (200, lambda w: list(w.log.read(1, 50, form="bytes"))),
    "reverse": (200, lambda w: list(w.log.read(50, reverse=True))),
    "views": (200, views),
    "tail": (200, lambda w: w.log.tail(1, 0).read_many(5)),
    "replay": (1000, lambda w: w.log.replay(lambda record: None, 1)),
    "batch": (20, with_batch),
    "batch.append": (10, lambda w: (w.batch.append(DATA), w.batch.abort())),
    "batch.append_many": (10, lambda w: (w.batch.append_many(LIST, 1), w.batch.abort())),
    "batch.set_meta": (10, lambda w: (w.batch.set_meta("k", DATA), w.batch.abort())),
    "batch getters": (2, lambda w: (w.batch.first_lsn, w.batch.payload_bytes, len(w.batch))),
    "meta get": (5, lambda w: w.log.meta["key"]),
    "meta contains": (5, lambda w: "other" in w.log.meta),
    "meta list": (10, lambda w: (list(w.log.meta), w.log.meta.copy(), len(w.log.meta))),
    "meta set": (2000, lambda w: w.log.meta.__setitem__("key", DATA)),
    "last_tag": (10, lambda w: w.log.last_tag()),
    "last_checkpoint": (10, lambda w: w.log.last_checkpoint()),
    "segment_checkpoint": (10, lambda w: w.log.segment_checkpoint(1)),
    "checkpoint": (2000, lambda w: w.log.checkpoint(10, DATA)),
    "drain": (100, lambda w: w.log.drain(lambda segment: False)),
    "truncate_before": (5, lambda w: w.log.truncate_before(1)),
    "events": (200, lambda w: w.log.events("rotated", "synced").close()),
    "events queue": (5, lambda w: (list(w.events), w.events.wait(0), w.events.fileno())),
    "open": (1000, reopen),
    "verify": (2000, lambda w: libwal.verify(w.path, lambda done, total: None)),
    "salvage": (2000, lambda w: libwal.salvage(w.path)),
    "lock_holder": (100, lambda w: libwal.lock_holder(w.path)),
    "encode": (5, lambda w: libwal.encode(LIST, 7)),
    "decode": (5, lambda w: libwal.decode(w.form)),
    "options": (10, lambda w: (libwal.options(), libwal.version())),
    "Record": (2, lambda w: libwal.Record(1, DATA, 3, tag=DATA)),
    "record values": (5, lambda w: (hash(w.record), w.record == w.record, w.record.__reduce__())),
    "record getters": (2, lambda w: (w.record.lsn, w.record.data, w.record.tag, w.record.type)),
}

BAD: dict[str, tuple[int, Callable[[World], object]]] = {
    "append str": (2, lambda w: w.log.append("text")),
    "append type": (5, lambda w: w.log.append(DATA, 65536)),
    "append flags": (5, lambda w: w.log.append(DATA, sync=True, submit=True)),
    "append gaps": (5, lambda w: w.log.append(memoryview(DATA)[::2])),
    "append keyword": (5, lambda w: w.log.append(DATA, other=1)),
    "append_many str": (5, lambda w: w.log.append_many([*LIST, "text"])),
    "append_many types": (5, lambda w: w.log.append_many(LIST, [1, 2])),
    "append_many generator": (10, lambda w: w.log.append_many(stopped(LIST))),
    "batch generator": (10, lambda w: w.batch.append_many(stopped(LIST))),
    "replace_after": (10, lambda w: w.log.replace_after(10**12, LIST)),
    "index": (5, lambda w: w.log[10**12]),
    "index below": (5, lambda w: w.log[-1]),
    "index huge": (5, lambda w: w.log[10**30]),
    "index str": (5, lambda w: w.log["1"]),
    "record": (5, lambda w: w.log.record(10**12)),
    "read": (10, lambda w: w.log.read(10**12)),
    "read form": (10, lambda w: w.log.read(form="text")),
    "wait": (20, lambda w: w.log.wait(10**12, 0)),
    "closed reader": (5, lambda w: w.closed.read_many()),
    "seek": (10, lambda w: w.reader.seek(10**12)),
    "replay": (100, lambda w: w.log.replay(lambda record: 1 // 0, 1)),
    "meta": (5, lambda w: w.log.meta["missing"]),
    "meta type": (5, lambda w: w.log.meta[5]),
    "meta set": (5, lambda w: w.log.meta.__setitem__("", DATA)),
    "checkpoint": (10, lambda w: w.log.checkpoint(10**12, DATA)),
    "drain": (100, lambda w: w.log.drain(lambda segment: 1 // 0)),
    "events": (5, lambda w: w.log.events("other")),
    "histogram": (5, lambda w: w.log.histogram("other")),
    "open locked": (200, lambda w: libwal.open(w.path)),
    "open missing": (50, lambda w: libwal.open(w.path / "missing", "r")),
    "open option": (20, lambda w: libwal.open(w.path, other=1)),
    "open value": (20, lambda w: libwal.open(w.path, label=DATA, segment_bytes="x")),
    "open key": (50, lambda w: libwal.open(w.path, key=b"short")),
    "verify": (2000, lambda w: libwal.verify(w.path, lambda done, total: 1 // 0)),
    "lock": (100, lambda w: libwal.Lock(w.path)),
    "decode": (5, lambda w: libwal.decode(DATA * 3)),
    "encode": (5, lambda w: libwal.encode(stopped(LIST))),
    "Record": (5, lambda w: libwal.Record(-1, DATA)),
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    world = World(tmp_path_factory.mktemp("leaks") / "log")
    gc.collect()
    gc.freeze()  # what was there before needn't be looked through again and again
    yield world
    gc.unfreeze()
    world.close()


def resident_bytes() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * PAGE_BYTES


def measure(call: Callable[[World], object], world: World, calls: int) -> tuple[int, int, int]:
    """How much calls leave: blocks of Python's memory, bytes of the process, references to what
    they use."""
    loop(call, world, WARM_UP)
    gc.collect()
    references, resident, blocks = refer(world), resident_bytes(), allocated()
    loop(call, world, calls)
    gc.collect()
    return (
        allocated() - blocks,
        resident_bytes() - resident,
        refer(world) - references,
    )


def refer(w: World) -> int:
    """How many references there are to what the calls use."""
    things = (DATA, LIST, w.log, w.reader, w.batch, w.events, w.closed, w.record, w.form)
    return sum(map(sys.getrefcount, things))


def allocated() -> int:
    return sys.getallocatedblocks()


def loop(call: Callable[[World], object], world: World, calls: int) -> None:
    for _ in range(calls):
        call(world)


def is_bounded(left: tuple[int, int, int], calls: int) -> bool:
    blocks, resident, references = left
    return blocks < min(SLACK_BLOCKS, calls // 2) and resident < SLACK_BYTES and references == 0


def check(call: Callable[[World], object], world: World, cost: int) -> None:
    """What the interpreter makes once, for the first calls, is not there the second time; what
    every call leaves is."""
    calls = max(CALLS // cost, 200)
    world.log.truncate_after(RECORDS)
    first = measure(call, world, calls)
    assert is_bounded(first, calls) or is_bounded(measure(call, world, calls), calls), first


@pytest.mark.parametrize("name", GOOD)
def test_what_goes_well(world: World, name: str) -> None:
    cost, call = GOOD[name]
    check(call, world, cost)


@pytest.mark.parametrize("name", BAD)
def test_what_is_refused(world: World, name: str) -> None:
    cost, call = BAD[name]

    def refused(world: World) -> None:
        try:
            call(world)
        except Exception:
            return
        pytest.fail("it was not refused")

    check(refused, world, cost)


def test_a_log_that_is_leaked(path: Path) -> None:
    """It is told of, and closed: the next one can open it."""
    log = libwal.open(path, sync="none")
    log.append(b"x")
    with pytest.warns(ResourceWarning, match="log"):
        del log
        gc.collect()
    with libwal.open(path) as log:
        assert log[1] == b"x"


def test_other_things_close_themselves(log: libwal.Log) -> None:
    fill(log, 5)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for record in log:
            break
        next(log.read(form="view"))
        log.batch()
        list(log.events())
        gc.collect()


class Machine:
    """One that knows its log, as a program's would."""

    log: libwal.Log | None = None

    def apply(self, record: libwal.Record) -> None:
        pass

    def snapshot(self) -> bytes:
        return b""

    def restore(self, lsn: int, state: bytes) -> None:
        pass


@pytest.mark.parametrize("closed", [True, False])
def test_a_cycle_of_log_and_machine(path: Path, closed: bool) -> None:
    machine = Machine()
    log = libwal.open(path, machine=machine)
    machine.log = log
    log.append(b"x")
    gone = weakref.ref(machine)
    if closed:
        log.close()
        del log, machine
        gc.collect()
    else:
        with pytest.warns(ResourceWarning):
            del log, machine
            gc.collect()
    assert gone() is None
    libwal.open(path).close()


def test_a_cycle_of_callback_and_exception(log: libwal.Log) -> None:
    """An exception that a callback raised holds its frames, which hold the log's objects."""
    fill(log, 3)

    class Witness:
        pass

    witness = Witness()
    gone = weakref.ref(witness)

    def bad(record: libwal.Record, witness: Witness = witness) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        log.replay(bad)
    del bad, witness
    gc.collect()
    assert gone() is None


def test_a_script_in_development_mode(path: Path) -> None:
    """It warns of nothing, whatever it is that a program leaves to its end."""
    said = run_child(
        """
        import sys, libwal
        with libwal.open(sys.argv[1]) as log:
            log.append_many([b"a", b"b"])
            with log.batch() as batch:
                batch.append(b"c")
            print([record.data for record in log], log.meta.copy(), log.info().codec)
            with log.events() as events:
                log.rotate()
                print(len(list(events)) > 0)
        """,
        path,
        flags=("-X", "dev", "-W", "error"),
    )
    assert said == "[b'a', b'b', b'c'] {} none\nTrue\n"


def test_the_end_of_a_program_with_everything_open(path: Path) -> None:
    """No crash, whatever is still alive when the interpreter ends; what was appended is there."""
    run_child(
        """
        import sys, threading, warnings, libwal
        warnings.simplefilter("ignore")
        log = libwal.open(sys.argv[1], sync="interval")
        log.append_many([b"a", b"b"], sync=True)
        reader, batch, events = log.tail(1), log.batch(), log.events()
        view = memoryview(next(log.read(form="view")))
        batch.append(b"c")
        threading.Thread(target=lambda: log.wait(10**9), daemon=True).start()
        threading.Thread(target=lambda: list(log.tail()), daemon=True).start()
        import time
        time.sleep(0.1)
        """,
        path,
        flags=("-W", "ignore"),
    )
    with libwal.open(path) as log:
        assert [record.data for record in log] == [b"a", b"b"]
