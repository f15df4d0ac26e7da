# SPDX-License-Identifier: Apache-2.0
"""Following a log: on a thread beside the writer, and from another process."""
# mypy: disable-error-code="arg-type, var-annotated"

import itertools
from pathlib import Path

import pytest

import libwal
from support import Call, child, fill, payload, run_child, soon, until


def test_from_the_next_record_on(log: libwal.Log) -> None:
    fill(log, 5)
    with log.tail(timeout=0.01) as tail:
        assert tail.position == 6
        assert list(tail) == []
        log.append(b"x")
        assert [record.lsn for record in tail] == [6]
        log.append(b"y")
        assert [record.lsn for record in tail] == [7]


def test_from_a_place(log: libwal.Log) -> None:
    payloads = fill(log, 5)
    with log.tail(2, 0, form="bytes") as tail:
        assert list(tail) == payloads[1:]
    with pytest.raises(libwal.RangeError):
        log.tail(7)


def test_it_waits_for_a_thread_that_appends(log: libwal.Log) -> None:
    with log.tail(None, None) as tail:
        seen = Call(lambda: list(itertools.islice(tail, 50)))
        for lsn in range(1, 51):
            log.append(payload(lsn))
        assert [record.data for record in seen.result()] == [payload(n) for n in range(1, 51)]


def test_several_follow(buffered: libwal.Log) -> None:
    tails = [buffered.tail(form="bytes") for _ in range(4)]
    calls = [Call(lambda tail: list(itertools.islice(tail, 300)), tail) for tail in tails]
    for number in range(300):
        buffered.append(b"%d" % number, sync=number % 10 == 9)
    for call in calls:
        assert call.result() == [b"%d" % number for number in range(300)]
    for tail in tails:
        tail.close()


def test_what_is_not_durable_stays_unseen(buffered: libwal.Log) -> None:
    with buffered.tail(timeout=0.01) as tail, buffered.tail(timeout=0.01, written=True) as early:
        buffered.append(b"x")
        buffered.flush()
        assert list(tail) == []
        assert [record.durable for record in early] == [False]
        buffered.sync()
        assert [record.durable for record in tail] == [True]


def test_interrupt_ends_an_iteration(log: libwal.Log) -> None:
    with log.tail() as tail:
        seen = Call(list, tail)
        log.append(b"x")
        until(lambda: tail.position == 2)
        tail.interrupt()
        assert [record.data for record in seen.result()] == [b"x"]
        log.append(b"y")
        assert next(tail).data == b"y"


def test_the_log_is_closed_meanwhile(path: Path) -> None:
    log = libwal.open(path)
    tail = log.tail()
    seen = Call(next, tail)
    soon()
    log.close()
    with pytest.raises(libwal.ClosedError):
        seen.result()
    tail.close()


def test_read_many_never_waits(log: libwal.Log) -> None:
    with log.tail() as tail:
        assert tail.read_many() == []
        log.append_many([b"a", b"b"])
        assert [record.data for record in tail.read_many()] == [b"a", b"b"]
        assert tail.read_many() == []


def test_wait_then_read_many(log: libwal.Log) -> None:
    with log.tail(form="bytes") as tail:
        waiting = Call(tail.wait)
        soon()
        log.append(b"a")
        assert waiting.result() is True
        assert tail.read_many() == [b"a"]
        assert tail.wait(0) is False


@pytest.mark.parametrize("timeout", ["1", b"1", object()])
def test_timeouts_of_a_wrong_type(log: libwal.Log, timeout: object) -> None:
    log.append(b"x")
    with log.read(2) as reader:
        for call in (lambda t: log.tail(1, t), reader.wait, lambda t: log.wait(1, t)):
            with pytest.raises(TypeError):
                call(timeout)


def test_odd_timeouts(log: libwal.Log) -> None:
    """They are as much as fits, or refused; no overflow makes a long one short."""
    with log.tail() as tail:
        for timeout in (1e9, 1e300, float("inf"), 2**70):
            log.append(b"x")
            try:
                assert tail.wait(timeout) is True
            except (ValueError, OverflowError):
                pass
            tail.read_many()
        with pytest.raises((ValueError, OverflowError)):
            tail.wait(float("nan"))


def test_tails_are_cut_too(log: libwal.Log) -> None:
    fill(log, 10)
    with log.tail(5, 0) as tail:
        log.truncate_before(8)
        with pytest.raises(libwal.TrimmedError):
            next(tail)
        tail.seek(8)
        assert [record.lsn for record in tail] == [8, 9, 10]


def test_a_tail_of_a_read_only_log(path: Path) -> None:
    with libwal.open(path) as log, libwal.open(path, "r") as other, other.tail(1) as tail:
        seen = Call(lambda: list(itertools.islice(tail, 20)))
        for lsn in range(1, 21):
            log.append(payload(lsn))
        assert [record.data for record in seen.result()] == [payload(n) for n in range(1, 21)]


FOLLOWER = """
    import sys, libwal
    with libwal.open(sys.argv[1], "r") as log, log.tail(1) as tail:
        print("ready", flush=True)
        for record in tail:
            print(record.lsn, record.data.decode(), flush=True)
            if record.data == b"end":
                break
"""


def test_a_follower_in_another_process(log: libwal.Log, path: Path) -> None:
    log.append(b"first")
    with child(FOLLOWER, path) as follower:
        assert follower.stdout is not None
        assert follower.stdout.readline() == "ready\n"
        for number in range(2, 31):
            log.append(b"%d" % number)
        log.append(b"end")
        lines = follower.stdout.read().splitlines()
    assert lines == ["1 first", *(f"{n} {n}" for n in range(2, 31)), "31 end"]


WRITER = """
    import sys, libwal
    with libwal.open(sys.argv[1], segment_bytes="64K", sync="data") as log:
        for number in range(1, 101):
            log.append(b"%d" % number + bytes(2000))
"""


def test_a_writer_in_another_process(path: Path) -> None:
    libwal.open(path).close()
    with libwal.open(path, "r") as log, log.tail(1, form="bytes") as tail:
        with child(WRITER, path) as writer:
            seen = list(itertools.islice(tail, 100))
            assert writer.wait(60) == 0
        assert seen == [b"%d" % number + bytes(2000) for number in range(1, 101)]


def test_the_writer_destroys_it(path: Path) -> None:
    libwal.open(path).close()
    with libwal.open(path, "r") as log, log.tail(1) as tail:
        seen = Call(next, tail)
        soon()
        run_child("import sys, libwal; libwal.destroy(sys.argv[1])", path)
        with pytest.raises(libwal.WalError):
            seen.result()
