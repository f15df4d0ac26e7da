# SPDX-License-Identifier: Apache-2.0
"""Metadata: a mapping that lives in the log."""
# mypy: disable-error-code="assignment, comparison-overlap"

import random
from collections.abc import Mapping, MutableMapping
from pathlib import Path

import pytest

import libwal


def test_it_is_a_mapping(log: libwal.Log) -> None:
    assert isinstance(log.meta, MutableMapping) and isinstance(log.meta, Mapping)
    assert issubclass(libwal.Meta, MutableMapping)


def test_one_key(log: libwal.Log) -> None:
    log.meta["vote"] = b"17"
    assert log.meta["vote"] == b"17"
    assert type(log.meta["vote"]) is bytes
    assert "vote" in log.meta and "other" not in log.meta
    assert len(log.meta) == 1 and list(log.meta) == ["vote"]
    del log.meta["vote"]
    assert len(log.meta) == 0


def test_methods_of_a_mapping(log: libwal.Log) -> None:
    meta = log.meta
    meta.update({"b": b"2", "a": b"1"}, c=b"3")
    assert list(meta) == list(meta.keys()) == ["a", "b", "c"], "in the order of their bytes"
    assert list(meta.values()) == [b"1", b"2", b"3"]
    assert list(meta.items()) == [("a", b"1"), ("b", b"2"), ("c", b"3")]
    assert meta.get("a") == b"1" and meta.get("x") is None and meta.get("x", b"d") == b"d"
    assert meta.pop("a") == b"1" and meta.pop("a", None) is None
    assert meta.setdefault("b", b"9") == b"2" and meta.setdefault("d", b"4") == b"4"
    assert meta == {"b": b"2", "c": b"3", "d": b"4"}
    assert dict(meta) == meta.copy() == {"b": b"2", "c": b"3", "d": b"4"}
    assert type(meta.copy()) is dict
    key, _ = meta.popitem()
    assert key not in meta and len(meta) == 2
    meta.clear()
    assert len(meta) == 0 and not list(meta)


def test_as_a_dict(path: Path) -> None:
    """Any row of changes leaves it as it leaves a dict, also after it was opened again."""
    draw = random.Random(7)
    model: dict[str, bytes] = {}
    for _ in range(4):
        with libwal.open(path, sync="none") as log:
            assert log.meta == model
            for _ in range(60):
                key = "k%d" % draw.randrange(8)
                if draw.random() < 0.7:
                    model[key] = log.meta[key] = draw.randbytes(draw.randrange(20))
                elif key in model:
                    del model[key], log.meta[key]
                else:
                    with pytest.raises(KeyError):
                        del log.meta[key]
                assert log.meta.copy() == model
            log.append(b"x")
            log.truncate_before(log.next_lsn)


def test_a_missing_key(log: libwal.Log) -> None:
    for call in (log.meta.__getitem__, log.meta.__delitem__, log.meta.pop):
        with pytest.raises(KeyError) as error:
            call("missing")
        assert isinstance(error.value, libwal.MissingKeyError)
        assert error.value.name == "WAL_E_NOTFOUND"
        assert error.value.args[0] == "missing" or "missing" in str(error.value)
    with pytest.raises(KeyError):
        log.meta.popitem()


def test_keys_are_text_or_bytes(log: libwal.Log) -> None:
    log.meta[b"raw"] = b"1"
    log.meta[bytearray(b"more")] = b"2"
    log.meta["ümlaut"] = b"3"
    assert log.meta["raw"] == b"1" and log.meta[memoryview(b"more")] == b"2"
    assert log.meta["ümlaut".encode()] == b"3"
    assert b"raw" in log.meta and bytearray(b"raw") in log.meta
    assert list(log.meta) == ["more", "raw", "ümlaut"]


def test_keys_that_are_no_utf8(log: libwal.Log) -> None:
    log.meta[b"\xff\x00\xfe"] = b"1"
    (key,) = log.meta
    assert key == b"\xff\x00\xfe".decode("utf-8", "surrogateescape")
    assert log.meta[key] == b"1"
    del log.meta[key]
    assert len(log.meta) == 0


def test_keys_of_other_types(log: libwal.Log) -> None:
    for key in (5, None, 1.5, ("a",), object()):
        assert key not in log.meta
        for call in (
            lambda key: log.meta[key],
            lambda key: log.meta.__setitem__(key, b"v"),
            lambda key: log.meta.__delitem__(key),
        ):
            with pytest.raises(TypeError):
                call(key)


def test_a_lone_surrogate_is_no_key(log: libwal.Log) -> None:
    with pytest.raises(UnicodeError):
        log.meta["\ud800"] = b"v"


def test_values(log: libwal.Log) -> None:
    log.meta["k"] = bytearray(b"1")
    log.meta["k"] = memoryview(b"22")
    assert log.meta["k"] == b"22"
    log.meta["k"] = b""
    assert log.meta["k"] == b"" and "k" in log.meta
    log.meta["k"] = bytes(range(256)) * 4
    assert log.meta["k"] == bytes(range(256)) * 4
    for value in ("text", 5, None):
        with pytest.raises(TypeError):
            log.meta["k"] = value
    with pytest.raises(BufferError):
        log.meta["k"] = memoryview(b"abcd")[::2]


def test_limits(buffered: libwal.Log) -> None:
    meta = buffered.meta
    meta["k" * 64] = bytes(1024)
    with pytest.raises(libwal.TooBigError):
        meta["k" * 65] = b""
    with pytest.raises(libwal.TooBigError):
        meta["k"] = bytes(1025)
    with pytest.raises(libwal.InvalidError):
        meta[""] = b""
    assert "" not in meta and "k" * 65 not in meta
    for number in range(63):
        meta["key %d" % number] = b"v"
    with pytest.raises(libwal.FullError):
        meta["one more"] = b"v"
    assert len(meta) == 64
    meta["key 0"] = b"can be changed"
    del meta["key 0"]
    meta["one more"] = b"now it can"


def test_durable_at_once(path: Path) -> None:
    with libwal.open(path, sync="none") as log:
        log.meta["k"] = b"v"
        with libwal.open(path, "r") as other:
            assert other.meta["k"] == b"v"
            log.meta["k"] = b"w"
            assert other.meta["k"] == b"w"
            with pytest.raises(libwal.ReadOnlyError):
                other.meta["k"] = b"x"
            with pytest.raises(libwal.ReadOnlyError):
                del other.meta["k"]


def test_it_survives_cuts(log: libwal.Log) -> None:
    log.meta["k"] = b"v"
    log.append_many([b"a", b"b"])
    log.truncate_after(0)
    log.reset(100)
    log.rotate()
    assert log.meta.copy() == {"k": b"v"}


def test_changed_while_it_is_walked(log: libwal.Log) -> None:
    """The walk is over the keys of one moment, or it is refused as a dict's is; no key comes
    twice."""
    for number in range(10):
        log.meta["%d" % number] = b"v"
    seen = []
    try:
        for key in log.meta:
            seen.append(key)
            log.meta["new " + key] = b"v"
    except RuntimeError:
        pass
    assert len(seen) == len(set(seen)) and set(seen) <= set(log.meta)


def test_after_close(log: libwal.Log) -> None:
    meta = log.meta
    meta["k"] = b"v"
    log.close()
    for call in (
        lambda: meta["k"],
        lambda: meta.__setitem__("k", b"v"),
        lambda: meta.__delitem__("k"),
        lambda: "k" in meta,
        lambda: len(meta),
        lambda: list(meta),
        meta.copy,
    ):
        with pytest.raises(libwal.ClosedError):
            call()


def test_repr(log: libwal.Log) -> None:
    log.meta["vote"] = b"17"
    assert "vote" in repr(log.meta)


def test_it_has_no_hash(log: libwal.Log) -> None:
    with pytest.raises(TypeError):
        hash(log.meta)
