# SPDX-License-Identifier: Apache-2.0
"""Every exception, raised by what it is for, with what it tells. test_hierarchy has their places
among Python's own."""

import copy
import errno
import os
import pickle
import resource
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import libwal
from support import (
    copy_live,
    corrupt_payload,
    descriptors,
    fill,
    patch_control,
    run_child,
    segment_files,
)

BASES: dict[type[libwal.WalError], tuple[type[BaseException], ...]] = {
    libwal.InvalidError: (libwal.WalError, ValueError),
    libwal.CorruptError: (libwal.WalError,),
    libwal.TornError: (libwal.CorruptError,),
    libwal.NotFoundError: (libwal.WalError, LookupError),
    libwal.MissingKeyError: (libwal.NotFoundError, KeyError),
    libwal.LockedError: (libwal.WalError,),
    libwal.ClosedError: (libwal.WalError, ValueError),
    libwal.ReadOnlyError: (libwal.WalError,),
    libwal.FailedError: (libwal.WalError,),
    libwal.InDoubtError: (libwal.WalError,),
    libwal.TooBigError: (libwal.WalError, ValueError),
    libwal.RangeError: (libwal.WalError, IndexError),
    libwal.TrimmedError: (libwal.WalError,),
    libwal.CryptoError: (libwal.WalError,),
    libwal.VersionError: (libwal.WalError,),
    libwal.ExistsError: (libwal.WalError, FileExistsError),
    libwal.BusyError: (libwal.WalError,),
    libwal.WalTimeoutError: (libwal.WalError, TimeoutError),
    libwal.ForkError: (libwal.WalError,),
    libwal.UnsupportedError: (libwal.WalError,),
    libwal.FullError: (libwal.WalError,),
    libwal.WalOSError: (libwal.WalError, OSError),
    libwal.NoSpaceError: (libwal.WalOSError,),
    libwal.PermError: (libwal.WalOSError, PermissionError),
}
CODES = {
    "WAL_E_INVAL": -1, "WAL_E_IO": -3, "WAL_E_NOSPC": -4, "WAL_E_NOTFOUND": -5,
    "WAL_E_EXISTS": -6, "WAL_E_LOCKED": -7, "WAL_E_CORRUPT": -8, "WAL_E_TORN": -9,
    "WAL_E_VERSION": -10, "WAL_E_READONLY": -11, "WAL_E_CLOSED": -12, "WAL_E_FAILED": -13,
    "WAL_E_INDOUBT": -14, "WAL_E_TOOBIG": -15, "WAL_E_RANGE": -16, "WAL_E_TRIMMED": -17,
    "WAL_E_TIMEOUT": -18, "WAL_E_CRYPTO": -19, "WAL_E_BUSY": -20, "WAL_E_FORK": -21,
    "WAL_E_UNSUPPORTED": -22, "WAL_E_CALLBACK": -23, "WAL_E_PERM": -24, "WAL_E_FULL": -25,
}


class Raised:
    """What a block raised; `value` is there behind it."""

    value: libwal.WalError


@contextmanager
def raises(kind: type[libwal.WalError], name: str, path: Path) -> Iterator[Raised]:
    """The block raises exactly this class, with this code's name and number, and this path; and
    the exception travels through pickle and copy."""
    raised = Raised()
    with pytest.raises(kind) as caught:
        yield raised
    error = raised.value = caught.value
    assert type(error) is kind
    assert (error.name, error.code) == (name, CODES[name])
    assert error.path == str(path)
    assert str(error)
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):
        assert type(again) is kind and str(again) == str(error)
        assert facts(again) == facts(error)


def facts(error: libwal.WalError) -> tuple[object, ...]:
    return (
        error.code, error.name, error.lsn, error.path, error.errno, error.segment, error.offset,
        getattr(error, "report", None),
    )


@pytest.mark.parametrize("kind", BASES, ids=lambda kind: kind.__name__)
def test_hierarchy(kind: type[libwal.WalError]) -> None:
    assert all(issubclass(kind, base) for base in BASES[kind])
    assert issubclass(libwal.WalError, Exception)
    assert kind.__module__.startswith("libwal")
    assert kind.__doc__


def test_no_class_was_forgotten() -> None:
    """This file has a test for each class that there is."""
    kinds = {
        value for name in dir(libwal)
        if isinstance(value := getattr(libwal, name), type) and issubclass(value, libwal.WalError)
    }
    assert kinds == {libwal.WalError, *BASES}


def test_invalid(log: libwal.Log, path: Path) -> None:
    with raises(libwal.InvalidError, "WAL_E_INVAL", path) as raised:
        log.append(b"x", 65536)
    assert raised.value.errno is None and raised.value.lsn is None


def test_invalid_option(path: Path) -> None:
    with raises(libwal.InvalidError, "WAL_E_INVAL", path) as raised:
        libwal.open(path, segment_bytes=1)
    assert "segment_bytes" in str(raised.value)


def test_corrupt(path: Path) -> None:
    with libwal.open(path) as log:
        for _ in range(4):
            log.append(b"before")
        log.append(b"precious " * 20)
        log.append(b"behind")
        log.rotate()
    file = corrupt_payload(path, b"precious " * 20)
    with libwal.open(path) as log:
        for call in (lambda: log[5], lambda: log.record(5), lambda: log.get(5), lambda: list(log)):
            with raises(libwal.CorruptError, "WAL_E_CORRUPT", path) as raised:
                call()
            error = raised.value
            assert (error.lsn, error.segment) == (5, int(file.stem))
            assert error.offset is not None and error.offset > 4096
            assert isinstance(error, libwal.CorruptError) and error.report is None
            assert str(path) in str(error)
        assert log[4] == b"before" and log[6] == b"behind"
    with raises(libwal.CorruptError, "WAL_E_CORRUPT", path) as raised:
        libwal.verify(path)
    assert raised.value.lsn in (5, None)


def torn(path: Path, tmp_path: Path) -> Path:
    """A log whose last group was written in part."""
    with libwal.open(path, sync="none") as log:
        log.append(b"durable", sync=True)
        end = log.segments()[-1].bytes
        log.append(b"x" * 1000)
        log.flush()
        live = copy_live(path, tmp_path / "torn")
    os.truncate(segment_files(live)[-1], end + 500)
    return live


def test_torn(path: Path, tmp_path: Path) -> None:
    live = torn(path, tmp_path)
    with raises(libwal.TornError, "WAL_E_TORN", live):
        libwal.open(live, strict=True)
    with raises(libwal.TornError, "WAL_E_TORN", live) as raised:
        libwal.verify(live)
    assert isinstance(raised.value, libwal.TornError) and raised.value.report is not None
    assert raised.value.report.verdict in ("torn", "ambiguous")
    assert raised.value.report.records == 1
    with libwal.open(live) as log:
        assert log.recovery.verdict in ("torn", "ambiguous")
        assert log.recovery.discarded_bytes > 0 and log.recovery.cut_segment == 1
        assert [record.data for record in log] == [b"durable"]


def test_not_found(path: Path) -> None:
    with raises(libwal.NotFoundError, "WAL_E_NOTFOUND", path):
        libwal.open(path, "r")
    with raises(libwal.NotFoundError, "WAL_E_NOTFOUND", path):
        libwal.verify(path)


def test_missing_key(log: libwal.Log, path: Path) -> None:
    with raises(libwal.MissingKeyError, "WAL_E_NOTFOUND", path):
        log.meta["k"]


def test_locked(log: libwal.Log, path: Path) -> None:
    log.append(b"x")
    with raises(libwal.LockedError, "WAL_E_LOCKED", path) as raised:
        libwal.open(path)
    assert str(os.getpid()) in str(raised.value)


def test_closed(log: libwal.Log, path: Path) -> None:
    log.close()
    with raises(libwal.ClosedError, "WAL_E_CLOSED", path):
        log.append(b"x")


def test_read_only(log: libwal.Log, path: Path) -> None:
    with libwal.open(path, "r") as other, raises(libwal.ReadOnlyError, "WAL_E_READONLY", path):
        other.append(b"x")


def break_sync(path: Path) -> None:
    """From now on writes to the log's newest segment succeed, and syncs of it don't."""
    null = os.open("/dev/null", os.O_RDWR)
    found = descriptors(str(segment_files(path)[-1]))
    assert found
    for descriptor in found:
        os.dup2(null, descriptor)
    os.close(null)


def test_in_doubt_then_failed(path: Path) -> None:
    log = libwal.open(path, sync="none")
    log.append(b"safe")
    log.rotate()
    log.append(b"unsure")
    break_sync(path)
    with raises(libwal.InDoubtError, "WAL_E_INDOUBT", path) as raised:
        log.sync()
    assert raised.value.errno == errno.EINVAL
    assert raised.value.lsn == 2
    for call in (lambda: log.append(b"x"), log.sync, lambda: log.meta.__setitem__("k", b"v")):
        with raises(libwal.FailedError, "WAL_E_FAILED", path):
            call()
    failure = log.failure
    assert isinstance(failure, libwal.WalError)
    assert (failure.name, failure.errno, failure.lsn) == ("WAL_E_IO", errno.EINVAL, 2)
    assert log[1] == b"safe", "reading goes on"
    close_failed(log)
    with libwal.open(path) as log:
        assert [record.data for record in log] == [b"safe"]


def close_failed(log: libwal.Log) -> None:
    """The last sync of a failed log fails too, which close may say; it is closed all the same."""
    try:
        log.close()
    except libwal.WalError:
        pass
    assert log.closed


def test_a_durable_append_in_doubt(path: Path) -> None:
    log = libwal.open(path)
    log.append(b"safe")
    break_sync(path)
    with raises(libwal.InDoubtError, "WAL_E_INDOUBT", path) as raised:
        log.append(b"unsure")
    assert raised.value.lsn == 2
    with pytest.raises(libwal.FailedError):
        log.wait(5)
    close_failed(log)


def test_too_big(path: Path) -> None:
    with libwal.open(path, max_record_bytes=10) as log:
        with raises(libwal.TooBigError, "WAL_E_TOOBIG", path):
            log.append(bytes(11))


def test_range(log: libwal.Log, path: Path) -> None:
    for call in (lambda: log[5], lambda: log.read(5), lambda: log.truncate_before(5)):
        with raises(libwal.RangeError, "WAL_E_RANGE", path):
            call()
    for lsn in (-1, 2**64):
        with raises(libwal.RangeError, "WAL_E_RANGE", path):
            log[lsn]


def test_trimmed(log: libwal.Log, path: Path) -> None:
    fill(log, 5)
    with log.read() as reader:
        log.truncate_before(4)
        with raises(libwal.TrimmedError, "WAL_E_TRIMMED", path):
            next(reader)


def test_crypto(path: Path) -> None:
    libwal.open(path, key=bytes(32)).close()
    with raises(libwal.CryptoError, "WAL_E_CRYPTO", path):
        libwal.open(path)


def test_version(path: Path) -> None:
    with libwal.open(path) as log:
        fill(log, 3)
    patch_control(path, 8, struct.pack("<H", 2))
    for call in (libwal.open, libwal.verify, lambda path: libwal.open(path, "r")):
        with raises(libwal.VersionError, "WAL_E_VERSION", path):
            call(path)
    patch_control(path, 8, struct.pack("<H", 1))
    libwal.open(path).close()


def test_exists(log: libwal.Log, path: Path) -> None:
    log.close()
    with raises(libwal.ExistsError, "WAL_E_EXISTS", path):
        libwal.open(path, "x")


def test_busy(log: libwal.Log, path: Path) -> None:
    log.append(b"x")
    with raises(libwal.BusyError, "WAL_E_BUSY", path):
        log.replay(lambda record: log.append(b"y"))
    assert len(log) == 1


def test_timeout(log: libwal.Log, path: Path) -> None:
    with raises(libwal.WalTimeoutError, "WAL_E_TIMEOUT", path):
        log.wait(1, 0)


def test_fork(log: libwal.Log, path: Path) -> None:
    """In the child of a fork: see test_fork.py for the rest."""
    said = run_child(
        """
        import os, sys, libwal
        log = libwal.open(sys.argv[1])
        child = os.fork()
        if child == 0:
            try:
                log.append(b"x")
            except libwal.ForkError as error:
                print(type(error).__name__, error.name, error.code, error.path, flush=True)
            os._exit(0)
        os.waitpid(child, 0)
        log.close()
        """,
        path.parent / "other",
        flags=(),
    )
    assert said == f"ForkError WAL_E_FORK -21 {path.parent / 'other'}\n"


def test_unsupported(path: Path) -> None:
    class Machine:
        def apply(self, record: libwal.Record) -> None:
            pass

        def snapshot(self) -> bytes:
            return b""

        def restore(self, lsn: int, state: bytes) -> None:
            pass

    with libwal.open(path, machine=Machine()) as log:
        log.append_many([b"a", b"b"])
        with raises(libwal.UnsupportedError, "WAL_E_UNSUPPORTED", path):
            log.truncate_after(1)


def test_full(log: libwal.Log, path: Path) -> None:
    with log.batch() as batch:
        for number in range(64):
            batch.set_meta("%d" % number, b"")
    with raises(libwal.FullError, "WAL_E_FULL", path):
        log.meta["one more"] = b""


@contextmanager
def limit(what: int, value: int) -> Iterator[None]:
    """A limit of this process, within the block."""
    before = resource.getrlimit(what)
    resource.setrlimit(what, (value, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(what, before)


def test_no_descriptors(path: Path) -> None:
    libwal.open(path).close()
    free = os.dup(0)
    os.close(free)
    with limit(resource.RLIMIT_NOFILE, free):
        with raises(libwal.WalOSError, "WAL_E_IO", path) as raised:
            libwal.open(path)
    assert raised.value.errno == errno.EMFILE
    libwal.open(path).close()


def test_no_space(path: Path) -> None:
    with libwal.open(path, zero_ahead_bytes=0) as log:
        log.append(b"small")
        with limit(resource.RLIMIT_FSIZE, 100_000):
            with raises(libwal.NoSpaceError, "WAL_E_NOSPC", path) as raised:
                log.append(bytes(200_000))
        assert raised.value.errno in (errno.EFBIG, errno.ENOSPC)
        assert log.append(b"goes on") == 2
        assert [record.data for record in log] == [b"small", b"goes on"]


def test_world_writable(path: Path) -> None:
    libwal.open(path).close()
    path.chmod(0o777)
    with raises(libwal.PermError, "WAL_E_PERM", path):
        libwal.open(path)
    path.chmod(0o700)
    libwal.open(path).close()


def test_a_link_under_a_name_of_the_log(path: Path) -> None:
    with libwal.open(path) as log:
        log.append(b"x")
    (file,) = segment_files(path)
    file.rename(path / "elsewhere")
    file.symlink_to(path / "elsewhere")
    with raises(libwal.PermError, "WAL_E_PERM", path):
        libwal.open(path)
    with pytest.raises(PermissionError):
        libwal.open(path)


def test_by_hand() -> None:
    """Programs that test their own handling make such exceptions themselves."""
    error = libwal.CorruptError("made up")
    assert str(error) == "made up"
    for name in ("lsn", "path", "errno", "segment", "offset"):
        assert getattr(error, name) is None
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is libwal.CorruptError and str(again) == "made up"


@pytest.mark.parametrize("kind", BASES, ids=lambda kind: kind.__name__)
def test_each_class_can_be_made_and_pickled(kind: type[libwal.WalError]) -> None:
    error = kind("made up")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind and str(again) == str(error) and facts(again) == facts(error)


def test_records_travel(log: libwal.Log) -> None:
    with log.batch() as batch:
        batch.set_tag(b"tag")
        batch.append(b"data", 7)
    record = log.record(1)
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(record, protocol)) == record
    (read,) = log
    for again in (pickle.loads(pickle.dumps(read)), copy.copy(read), copy.deepcopy(read)):
        assert again == read and again.tag == b"tag" and hash(again) == hash(read)
    for thing in (log.info(), log.segments()[0], log.recovery, log.range()):
        assert pickle.loads(pickle.dumps(thing)) == thing


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_what_does_not_travel(log: libwal.Log, protocol: int) -> None:
    log.append(b"x")
    with log.read(form="view") as reader, next(reader) as view, log.events() as events:
        with log.batch() as batch:
            for thing in (log, reader, view, batch, events, log.meta):
                with pytest.raises((TypeError, pickle.PicklingError)):
                    pickle.dumps(thing, protocol)
