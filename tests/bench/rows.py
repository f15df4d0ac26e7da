# SPDX-License-Identifier: Apache-2.0
"""What is measured, and the goals: jobs, which run programs in turn, and rows, which each judge one
figure of a job. Sizes are those of a full run; `scaled` makes them smaller."""

from dataclasses import dataclass, field, replace

MIB = 1 << 20
RECORD_FRONT = 16  # what a record takes beside its payload, on both sides
QUICK = 0.12  # of the full sizes
# Logs of one segment, and blocks that were written before: nothing but appends is measured.
PREPARED = {"sync": "data", "segment_bytes": "1G", "zero_ahead_bytes": "1G", "pending_bytes": "1G"}


@dataclass(frozen=True)
class Job:
    """Programs take turns with an op, round after round. Each has a directory of its own, which
    `before` fills once. `variants`: more keys for our own program, which then runs once for each;
    `floor`: the floor and the peers run it as well."""

    name: str
    op: str
    keys: dict
    before: tuple = ()
    variants: dict = field(default_factory=lambda: {"ours": {}})
    floor: bool = True
    common_keys: tuple = ("size", "threads", "seconds", "count", "batch")

    def common(self, keys):
        """Keys that every program of the contract knows."""
        return {key: value for key, value in keys.items() if key in self.common_keys}


@dataclass(frozen=True)
class Row:
    """One figure against its goal. `over` is the part of the job that ours is divided by: "floor",
    or another variant; None: the figure itself counts, times `factor`."""

    name: str
    text: str
    job: str
    figure: str
    goal: float
    better: str = "higher"
    over: str | None = "floor"
    ours: str = "ours"
    unit: str = "of floor"
    factor: float = 1.0
    quick: bool = True  # a quick run has it


def durable(size, threads):
    return Job(f"durable-{threads}-{size}", "durable",
               {"size": size, "threads": threads, "seconds": 2.0})


def reading(op, size, count, name="", **keys):
    fill = {"size": size, "count": count}
    return Job(f"{name or op}-{size}", op, {**fill, **keys}, before=(("fill", fill),))


def opening(name, op, segments):
    """A log of many small segments, closed cleanly."""
    size, segment = 4096, 64 * 1024
    fill = {"size": size, "count": segments * (segment // (size + RECORD_FRONT)),
            "segment_bytes": segment}
    return Job(name, op, fill, before=(("fill", fill),), floor=False)


RECOVERED = 465000  # records of 128 bytes: nearly 64 MiB

JOBS = [
    *(durable(size, threads) for size in (128, 4096) for threads in (1, 16, 64)),
    Job("batch-128", "batch", {"size": 128, "batch": 512, "seconds": 2.0}),
    Job("batch-4096", "batch", {"size": 4096, "batch": 16, "seconds": 2.0}),
    Job("append-128", "append", {"size": 128, "count": 4000000}),
    Job("append-4096", "append", {"size": 4096, "count": 125000}),
    Job("prepared-128", "append", {"size": 128, "count": 4000000, **PREPARED},
        variants={"ours": {}, "four": {"threads": 4}}, floor=False),
    Job("growing-128", "append", {"size": 128, "count": 4000000},
        variants={"ours": {}, "four": {"threads": 4}}, floor=False),
    reading("replay", 128, 2000000),
    reading("replay", 4096, 100000),
    reading("replay", 128, 2000000, "replay2", readers=2),
    reading("replay", 4096, 100000, "replay2", readers=2),
    reading("get", 128, 1000000, seconds=2.0),
    opening("open-1000", "open", 1000),
    opening("open-4000", "open", 4000),
    opening("first-1000", "first", 1000),
    Job("recover", "recover", {"size": 128, "count": RECOVERED, "segment_bytes": "64M"},
        floor=False),
    Job("memory", "memory",
        {"size": 128, "count": 1000000, "segment_bytes": "1M", "index_bytes": "1M",
         "pending_bytes": "2M", "max_record_bytes": "1M", "sync": "none"}, floor=False),
]

ROWS = [
    Row("durable-1-128", "durable append, 1 thread, 128 B", "durable-1-128", "rate", 0.97),
    Row("durable-1-4k", "durable append, 1 thread, 4 KiB", "durable-1-4096", "rate", 1.0),
    Row("durable-16-128", "durable append, 16 threads, 128 B", "durable-16-128", "rate", 0.97),
    Row("durable-64-128", "durable append, 64 threads, 128 B", "durable-64-128", "rate", 1.0),
    Row("durable-16-4k", "durable append, 16 threads, 4 KiB", "durable-16-4096", "rate", 0.97),
    Row("durable-64-4k", "durable append, 64 threads, 4 KiB", "durable-64-4096", "rate", 1.0),
    Row("p99-1-128", "p99 of durable append, 1 thread, 128 B", "durable-1-128", "p99", 1.1,
        "lower"),
    Row("p99-1-4k", "p99 of durable append, 1 thread, 4 KiB", "durable-1-4096", "p99", 1.1,
        "lower"),
    Row("p99-16-128", "p99 of durable append, 16 threads, 128 B", "durable-16-128", "p99", 1.1,
        "lower"),
    Row("p99-16-4k", "p99 of durable append, 16 threads, 4 KiB", "durable-16-4096", "p99", 1.1,
        "lower"),
    Row("batch-128", "durable batches, 512 x 128 B", "batch-128", "rate", 0.95),
    Row("batch-4k", "durable batches, 16 x 4 KiB", "batch-4096", "rate", 0.95),
    Row("append-128", "buffered append 128 B, one sync at the end", "append-128", "rate", 1.0),
    Row("append-128-growing", "buffered append 128 B, before that sync", "growing-128",
        "rate_nosync", 18.0, over=None, unit="M rec/s", factor=1e-6),
    Row("append-128-prepared", "the same in prepared blocks", "prepared-128", "rate_nosync", 25.0,
        over=None, unit="M rec/s", factor=1e-6),
    Row("append-threads-prepared", "buffered append, prepared blocks, 4 threads", "prepared-128",
        "rate_nosync", 1.2, over="ours", ours="four", unit="of 1 thread"),
    Row("append-threads-growing", "buffered append, growing file, 4 threads", "growing-128",
        "rate_nosync", 0.95, over="ours", ours="four", unit="of 1 thread"),
    Row("append-4k", "buffered append 4 KiB, one sync at the end", "append-4096", "rate", 1.16),
    Row("replay-128", "replay 128 B, every checksum verified", "replay-128", "rate", 0.6),
    Row("replay-4k", "replay 4 KiB, every checksum verified", "replay-4096", "rate", 0.7),
    Row("replay2-128", "the same with READ_THREADS 2, 128 B", "replay2-128", "rate", 0.7),
    Row("replay2-4k", "the same with READ_THREADS 2, 4 KiB", "replay2-4096", "rate", 0.9),
    Row("get-128", "time of get(lsn), random, 128 B", "get-128", "ns", 1.3, "lower"),
    Row("open-1000", "open after a clean close, 1,000 segments", "open-1000", "ms", 0.5, "lower",
        over=None, unit="ms"),
    Row("open-4000", "open after a clean close, 4,000 segments", "open-4000", "ms", 2.0, "lower",
        over=None, unit="ms", quick=False),
    Row("first-write", "first durable append after an open", "first-1000", "ms", 2.0, "lower",
        over=None, unit="ms"),
    Row("open-crash", "open after a crash, 64 MiB to read", "recover", "ms", 30.0, "lower",
        over=None, unit="ms"),
    Row("memory", "most memory that a log takes", "memory", "share", 1.0, "lower", over=None,
        unit="of bound"),
]

LIBRARY = Row("library-size", "size of the library, stripped", "", "kib", 250.0, "lower",
              over=None, unit="KiB")


def scaled(job, factor):
    """The job with shorter times and fewer records. What has to be just so is left as it is."""
    if factor == 1 or job.name == "recover":
        return job

    def scale(keys):
        less = dict(keys)
        if "seconds" in less:
            less["seconds"] = max(less["seconds"] * factor, 0.02)
        if "count" in less:
            less["count"] = max(int(less["count"] * factor), 1000)
        return less

    keep = job.op in ("open", "first") and factor >= QUICK  # the number of segments is the point
    if keep:
        return job
    before = tuple((op, scale(keys)) for op, keys in job.before)
    return replace(job, keys=scale(job.keys), before=before)
