# SPDX-License-Identifier: Apache-2.0
"""Checkpoints: the word that a state is safe."""
# mypy: disable-error-code="arg-type"

from pathlib import Path

import pytest

import libwal
from support import fill


def test_there_is_none(log: libwal.Log) -> None:
    assert log.last_checkpoint() is None
    assert log.segment_checkpoint(1) is None
    assert log.segment_checkpoint(99) is None


def test_state(path: Path) -> None:
    with libwal.open(path) as log:
        fill(log, 10)
        log.checkpoint(4)
        assert log.last_checkpoint() == (4, b"")
        log.checkpoint(7, b"state")
        checkpoint = log.last_checkpoint()
        assert checkpoint is not None
        assert (checkpoint.lsn, checkpoint.state) == (7, b"state")
        assert log.segments()[0].checkpoint_lsn == 7
        assert log.segment_checkpoint(log.segments()[0].number) == (7, b"state")
    with libwal.open(path) as log:
        assert log.recovery.checkpoint_lsn == 7
        assert log.last_checkpoint() == (7, b"state")


def test_kinds_of_states(log: libwal.Log) -> None:
    fill(log, 1)
    for state in (bytearray(b"abc"), memoryview(b"abc")):
        log.checkpoint(1, state)
        assert log.last_checkpoint() == (1, b"abc")
    with pytest.raises(TypeError):
        log.checkpoint(1, "abc")
    with pytest.raises(TypeError):
        log.checkpoint(1, None)
    with pytest.raises(BufferError):
        log.checkpoint(1, memoryview(b"abc")[::2])


def test_a_large_state(log: libwal.Log) -> None:
    fill(log, 1)
    state = bytes(range(256)) * 20_000
    log.checkpoint(1, state)
    checkpoint = log.last_checkpoint()
    assert checkpoint is not None and checkpoint.state == state


def test_a_state_that_is_too_large(path: Path) -> None:
    with libwal.open(path, checkpoint_bytes=10) as log:
        fill(log, 1)
        log.checkpoint(1, bytes(10))
        with pytest.raises(libwal.TooBigError):
            log.checkpoint(1, bytes(11))


def test_of_what_lsn(buffered: libwal.Log) -> None:
    fill(buffered, 5)
    buffered.append(b"not durable")
    for lsn in (0, 6, 7):
        with pytest.raises(libwal.RangeError):
            buffered.checkpoint(lsn)
    buffered.checkpoint(3)
    with pytest.raises(libwal.RangeError):
        buffered.checkpoint(2)
    buffered.checkpoint(3)
    buffered.checkpoint(5)


def test_a_cut_takes_it_away(log: libwal.Log) -> None:
    fill(log, 10)
    log.checkpoint(3, b"3")
    log.checkpoint(8, b"8")
    log.truncate_before(5)
    assert log.last_checkpoint() == (8, b"8")
    log.truncate_after(7)
    assert log.last_checkpoint() is None, "and no older one comes back"


def test_segments_go_that_a_checkpoint_covers(path: Path) -> None:
    with libwal.open(path, retain_from_checkpoint=True) as log:
        for _ in range(4):
            fill(log, 3)
            log.rotate()
        log.checkpoint(10)
        fill(log, 1)
        log.rotate()
        assert log.first_lsn == 10


def test_asked_inside_of_a_drain(log: libwal.Log) -> None:
    fill(log, 3)
    log.checkpoint(2, b"two")
    log.rotate()
    found = []

    def look(segment: libwal.Segment) -> bool:
        found.append(log.segment_checkpoint(segment.number))
        return False

    assert log.drain(look) == 0
    assert found == [(2, b"two")]


def test_read_only(path: Path) -> None:
    with libwal.open(path) as log:
        fill(log, 3)
        with libwal.open(path, "r") as other:
            assert other.last_checkpoint() is None
            log.checkpoint(2, b"state")
            assert other.last_checkpoint() == (2, b"state")
            with pytest.raises(libwal.ReadOnlyError):
                other.checkpoint(2)
