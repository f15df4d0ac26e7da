# SPDX-License-Identifier: Apache-2.0
"""libwal.eventlog: events as log records, with and without a thread."""

import logging
import os
import resource
import signal
import threading

import pytest

import libwal
from libwal.eventlog import LEVELS, USUAL, EventLogger


class Kept(logging.Handler):
    """Keeps records, and wakes who waits for one."""

    def __init__(self):
        super().__init__()
        self.records = []
        self.came = threading.Condition()

    def emit(self, record):
        record.getMessage()
        with self.came:
            self.records.append(record)
            self.came.notify_all()

    def wait_for(self, kind):
        with self.came:
            assert self.came.wait_for(lambda: kind in self.kinds(), 30), self.kinds()
            return next(r for r in self.records if getattr(r, "wal_kind", None) == kind)

    def kinds(self):
        return [getattr(record, "wal_kind", None) for record in self.records]


@pytest.fixture
def kept():
    logger = logging.getLogger("libwal")
    handler = Kept()
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    yield handler
    logger.removeHandler(handler)
    logger.setLevel(logging.NOTSET)


def test_pump(tmp_path, kept):
    with libwal.open(tmp_path / "a.wal") as log:
        events = EventLogger(log)
        assert events.pump() == 0
        log.append(b"x")
        log.rotate()
        assert events.pump() > 0
        rotated = kept.wait_for("rotated")
        assert (rotated.levelno, rotated.name, rotated.wal_path) == (20, "libwal", log.path)
        assert (rotated.wal_lsn, rotated.wal_segment, rotated.wal_code) == (2, 2, 0)
        assert rotated.getMessage() == f"{log.path}: segment 2 begins with LSN 2"
        assert rotated.wal_time_ns > 10**18
        assert kept.wait_for("persisted").levelno == logging.DEBUG
        assert not {"synced", "durable"} & set(kept.kinds())
        log.truncate_before(2)
        events.pump()
        kept.wait_for("truncated")
        events.close()


def test_every_kind_has_a_level_and_a_text(tmp_path, kept):
    with libwal.open(tmp_path / "a.wal") as log:
        events = EventLogger(log, kinds=tuple(kind for kind in LEVELS if kind != "opened"))
        log.append(b"x")
        events.pump()
        assert kept.wait_for("synced").levelno == kept.wait_for("durable").levelno == 10
        for kind in LEVELS:
            events._pass_on(libwal.Event((kind, 1, 2, 3, 4, 5, -8, 0)))
        last = kept.records[-len(LEVELS):]
        assert [record.levelno for record in last] == list(LEVELS.values())
        corrupt = next(record for record in last if record.wal_kind == "corrupt")
        assert "WAL_E_CORRUPT" in corrupt.getMessage() and corrupt.levelno == logging.ERROR
        events.close()
    assert set(USUAL) <= set(LEVELS)


def test_a_level_that_is_off(tmp_path, kept):
    logging.getLogger("libwal").setLevel(logging.WARNING)
    with libwal.open(tmp_path / "a.wal") as log:
        events = EventLogger(log)
        log.append(b"x")
        log.rotate()
        assert events.pump() > 0 and kept.records == []
        events.close()


def test_another_logger(tmp_path):
    logger, handler = logging.Logger("mine"), Kept()
    logger.addHandler(handler)
    with libwal.open(tmp_path / "a.wal") as log, EventLogger(log, logger, ("truncated",)):
        log.append(b"x")
        log.truncate_after(0)
        assert handler.wait_for("truncated").name == "mine"
    assert handler.kinds() == ["truncated"]


def test_lost_events_are_told(tmp_path, kept):
    with libwal.open(tmp_path / "a.wal", event_ring=2) as log:
        events = EventLogger(log, kinds=("synced",))
        for _ in range(10):
            log.append(b"x")
        events.pump()
        events.close()
    lost = [record for record in kept.records if "were lost" in record.getMessage()]
    assert len(lost) == 1 and lost[0].levelno == logging.WARNING


def test_a_thread_until_the_end_of_with(tmp_path, kept):
    with libwal.open(tmp_path / "a.wal") as log:
        with EventLogger(log):
            threads = [t for t in threading.enumerate() if t.name == "libwal-events"]
            assert len(threads) == 1 and threads[0].daemon
            log.append(b"x")
            log.rotate()
            kept.wait_for("rotated")
            log.append(b"x")
            log.rotate()
        assert not threads[0].is_alive()
        assert kept.kinds().count("rotated") == 2
        log.append(b"x")
        log.rotate()
        assert kept.kinds().count("rotated") == 2


def test_a_thread_until_the_log_is_closed(tmp_path, kept):
    descriptors = len(os.listdir("/proc/self/fd"))
    log = libwal.open(tmp_path / "a.wal")
    with EventLogger(log):
        log.append(b"x")
        log.close()
        threads = [t for t in threading.enumerate() if t.name == "libwal-events"]
        for thread in threads:
            thread.join(30)
            assert not thread.is_alive()
    kept.wait_for("persisted")
    assert len(os.listdir("/proc/self/fd")) == descriptors


def test_pump_of_a_closed_log(tmp_path, kept):
    log = libwal.open(tmp_path / "a.wal")
    events = EventLogger(log)
    log.append(b"x")
    log.close()
    assert events.pump() > 0
    with pytest.raises(libwal.ClosedError):
        events.pump()
    events.close()


def test_a_write_error(tmp_path, kept):
    usual, limits = signal.getsignal(signal.SIGXFSZ), resource.getrlimit(resource.RLIMIT_FSIZE)
    with libwal.open(tmp_path / "a.wal", zero_ahead_bytes=0) as log, EventLogger(log):
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (16 << 10, limits[1]))
        try:
            with pytest.raises(libwal.NoSpaceError):
                log.append(bytes(40_000))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
            signal.signal(signal.SIGXFSZ, usual)
        record = kept.wait_for("write_error")
    assert record.levelno == logging.WARNING
    assert "WAL_E_NOSPC" in record.getMessage() and record.wal_code == -4
