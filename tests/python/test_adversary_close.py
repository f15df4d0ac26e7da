# SPDX-License-Identifier: Apache-2.0
"""close() where it meets callbacks, other threads, signals and the end of the interpreter."""

import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

import libwal
from support import Call, fill, run_child, soon, until


class Machine:
    """Does what it is told to with each record."""

    def __init__(self) -> None:
        self.act: Callable[[libwal.Record], object] = lambda record: None

    def apply(self, record: libwal.Record) -> None:
        self.act(record)

    def snapshot(self) -> bytes:
        return b""

    def restore(self, lsn: int, state: bytes) -> None:
        pass


def test_apply_closes_the_log_that_is_closing(path: Path) -> None:
    machine, errors = Machine(), list[type[BaseException]]()
    log = libwal.open(path, machine=machine)

    def act(record: libwal.Record) -> None:
        with pytest.raises(libwal.BusyError) as caught:
            log.close()
        errors.append(caught.type)

    machine.act = act
    log.append(b"a", sync=False)  # so it is applied by close()
    log.close()
    assert errors == [libwal.BusyError] and log.closed


def test_a_callback_closes_while_another_thread_does(path: Path) -> None:
    with libwal.open(path) as log:
        fill(log, 1)
        inside, seen = threading.Event(), list[bytes]()

        def act(record: libwal.Record) -> bool:
            inside.set()
            until(lambda: log.closed)
            seen.append(log[record.lsn])  # a callback may still ask
            with pytest.raises(libwal.BusyError):
                log.close()
            return True

        replay = Call(log.replay, act)
        inside.wait()
        log.close()
        assert replay.result() == 1 and seen


def interrupt(log: libwal.Log, thread: int) -> None:
    """Sends a signal to the thread when that is closing the log."""
    until(lambda: log.closed)
    soon()
    signal.pthread_kill(thread, signal.SIGUSR1)


class Stop(Exception):
    """What the handler raises."""


def test_a_signal_ends_a_close_that_waits(path: Path) -> None:
    log = libwal.open(path)
    fill(log, 1)
    inside, go = threading.Event(), threading.Event()

    def act(record: libwal.Record) -> None:
        inside.set()
        go.wait()

    def handler(number: int, frame: object) -> None:
        with pytest.raises(libwal.BusyError):
            log.close()
        raise Stop

    before = signal.signal(signal.SIGUSR1, handler)
    try:
        replay = Call(log.replay, act)
        inside.wait()
        Call(interrupt, log, threading.get_ident())
        with pytest.raises(Stop):
            log.close()
        assert not log.closed and len(log) == 1
        go.set()
        replay.join()
        log.close()
    finally:
        go.set()
        signal.signal(signal.SIGUSR1, before)


AT_THE_END = """
    import faulthandler, os, sys, time, types, _thread
    import libwal

    faulthandler.dump_traceback_later(40, exit=True)
    log = libwal.open(sys.argv[1], sync="none")
    log.append(b"first", sync=True)

    def sleep(record, sleep=time.sleep):
        sleep(1000)

    sleeper = types.FunctionType(sleep.__code__, {}, "sleep", (time.sleep,))
    calls = {
        "wait": lambda: (log.wait, (99,)),
        "tail": lambda: (log.tail().__next__, ()),
        "events": lambda: (log.events("failed").wait, ()),
        "replay": lambda: (log.replay, (sleeper,)),
    }

    class Last:
        def __init__(self, log):
            self.log, self.write = log, os.write

        def __del__(self):
            self.log.append(b"last")
            self.log.close()
            self.write(1, b"closed")

    _thread.start_new_thread(*calls[sys.argv[2]]())
    time.sleep(0.1)
    last = Last(log)
    del log
"""


@pytest.mark.parametrize("call", ["wait", "tail", "events", "replay"])
def test_at_the_end_of_the_interpreter(path: Path, call: str) -> None:
    """Threads that are inside then never come back from there."""
    assert run_child(AT_THE_END, path, call, flags=()) == "closed"
    if call != "replay":  # there the library waits for the callback's end
        with libwal.open(path) as log:
            assert log[2] == b"last"
