# SPDX-License-Identifier: Apache-2.0
"""libwal.aio: tasks that append; what a cut takes away."""

import asyncio
import threading

import pytest
from aio_support import crowd, run, SMALL

import libwal


@pytest.mark.parametrize("mode", ["none", "interval", "data", "full", "dsync"])
def test_appends_are_durable_in_every_mode(path, mode):
    async def main():
        async with await libwal.aopen(path, sync=mode) as log:
            assert await log.append(b"one", 7) == 1
            assert log.durable_lsn >= 1
            assert await log.append(bytearray(b"two")) == 2
            assert await log.append_many((part for part in (b"3", memoryview(b"4"))), [1, 2]) == 3
            assert log.durable_lsn == 4
            seen = [(r.lsn, r.type, r.data, r.batch_last) async for r in log.read()]
            assert seen == [(1, 7, b"one", True), (2, 0, b"two", True), (3, 1, b"3", False),
                            (4, 2, b"4", True)]

    run(main())


def test_ten_thousand_tasks(path):
    n = 10_000

    async def one(log, number):
        lsn = await log.append(b"%0128d" % number)
        assert log.durable_lsn >= lsn
        return lsn, number

    async def main():
        async with await libwal.aopen(path) as log:
            before = threading.active_count()
            tasks = [asyncio.create_task(one(log, number)) for number in range(n)]
            done = await asyncio.gather(*tasks)
            assert threading.active_count() == before
            assert log.sync_log.stats()["append_records"] == n
            return done

    done = run(main())
    assert sorted(lsn for lsn, _ in done) == list(range(1, n + 1))
    with libwal.open(path, "r") as log:
        for lsn, number in done:
            assert log[lsn] == b"%0128d" % number


def test_futures_in_the_order_of_calls(path):
    async def main():
        async with await libwal.aopen(path) as log:
            futures = [log.append_nowait(b"x", type=n) for n in range(100)]
            assert await asyncio.gather(*futures) == list(range(1, 101))

    run(main())


def test_a_cancelled_append_stays(path):
    async def main():
        async with await libwal.aopen(path) as log:
            tasks = [asyncio.create_task(log.append(b"%d" % n)) for n in range(10)]
            await asyncio.sleep(0)
            tasks[3].cancel()
            done = await asyncio.gather(*tasks, return_exceptions=True)
            assert isinstance(done.pop(3), asyncio.CancelledError)
            assert done == [1, 2, 3, 5, 6, 7, 8, 9, 10]
            assert await log.get(4) == b"3"

    run(main())


def test_more_than_there_is_room_for(path):
    """Later calls stand behind those that wait; one that is cancelled there never goes in."""

    async def main():
        async with await libwal.aopen(path, **SMALL) as log:
            data = bytearray(b"x" * 4000)
            futures = crowd(log, data)
            n = len(futures)
            data[:] = b"y" * 4000
            futures[n - 20].cancel()
            many = asyncio.create_task(log.append_many([b"a", b"b"]))
            await asyncio.sleep(0)
            await log.sync()
            del futures[n - 20]
            assert [await future for future in futures] == list(range(1, n))
            assert await many == n
            seen = [data async for data in log.read(form="bytes")]
            assert seen == [b"x" * 4000] * (n - 1) + [b"a", b"b"]

    run(main())


def test_room_is_made_when_nobody_commits(path):
    async def main():
        async with await libwal.aopen(path, **SMALL) as log:
            lsns = [await log.append(b"x" * 4000, sync=False) for _ in range(20)]
            assert lsns == list(range(1, 21))
            await log.sync()
            assert log.durable_lsn == 20

    run(main())


@pytest.mark.parametrize("wrong", ["text", 5, None])
def test_wrong_payloads(path, wrong):
    async def main():
        async with await libwal.aopen(path) as log:
            for call in (log.append(wrong), log.append(wrong, sync=False),
                         log.append_many([b"x", wrong])):
                with pytest.raises(TypeError):
                    await call
            with pytest.raises(libwal.TooBigError):
                await log.append(bytes(17 << 20))
            assert len(log) == 0

    run(main())


def test_batches(path):
    async def main():
        async with await libwal.aopen(path) as log:
            async with log.batch() as batch:
                batch.append(b"one", 1)
                batch.append_many([b"two", b"three"], 2)
                batch.set_tag(b"tag")
                assert (len(batch), batch.payload_bytes, batch.first_lsn) == (3, 11, None)
            assert (batch.first_lsn, batch.last_lsn, log.durable_lsn) == (1, 3, 3)
            with pytest.raises(ZeroDivisionError):
                async with log.batch() as batch:
                    batch.append(b"no")
                    1 / 0
            async with log.batch() as batch:
                batch.append(b"four")
                batch.set_meta("key", b"value")
            assert (batch.first_lsn, await log.get_meta("key")) == (4, b"value")
            async with log.batch() as batch:
                batch.append(b"x" * (2 << 20))
            assert (batch.first_lsn, batch.last_lsn) == (5, 5)
            async with log.batch() as batch:
                pass
            assert (batch.first_lsn, batch.last_lsn) == (0, 0)
            seen = [(r.lsn, r.tag) async for r in log.read(stop=5)]
            assert seen == [(1, b"tag"), (2, b"tag"), (3, b"tag"), (4, None)]

    run(main())


def test_a_batch_that_has_no_room_yet(path):
    async def main():
        async with await libwal.aopen(path, **SMALL) as log:
            futures = crowd(log, b"x" * 4000)
            async with log.batch() as batch:
                batch.append(b"y")
            assert (batch.first_lsn, batch.last_lsn) == (len(futures) + 1,) * 2
            assert all(future.done() for future in futures)

    run(main())


def test_what_is_cut_off_was_durable(path):
    async def main():
        async with await libwal.aopen(path) as log:
            futures = [log.append_nowait(b"x") for _ in range(10)]
            await log.truncate_after(4)
            assert await asyncio.gather(*futures) == list(range(1, 11))
            futures = [log.append_nowait(b"y") for _ in range(3)]
            await log.reset(100)
            assert await asyncio.gather(*futures) == [5, 6, 7]
            assert await log.append(b"z") == 100
            assert await log.replace_after(99, [b"a", b"b"], 3) == 100
            await log.truncate_before(101)
            assert [(r.lsn, r.type) async for r in log.read()] == [(101, 3)]

    run(main())


def test_an_lsn_that_comes_a_second_time(path):
    """A cut by somebody else, and an append before its event was seen."""

    async def main():
        async with await libwal.aopen(path) as log:
            first = [log.append_nowait(b"x") for _ in range(10)]
            log.sync_log.truncate_after(4)  # on this thread: no event gets through meanwhile
            second = log.append_nowait(b"y")
            assert [future.done() for future in first] == [True] * 10
            assert await second == 5

    run(main())
