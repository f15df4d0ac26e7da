# SPDX-License-Identifier: Apache-2.0
"""A log as an object: ways of opening it, options, what it tells of itself."""
# mypy: disable-error-code="arg-type, call-arg, index"

import os
from pathlib import Path

import pytest

import libwal
from support import contents, fill, segment_files

BY_PARAMETERS = {"create", "exclusive", "read_only", "sync"}
OPTIONS = sorted(libwal.options().keys() - BY_PARAMETERS)
OCTAL = {"file_mode", "dir_mode"}


def test_a_new_log_is_empty(log: libwal.Log, path: Path) -> None:
    assert (log.first_lsn, log.last_lsn, log.next_lsn, log.durable_lsn) == (1, 0, 1, 0)
    assert log.range() == (1, 0, 1, 0)
    assert len(log) == 0 and list(log) == []
    assert log.path == str(path) and not log.closed and not log.read_only
    assert log.failure is None
    assert log.recovery.verdict == "new"


def test_reopen(path: Path) -> None:
    with libwal.open(path) as log:
        payloads = fill(log, 10)
    assert log.closed
    with libwal.open(path) as log:
        assert contents(log) == list(enumerate(payloads, 1))
        assert log.recovery.verdict == "clean"
        assert log.info().clean


@pytest.mark.parametrize("kind", [str, os.fsencode, Path])
def test_kinds_of_paths(path: Path, kind: type) -> None:
    with libwal.open(kind(str(path))) as log:
        assert log.path == str(path)


def test_a_path_that_is_no_utf8(tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/l\xf6g"
    with libwal.open(name) as log:
        log.append(b"x")
        assert os.fsencode(log.path) == name


def test_a_path_with_a_zero(tmp_path: Path) -> None:
    with pytest.raises(ValueError):
        libwal.open(str(tmp_path) + "/a\0b")


def test_mode_x_wants_a_new_one(path: Path) -> None:
    libwal.open(path, "x").close()
    with pytest.raises(libwal.ExistsError):
        libwal.open(path, "x")


def test_mode_r(path: Path) -> None:
    with libwal.open(path) as log:
        payloads = fill(log, 3)
        with libwal.open(path, "r") as reader:
            assert reader.read_only and reader.info().read_only
            assert [data for _, data in contents(reader)] == payloads
            log.append(b"more")
            assert reader[4] == b"more"
            with pytest.raises(libwal.ReadOnlyError):
                reader.append(b"x")


@pytest.mark.parametrize("arguments", [("r",), ("a", False)])
def test_a_log_that_is_missing(path: Path, arguments: tuple[object, ...]) -> None:
    with pytest.raises(libwal.NotFoundError):
        libwal.open(path, *arguments)
    assert not path.exists()


def test_create_makes_no_parents(tmp_path: Path) -> None:
    with pytest.raises(libwal.NotFoundError):
        libwal.open(tmp_path / "a" / "b")


@pytest.mark.parametrize("mode", ["w", "", "rb", "ar", "R"])
def test_unknown_modes(path: Path, mode: str) -> None:
    with pytest.raises(ValueError):
        libwal.open(path, mode)
    assert not path.exists()


@pytest.mark.parametrize("name", OPTIONS)
def test_each_option_takes_its_default(path: Path, name: str) -> None:
    value = libwal.options()[name]
    text = f"{value:o}" if name in OCTAL else str(value)
    for given in (value, text):
        with libwal.open(path, **{name: given}) as log:
            log.append(b"x")


def test_flags_are_bool(path: Path) -> None:
    with libwal.open(path, strict=True, background=False) as log:
        with pytest.raises(libwal.InvalidError):
            log.append(b"x", submit=True)


def test_options_do_what_they_say(path: Path) -> None:
    with libwal.open(path, segment_bytes="64K", sync="none", first_lsn=100) as log:
        assert log.append(b"x") == 100
        for _ in range(20):
            log.append(bytes(10_000))
        assert len(log.segments()) > 2
    assert {segment.stat().st_mode & 0o777 for segment in segment_files(path)} == {0o600}


def test_permissions_as_number_and_octal_text(tmp_path: Path) -> None:
    mask = os.umask(0)
    try:
        libwal.open(tmp_path / "a", file_mode=0o640, dir_mode=0o750).close()
        libwal.open(tmp_path / "b", file_mode="640", dir_mode="750").close()
    finally:
        os.umask(mask)
    for name in "ab":
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o750
        assert (tmp_path / name / "control").stat().st_mode & 0o777 == 0o640


def test_an_unknown_option_is_named(path: Path) -> None:
    with pytest.raises(TypeError, match="segment_byte"):
        libwal.open(path, segment_byte=65536)
    assert not path.exists()


@pytest.mark.parametrize(
    "options",
    [
        {"segment_bytes": 1},
        {"segment_bytes": -1},
        {"segment_bytes": "64 M"},
        {"segment_bytes": ""},
        {"segment_bytes": "1\0"},
        {"segment_bytes": 2**64},
        {"segment_bytes": 10**30},
        {"file_mode": 0o1000},
        {"group_align": 65},
        {"codec": "lz77"},
        {"first_lsn": 0},
        {"sync": "sometimes"},
        {"sync": ""},
        {"preset": "fast"},
        {"aead": "rot13", "key": bytes(32)},
        {"sync": "interval", "background": False},
    ],
)
def test_values_that_make_no_sense(path: Path, options: dict[str, object]) -> None:
    with pytest.raises((ValueError, OverflowError)):
        libwal.open(path, **options)
    assert not path.exists()


@pytest.mark.parametrize(
    "options",
    [
        {"segment_bytes": 1.5},
        {"segment_bytes": None},
        {"segment_bytes": b"64K"},
        {"segment_bytes": [1]},
        {"sync": 2.0},
        {"preset": 1},
        {"label": 5},
        {"key": "a string of thirty-two characters"},
        {"keys": [b"x"]},
        {"keys": {"a": bytes(32)}},
        {"machine": object()},
        {"lock": object()},
        {"mode": 5},
    ],
)
def test_values_of_a_wrong_type(path: Path, options: dict[str, object]) -> None:
    with pytest.raises((TypeError, AttributeError)):
        libwal.open(path, **options)
    assert not path.exists()


@pytest.mark.parametrize("sync", ["none", "interval", "data", "full", "dsync"])
def test_modes_of_sync(path: Path, sync: str) -> None:
    with libwal.open(path, sync=sync) as log:
        lsn = log.append(b"x")
        assert (log.durable_lsn == lsn) == (sync not in ("none", "interval"))
        log.sync()
        assert log.durable_lsn == lsn


def test_presets(tmp_path: Path) -> None:
    libwal.open(tmp_path / "a", preset="low_latency").close()
    with libwal.open(tmp_path / "b", preset="high_throughput", segment_bytes="64K") as log:
        for _ in range(10):
            log.append(bytes(20_000))
        assert len(log.segments()) > 1, "what is set beside the preset wins"
    with libwal.open(tmp_path / "c", preset="durable") as log:
        log.append(b"x")
        assert log.segments()[-1].bytes % 4096 == 0


def test_label(path: Path) -> None:
    with libwal.open(path, label="a täg") as log:
        assert log.info().label == "a täg".encode()
    with libwal.open(path) as log:
        assert log.info().label == "a täg".encode(), "it keeps the one that it has"
    with libwal.open(path, label=b"\xff" * 64) as log:
        log.append(b"x")
        log.rotate()
        assert log.info().label == b"\xff" * 64
    with pytest.raises(libwal.TooBigError):
        libwal.open(path, label=bytes(65))


def test_info(log: libwal.Log, path: Path) -> None:
    info = log.info()
    assert len(info.uuid.replace("-", "")) == 32 and int(info.uuid.replace("-", ""), 16)
    assert (info.label, info.major, info.minor, info.strays) == (b"", 1, 0, 0)
    assert (info.codec, info.cipher, info.read_only, info.clean) == ("none", "none", False, False)
    (path / "stray").touch()
    assert log.info().strays == 1
    with libwal.open(path, "r") as other:
        assert other.info().uuid == info.uuid


def test_segments(path: Path) -> None:
    with libwal.open(path, segment_records=5, sync="none") as log:
        for _ in range(12):
            log.append(b"abc")
        log.sync()
        segments = log.segments()
        assert [(s.first_lsn, s.last_lsn, s.records) for s in segments] == [
            (1, 5, 5),
            (6, 10, 5),
            (11, 12, 2),
        ]
        assert [s.sealed for s in segments] == [True, True, False]
        assert [s.number for s in segments] == [int(file.stem) for file in segment_files(path)]
        assert all(s.bytes >= 4096 and s.created_ns > 10**18 for s in segments)
        assert all(s.checkpoint_lsn == 0 for s in segments)
        assert log.disk_bytes >= sum(s.bytes for s in segments)


def test_stats(log: libwal.Log) -> None:
    before = log.stats()
    assert {"append_records", "append_bytes", "syncs", "broken_pins"} <= before.keys()
    assert all(type(value) is int for value in before.values())
    log.append_many([b"abc", b"de"])
    after = log.stats()
    assert after["append_records"] - before["append_records"] == 2
    assert after["append_bytes"] - before["append_bytes"] == 5
    assert after["syncs"] > before["syncs"]


@pytest.mark.parametrize(
    "which", ["append_ns", "sync_ns", "group_records", "group_bytes", "read_ns"]
)
def test_histogram(log: libwal.Log, which: str) -> None:
    log.append(b"abc")
    assert log[1] == b"abc"
    buckets = log.histogram(which)
    assert len(buckets) == 64 and sum(buckets) >= 1


def test_an_unknown_histogram(log: libwal.Log) -> None:
    with pytest.raises(ValueError):
        log.histogram("latency")


def test_flush_and_sync(buffered: libwal.Log) -> None:
    lsn = buffered.append(b"x")
    buffered.flush()
    assert buffered.durable_lsn == 0
    buffered.sync(lsn)
    assert buffered.durable_lsn == lsn
    buffered.append(b"y")
    buffered.sync()
    assert buffered.durable_lsn == 2
    with pytest.raises(libwal.RangeError):
        buffered.sync(3)


def test_wait(buffered: libwal.Log) -> None:
    lsn = buffered.append(b"x")
    buffered.wait(lsn)
    assert buffered.durable_lsn == lsn, "it drives the sync itself"
    buffered.wait(lsn, 0)
    for timeout in (0, 0.0, 0.01):
        with pytest.raises(libwal.WalTimeoutError):
            buffered.wait(lsn + 1, timeout)
    with pytest.raises(libwal.InvalidError):
        buffered.wait(0)


def test_length_membership_index(path: Path) -> None:
    with libwal.open(path, first_lsn=10) as log:
        payloads = fill(log, 5)
        assert len(log) == 5
        assert [lsn in log for lsn in (0, 9, 10, 14, 15, -1, 2**70)] == [
            False,
            False,
            True,
            True,
            False,
            False,
            False,
        ]
        assert "10" not in log and None not in log
        assert [log[lsn] for lsn in range(10, 15)] == payloads
        for lsn in (0, 9, 15, -1, 2**64):
            with pytest.raises(libwal.RangeError):
                log[lsn]
        with pytest.raises(TypeError):
            log["10"]
        with pytest.raises(TypeError):
            log[1:2]


def test_get(log: libwal.Log) -> None:
    log.append(b"x")
    assert log.get(1) == b"x"
    assert log.get(2) is None
    assert log.get(2, b"none") == b"none"
    assert log.get(2, default=5) == 5
    assert log.get(0, "zero") == "zero"


def test_what_was_appended_can_be_got_before_it_is_durable(buffered: libwal.Log) -> None:
    lsn = buffered.append(b"x")
    assert buffered[lsn] == b"x"
    assert buffered.record(lsn) == libwal.Record(1, b"x", durable=False)
    assert list(buffered) == [], "a reader sees what is durable"
    assert [record.lsn for record in buffered.read(written=True)] in ([], [1])


def test_record(log: libwal.Log) -> None:
    log.append(b"abc", 7)
    record = log.record(1)
    assert (record.lsn, record.data, record.type) == (1, b"abc", 7)
    assert record.durable and record.batch_last and record.tag is None
    with pytest.raises(libwal.RangeError):
        log.record(2)


def test_large_records(log: libwal.Log) -> None:
    data = os.urandom(3_000_000)
    lsn = log.append(data)
    assert log[lsn] == data
    assert log.get(lsn) == data
    assert log.record(lsn).data == data


def test_repr(log: libwal.Log, path: Path) -> None:
    fill(log, 3)
    text = repr(log)
    assert str(path) in text and "3" in text
    log.close()
    assert "closed" in repr(log)


def test_close_twice(path: Path) -> None:
    log = libwal.open(path)
    log.close()
    log.close()
    assert log.closed


def test_close_makes_durable(path: Path) -> None:
    with libwal.open(path, sync="none") as log:
        log.append(b"x")
    with libwal.open(path, "r") as log:
        assert (log[1], log.durable_lsn) == (b"x", 1)


def test_an_exception_in_the_block_passes_and_closes(path: Path) -> None:
    with pytest.raises(ZeroDivisionError), libwal.open(path) as log:
        log.append(b"x")
        raise ZeroDivisionError
    assert log.closed
    with libwal.open(path) as again:
        assert again[1] == b"x"


def test_recovery(path: Path) -> None:
    with libwal.open(path) as log:
        fill(log, 3)
        log.checkpoint(2)
    with libwal.open(path) as log:
        recovery = log.recovery
        assert recovery.verdict == "clean"
        assert (recovery.first_lsn, recovery.last_lsn, recovery.next_lsn) == (1, 3, 4)
        assert (recovery.durable_lsn, recovery.checkpoint_lsn) == (3, 2)
        assert (recovery.discarded_bytes, recovery.cut_segment, recovery.cut_offset) == (0, 0, 0)
        assert (recovery.segments, recovery.header_repairs) == (1, 0)
        assert recovery.duration_ns > 0


def test_version_and_options() -> None:
    assert libwal.version() == "1.0.0"
    options = libwal.options()
    assert options["segment_bytes"] == 64 << 20 and options["file_mode"] == 0o600
    assert options["max_record_bytes"] == 16 << 20
    options["segment_bytes"] = 0
    assert libwal.options()["segment_bytes"] == 64 << 20, "a dict of one's own"


def test_no_background_descriptor_is_left(path: Path) -> None:
    before = set(os.listdir("/proc/self/fd"))
    with libwal.open(path) as log:
        fill(log, 3)
        list(log.read(pin=True))
        with log.events() as events:
            list(events)
    assert set(os.listdir("/proc/self/fd")) == before
