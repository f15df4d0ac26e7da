#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The benchmark's Python twin: walbench.py OP DIR KEY=VALUE..., with walbench's figures and keys.

It imports whatever libwal is importable: PYTHONPATH=build-release/bindings/python. The payloads are
walbench's, so each reads the other's logs. Beside walbench's operations it knows `tasks`, as
`durable` but with so many asyncio tasks (key `tasks`), and for replay the keys `form` (record,
bytes, view) and `many` (records per read_many, 0: one by one)."""

import asyncio
import random
import shutil
import statistics
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import libwal

POOL_BYTES = 1 << 20
OWN_KEYS = {"size": 128, "threads": 1, "seconds": 2, "count": 100000, "batch": 64}
PYTHON_KEYS = {"tasks": 10000, "many": 0}
Figures = Iterator[tuple[str, float, str]]


def payload_pool() -> bytes:
    """The same pseudo-random bytes as in tests/bench/base.c."""
    words, x = [], 0x6C69627761
    for _ in range(POOL_BYTES // 8):
        x ^= x << 13 & 0xFFFFFFFFFFFFFFFF
        x ^= x >> 7
        x ^= x << 17 & 0xFFFFFFFFFFFFFFFF
        words.append(x)
    return struct.pack(f"={len(words)}Q", *words)


def payload_slices(size: int) -> list[bytes]:
    """Neighbouring slices of the pool, a power of two of them: that of record i is at i modulo."""
    pool, n = payload_pool(), 1
    while n * 2 * size <= POOL_BYTES:
        n *= 2
    return [pool[i * size : (i + 1) * size] for i in range(n)]


class Run:
    """One run: the directory, this program's keys, and the library's options."""

    def __init__(self, path: str, words: list[str]) -> None:
        self.path = path
        self.form: Any = "record"
        self.options: dict[str, Any] = {}
        self.keys: dict[str, float] = {**OWN_KEYS, **PYTHON_KEYS}
        for word in words:
            self.take(*word.split("=", 1))
        self.size = int(self.keys["size"])
        self.count = int(self.keys["count"])
        self.payloads = payload_slices(self.size)

    def take(self, name: str, value: str = "") -> None:
        if name == "form":
            self.form = value
        elif name in self.keys:
            self.keys[name] = float(value)
        elif name == "readers":
            self.options["read_threads"] = value
        else:
            self.options[name] = value

    def payload(self, i: int) -> bytes:
        """Of record i, counted from 0."""
        return self.payloads[i & (len(self.payloads) - 1)]

    def fresh(self, **defaults: Any) -> libwal.Log:
        shutil.rmtree(self.path, ignore_errors=True)
        return libwal.open(self.path, **(defaults | self.options))


def percentiles(times: list[float]) -> Figures:
    times.sort()
    for name, share in (("p50", 0.5), ("p99", 0.99), ("p999", 0.999)):
        yield name, times[min(len(times) - 1, int(len(times) * share))] * 1e6, "us"


def until(end: float, append: Callable[[], object], times: list[float]) -> None:
    now = time.perf_counter()
    while now < end:
        append()
        began, now = now, time.perf_counter()
        times.append(now - began)


def durable(run: Run) -> Figures:
    times: list[list[float]] = [[] for _ in range(int(run.keys["threads"]))]
    with run.fresh() as log:
        data = run.payload(0)
        began = time.perf_counter()
        end = began + run.keys["seconds"]
        threads = [
            threading.Thread(target=until, args=(end, lambda: log.append(data), own))
            for own in times[1:]
        ]
        for thread in threads:
            thread.start()
        until(end, lambda: log.append(data), times[0])
        for thread in threads:
            thread.join()
        took = time.perf_counter() - began
    every = [one for own in times for one in own]
    yield "rate", len(every) / took, "rec/s"
    yield from percentiles(every)


def batch(run: Run) -> Figures:
    n = int(run.keys["batch"])
    times: list[float] = []
    with run.fresh() as log:
        many = [run.payload(i) for i in range(n)]
        began = time.perf_counter()
        until(began + run.keys["seconds"], lambda: log.append_many(many), times)
        rate = len(times) * n / (time.perf_counter() - began)
    yield "rate", rate, "rec/s"
    yield "mb", rate * run.size / 1e6, "MB/s"


def append_some(log: libwal.Log, data: bytes, n: int) -> None:
    append = log.append
    for _ in range(n):
        append(data)


def append(run: Run) -> Figures:
    threads = int(run.keys["threads"])
    with run.fresh(sync="none", segment_bytes="4G") as log:
        log.append(run.payload(0))
        began = time.perf_counter()
        crew = [
            threading.Thread(target=append_some, args=(log, run.payload(0), run.count // threads))
            for _ in range(threads - 1)
        ]
        for thread in crew:
            thread.start()
        append_some(log, run.payload(0), run.count - (threads - 1) * (run.count // threads))
        for thread in crew:
            thread.join()
        unsynced = time.perf_counter() - began
        log.sync()
        took = time.perf_counter() - began
    yield "rate", run.count / took, "rec/s"
    yield "mb", run.count * run.size / took / 1e6, "MB/s"
    yield "rate_nosync", run.count / unsynced, "rec/s"


def fill(run: Run) -> Figures:
    with run.fresh(sync="none") as log:
        for i in range(run.count):
            log.append(run.payload(i))
    yield from ()


def check(run: Run) -> None:
    with libwal.open(run.path, "r", **run.options) as log:
        for record in log.read():
            if record.data != run.payload(record.lsn - 1):
                raise SystemExit(f"record {record.lsn} isn't what was appended")


def read_all(reader: libwal.Reader[Any], many: int) -> int:
    n = 0
    if many == 0:
        for _ in reader:
            n += 1
        return n
    while records := reader.read_many(many):
        n += len(records)
    return n


def replay(run: Run) -> Figures:
    check(run)
    began = time.perf_counter()
    with libwal.open(run.path, **run.options) as log:
        opened = time.perf_counter()
        n = read_all(log.read(form=run.form), int(run.keys["many"]))
        took = time.perf_counter()
    if n != run.count:
        raise SystemExit(f"{n} records, not {run.count}")
    yield "rate", n / (took - began), "rec/s"
    yield "mb", n * run.size / (took - began) / 1e6, "MB/s"
    yield "rate_noopen", n / (took - opened), "rec/s"


def open_one(run: Run) -> float:
    began = time.perf_counter()
    log = libwal.open(run.path, **run.options)
    took = time.perf_counter() - began
    log.close()
    return took * 1e3


def open_(run: Run) -> Figures:
    yield "ms", statistics.median(open_one(run) for _ in range(5)), "ms"


def get(run: Run) -> Figures:
    with libwal.open(run.path, **run.options) as log:
        lsns = [random.randint(1, len(log)) for _ in range(10000)]
        n, began = 0, time.perf_counter()
        end = began + run.keys["seconds"]
        while time.perf_counter() < end:
            for lsn in lsns:
                log[lsn]
            n += len(lsns)
        yield "ns", (time.perf_counter() - began) / n * 1e9, "ns"


async def append_until(log: Any, data: bytes, end: float) -> int:
    n = 0
    while time.perf_counter() < end:
        await log.append(data)
        n += 1
    return n


async def run_tasks(run: Run) -> float:
    shutil.rmtree(run.path, ignore_errors=True)
    async with await libwal.aopen(run.path, **run.options) as log:
        began = time.perf_counter()
        end = began + run.keys["seconds"]
        each = (append_until(log, run.payload(0), end) for _ in range(int(run.keys["tasks"])))
        n = sum(await asyncio.gather(*each))
        return n / (time.perf_counter() - began)


def tasks(run: Run) -> Figures:
    yield "rate", asyncio.run(run_tasks(run)), "rec/s"


OPERATIONS = {
    "durable": durable, "batch": batch, "append": append, "fill": fill, "replay": replay,
    "open": open_, "get": get, "tasks": tasks,
}


def main(words: list[str]) -> int:
    if len(words) < 2 or words[0] not in OPERATIONS:
        print(f"usage: walbench.py {'|'.join(OPERATIONS)} DIR KEY=VALUE...", file=sys.stderr)
        return 1
    try:
        for name, value, unit in OPERATIONS[words[0]](Run(words[1], words[2:])):
            print(f"{name} {value:.3f} {unit}")
    except (libwal.WalError, ValueError) as e:
        print(e, file=sys.stderr)
        return 1
    print("ok")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
