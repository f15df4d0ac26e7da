# SPDX-License-Identifier: Apache-2.0
"""libwal.aio: tasks that read and follow."""

import asyncio
import subprocess
import sys
import textwrap
import threading

import pytest
from aio_support import run

import libwal


def test_reading(path):
    async def main():
        async with await libwal.aopen(path) as log:
            await log.append_many([b"%d" % n for n in range(1, 3001)])
            numbers = [int(data) async for data in log.read(form="bytes")]
            assert numbers == list(range(1, 3001))
            assert [r.lsn async for r in log.read(10, 13)] == [10, 11, 12]
            assert [r.lsn async for r in log.read(3, reverse=True)] == [3, 2, 1]
            assert [bytes(v) async for v in log.read(2999, form="view")] == [b"2999", b"3000"]
            async with log.read() as reader:
                assert (await anext(reader)).lsn == 1
                assert [r.lsn for r in await reader.read_many()] == list(range(2, 1025))
                await reader.seek(3000)
                assert [r.lsn async for r in reader] == [3000]
                assert await reader.read_many() == []
            with pytest.raises(libwal.RangeError):
                log.read(5000)
            assert (await log.get(3), await log.get(9999)) == (b"3", None)
            assert await log.get(9999, 5) == 5
            assert (await log.record(3)).data == b"3"

    run(main())


def test_tail_while_writing(path):
    async def follow(log, n):
        seen = []
        async for data in log.tail(1, form="bytes"):
            seen.append(int(data))
            if len(seen) == n:
                return seen

    async def main():
        async with await libwal.aopen(path) as log:
            tails = [asyncio.create_task(follow(log, 500)) for _ in range(10)]
            for n in range(500):
                await log.append(b"%d" % n)
            assert await asyncio.gather(*tails) == [list(range(500))] * 10

    run(main())


def test_tail_ends_and_goes_on(path):
    async def main():
        async with await libwal.aopen(path) as log:
            await log.append(b"before")
            tail = log.tail(timeout=0.02)
            assert [r.lsn async for r in tail] == []
            await log.append(b"after")
            assert [r.lsn async for r in tail] == [2]
            await tail.close()

    run(main())


def test_a_cancelled_tail_loses_nothing(path):
    async def main():
        async with await libwal.aopen(path) as log:
            tail = log.tail(1)
            for n in range(1, 200):
                log.append_nowait(b"x")
                task = asyncio.create_task(anext(tail))
                for _ in range(n % 5):
                    await asyncio.sleep(0)
                if task.done():
                    break
                task.cancel()
            begin = (await task).lsn if not task.cancelled() and task.done() else 1
            assert begin == 1
            await log.sync()
            first = await asyncio.wait_for(anext(tail), 5)
            assert first.lsn in (1, 2)

    run(main())


def test_one_task_per_reader(path):
    async def main():
        async with await libwal.aopen(path) as log:
            tail = log.tail(1)
            first = asyncio.create_task(anext(tail))
            await asyncio.sleep(0)
            with pytest.raises(RuntimeError, match="another task"):
                await anext(tail)
            await log.append(b"x")
            assert (await first).lsn == 1

    run(main())


def test_a_tail_whose_place_goes(path):
    async def main():
        async with await libwal.aopen(path) as log:
            await log.append_many([b"x"] * 3000)
            tail = log.tail(1)
            assert (await anext(tail)).lsn == 1
            await log.truncate_before(2500)
            with pytest.raises(libwal.TrimmedError):
                async for _ in tail:
                    pass
            await tail.seek(0)
            assert (await anext(tail)).lsn == 2500

    run(main())


def test_close_ends_tails(path):
    async def main():
        log = await libwal.aopen(path)
        tails = [asyncio.create_task(anext(log.tail(1))) for _ in range(3)]
        await asyncio.sleep(0.01)
        await log.close()
        for tail in tails:
            with pytest.raises(libwal.ClosedError):
                await tail

    run(main())


WRITER = """
    import sys
    import libwal

    with libwal.open(sys.argv[1]) as log:
        log.append(b"0")
        print("ready", flush=True)
        sys.stdin.readline()
        for n in range(1, 200):
            log.append(b"%d" % n)
        sys.stdin.readline()
"""


def test_read_only_beside_another_process(path):
    async def main():
        writer = await asyncio.create_subprocess_exec(
            sys.executable, "-c", textwrap.dedent(WRITER), str(path),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE)
        assert await writer.stdout.readline() == b"ready\n"
        async with await libwal.aopen(path, "r") as log:
            assert log.read_only
            for call in (log.append(b"x"), log.append_many([b"x"]), log.sync(),
                         log.set_meta("k", b"v"), log.truncate_before(1)):
                with pytest.raises(libwal.ReadOnlyError):
                    await call
            with pytest.raises(libwal.ReadOnlyError):
                async with log.batch() as batch:
                    batch.append(b"x")
            waiting = asyncio.create_task(log.wait(200))
            before, seen = threading.active_count(), []
            tail = log.tail(1, form="bytes")
            seen.append(await anext(tail))
            writer.stdin.write(b"go\n")
            async for data in tail:
                seen.append(data)
                if len(seen) == 200:
                    break
            assert [int(data) for data in seen] == list(range(200))
            assert threading.active_count() <= before + 4
            await waiting
            assert log.durable_lsn == 200
        writer.stdin.close()
        await writer.wait()

    run(main())


class Machine:
    def apply(self, record):
        pass

    def snapshot(self):
        return b""

    def restore(self, lsn, state):
        pass


@pytest.mark.parametrize("kinds", [{"background": False}, {"machine": Machine()}])
def test_without_a_thread_of_the_log(path, kinds):
    async def main():
        async with await libwal.aopen(path, **kinds) as log:
            for call in (log.append(b"x"), log.append_many([b"x"])):
                with pytest.raises(libwal.InvalidError):
                    await call
            await asyncio.to_thread(log.sync_log.append, b"x")
            assert [r.data async for r in log.read()] == [b"x"]

    run(main())
