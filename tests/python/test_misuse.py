# SPDX-License-Identifier: Apache-2.0
"""What nobody should do: none of it may crash, hang or damage anything."""
# mypy: disable-error-code="assignment, attr-defined, call-arg, func-returns-value, list-item"

import gc
import itertools
import random
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import libwal
from support import Call, contents, fill

Arguments = tuple[Any, ...]

# Arguments with which each method works; None: no call that stands for itself.
METHODS: dict[type, dict[str, Arguments | None]] = {
    libwal.Log: {
        "append": (b"x", 0), "append_many": ([b"x"], 0), "replace_after": (1, [b"x"], 0),
        "flush": (), "sync": (1,), "wait": (1, 0), "batch": (), "get": (1,), "record": (1,),
        "read": (1, 2), "tail": (1, 0), "replay": (lambda record: None, 1),
        "truncate_before": (1,), "truncate_after": (3,), "reset": (1,), "rotate": (),
        "drain": (lambda segment: False,), "checkpoint": (1, b""), "last_checkpoint": (),
        "segment_checkpoint": (1,), "last_tag": (), "range": (), "info": (), "segments": (),
        "stats": (), "histogram": ("sync_ns",), "events": ("rotated",), "copy": None, "close": None,
    },
    libwal.Reader: {
        "read_many": (1, 1), "seek": (1,), "wait": (0,), "interrupt": None, "close": None,
    },
    libwal.Batch: {
        "append": (b"x", 0), "append_many": ([b"x"], 0), "set_tag": (b"t",),
        "set_meta": ("k", b"v"), "commit": (), "replace_after": (1,), "abort": (), "close": None,
    },
    libwal.Events: {"fileno": (), "wait": (0,), "close": None},
    libwal.Lock: {"release": None},
    libwal.View: {"close": None},
}
ALWAYS = {"path", "closed", "first_lsn", "last_lsn", "position", "read_only", "recovery", "failure"}


def make(log: libwal.Log, kind: type) -> Any:
    if kind is libwal.Log:
        return log
    if kind is libwal.Reader:
        return log.read()
    if kind is libwal.Batch:
        return log.batch()
    return log.events()


CLOSABLE = [libwal.Log, libwal.Reader, libwal.Batch, libwal.Events]


def public(kind: type) -> set[str]:
    return {name for name in dir(kind) if not name.startswith("_")}


@pytest.mark.parametrize("kind", METHODS, ids=lambda kind: kind.__name__)
def test_this_file_knows_every_method(kind: type) -> None:
    methods = {name for name in public(kind) if callable(getattr(kind, name))}
    assert methods == METHODS[kind].keys()


@pytest.mark.parametrize("kind", CLOSABLE, ids=lambda kind: kind.__name__)
def test_use_after_close(log: libwal.Log, kind: type) -> None:
    fill(log, 3)
    thing = make(log, kind)
    thing.close()
    for name, arguments in METHODS[kind].items():
        if arguments is not None:
            with pytest.raises(libwal.ClosedError):
                getattr(thing, name)(*arguments)
    for name in public(kind) - METHODS[kind].keys():
        try:
            getattr(thing, name)
        except libwal.ClosedError:
            pass
    repr(thing)
    thing.close()


@pytest.mark.parametrize("kind", CLOSABLE[1:], ids=lambda kind: kind.__name__)
def test_use_after_close_of_the_log(log: libwal.Log, kind: type) -> None:
    fill(log, 3)
    thing = make(log, kind)
    log.close()
    for name, arguments in METHODS[kind].items():
        if arguments is not None and name != "fileno":
            try:
                getattr(thing, name)(*arguments)
            except libwal.ClosedError:
                pass
            else:
                assert (kind, name) in {
                    (libwal.Batch, "abort"),
                    (libwal.Batch, "append"),
                    (libwal.Batch, "append_many"),
                    (libwal.Batch, "set_tag"),
                    (libwal.Batch, "set_meta"),
                    (libwal.Events, "wait"),
                }
    repr(thing)
    thing.close()


def test_special_methods_after_close(log: libwal.Log) -> None:
    fill(log, 3)
    reader, batch, events = log.read(), log.batch(), log.events()
    for thing in (reader, batch, events):
        thing.close()
    log.close()
    for call in (
        lambda: log[1], lambda: 1 in log, lambda: len(log), lambda: iter(log), lambda: list(log),
        lambda: next(reader), lambda: len(batch), lambda: next(events),
        log.__enter__, reader.__enter__, batch.__enter__, events.__enter__,
    ):
        with pytest.raises(libwal.ClosedError):
            call()


@pytest.mark.parametrize("junk", [object(), 1.5, ..., len, NotImplemented])
def test_arguments_of_a_wrong_type(log: libwal.Log, junk: object) -> None:
    """In each place of each method, with the others right: TypeError, and nothing is done."""
    fill(log, 3)
    refuses_less = {("wait", 0), ("wait", 1), ("tail", 1)}  # seconds may be a float
    for kind in CLOSABLE:
        thing = make(log, kind)
        for name, arguments in METHODS[kind].items():
            for place in range(len(arguments or ())):
                if isinstance(junk, float) and (name, place) in refuses_less:
                    continue
                if callable(junk) and name in ("replay", "drain"):
                    continue
                given = list(arguments or ())
                given[place] = junk
                with pytest.raises(TypeError):
                    getattr(thing, name)(*given)
    assert len(log) == 3
    for thing in (log.read(), log.batch(), log.events()):
        thing.close()


HUGE = [-1, -(2**31) - 1, 2**31, 2**32, 2**63 - 1, 2**63, 2**64 - 1, 2**64, 10**30, -(10**30)]


@pytest.mark.parametrize("number", HUGE)
def test_huge_numbers(buffered: libwal.Log, number: int) -> None:
    """In each place for a number: an error that says so, or it is taken for what it is."""
    fill(buffered, 3)
    for kind in (libwal.Log, libwal.Reader):
        thing = make(buffered, kind)
        for name, arguments in METHODS[kind].items():
            for place, usual in enumerate(arguments or ()):
                if type(usual) is not int or name == "reset":
                    continue
                given = list(arguments or ())
                given[place] = number
                if name in ("tail", "wait") and given[-1] is number:
                    continue  # seconds: that would be long
                try:
                    getattr(thing, name)(*given)
                except (libwal.WalError, ValueError, OverflowError, IndexError):
                    pass
        if thing is not buffered:
            thing.close()
    assert buffered.failure is None
    assert buffered.append(b"still fine") > 0


def test_arguments_too_many_or_unknown(log: libwal.Log) -> None:
    for kind in CLOSABLE:
        thing = make(log, kind)
        for name in METHODS[kind]:
            if name in ("events", "close"):
                continue
            with pytest.raises(TypeError):
                getattr(thing, name)(*(None,) * 12)
            with pytest.raises(TypeError):
                getattr(thing, name)(*(METHODS[kind][name] or ()), unknown=1)
    assert not log.closed


@pytest.mark.parametrize(
    "kind",
    [libwal.Log, libwal.Reader, libwal.Batch, libwal.Meta, libwal.Events, libwal.View],
    ids=lambda kind: kind.__name__,
)
def test_nobody_makes_these_but_the_log(kind: Any) -> None:
    for call in (kind, lambda: kind.__new__(kind), lambda: object.__new__(kind)):
        with pytest.raises(TypeError):
            call()


def test_a_lock_and_a_record_need_their_arguments() -> None:
    for kind in (libwal.Lock, libwal.Record):
        for call in (kind, lambda kind=kind: kind.__new__(kind), lambda: object.__new__(kind)):
            with pytest.raises(TypeError):
                call()


@pytest.mark.parametrize(
    "kind", [*METHODS, libwal.Meta, libwal.Record], ids=lambda kind: kind.__name__
)
def test_no_subclasses(kind: Any) -> None:
    with pytest.raises(TypeError):
        type("Sub", (kind,), {})


def test_methods_of_one_kind_on_another(log: libwal.Log) -> None:
    for kind, other in itertools.permutations(CLOSABLE, 2):
        thing = make(log, other)
        for name in METHODS[kind]:
            with pytest.raises(TypeError):
                getattr(kind, name)(thing, *(METHODS[kind][name] or ()))
        if thing is not log:
            thing.close()
    assert not log.closed


def test_attributes_are_read_only(log: libwal.Log) -> None:
    for thing in (log, log.read(), log.batch(), log.events(), log.meta):
        for name in public(type(thing)) | {"something", "__dict__"}:
            with pytest.raises((AttributeError, TypeError)):
                setattr(thing, name, 5)
            with pytest.raises((AttributeError, TypeError)):
                delattr(thing, name)


class BadIndex:
    def __index__(self) -> int:
        raise ZeroDivisionError


class OddIndex:
    def __index__(self) -> int:
        return 2


def test_numbers_that_raise(log: libwal.Log) -> None:
    fill(log, 3)
    bad: Any = BadIndex()
    for call in (
        lambda: log[bad], lambda: log.get(bad), lambda: log.record(bad), lambda: log.read(bad),
        lambda: log.read(1, bad), lambda: log.append(b"x", bad), lambda: log.sync(bad),
        lambda: log.append_many([b"x"], [bad]), lambda: log.truncate_before(bad),
        lambda: log.wait(bad), lambda: log.checkpoint(bad), lambda: log.read().seek(bad),
        lambda: libwal.open(log.path, segment_bytes=bad), lambda: log.read().read_many(bad),
        lambda: libwal.Record(bad, b""), lambda: log.reset(bad),
    ):
        with pytest.raises(ZeroDivisionError):
            call()
    assert len(log) == 3
    odd: Any = OddIndex()
    assert log[odd] == log[2] and log.record(odd).lsn == 2
    assert next(log.read(odd)).lsn == 2


class BadBuffer:
    def __buffer__(self, flags: int) -> memoryview:
        raise ZeroDivisionError


def test_buffers_that_raise(log: libwal.Log) -> None:
    """Before CPython 3.12 a class in Python has no buffers, so it is no data either."""
    expected = ZeroDivisionError if sys.version_info >= (3, 12) else TypeError
    bad: Any = BadBuffer()
    for call in (
        lambda: log.append(bad), lambda: log.append_many([b"x", bad]),
        lambda: log.batch().append(bad), lambda: log.meta.__setitem__("k", bad),
        lambda: log.meta.__setitem__(bad, b"v"), lambda: libwal.decode(bad),
        lambda: log.checkpoint(1, bad), lambda: libwal.encode([bad]),
    ):
        with pytest.raises(expected):
            call()
    assert len(log) == 0


class BadPath:
    def __fspath__(self) -> str:
        raise ZeroDivisionError


class BadTruth:
    def __bool__(self) -> bool:
        raise ZeroDivisionError


def test_paths_and_flags_that_raise(log: libwal.Log, tmp_path: Path) -> None:
    path: Any = BadPath()
    for call in (libwal.open, libwal.verify, libwal.destroy, libwal.Lock, log.copy):
        with pytest.raises(ZeroDivisionError):
            call(path)
    flag: Any = BadTruth()
    for call in (
        lambda: log.append(b"x", sync=flag), lambda: log.append(b"x", submit=flag),
        lambda: log.read(reverse=flag), lambda: libwal.open(tmp_path / "new", create=flag),
        lambda: log.replay(lambda record: flag), lambda: libwal.verify(log.path, lambda *_: flag),
    ):
        log.truncate_after(0)
        log.append(b"one")
        with pytest.raises((ZeroDivisionError, TypeError)):
            call()
        assert len(log) == 1


def test_iterables_that_close_what_takes_from_them(path: Path) -> None:
    def closing(thing: Any) -> Iterator[bytes]:
        yield b"a"
        thing.close()
        yield b"b"

    for use in ("append_many", "replace_after", "types", "batch", "batch's log"):
        log = libwal.open(path)
        batch = log.batch()
        calls: dict[str, Callable[[], object]] = {
            "append_many": lambda: log.append_many(closing(log)),
            "replace_after": lambda: log.replace_after(0, closing(log)),
            "types": lambda: log.append_many([b"x", b"y"], (len(x) for x in closing(log))),
            "batch": lambda: batch.append_many(closing(batch)),
            "batch's log": lambda: (batch.append_many(closing(log)), batch.commit()),
        }
        with pytest.raises((libwal.ClosedError, libwal.BusyError)):
            calls[use]()
        batch.close()
        log.close()
        with libwal.open(path) as log:
            assert len(log) == 0


def test_iterables_that_change_the_batch(log: libwal.Log) -> None:
    """The batch is in use as long as it takes: it refuses, or takes what comes in some order."""
    batch = log.batch()

    def meddling() -> Iterator[bytes]:
        yield b"a"
        batch.append(b"inner")
        yield b"b"
        batch.abort()
        yield b"c"

    try:
        batch.append_many(meddling())
    except libwal.BusyError:
        assert len(batch) == 0
    else:
        assert len(batch) in (3, 4)
    batch.close()


def test_a_list_that_changes_meanwhile(log: libwal.Log) -> None:
    payloads: list[Any] = [b"a", b"b", b"c"]

    class Sly:
        def __index__(self) -> int:
            payloads.clear()
            return 1

    try:
        log.append_many(payloads, [Sly(), Sly(), Sly()])
        assert [data for _, data in contents(log)] == [b"a", b"b", b"c"]
    except ValueError:
        assert len(log) == 0


REENTRANT: dict[str, Callable[[libwal.Log, Callable[..., object]], object]] = {
    "replay": lambda log, function: log.replay(function, 1),
    "drain": lambda log, function: log.drain(function),
    "copy": lambda log, function: log.copy(log.path + ".copy", function),
}


@pytest.mark.parametrize("name", REENTRANT)
def test_what_callbacks_may_not_do(log: libwal.Log, name: str) -> None:
    fill(log, 3)
    log.rotate()
    refused = 0

    def meddle(*_: object) -> bool:
        nonlocal refused
        for call in (
            lambda: log.append(b"x"), log.close, log.sync, log.rotate, lambda: log.reset(5),
            lambda: log.truncate_before(2), lambda: log.drain(meddle),
            lambda: log.replay(meddle, 1), lambda: log.meta.__setitem__("k", b"v"),
        ):
            with pytest.raises(libwal.BusyError):
                call()
            refused += 1
        assert log[1] and log.stats() and log.segments() and log.range() and len(log) == 3
        return False

    REENTRANT[name](log, meddle)
    assert refused > 0 and not log.closed
    assert log.append(b"y") == 4


@pytest.mark.parametrize("name", REENTRANT)
def test_callbacks_may_use_other_logs(log: libwal.Log, tmp_path: Path, name: str) -> None:
    fill(log, 3)
    log.rotate()
    numbers = itertools.count()

    def work(*_: object) -> None:
        with libwal.open(tmp_path / f"other{next(numbers)}") as other:
            other.append(b"x")
        with libwal.open(log.path, "r") as same:
            assert len(same) == 3
        with pytest.raises(libwal.LockedError):
            libwal.open(log.path)

    REENTRANT[name](log, work)
    assert next(numbers) > 0


def test_a_machine_that_opens_its_own_log(path: Path) -> None:
    class Machine:
        def apply(self, record: libwal.Record) -> None:
            with pytest.raises(libwal.LockedError):
                libwal.open(path)

        def snapshot(self) -> bytes:
            return b""

        def restore(self, lsn: int, state: bytes) -> None:
            pass

    with libwal.open(path, machine=Machine()) as log:
        log.append(b"x")


def test_data_that_change_while_they_are_appended(path: Path) -> None:
    """The record is a copy of some moment; its checksum is right."""
    data = bytearray(b"a" * 300_000)
    stop = threading.Event()

    def change() -> None:
        states = itertools.cycle((b"b" * 300_000, b"a" * 300_000))
        while not stop.is_set():
            data[:] = next(states)

    with libwal.open(path, sync="none") as log:
        changing = Call(change)
        batch = log.batch()
        for _ in range(30):
            log.append(data)
            log.append_many([data, b"x", data])
            batch.append(data)
        batch.commit()
        batch.close()
        stop.set()
        changing.result()
        log.sync()
        assert {len(record.data) for record in log} == {300_000, 1}
        assert set(b"".join(log.read(form="bytes"))) <= set(b"abx")
    assert libwal.verify(path).records == 150


def test_data_are_not_resized_under_the_call(path: Path) -> None:
    """While an append runs its buffer is held, or was copied already: the record is what it was."""
    data = bytearray(b"before")

    class Machine:
        def apply(self, record: libwal.Record) -> None:
            try:
                data.extend(bytes(100_000))
                data.clear()
            except BufferError:
                pass

        def snapshot(self) -> bytes:
            return b""

        def restore(self, lsn: int, state: bytes) -> None:
            pass

    with libwal.open(path, machine=Machine()) as log:
        log.append(data)
        assert log[1] == b"before"
    data.extend(b"free again")


def test_names_go_in_any_order(tmp_path: Path) -> None:
    """Log, reader, view, memory, batch, events, metadata: whichever goes first."""
    draw = random.Random(3)
    names = ["log", "reader", "view", "memory", "batch", "events", "meta"]
    for number in range(12):
        log = libwal.open(tmp_path / str(number), sync="none")
        fill(log, 5)
        reader = log.read(form="view")
        view = next(reader)
        things: dict[str, Any] = {
            "log": log, "reader": reader, "view": view, "memory": memoryview(view),
            "batch": log.batch(), "events": log.events(), "meta": log.meta,
        }
        things["batch"].append(b"x")
        del log, reader, view
        draw.shuffle(names)
        with pytest.warns(ResourceWarning):
            for name in names:
                del things[name]
                if draw.random() < 0.3:
                    gc.collect(0)
            gc.collect()
        with libwal.open(tmp_path / str(number)) as again:
            assert len(again) == 5


def test_closing_in_any_order(tmp_path: Path) -> None:
    for number, order in enumerate(itertools.permutations(range(4))):
        log = libwal.open(tmp_path / str(number), sync="none")
        things = [log, log.read(), log.batch(), log.events()]
        for place in order:
            things[place].close()
