# SPDX-License-Identifier: Apache-2.0
"""Views: payloads without a copy."""
# mypy: disable-error-code="comparison-overlap, func-returns-value"

import gc
import os
from pathlib import Path

import pytest

import libwal
from support import Call, fill, payload


def test_a_view_is_its_payload(log: libwal.Log) -> None:
    log.append_many([b"hello", b"", b"x" * 100_000], [1, 2, 3])
    with log.read(form="view") as reader:
        views = list(reader)
        assert [bytes(view) for view in views] == [b"hello", b"", b"x" * 100_000]
        assert [len(view) for view in views] == [5, 0, 100_000]
        assert [(view.lsn, view.type) for view in views] == [(1, 1), (2, 2), (3, 3)]
        assert [view.batch_last for view in views] == [False, False, True]
        assert all(view.durable and view.tag is None for view in views)
        for view in views:
            view.close()


def test_the_memory_is_read_only(log: libwal.Log) -> None:
    log.append(b"hello")
    with log.read(form="view") as reader, next(reader) as view:
        with memoryview(view) as memory:
            assert memory.readonly and memory.format == "B" and memory.nbytes == 5
            assert memory == b"hello"
            with pytest.raises(TypeError):
                memory[0] = 1


def test_tag(log: libwal.Log) -> None:
    with log.batch() as batch:
        batch.set_tag(b"t")
        batch.append(b"x")
    with log.read(form="view") as reader, next(reader) as view:
        assert view.tag == b"t"


def test_several_views_of_one_payload(log: libwal.Log) -> None:
    log.append(b"hello")
    with log.read(form="view") as reader, next(reader) as view:
        one, two = memoryview(view), memoryview(view)
        one.release()
        assert two == b"hello"
        two.release()


def test_closed_while_it_is_in_use(log: libwal.Log) -> None:
    fill(log, 10)
    reader = log.read(form="view")
    view = next(reader)
    memory = memoryview(view)
    for close in (view.close, reader.close, log.close):
        with pytest.raises(BufferError):
            close()
    assert memory == payload(1)
    assert log.append(b"the log goes on") == 11
    memory.release()
    view.close()
    reader.close()
    log.close()
    assert log.closed and reader.closed


def test_the_block_of_a_view_in_use(log: libwal.Log) -> None:
    log.append(b"x")
    reader = log.read(form="view")
    with pytest.raises(BufferError), next(reader) as view:
        memory = memoryview(view)
    memory.release()
    view.close()
    reader.close()


def test_what_is_in_use_stays_whatever_else_is_read(log: libwal.Log) -> None:
    fill(log, 3000)
    with log.read(form="view") as reader:
        held = [(number, memoryview(view)) for number, view in enumerate(reader, 1)
                if number % 100 == 0]
        reader.seek(1)
        list(reader)
        log.truncate_before(2500)
        assert all(memory == payload(number) for number, memory in held)
        for _, memory in held:
            memory.release()


def test_it_outlives_the_names_of_its_reader(log: libwal.Log) -> None:
    fill(log, 20)
    memory = memoryview(next(log.read(form="view")))
    gc.collect()
    list(log)
    assert memory == payload(1)
    memory.release()


def test_a_closed_view(log: libwal.Log) -> None:
    log.append(b"x")
    with log.read(form="view") as reader:
        view = next(reader)
        view.close()
        view.close()
        with pytest.raises((ValueError, BufferError)):
            memoryview(view)
        with pytest.raises((ValueError, BufferError)):
            bytes(view)


def test_views_after_the_close_of_their_reader(log: libwal.Log) -> None:
    """Nobody holds memory of it, so it closes; the view then has nothing to show."""
    log.append(b"x")
    reader = log.read(form="view")
    view = next(reader)
    reader.close()
    try:
        assert bytes(view) == b"x"
    except (ValueError, BufferError):
        pass


def test_views_go_where_bytes_go(log: libwal.Log, tmp_path: Path) -> None:
    log.append(b"hello")
    with log.read(form="view") as reader, next(reader) as view:
        assert log.append(view) == 2
        assert b"".join([view, view]) == b"hellohello"
        with open(tmp_path / "file", "wb") as file:
            os.writev(file.fileno(), [view])
        assert int.from_bytes(view, "big") == int.from_bytes(b"hello", "big")
    assert log[2] == b"hello"
    assert (tmp_path / "file").read_bytes() == b"hello"


def test_views_in_lists(log: libwal.Log) -> None:
    payloads = fill(log, 300)
    with log.read(form="view") as reader:
        got = []
        while part := reader.read_many(64):
            got += [bytes(view) for view in part]
        assert got == payloads


def test_views_of_a_compressed_log(path: Path) -> None:
    with libwal.open(path, codec="zlib", codec_min_bytes=0) as log:
        log.append_many([b"a" * 5000, b"b" * 5000])
        with log.read(form="view") as reader:
            assert [bytes(view) for view in reader] == [b"a" * 5000, b"b" * 5000]


def test_released_on_another_thread(log: libwal.Log) -> None:
    fill(log, 50)
    with log.read(form="view") as reader:
        memories = [memoryview(view) for view in reader]
        Call(lambda: [memory.release() for memory in memories]).result()
    assert reader.closed


def test_repr(log: libwal.Log) -> None:
    log.append(b"hello", 7)
    with log.read(form="view") as reader, next(reader) as view:
        assert "1" in repr(view)


def test_each_keeps_its_own_bytes(buffered: libwal.Log) -> None:
    """Also when the reader has gone through much more than it has in memory at once."""
    payloads = [b"%06d" % number * 300 for number in range(3000)]  # 5 MB
    buffered.append_many(payloads, sync=True)
    with buffered.read(form="view") as reader:
        views = list(reader)
        assert [bytes(view) for view in views] == payloads
        for view in views:
            view.close()
