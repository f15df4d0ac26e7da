# SPDX-License-Identifier: Apache-2.0
"""Many tasks append, each waits for its own record: python asyncio_writer.py DIR [TASKS]

The tasks share syncs: thousands of appends are durable after a handful of them. No thread is
parked: the log's own thread commits, and its descriptor wakes the loop."""

import asyncio
import sys

import libwal


async def client(log: libwal.AsyncLog, number: int) -> int:
    """What a request handler would do: answer once the record can't be lost any more."""
    lsn = await log.append(f"order {number}".encode())
    assert log.durable_lsn >= lsn
    return lsn


async def transfer(log: libwal.AsyncLog) -> tuple[int, int]:
    """Two records that belong together."""
    async with log.batch() as batch:
        batch.append(b"debit 5", type=1)
        batch.append(b"credit 5", type=2)
    assert batch.first_lsn is not None and batch.last_lsn is not None
    return batch.first_lsn, batch.last_lsn


async def watch(log: libwal.AsyncLog, records: int) -> int:
    """Follows the log while it grows."""
    seen = 0
    async for record in log.tail(start=log.next_lsn):
        seen += 1
        if record.data == b"end":
            break
    assert seen == records, (seen, records)
    return seen


async def main(path: str, tasks: int) -> None:
    """Starts them all at once."""
    async with await libwal.aopen(path) as log:
        before = log.last_lsn
        watcher = asyncio.create_task(watch(log, tasks + 3))
        await asyncio.sleep(0)  # it takes its place
        lsns = await asyncio.gather(*(client(log, number) for number in range(tasks)))
        first, last = await transfer(log)
        await log.append(b"end")
        print(f"{len(set(lsns))} orders, LSN {min(lsns) - before} to {max(lsns) - before}")
        print(f"a transfer, LSN {first - before} to {last - before}")
        print(f"{await watcher} records followed")
        syncs = log.sync_log.stats()["syncs"]
        print("fewer syncs than orders" if syncs < tasks else f"{syncs} syncs")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1000))
