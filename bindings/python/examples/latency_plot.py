# SPDX-License-Identifier: Apache-2.0
# %% [markdown]
# # What does durability cost?
#
# How long does a sync take on this disk, and how do appends share it? Cells between `# %%` marks
# run one by one in an editor that knows them, or all at once:
#
#     python latency_plot.py DIR [PLOT.png]
#
# DIR is a directory for the logs of this experiment: put it on the disk that you want to know.

# %%
from __future__ import annotations

import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import matplotlib

import libwal

matplotlib.use("Agg")  # no display is needed

import matplotlib.pyplot as plt  # noqa: E402
from matplotlib.axes import Axes  # noqa: E402
from matplotlib.ticker import FuncFormatter, NullFormatter  # noqa: E402

PAYLOAD = b"x" * 128
RUN_S = 0.25
THREADS = (1, 2, 4, 8, 16)
GROUPS = (1, 4, 16, 64, 256)


# %% [markdown]
# ## One run
#
# Some threads append records, `group` of them at a time, each call durable when it returns. The log
# itself keeps the histograms: bucket i counts values from 2^i to 2^(i+1) - 1.


# %%
@dataclass
class Run:
    """What one run came to."""

    threads: int
    group: int
    records_per_s: float
    records_per_sync: float
    sync_ns: list[int]
    group_records: list[int]


def work(log: libwal.Log, group: int, end: float) -> None:
    """One thread's part."""
    payloads = [PAYLOAD] * group
    while time.monotonic() < end:
        log.append_many(payloads)


def measure(path: Path, threads: int, group: int) -> Run:
    """On a fresh log, which is removed again."""
    with libwal.open(path, "x") as log:
        begin = time.monotonic()
        args = (log, group, begin + RUN_S)
        workers = [threading.Thread(target=work, args=args) for _ in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        took = time.monotonic() - begin
        stats = log.stats()
        records, syncs = stats["append_records"], stats["syncs"]
        histograms = log.histogram("sync_ns"), log.histogram("group_records")
    libwal.destroy(path)
    return Run(threads, group, records / took, records / max(syncs, 1), *histograms)


# %% [markdown]
# ## All runs

# %%
folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
by_threads = [measure(folder / "plot.wal", n, 1) for n in THREADS]
by_group = [measure(folder / "plot.wal", 1, n) for n in GROUPS]

for run in by_threads + by_group[1:]:
    print(
        f"{run.threads:2} threads, {run.group:3} records per call: "
        f"{run.records_per_s:9.0f} records/s, {run.records_per_sync:6.1f} per sync"
    )


# %% [markdown]
# ## The picture


# %%
def span(counts: list[int]) -> range:
    """The buckets from the first that counts something to the last."""
    used = [i for i, count in enumerate(counts) if count]
    return range(used[0], used[-1] + 1) if used else range(0)


def time_text(ns: float) -> str:
    """With the unit that suits."""
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if ns >= size:
            return f"{ns / size:.3g} {unit}"
    return f"{ns:.0f} ns"


def number_text(value: float) -> str:
    """12.5k and the like."""
    for unit, size in (("M", 1e6), ("k", 1e3)):
        if value >= size:
            return f"{value / size:.3g}{unit}"
    return f"{value:.3g}"


def draw_sync_latency(axes: Axes, runs: list[Run]) -> None:
    """How large a part of all syncs took at most so long."""
    for row, run in enumerate(runs):
        buckets = span(run.sync_ns)
        total, below = sum(run.sync_ns), 0
        times, parts = [2.0 ** buckets.start], [0.0]
        for i in buckets:
            below += run.sync_ns[i]
            times.append(2.0 ** (i + 1))
            parts.append(below / total)
        name = f"{run.threads} thread{'s' if run.threads > 1 else ''}"
        color = plt.get_cmap("viridis")(row / len(runs))
        axes.plot(times, parts, color=color, marker="o", markersize=3, label=name)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda ns, _: time_text(ns)))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda part, _: f"{part:.0%}"))
    axes.set(title="How long a sync takes", xlabel="at most so long", ylabel="of all syncs")
    axes.legend(fontsize="small", loc="lower right")


def draw_group_sizes(axes: Axes, runs: list[Run]) -> None:
    """How many records share a commit, as a part of all commits."""
    for row, run in enumerate(runs):
        total = max(sum(run.group_records), 1)
        for i in span(run.group_records):
            part = run.group_records[i] / total
            if part == 0:
                continue
            shade = plt.get_cmap("Blues")(0.1 + 0.75 * part)
            axes.barh(row, 0.9, left=i, height=0.75, color=shade)
            text = f"{part:.0%}" if part >= 0.005 else "<1%"
            ink = "white" if part > 0.5 else "black"
            axes.text(i + 0.45, row, text, ha="center", va="center", color=ink)
    last = max((span(run.group_records).stop for run in runs), default=1)
    names = [f"{2**i}" if i < 1 else f"{2**i}–{2 ** (i + 1) - 1}" for i in range(last)]
    axes.set_xticks([i + 0.45 for i in range(last)], names)
    axes.set_yticks(range(len(runs)), [str(run.threads) for run in runs])
    axes.set(title="How many records share a commit", xlabel="records", ylabel="threads")


def draw_throughput(axes: Axes, runs: list[Run], of: str) -> None:
    """Bars with their values."""
    names = [str(getattr(run, of)) for run in runs]
    bars = axes.bar(names, [run.records_per_s for run in runs], color="tab:green", alpha=0.8)
    axes.bar_label(bars, [number_text(run.records_per_s) for run in runs], padding=2)
    axes.set_yscale("log")
    axes.margins(y=0.15)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number_text(value)))


figure, ((latency, sizes), (more_threads, more_records)) = plt.subplots(
    2, 2, figsize=(12, 8), layout="constrained"
)
draw_sync_latency(latency, by_threads)
draw_group_sizes(sizes, by_threads)
draw_throughput(more_threads, by_threads, "threads")
more_threads.set(title="One record per call", xlabel="threads", ylabel="durable records per s")
draw_throughput(more_records, by_group, "group")
more_records.set(title="One thread", xlabel="records per call", ylabel="durable records per s")
for axes in (latency, sizes, more_threads, more_records):
    axes.spines[["top", "right"]].set_visible(False)
    if axes is not sizes:
        axes.grid(alpha=0.2)
    axes.set_axisbelow(True)
figure.suptitle(f"libwal {libwal.__version__}: {len(PAYLOAD)}-byte records, durable on return")

picture = Path(sys.argv[2]) if len(sys.argv) > 2 else folder / "latency.png"
figure.savefig(picture, dpi=110)
print(f"wrote {picture.name}")
