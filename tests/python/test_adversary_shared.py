# SPDX-License-Identifier: Apache-2.0
"""Objects that threads share, and that a forked child has inherited."""

import os
from pathlib import Path

import pytest

import libwal
from support import run_child

SHARED_BATCH = """
    import sys, threading
    import libwal

    sys.setswitchinterval(1e-6)
    refused = 0

    def work(batch, data, start):
        start.wait()
        for i in range(400):
            try:
                batch.append(data)
                if i % 50 == 0:
                    batch.abort()
            except libwal.BusyError:
                pass

    def round(log):
        start = threading.Barrier(4)
        with log.batch() as batch:
            threads = [threading.Thread(target=work, args=(batch, bytes([i]) * 3000, start))
                       for i in range(4)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()

    with libwal.open(sys.argv[1], sync="none") as log:
        for _ in range(40):
            round(log)
        for data in log.read(form="bytes", written=True):
            assert len(data) == 3000 and len(set(data)) == 1
"""


def test_threads_fill_one_batch(path: Path) -> None:
    """In a child, since it is the library's memory that would break."""
    assert run_child(SHARED_BATCH, path, flags=()) == ""


def in_child(work: object) -> int:
    """Forks; the child's exit code is 0 when the function raised ForkError."""
    pid = os.fork()
    if pid == 0:
        try:
            work()  # type: ignore[operator]
        except libwal.ForkError:
            os._exit(0)
        finally:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@pytest.mark.parametrize("name", ["wait", "fileno", "__next__"])
def test_events_in_the_child_of_a_fork(log: libwal.Log, name: str) -> None:
    with log.events() as events:
        assert in_child(getattr(events, name)) == 0


FORK_WHILE_CLOSING = """
    import os, sys, threading, time
    import libwal

    log = libwal.open(sys.argv[1])
    log.append(b"x")
    inside, go = threading.Event(), threading.Event()

    def act(record):
        inside.set()
        go.wait()

    replay = threading.Thread(target=log.replay, args=(act,))
    replay.start()
    inside.wait()
    closing = threading.Thread(target=log.close)
    closing.start()
    while not log.closed:
        time.sleep(0.001)
    pid = os.fork()
    if pid == 0:
        threads = [threading.Thread(target=bytes) for _ in range(50)]
        for thread in threads:
            thread.start()
        log.close()
        os._exit(0)
    end = time.monotonic() + 30
    while (done := os.waitpid(pid, os.WNOHANG)) == (0, 0) and time.monotonic() < end:
        time.sleep(0.01)
    if done == (0, 0):
        os.kill(pid, 9)
    go.set()
    print(done[1])
"""


def test_a_fork_while_another_thread_closes(path: Path) -> None:
    assert run_child(FORK_WHILE_CLOSING, path, flags=("-W", "ignore")) == "0\n"


CLOSED_IN_THE_CHILD = """
    import os, sys, threading, time
    import libwal

    log = libwal.open(sys.argv[1])
    tail, events = log.tail(), log.events("failed")
    waits = [threading.Thread(target=tail.wait), threading.Thread(target=events.wait, args=(2,))]
    for wait in waits:
        wait.start()
    time.sleep(0.1)
    pid = os.fork()
    if pid == 0:
        for call in tail.wait, tail.read_many, events.wait, events.fileno:
            try:
                call()
            except libwal.ForkError:
                os.write(1, b"+")
        tail.close()
        events.close()
        log.close()
        os._exit(0)
    print(os.waitpid(pid, 0)[1])
    tail.interrupt()
    for wait in waits:
        wait.join()
    tail.close()
    events.close()
    log.close()
"""


def test_what_other_threads_used_is_refused_and_closed_in_the_child(path: Path) -> None:
    assert run_child(CLOSED_IN_THE_CHILD, path, flags=("-W", "ignore")) == "++++0\n"
