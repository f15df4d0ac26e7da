# SPDX-License-Identifier: Apache-2.0
"""Batches: gathered first, there together or not at all."""
# mypy: disable-error-code="arg-type, comparison-overlap"

import pytest

import libwal
from support import contents, fill


def test_the_block_commits(log: libwal.Log) -> None:
    with log.batch() as batch:
        batch.append(b"a", 1)
        batch.append_many([b"b", b"c"], [2, 3])
        assert len(batch) == 3 and batch.payload_bytes == 3
        assert len(log) == 0
        assert batch.first_lsn is None and batch.last_lsn is None
    assert (batch.first_lsn, batch.last_lsn) == (1, 3)
    assert [(r.lsn, r.data, r.type) for r in log] == [(1, b"a", 1), (2, b"b", 2), (3, b"c", 3)]
    assert [r.batch_last for r in log] == [False, False, True]


def test_an_exception_discards(log: libwal.Log) -> None:
    with pytest.raises(ZeroDivisionError), log.batch() as batch:
        batch.append(b"a")
        raise ZeroDivisionError
    assert len(log) == 0
    assert batch.first_lsn is None


def test_commit_by_hand(log: libwal.Log) -> None:
    batch = log.batch()
    batch.append(b"a")
    assert batch.commit() == (1, 1)
    assert len(batch) == 0
    batch.append_many([b"b", b"c"])
    assert batch.commit() == (2, 3)
    assert (batch.first_lsn, batch.last_lsn) == (2, 3)
    assert batch.commit() == (0, 0)
    batch.close()


def test_commit_inside_of_the_block(log: libwal.Log) -> None:
    with log.batch() as batch:
        batch.append(b"a")
        assert batch.commit() == (1, 1)
    assert contents(log) == [(1, b"a")]


def test_abort(log: libwal.Log) -> None:
    with log.batch() as batch:
        batch.append(b"a")
        batch.set_tag(b"t")
        batch.set_meta("k", b"v")
        batch.abort()
        assert len(batch) == 0 and batch.payload_bytes == 0
        batch.append(b"b")
    assert contents(log) == [(1, b"b")]
    assert log.last_tag() is None and "k" not in log.meta


def test_an_empty_batch(log: libwal.Log) -> None:
    with log.batch() as batch:
        pass
    assert batch.first_lsn in (None, 0)
    assert len(log) == 0


def test_close_discards(log: libwal.Log) -> None:
    batch = log.batch()
    batch.append(b"a")
    batch.close()
    batch.close()
    with pytest.raises(libwal.ClosedError):
        batch.append(b"b")
    with pytest.raises(libwal.ClosedError):
        batch.commit()
    assert len(log) == 0


def test_after_the_block_it_is_closed(log: libwal.Log) -> None:
    with log.batch() as batch:
        batch.append(b"a")
    with pytest.raises(libwal.ClosedError):
        batch.append(b"b")


def test_tags(log: libwal.Log) -> None:
    assert log.last_tag() is None
    with log.batch() as batch:
        batch.set_tag(b"one")
        batch.append_many([b"a", b"b"])
    log.append(b"c")
    assert [record.tag for record in log] == [b"one", b"one", None]
    assert log.last_tag() == b"one"
    with log.batch() as batch:
        batch.set_tag(b"two")
        batch.set_tag(b"")
        batch.append(b"d")
    assert log.last_tag() == b"one"
    log.truncate_after(0)
    assert log.last_tag() is None


def test_a_tag_too_long(log: libwal.Log) -> None:
    with log.batch() as batch:
        batch.set_tag(bytes(64))
        with pytest.raises(libwal.TooBigError):
            batch.set_tag(bytes(65))
        batch.append(b"a")
    assert log.last_tag() == bytes(64)


def test_metadata_comes_with_the_records(log: libwal.Log) -> None:
    with log.batch() as batch:
        batch.append(b"a")
        batch.set_meta("position", b"5")
        batch.set_meta(b"raw", bytearray(b"6"))
        assert "position" not in log.meta
    assert log.meta.copy() == {"position": b"5", "raw": b"6"}
    with log.batch() as batch:
        batch.set_meta("position", None)
    assert log.meta.copy() == {"raw": b"6"}
    assert (log.next_lsn, log.durable_lsn) == (2, 1)


def test_metadata_that_cannot_be(log: libwal.Log) -> None:
    with log.batch() as batch:
        batch.append(b"a")
        with pytest.raises(libwal.InvalidError):
            batch.set_meta("", b"v")
        with pytest.raises(libwal.TooBigError):
            batch.set_meta("k", bytes(1025))
        with pytest.raises(TypeError):
            batch.set_meta(5, b"v")
        with pytest.raises(TypeError):
            batch.set_meta("k", "v")
        batch.set_meta("missing", None)
        with pytest.raises(libwal.MissingKeyError):
            batch.commit()
        assert len(batch) == 1, "it is as it was"
        batch.abort()


def test_replace_after(log: libwal.Log) -> None:
    fill(log, 5)
    batch = log.batch()
    batch.append_many([b"x", b"y"])
    batch.set_meta("k", b"v")
    assert batch.replace_after(3) == (4, 5)
    assert (log[4], log[5], log.last_lsn, log.meta["k"]) == (b"x", b"y", 5, b"v")
    assert batch.replace_after(1) == (0, 0), "an empty one truncates only"
    assert (log.last_lsn, log.next_lsn) == (1, 2)
    batch.append(b"z")
    with pytest.raises(libwal.RangeError):
        batch.replace_after(2)
    batch.close()


def test_flags(buffered: libwal.Log) -> None:
    batch = buffered.batch()
    batch.append(b"a")
    batch.commit()
    assert buffered.durable_lsn == 0
    batch.append(b"b")
    batch.commit(sync=True)
    assert buffered.durable_lsn == 2
    batch.append(b"c")
    batch.commit(submit=True)
    buffered.wait(3, 60)
    with pytest.raises(libwal.InvalidError):
        batch.commit(sync=True, submit=True)
    batch.close()


def test_several_at_once(log: libwal.Log) -> None:
    one, two = log.batch(), log.batch()
    one.append(b"1")
    two.append(b"2")
    assert two.commit() == (1, 1)
    assert one.commit() == (2, 2)
    assert contents(log) == [(1, b"2"), (2, b"1")]
    one.close()
    two.close()


def test_a_large_one(buffered: libwal.Log) -> None:
    data = bytes(100_000)
    with buffered.batch() as batch:
        for _ in range(300):
            batch.append(data)
        assert batch.payload_bytes == 30_000_000
    assert len(buffered) == 300 and buffered[300] == data


def test_the_log_is_closed_first(log: libwal.Log) -> None:
    batch = log.batch()
    batch.append(b"a")
    log.close()
    with pytest.raises(libwal.ClosedError):
        batch.commit()
    batch.close()


def test_closing_the_log_inside_of_the_block(log: libwal.Log) -> None:
    with pytest.raises(libwal.ClosedError), log.batch() as batch:
        batch.append(b"a")
        log.close()


def test_an_exception_wins_over_a_closed_log(log: libwal.Log) -> None:
    with pytest.raises(ZeroDivisionError), log.batch() as batch:
        batch.append(b"a")
        log.close()
        raise ZeroDivisionError
