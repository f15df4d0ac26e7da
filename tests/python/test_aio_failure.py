# SPDX-License-Identifier: Apache-2.0
"""libwal.aio: what becomes of tasks when the log fails or has no space."""

import asyncio
import json
import sys

from aio_support import run, script

import libwal
from libwal._aio.submissions import Submissions


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
