"""libwal.aio: tasks that append, read and follow; what becomes of them when the log fails or is
closed."""

import asyncio
import json
import subprocess
import sys
import textwrap
import threading

import pytest

import libwal
import libwal.aio
from libwal._aio.submissions import Submissions

SMALL = {"max_record_bytes": 4096, "pending_bytes": 1}  # room for one record or two


def run(main):
    """The test's coroutine, on a loop of its own. Nothing hangs for ever."""

    async def limited():
        return await asyncio.wait_for(main, 60)

    return asyncio.run(limited())


def script(source, *args):
    """A process that prints JSON."""
    done = subprocess.run([sys.executable, "-X", "dev", "-c", textwrap.dedent(source), *args],
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


# Opening and closing


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
        futures = [log.append_nowait(b"x" * 4000) for _ in range(50)]
        assert len(log._submissions.backlog) > 0
        await log.close()
        assert [future.result() for future in futures] == list(range(1, 51))

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


# Appending


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
            futures = [log.append_nowait(data) for _ in range(200)]
            data[:] = b"y" * 4000
            assert len(log._submissions.backlog) > 100
            futures[150].cancel()
            many = asyncio.create_task(log.append_many([b"a", b"b"]))
            await asyncio.sleep(0)
            await log.sync()
            del futures[150]
            assert [await future for future in futures] == list(range(1, 200))
            assert await many == 200
            seen = [data async for data in log.read(form="bytes")]
            assert seen == [b"x" * 4000] * 199 + [b"a", b"b"]

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
            futures = [log.append_nowait(b"x" * 4000) for _ in range(20)]
            async with log.batch() as batch:
                batch.append(b"y")
            assert (batch.first_lsn, batch.last_lsn) == (21, 21)
            assert all(future.done() for future in futures)

    run(main())


# Cuts


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


# Failures


class BrokenLog:
    """As much of a log as Submissions needs, on which every record ends as the table says."""

    def __init__(self, ends):
        self.ends = ends

    def wait(self, lsn, timeout):
        assert timeout == 0
        if self.ends[lsn]:
            raise self.ends[lsn]


def test_a_failed_log_tells_of_each_record():
    async def main():
        in_doubt, failed = libwal.InDoubtError("in doubt"), libwal.FailedError("failed")
        loop = asyncio.get_running_loop()
        submissions = Submissions(BrokenLog({1: None, 2: in_doubt, 4: failed}), loop)
        futures = [submissions.add(lsn, lsn) for lsn in (1, 2, 3, 4)]
        futures[2].cancel()
        submissions.failed()
        assert futures[0].result() == 1
        assert (futures[1].exception(), futures[3].exception()) == (in_doubt, failed)

    run(main())


def test_a_sync_that_fails(path):
    """Its descriptor becomes one that can be written but not synced."""
    seen = script("""
        import asyncio, json, os, sys
        import libwal

        async def main():
            log = await libwal.aopen(sys.argv[1], zero_ahead_bytes=0)
            await log.append(b"durable")
            null = os.open("/dev/null", os.O_RDWR)
            for name in os.listdir("/proc/self/fd"):
                target = os.path.realpath(f"/proc/self/fd/{name}")
                if target.endswith(".wal"):
                    os.dup2(null, int(name))
            appends = [log.append(b"x") for _ in range(3)]
            done = await asyncio.gather(*appends, return_exceptions=True)
            names = [error.name for error in done]
            try:
                await log.append(b"y")
            except libwal.WalError as error:
                names.append(error.name)
            try:
                await log.wait(100)
            except libwal.WalError as error:
                names.append(error.name)
            try:
                await log.close()
            except libwal.WalError as error:
                names.append("close")
            print(json.dumps(names))

        asyncio.run(main())
    """, str(path))
    assert set(seen[:3]) <= {"WAL_E_INDOUBT", "WAL_E_FAILED"} and "WAL_E_INDOUBT" in seen[:3]
    assert seen[3:5] == ["WAL_E_FAILED"] * 2
    with libwal.open(path) as log:
        assert log[1] == b"durable"


def test_no_space(path):
    """The file may not grow: appends are refused, tails see nothing; with more room all goes on,
    and what was refused was only late."""
    seen = script("""
        import asyncio, json, os, resource, signal, sys
        import libwal

        def limit(size):
            hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))

        async def main():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            async with await libwal.aopen(sys.argv[1], zero_ahead_bytes=0) as log:
                assert await log.append(b"fits") == 1
                limit(64 << 10)
                futures = [log.append_nowait(bytes(40_000)) for _ in range(5)]
                done = await asyncio.gather(*futures, return_exceptions=True)
                refused = [(e.name, isinstance(e, OSError), e.errno) if isinstance(e, Exception)
                           else e for e in done]
                try:
                    async with log.batch() as batch:
                        batch.append(b"also")
                except libwal.NoSpaceError as error:
                    refused.append(error.name)
                limit(resource.RLIM_INFINITY)
                await log.wait(log.last_lsn)
                await log.append(b"end")
                print(json.dumps([refused, len(log), log.durable_lsn]))

        asyncio.run(main())
    """, str(path))
    errors = [end for end in seen[0] if isinstance(end, list)]
    assert len(errors) >= 4 and all(end == ["WAL_E_NOSPC", True, 27] for end in errors)
    assert seen[0][-1] == "WAL_E_NOSPC"
    assert seen[1:] == [8, 8]


def test_neither_room_nor_space(path):
    """Those that wait for room get the error, too, and none waits for ever."""
    seen = script("""
        import asyncio, json, resource, signal, sys
        import libwal

        async def main():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            log = await libwal.aopen(sys.argv[1], zero_ahead_bytes=0, max_record_bytes=4096,
                                     pending_bytes=1)
            limits = resource.getrlimit(resource.RLIMIT_FSIZE)
            resource.setrlimit(resource.RLIMIT_FSIZE, (32 << 10, limits[1]))
            appends = [log.append(bytes(4000)) for _ in range(50)]
            done = await asyncio.gather(*appends, return_exceptions=True)
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
            await log.append(b"end")
            lost = [end for end in done if not isinstance(end, int)]
            print(json.dumps([sorted({end.name for end in lost}), len(lost), len(log)]))
            await log.close()

        asyncio.run(main())
    """, str(path))
    assert seen[0] == ["WAL_E_NOSPC"]
    assert 40 <= seen[1] < 50 and 50 - seen[1] < seen[2] < 50


def test_close_tells_of_what_is_not_durable(path):
    seen = script("""
        import asyncio, json, resource, signal, sys
        import libwal

        async def main():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            log = await libwal.aopen(sys.argv[1], zero_ahead_bytes=0)
            hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
            resource.setrlimit(resource.RLIMIT_FSIZE, (16 << 10, hard))
            future = log.append_nowait(bytes(40_000))
            try:
                await log.close()
            except libwal.NoSpaceError as error:
                print(json.dumps([error.name, future.exception().name, log.closed]))

        asyncio.run(main())
    """, str(path))
    assert seen == ["WAL_E_NOSPC", "WAL_E_NOSPC", True]


# Reading and following


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


# The rest


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


# The package


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
