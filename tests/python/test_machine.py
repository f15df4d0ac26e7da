# SPDX-License-Identifier: Apache-2.0
"""State machines: the log restores a program's state and keeps it up to date."""
# mypy: disable-error-code="arg-type, assignment, method-assign, no-untyped-call, return-value"

import threading
from pathlib import Path

import pytest

import libwal
from support import Call, fill, soon


class Machine:
    """A list of what was applied, and the threads on which that was done."""

    def __init__(self) -> None:
        self.items: list[bytes] = []
        self.restored: int | None = None
        self.threads: set[int] = set()

    def apply(self, record: libwal.Record) -> None:
        self.threads.add(threading.get_ident())
        self.items.append(record.data)

    def snapshot(self) -> bytes:
        self.threads.add(threading.get_ident())
        return b",".join(self.items)

    def restore(self, lsn: int, state: bytes) -> None:
        self.threads.add(threading.get_ident())
        self.restored = lsn
        self.items = state.split(b",") if state else []


def test_each_record_is_applied_before_its_append_returns(path: Path) -> None:
    machine = Machine()
    with libwal.open(path, machine=machine) as log:
        for number in range(5):
            log.append(b"%d" % number)
            assert len(machine.items) == number + 1
        log.append_many([b"a", b"b"])
        assert machine.items == [b"0", b"1", b"2", b"3", b"4", b"a", b"b"]
    assert machine.restored is None
    assert machine.threads == {threading.get_ident()}


def test_what_is_applied_is_a_record(path: Path) -> None:
    seen: list[libwal.Record] = []
    machine = Machine()
    machine.apply = seen.append
    with libwal.open(path, machine=machine) as log:
        log.append(b"x", 7)
    (record,) = seen
    assert (record.lsn, record.data, record.type, record.durable) == (1, b"x", 7, True)


def test_open_restores(path: Path) -> None:
    first = Machine()
    with libwal.open(path, machine=first) as log:
        log.append_many([b"a", b"b"])
        log.rotate()
        log.append(b"c")
    second = Machine()
    with libwal.open(path, machine=second) as log:
        assert second.items == [b"a", b"b", b"c"]
        assert second.restored == 2, "from the checkpoint at the head of the segment"
        log.append(b"d")
        assert second.items == [b"a", b"b", b"c", b"d"]


def test_open_without_a_checkpoint_applies_all(path: Path) -> None:
    with libwal.open(path) as log:
        payloads = fill(log, 20)
    machine = Machine()
    with libwal.open(path, machine=machine):
        assert machine.items == payloads and machine.restored is None


def test_a_checkpoint_by_hand(path: Path) -> None:
    machine = Machine()
    with libwal.open(path, machine=machine) as log:
        log.append_many([b"a", b"b", b"c"])
        log.checkpoint(2, b"A,B")
    machine = Machine()
    with libwal.open(path, machine=machine):
        assert machine.items == [b"A", b"B", b"c"] and machine.restored == 2


def test_a_state_that_grows(path: Path) -> None:
    machine = Machine()
    with libwal.open(path, machine=machine, segment_records=20) as log:
        for number in range(100):
            log.append(b"%d" % number * 500)
        log.truncate_before(90)
    again = Machine()
    with libwal.open(path, machine=again):
        assert again.items == machine.items


def test_snapshots_of_other_kinds(path: Path) -> None:
    machine = Machine()
    machine.snapshot = lambda: memoryview(bytearray(b"x"))
    with libwal.open(path, machine=machine) as log:
        log.append(b"a")
        log.rotate()
        assert log.last_checkpoint() == (1, b"x")


def test_a_snapshot_that_is_none(path: Path) -> None:
    """It can't be taken; the state stays what it is and the call says so."""
    machine = Machine()
    machine.snapshot = lambda: "text"
    log = libwal.open(path, machine=machine)
    log.append(b"a")
    with pytest.raises(TypeError):
        log.rotate()
    closed_somehow(log)


def closed_somehow(log: libwal.Log) -> None:
    """A failed log may say so again when it is closed; then it is closed all the same."""
    try:
        log.close()
    except libwal.WalError:
        pass
    assert log.closed


def test_an_exception_in_apply_is_raised_by_append(path: Path) -> None:
    machine = Machine()

    def apply(record: libwal.Record) -> None:
        if record.data == b"bad":
            raise ZeroDivisionError("in apply")
        machine.items.append(record.data)

    machine.apply = apply
    log = libwal.open(path, machine=machine)
    log.append(b"good")
    with pytest.raises(ZeroDivisionError, match="in apply"):
        log.append(b"bad")
    with pytest.raises(libwal.FailedError):
        log.append(b"more")
    assert log.failure is not None and log.failure.name == "WAL_E_CALLBACK"
    assert log[2] == b"bad", "it is in the log"
    closed_somehow(log)
    again = Machine()
    with libwal.open(path, machine=again):
        assert again.items == [b"good", b"bad"], "the next open applies it"


def test_an_exception_at_open(path: Path) -> None:
    with libwal.open(path) as log:
        fill(log, 3)
        log.checkpoint(1, b"state")
    for name in ("apply", "restore"):
        machine = Machine()

        def bad(*arguments: object) -> None:
            raise ZeroDivisionError(name)

        setattr(machine, name, bad)
        with pytest.raises(ZeroDivisionError, match=name):
            libwal.open(path, machine=machine)
    libwal.open(path).close()


def test_keyboard_interrupt_in_apply(path: Path) -> None:
    machine = Machine()

    def apply(record: libwal.Record) -> None:
        raise KeyboardInterrupt

    machine.apply = apply
    log = libwal.open(path, machine=machine)
    with pytest.raises(KeyboardInterrupt):
        log.append(b"x")
    closed_somehow(log)


def test_what_is_allowed_inside(path: Path) -> None:
    answers: list[object] = []

    class Asking(Machine):
        log: libwal.Log | None = None

        def apply(self, record: libwal.Record) -> None:
            super().apply(record)
            if self.log is None:
                return
            answers.append(self.log[record.lsn])
            answers.append(self.log.meta["k"])
            answers.append((self.log.first_lsn, self.log.next_lsn, self.log.failure))
            answers.append(self.log.stats()["write_errors"])

    machine = Asking()
    with libwal.open(path, machine=machine) as log:
        log.meta["k"] = b"v"
        machine.log = log
        log.append(b"x")
        machine.log = None
    assert answers == [b"x", b"v", (1, 2, None), 0]


def test_what_is_forbidden_inside(path: Path) -> None:
    refused: list[str] = []

    class Meddling(Machine):
        log: libwal.Log | None = None

        def apply(self, record: libwal.Record) -> None:
            super().apply(record)
            log = self.log
            if log is None:
                return
            for name, call in {
                "append": lambda: log.append(b"y"),
                "append_many": lambda: log.append_many([b"y"]),
                "sync": lambda: log.sync(),
                "rotate": lambda: log.rotate(),
                "close": lambda: log.close(),
                "truncate_before": lambda: log.truncate_before(1),
                "checkpoint": lambda: log.checkpoint(1),
                "meta": lambda: log.meta.__setitem__("k", b"v"),
                "replay": lambda: log.replay(lambda record: None),
                "wait": lambda: log.wait(99, 5),
            }.items():
                try:
                    call()
                except libwal.BusyError:
                    refused.append(name)

    machine = Meddling()
    with libwal.open(path, machine=machine) as log:
        machine.log = log
        assert log.append(b"x") == 1
        machine.log = None
        assert not log.closed and len(log) == 1
    assert set(refused) == {
        "append", "append_many", "sync", "rotate", "close", "truncate_before", "checkpoint",
        "meta", "replay", "wait",
    }


def test_a_batch_that_is_being_committed_is_busy(path: Path) -> None:
    refused: list[str] = []

    class Meddling(Machine):
        batch: libwal.Batch | None = None

        def apply(self, record: libwal.Record) -> None:
            assert self.batch is not None
            for name in ("append", "abort", "close"):
                try:
                    getattr(self.batch, name)(*([b"x"] if name == "append" else []))
                except libwal.BusyError:
                    refused.append(name)

    machine = Meddling()
    with libwal.open(path, machine=machine) as log, log.batch() as batch:
        machine.batch = batch
        batch.append(b"a")
        assert batch.commit() == (1, 1)
    assert refused == ["append", "abort", "close"]


def test_many_threads(path: Path) -> None:
    machine = Machine()
    with libwal.open(path, machine=machine) as log:

        def work(name: int) -> int:
            for number in range(30):
                log.append(b"%d-%d" % (name, number))
            return threading.get_ident()

        callers = {call.result() for call in [Call(work, name) for name in range(8)]}
        assert machine.items == [record.data for record in log]
        assert len(machine.items) == 240
    assert machine.threads <= callers | {threading.get_ident()}


def test_one_at_a_time(path: Path) -> None:
    class Slow(Machine):
        inside = 0
        most = 0

        def apply(self, record: libwal.Record) -> None:
            self.inside += 1
            self.most = max(self.most, self.inside)
            soon()
            self.inside -= 1

    machine = Slow()
    with libwal.open(path, machine=machine) as log:
        for call in [Call(log.append, b"x") for _ in range(5)]:
            call.result()
    assert machine.most == 1


def test_an_exception_in_another_threads_call(path: Path) -> None:
    """Where one thread applies what another one appended, both hear of it."""
    gate = threading.Event()

    class Stuck(Machine):
        def apply(self, record: libwal.Record) -> None:
            if record.lsn == 1:
                gate.wait(60)
            else:
                raise ZeroDivisionError

    log = libwal.open(path, machine=Stuck())
    first = Call(log.append, b"a")
    soon()
    others = [Call(log.append, b"b"), Call(log.append, b"c")]
    soon()
    gate.set()
    assert first.result() == 1
    errors = []
    for call in others:
        call.join()
        errors.append(call.error)
    assert all(isinstance(error, (ZeroDivisionError, libwal.WalError)) for error in errors)
    causes = [error if isinstance(error, ZeroDivisionError) else error.__cause__
              for error in errors if error is not None]
    assert any(isinstance(cause, ZeroDivisionError) for cause in causes)
    closed_somehow(log)


def test_where_no_machine_can_be(path: Path) -> None:
    for sync in ("none", "interval"):
        with pytest.raises(libwal.InvalidError):
            libwal.open(path, sync=sync, machine=Machine())
    libwal.open(path).close()
    with pytest.raises(libwal.UnsupportedError):
        libwal.open(path, "r", machine=Machine())


def test_what_cannot_be_taken_back(path: Path) -> None:
    with libwal.open(path, machine=Machine()) as log:
        log.append_many([b"a", b"b"])
        for call in (
            lambda: log.truncate_after(1),
            lambda: log.replace_after(1, [b"x"]),
            lambda: log.reset(5),
        ):
            with pytest.raises(libwal.UnsupportedError):
                call()
        with pytest.raises(libwal.InvalidError):
            log.append(b"x", submit=True)
        assert len(log) == 2


def test_a_machine_lacks_something(path: Path) -> None:
    class Half:
        def apply(self, record: libwal.Record) -> None:
            pass

    with pytest.raises((TypeError, AttributeError)):
        libwal.open(path, machine=Half())
    assert not path.exists()


def test_a_state_that_was_too_large_once(path: Path) -> None:
    """Its segment begins without a checkpoint; the next one has the state of then."""
    machine = Machine()
    with libwal.open(path, machine=machine, checkpoint_bytes=1000) as log:
        log.append(b"x" * 2000)
        log.rotate()
        assert log.last_checkpoint() is None
        machine.items = [b"small"]
        log.append(b"y")
        log.rotate()
        assert log.last_checkpoint() == (2, b"small,y")
