# SPDX-License-Identifier: Apache-2.0
"""libwal.aio: opening and closing, and what is in the package."""

import asyncio
import json
import sys

import pytest
from aio_support import crowd, run, script, SMALL

import libwal
import libwal.aio


def test_both_ways_to_open(path):
    async def main():
        log = await libwal.aopen(path)
        assert await log.append(b"one") == 1
        await log.close()
        async with await libwal.aopen(path, "a", sync="full", segment_bytes="1M") as log:
            assert (log.first_lsn, log.last_lsn, log.next_lsn, log.durable_lsn) == (1, 1, 2, 1)
            assert log.path == str(path) and not log.closed and not log.read_only
            assert len(log) == 1 and str(path) in repr(log)
        assert log.closed

    run(main())


def test_errors_of_open(path):
    async def main():
        with pytest.raises(libwal.NotFoundError):
            await libwal.aopen(path, "r")
        with pytest.raises(TypeError, match="nonsense"):
            await libwal.aopen(path, nonsense=1)
        async with await libwal.aopen(path):
            with pytest.raises(libwal.LockedError):
                await libwal.aopen(path)

    run(main())


def test_a_cancelled_open_leaves_nothing_open(path):
    async def main():
        opening = asyncio.create_task(libwal.aopen(path))
        await asyncio.sleep(0)
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        while True:
            try:
                log = await libwal.aopen(path)
                break
            except libwal.LockedError:
                await asyncio.sleep(0.01)
        await log.close()

    run(main())


def test_close_waits_for_what_was_appended(path):
    async def main():
        log = await libwal.aopen(path)
        futures = [log.append_nowait(b"%d" % n) for n in range(1000)]
        await log.close()
        assert [future.result() for future in futures] == list(range(1, 1001))
        await log.close()
        for refused in (log.append(b"x"), log.append_many([b"x"]), log.sync(), log.get(1)):
            with pytest.raises(libwal.ClosedError) as caught:
                await refused
            assert (caught.value.code, caught.value.name) == (-12, "WAL_E_CLOSED")
        with pytest.raises(libwal.ClosedError):
            log.batch()

    run(main())
    with libwal.open(path) as log:
        assert list(log.read(form="bytes")) == [b"%d" % n for n in range(1000)]


def test_close_waits_for_what_has_no_room_yet(path):
    async def main():
        log = await libwal.aopen(path, **SMALL)
        futures = crowd(log, b"x" * 4000)
        await log.close()
        assert [future.result() for future in futures] == list(range(1, len(futures) + 1))

    run(main())


def test_a_cancelled_close_goes_on(path):
    async def main():
        log = await libwal.aopen(path)
        future = log.append_nowait(b"x")
        closing = asyncio.create_task(log.close())
        await asyncio.sleep(0)
        closing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await closing
        with pytest.raises(libwal.ClosedError):
            await log.append(b"y")
        await log.close()
        assert future.result() == 1 and log.sync_log.closed

    run(main())


def test_closed_underneath(path):
    """By somebody who has the Log: what was submitted is durable, the rest is told."""

    async def main():
        log = await libwal.aopen(path)
        future = log.append_nowait(b"x")
        waiting = asyncio.create_task(anext(log.tail(2)))
        await asyncio.sleep(0)
        await asyncio.to_thread(log.sync_log.close)
        assert await future == 1
        with pytest.raises(libwal.ClosedError):
            await waiting
        with pytest.raises(libwal.ClosedError):
            await log.append(b"x")
        await log.close()

    run(main())


def test_only_on_its_own_loop(path):
    async def main():
        log = await libwal.aopen(path)

        async def elsewhere():
            for call in (lambda: log.append_nowait(b"x"), lambda: log.batch(), lambda: log.read()):
                with pytest.raises(RuntimeError, match="another event loop"):
                    call()
            for method in (log.append(b"x"), log.sync(), log.close()):
                with pytest.raises(RuntimeError, match="another event loop"):
                    await method

        def thread():
            with pytest.raises(RuntimeError):
                log.append_nowait(b"x")  # no loop at all
            asyncio.run(elsewhere())

        await asyncio.to_thread(thread)
        assert await log.append(b"x") == 1
        await log.close()

    run(main())


def test_waiting(path):
    async def main():
        async with await libwal.aopen(path, sync="none") as log:
            await log.append(b"x", sync=False)
            assert log.durable_lsn == 0
            await log.wait(1)
            assert log.durable_lsn == 1
            with pytest.raises(libwal.WalTimeoutError):
                await log.wait(2, timeout=0.02)
            with pytest.raises(libwal.WalTimeoutError):
                await log.wait(2, timeout=0)
            ahead = asyncio.create_task(log.wait(3))
            await asyncio.sleep(0)
            await log.append(b"y")
            assert not ahead.done()
            await log.append(b"z")
            await ahead
            with pytest.raises(libwal.InvalidError):
                await log.wait(0)
            await log.flush()

    run(main())


def test_checkpoints_metadata_segments(path, tmp_path):
    async def main():
        async with await libwal.aopen(path) as log:
            assert await log.last_checkpoint() is None
            await log.append_many([b"x"] * 5)
            await log.checkpoint(3, b"state")
            assert await log.last_checkpoint() == (3, b"state")
            assert await log.get_meta("k") is None and await log.get_meta("k", 1) == 1
            await log.set_meta("k", b"v")
            assert await log.get_meta(b"k") == b"v"
            await log.set_meta("k", None)
            with pytest.raises(libwal.MissingKeyError):
                await log.set_meta("k", None)
            await log.rotate()
            await log.append(b"y")
            asked = []
            assert await log.drain(lambda segment: asked.append(segment.number) or True) == 1
            assert len(asked) == 1 and log.first_lsn == 6
            parts = []
            await log.copy(tmp_path / "copy", lambda done, total: parts.append((done, total)))
            assert parts[-1][0] == parts[-1][1]
        with libwal.open(tmp_path / "copy") as copy:
            assert [r.data for r in copy] == [b"y"]

    run(main())


def test_a_wrapped_log(path):
    async def main():
        log = libwal.aio.AsyncLog(libwal.open(path))
        assert await log.append(b"x") == 1
        await log.close()

    run(main())


def test_asyncio_is_imported_on_demand():
    seen = script("""
        import json, sys
        import libwal
        before = [name for name in ("asyncio", "libwal.aio", "logging") if name in sys.modules]
        assert libwal.aopen is sys.modules["libwal.aio"].aopen
        assert libwal.AsyncLog is libwal.aio.AsyncLog
        print(json.dumps(before))
    """)
    assert seen == []


def test_all_names_are_there():
    names = {}
    exec("from libwal import *", names)
    assert set(libwal.__all__) <= set(names) and set(dir(libwal)) >= set(libwal.__all__)
    public = {name for name in vars(libwal._libwal) if not name.startswith("_")}
    assert public | {"aopen", "AsyncLog", "__version__"} == set(libwal.__all__)
    assert libwal.__all__ == sorted(libwal.__all__) and libwal.__version__ == libwal.version()
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        libwal.nonsense
    for name in public:
        if isinstance(getattr(libwal, name), type):
            assert getattr(libwal, name).__module__ == "libwal", name
