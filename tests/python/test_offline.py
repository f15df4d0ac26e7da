# SPDX-License-Identifier: Apache-2.0
"""What is done to a log that nobody has open: verify, repair, salvage, copy, destroy, lock; and
batches as bytes."""
# mypy: disable-error-code="arg-type, misc"

import os
import struct
import zlib
from pathlib import Path

import pytest

import libwal
from support import contents, corrupt_payload, fill, flip, payload, run_child, segment_files


def make(path: Path, records: int = 30, **options: object) -> list[bytes]:
    """A log with a group per record, closed; returns the payloads."""
    with libwal.open(path, sync="data", **options) as log:
        payloads = [b"record %d " % number + b"x" * 100 for number in range(records)]
        for data in payloads:
            log.append(data)
        log.meta["k"] = b"v"
    return payloads


def test_verify(path: Path) -> None:
    payloads = make(path)
    report = libwal.verify(path)
    assert type(report) is libwal.Verification
    assert (report.verdict, report.segments, report.records) == ("clean", 1, 30)
    assert report.bytes == sum(map(len, payloads))
    assert (report.first_lsn, report.last_lsn, report.gaps) == (1, 30, 0)
    assert (report.damaged_segment, report.damaged_offset, report.damaged_lsn) == (0, 0, 0)
    assert report.duration_ns > 0


def test_verify_beside_a_writer(log: libwal.Log, path: Path) -> None:
    fill(log, 10)
    assert libwal.verify(path).records == 10


def test_progress(path: Path) -> None:
    make(path, 50, segment_records=10)
    steps: list[tuple[int, int]] = []
    libwal.verify(path, lambda done, total: steps.append((done, total)))
    assert steps and steps == sorted(steps)
    assert steps[-1][0] == steps[-1][1] > 0
    steps.clear()
    libwal.verify(path, progress=lambda done, total: steps.append((done, total)), read_threads=4)
    assert steps[-1][0] == steps[-1][1]


def test_progress_that_stops(path: Path) -> None:
    make(path)
    with pytest.raises(libwal.WalError) as error:
        libwal.verify(path, lambda done, total: True)
    assert error.value.name == "WAL_E_CALLBACK" and error.value.code == -23
    with pytest.raises(ZeroDivisionError):
        libwal.verify(path, lambda done, total: 1 // 0)
    with pytest.raises(TypeError):
        libwal.verify(path, lambda: None)
    with pytest.raises(TypeError):
        libwal.verify(path, 5)


def test_verify_what_is_no_log(tmp_path: Path) -> None:
    with pytest.raises(libwal.NotFoundError):
        libwal.verify(tmp_path)
    with pytest.raises(libwal.NotFoundError):
        libwal.verify(tmp_path / "missing")
    (tmp_path / "file").touch()
    with pytest.raises(libwal.InvalidError):
        libwal.verify(tmp_path / "file")


def test_damage(path: Path) -> None:
    payloads = make(path)
    file = corrupt_payload(path, payloads[11])
    with pytest.raises(libwal.CorruptError) as error:
        libwal.verify(path)
    report = error.value.report
    assert report is not None
    assert (report.verdict, report.records, report.gaps) == ("damaged", 29, 1)
    assert (report.damaged_lsn, report.damaged_segment) == (12, int(file.stem))
    assert report.damaged_offset > 4096
    assert error.value.path == str(path)


def test_salvage(path: Path) -> None:
    payloads = make(path)
    whole = libwal.salvage(path)
    assert [(record.lsn, record.data) for record in whole.records] == list(enumerate(payloads, 1))
    assert whole.gaps == []
    corrupt_payload(path, payloads[4])
    corrupt_payload(path, payloads[5])
    corrupt_payload(path, payloads[20])
    found = libwal.salvage(path)
    assert found.gaps == [(5, 6), (21, 21)]
    assert [record.lsn for record in found.records] == [
        lsn for lsn in range(1, 31) if lsn not in (5, 6, 21)
    ]
    assert all(record.data == payloads[record.lsn - 1] for record in found.records)


def test_salvage_by_functions(path: Path) -> None:
    payloads = make(path)
    corrupt_payload(path, payloads[4])
    records: list[libwal.Record] = []
    gaps: list[tuple[int, int]] = []
    result = libwal.salvage(path, records.append, lambda first, last: gaps.append((first, last)))
    assert (result.records, result.gaps) == ([], [])
    assert len(records) == 29 and gaps == [(5, 5)]
    mixed = libwal.salvage(path, gap=lambda first, last: None)
    assert len(mixed.records) == 29 and mixed.gaps == []


def test_exceptions_end_a_salvage(path: Path) -> None:
    payloads = make(path)
    corrupt_payload(path, payloads[4])
    with pytest.raises(ZeroDivisionError):
        libwal.salvage(path, lambda record: 1 // 0)
    with pytest.raises(ZeroDivisionError):
        libwal.salvage(path, gap=lambda first, last: 1 // 0)
    with pytest.raises(TypeError):
        libwal.salvage(path, 5)


def test_salvage_of_nothing(tmp_path: Path) -> None:
    with pytest.raises(libwal.NotFoundError):
        libwal.salvage(tmp_path / "missing")


def test_repair_of_damage(path: Path) -> None:
    payloads = make(path)
    corrupt_payload(path, payloads[11])
    with pytest.raises(libwal.CorruptError):
        libwal.repair(path, dry_run=True, cut_at_damage=True)
    report = libwal.repair(path, cut_at_damage=True)
    assert report.verdict == "clean" and report.records == 11
    with libwal.open(path) as log:
        assert [data for _, data in contents(log)] == payloads[:11]
    assert list((path / "quarantine").iterdir())


def test_repair_of_control(path: Path) -> None:
    payloads = make(path)
    (path / "control").write_bytes(bytes(12288))
    with pytest.raises(libwal.CorruptError):
        libwal.open(path)
    with pytest.raises(libwal.CorruptError):
        libwal.verify(path)
    assert libwal.repair(path, rebuild_control=True).records == 30
    with libwal.open(path) as log:
        assert [data for _, data in contents(log)] == payloads


def test_repair_of_what_is_right(path: Path) -> None:
    make(path)
    assert libwal.repair(path, cut_at_damage=True).records == 30
    assert libwal.repair(path, dry_run=True).records == 30
    with pytest.raises(libwal.InvalidError):
        libwal.repair(path)


def test_repair_wants_the_lock(path: Path) -> None:
    make(path)
    with libwal.open(path) as log:
        log.append(b"x")
        with pytest.raises(libwal.LockedError):
            libwal.repair(path, cut_at_damage=True)
    with libwal.Lock(path) as lock:
        with pytest.raises(libwal.LockedError):
            libwal.repair(path, cut_at_damage=True)
        assert libwal.repair(path, cut_at_damage=True, lock=lock).records == 31


def test_copy(path: Path, tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    with libwal.open(path, segment_records=10, label=b"label") as log:
        fill(log, 35)
        log.truncate_before(3)
        log.meta["k"] = b"v"
        log.checkpoint(20, b"state")
        log.copy(tmp_path / "copy", lambda done, total: steps.append((done, total)))
        with pytest.raises(libwal.ExistsError):
            log.copy(tmp_path / "copy")
        with pytest.raises(libwal.NotFoundError):
            log.copy(tmp_path / "missing" / "copy")
        with libwal.open(tmp_path / "copy") as copy:
            assert contents(copy) == contents(log)
            assert copy.meta.copy() == {"k": b"v"}
            assert copy.last_checkpoint() == (20, b"state")
            assert copy.info().label == b"label" and copy.info().uuid != log.info().uuid
    assert steps and steps == sorted(steps) and steps[-1][0] == steps[-1][1]


def test_an_exception_ends_a_copy(log: libwal.Log, tmp_path: Path) -> None:
    fill(log, 10)
    with pytest.raises(ZeroDivisionError):
        log.copy(tmp_path / "copy", lambda done, total: 1 // 0)
    with pytest.raises(libwal.WalError) as error:
        log.copy(tmp_path / "copy", lambda done, total: True)
    assert error.value.name == "WAL_E_CALLBACK"
    with pytest.raises(libwal.NotFoundError):
        libwal.open(tmp_path / "copy", "r")
    log.copy(str(tmp_path / "copy"))


def test_destroy(path: Path) -> None:
    make(path)
    (path / "mine").touch()
    with libwal.open(path), pytest.raises(libwal.LockedError):
        libwal.destroy(path)
    libwal.destroy(path)
    assert [entry.name for entry in path.iterdir()] == ["mine"]
    with pytest.raises(libwal.NotFoundError):
        libwal.destroy(path)
    (path / "mine").unlink()
    make(path)
    libwal.destroy(path)
    assert not path.exists()


def test_lock(path: Path) -> None:
    make(path)
    with libwal.Lock(path) as lock:
        assert lock.path == str(path)
        with pytest.raises(libwal.LockedError):
            libwal.Lock(path)
        with pytest.raises(libwal.LockedError):
            libwal.open(path)
        with libwal.open(path, lock=lock) as log:
            log.append(b"x")
        with pytest.raises(libwal.LockedError):
            libwal.open(path)
    lock.release()
    libwal.open(path).close()
    with pytest.raises(libwal.ClosedError):
        lock.__enter__()
    with pytest.raises((libwal.ClosedError, libwal.InvalidError)):
        libwal.open(path, lock=lock)


def test_a_lock_of_nothing(tmp_path: Path) -> None:
    with pytest.raises(libwal.NotFoundError):
        libwal.Lock(tmp_path / "missing")
    (tmp_path / "file").touch()
    with pytest.raises(libwal.InvalidError):
        libwal.Lock(tmp_path / "file")
    with pytest.raises(TypeError):
        libwal.Lock(5)


def test_a_lock_of_another_directory(path: Path, tmp_path: Path) -> None:
    libwal.open(path).close()
    (tmp_path / "other").mkdir()
    with libwal.Lock(tmp_path / "other") as lock, pytest.raises(libwal.InvalidError):
        libwal.open(path, lock=lock)


def test_a_lock_that_is_lent_stays(path: Path) -> None:
    """As long as the log is open: who releases it early mustn't let a second writer in."""
    path.mkdir(mode=0o700)
    lock = libwal.Lock(path)
    with libwal.open(path, lock=lock) as log:
        log.append(b"x")
        try:
            lock.release()
        except libwal.WalError:
            pass
        with pytest.raises(libwal.LockedError):
            libwal.open(path)
        log.append(b"y")
    lock.release()
    libwal.open(path).close()


def test_lock_holder(path: Path, tmp_path: Path) -> None:
    with pytest.raises(libwal.NotFoundError):
        libwal.lock_holder(tmp_path / "missing")
    assert libwal.lock_holder(tmp_path) is None
    with libwal.open(path) as log:
        assert libwal.lock_holder(path) in (0, os.getpid())
        log.append(b"x")
        assert libwal.lock_holder(path) == os.getpid()
        said = run_child("import sys, libwal; print(libwal.lock_holder(sys.argv[1]))", path)
        assert said == f"{os.getpid()}\n"
    assert libwal.lock_holder(path) is None


def test_encode_and_decode() -> None:
    payloads = [b"hello", bytearray(), memoryview(b"v1")]
    form = libwal.encode(payloads, [7, 0, 65535])
    assert form.startswith(b"\x89WALP\r\n\x1a") and len(form) == 67
    records = libwal.decode(form)
    assert [(r.lsn, r.data, r.type) for r in records] == [
        (0, b"hello", 7),
        (0, b"", 0),
        (0, b"v1", 65535),
    ]
    assert all(record.tag is None for record in records)
    assert [r.data for r in libwal.decode(bytearray(libwal.encode(iter([b"x"]), 3)))] == [b"x"]


def test_each_damaged_byte_of_a_form_is_found() -> None:
    form = libwal.encode([b"hello", b"world"])
    for offset in range(len(form)):
        bad = bytearray(form)
        bad[offset] ^= 1
        with pytest.raises(libwal.CorruptError):
            libwal.decode(bad)
    for size in range(len(form)):
        with pytest.raises(libwal.CorruptError):
            libwal.decode(form[:size])
    with pytest.raises(libwal.CorruptError):
        libwal.decode(form + b"\0")


def test_a_newer_form() -> None:
    form = bytearray(libwal.encode([b"hello"]))
    form[8:10] = struct.pack("<H", 2)
    form[-4:] = zlib.crc32(form[:-4]).to_bytes(4, "little")
    with pytest.raises(libwal.VersionError):
        libwal.decode(form)


def test_decode_wants_bytes() -> None:
    for form in ("text", None, 5, [b"x"]):
        with pytest.raises(TypeError):
            libwal.decode(form)


def test_a_batch_travels(path: Path, tmp_path: Path) -> None:
    with libwal.open(path) as source, libwal.open(tmp_path / "to") as target:
        source.append_many([b"a", b"b"], [1, 2])
        records = list(source)
        form = libwal.encode((r.data for r in records), (r.type for r in records))
        got = libwal.decode(form)
        target.append_many((r.data for r in got), (r.type for r in got))
        assert list(target) == records


def test_paths_of_all_functions(path: Path) -> None:
    for given in (str(path), os.fsencode(path), path):
        make(path, 3)
        assert libwal.verify(given).records == 3
        assert len(libwal.salvage(given).records) == 3
        assert libwal.repair(given, dry_run=True).records == 3
        assert libwal.lock_holder(given) is None
        libwal.Lock(given).release()
        libwal.destroy(given)
    for call in (libwal.verify, libwal.salvage, libwal.destroy, libwal.lock_holder, libwal.open):
        for wrong in (5, None, 1.5, [str(path)]):
            with pytest.raises(TypeError):
                call(wrong)


def test_bits_that_flip_anywhere(path: Path, tmp_path: Path) -> None:
    """Wherever a byte of the segment changes: what salvage gives is right, or not given."""
    with libwal.open(path) as log:
        payloads = [payload(number) for number in range(1, 21)]
        for data in payloads:
            log.append(data)
        used = log.segments()[0].bytes
    (file,) = segment_files(path)
    whole = file.read_bytes()
    for offset in range(0, used, 97):
        flip(file, offset)
        found = libwal.salvage(path)
        assert all(record.data == payloads[record.lsn - 1] for record in found.records)
        lost = sum(last - first + 1 for first, last in found.gaps)
        assert len(found.records) + lost == 20
        file.write_bytes(whole)
