# SPDX-License-Identifier: Apache-2.0
"""Forks: the child has no part in its parent's log, and does it no harm. Children are made in a
process of their own, since pytest's has threads."""

from pathlib import Path

from support import run_child

FORK = """
    import gc, os, sys
    import libwal

    def forked(work):
        child = os.fork()
        if child == 0:
            try:
                work()
            except BaseException as error:
                print(type(error).__name__, error, flush=True)
                os._exit(1)
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0

    def refused(call):
        try:
            call()
        except libwal.ForkError as error:
            assert (error.name, error.code) == ("WAL_E_FORK", -21)
        else:
            raise AssertionError("it was not refused")

    log = libwal.open(sys.argv[1])
    log.append(b"a")
    reader, batch, events, tail = log.read(), log.batch(), log.events(), log.tail()
    batch.append(b"b")
    meta = log.meta
    next(reader)
"""


def run(path: Path, source: str) -> str:
    # Not -X dev: CPython 3.12 warns of each fork beside threads, which the log's own is.
    return run_child(FORK + source, path, flags=("-W", "ignore::DeprecationWarning"))


def test_every_call_is_refused(path: Path) -> None:
    said = run(
        path,
        """
    def work():
        for call in (
            lambda: log.append(b"x"), lambda: log.append_many([b"x"]), log.sync, log.flush,
            lambda: log.wait(1), lambda: log[1], lambda: log.get(1), lambda: log.record(1),
            log.read, log.tail, log.batch, log.events, log.range, log.info, log.segments,
            log.stats, lambda: log.histogram("sync_ns"), lambda: log.truncate_before(1),
            lambda: log.truncate_after(1), lambda: log.reset(1), log.rotate, log.last_checkpoint,
            lambda: log.checkpoint(1), lambda: log.drain(lambda segment: False), log.last_tag,
            lambda: log.replay(print, 1), lambda: log.copy("copy"),
            lambda: meta["k"], lambda: meta.__setitem__("k", b"v"), lambda: len(meta),
            lambda: next(reader), reader.read_many, lambda: reader.wait(0),
            lambda: reader.seek(1), lambda: tail.wait(0), lambda: next(tail),
            lambda: batch.append(b"x"), batch.commit, lambda: next(events),
            lambda: events.wait(0), lambda: log.first_lsn, lambda: log.durable_lsn,
            lambda: log.recovery, lambda: len(log), lambda: 1 in log,
        ):
            refused(call)
        repr(log), repr(reader), repr(batch)
        log.close()
    forked(work)
    assert log.append(b"still fine") == 2
    log.close()
    print("done")
    """,
    )
    assert said == "done\n"


def test_the_parent_goes_on(path: Path) -> None:
    said = run(
        path,
        """
    def work():
        global log, reader, batch, events, tail, meta
        del log, reader, batch, events, tail, meta
        gc.collect()
    for _ in range(5):
        forked(work)
        log.append(b"more")
        batch.append(b"c")
    batch.commit()
    assert [record.data for record in log][-6:] == [b"b"] + [b"c"] * 5
    assert len(list(reader)) == 11
    try:
        libwal.open(sys.argv[1])
    except libwal.LockedError:
        print("locked")
    log.close()
    """,
    )
    assert said == "locked\n"


def test_a_child_that_exits_as_programs_do(path: Path) -> None:
    """Its interpreter comes to an end, with all its objects; the parent's log is untouched."""
    said = run(
        path,
        """
    import warnings
    child = os.fork()
    if child == 0:
        warnings.simplefilter("ignore")
        sys.exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert log.append(b"more") == 2
    log.close()
    with libwal.open(sys.argv[1]) as log:
        print(log.recovery.verdict, len(log))
    """,
    )
    assert said == "clean 2\n"


def test_the_child_opens_a_log_of_its_own(path: Path) -> None:
    said = run(
        path,
        """
    def work():
        log.close()
        with libwal.open(sys.argv[1], "r") as other:
            assert other[1] == b"a"
        with libwal.open(sys.argv[1] + ".own") as own:
            own.append(b"mine")
    forked(work)
    log.close()
    forked(lambda: libwal.open(sys.argv[1]).close())
    print("done")
    """,
    )
    assert said == "done\n"


def test_a_fork_while_threads_are_inside(path: Path) -> None:
    said = run(
        path,
        """
    import threading
    stop = threading.Event()
    def write():
        while not stop.is_set():
            log.append(b"x")
    threads = [threading.Thread(target=write) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(10):
        forked(lambda: refused(lambda: log.append(b"y")))
        forked(lambda: log.close())
    stop.set()
    for thread in threads:
        thread.join()
    assert len(log) == log.durable_lsn
    log.close()
    print("done")
    """,
    )
    assert said == "done\n"


SPAWN = """
import sys, multiprocessing, libwal

def write(path, count):
    with libwal.open(path) as log:
        for number in range(count):
            log.append(b"%d" % number)

def read(path, count, queue):
    with libwal.open(path, "r") as log, log.tail(1, form="bytes") as tail:
        queue.put([next(tail) for _ in range(count)])

if __name__ == "__main__":
    libwal.open(sys.argv[1]).close()
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    reader = context.Process(target=read, args=(sys.argv[1], 50, queue))
    writer = context.Process(target=write, args=(sys.argv[1], 50))
    reader.start()
    writer.start()
    assert queue.get(timeout=60) == [b"%d" % number for number in range(50)]
    writer.join()
    reader.join()
    print(writer.exitcode, reader.exitcode)
"""


def test_multiprocessing(path: Path, tmp_path: Path) -> None:
    """A writer and a reader by spawn, which starts from the script's file."""
    script = tmp_path / "script.py"
    script.write_text(SPAWN)
    run_it = "import runpy, sys; del sys.argv[0]; runpy.run_path(sys.argv[0], {}, '__main__')"
    assert run_child(run_it, script, path) == "0 0\n"
