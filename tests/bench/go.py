# SPDX-License-Identifier: Apache-2.0
"""The Go binding against the C library, and the Raft log store against others, taking turns.

    go.py log        walbench and its Go twin: shares of C's rates, and what a call costs more
    go.py raft       StoreLogs and GetLog of raftwal, raft-wal and raft-boltdb

Both need Go and a build of preset release; raft also what its modules need, which is fetched once.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections import namedtuple
from pathlib import Path
from statistics import median

import machine
import measure
import table

ROOT = Path(__file__).resolve().parents[2]
BINDING = ROOT / "bindings/go"

# better: of value; op, keys: walbench's; figure: what is compared; before: keys of a fill
Row = namedtuple("Row", "name text op keys figure goal better before", defaults=(None,))
SHARE = [
    Row("durable-1", "durable appends, 1 goroutine", "durable", {"threads": 1}, "rate", 0.9,
        "higher"),
    Row("durable-16", "durable appends, 16 goroutines", "durable", {"threads": 16}, "rate", 0.9,
        "higher"),
    Row("durable-64", "durable appends, 64 goroutines", "durable", {"threads": 64}, "rate", 0.9,
        "higher"),
    Row("batch-100", "durable batches, 100 x 128 B", "batch", {"batch": 100}, "rate", 0.8,
        "higher"),
    Row("batch-64x16k", "durable batches, 64 x 16 KiB", "batch", {"batch": 64, "size": 16384},
        "rate", 0.8, "higher"),
]
MORE = [
    Row("append", "ns more per buffered append", "append", {"count": 1_000_000}, "rate_nosync", 120,
        "lower"),
    Row("get", "ns more per get", "get", {}, "ns", 120, "lower", {"count": 100_000}),
]
STORES = ("raftwal", "raft-wal", "boltdb")
# the benchmark, its text, how often it runs its call, and the stores that raftwal is to beat
RaftRow = namedtuple("RaftRow", "name text times others")
RAFT = [
    RaftRow("StoreLog", "1 log", 300, STORES[1:]),
    RaftRow("StoreMany/128B", "64 logs of 128 B", 300, STORES[1:]),
    RaftRow("StoreMany/1024B", "64 logs of 1 KiB", 300, STORES[1:]),
    RaftRow("StoreMany/16384B", "64 logs of 16 KiB", 150, STORES[1:]),
    RaftRow("GetLog", "raft's own GetLog", 30_000, STORES[1:2]),
    RaftRow("GetMany", "10,000 logs in order", 30_000, STORES[1:2]),
]


def absolute(path):
    """Programs run in folders of their own."""
    return Path(path).resolve()


def arguments():
    p = argparse.ArgumentParser(description=__doc__, allow_abbrev=False,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("what", choices=("log", "raft"))
    p.add_argument("build", nargs="?", type=absolute, default=ROOT / "build-release",
                   help="build directory with the programs in it (build-release)")
    p.add_argument("--rounds", type=int, default=9, help="how often each program runs (9)")
    p.add_argument("--seconds", type=float, default=1, help="of each run, where that is free (1)")
    p.add_argument("--only", metavar="NAME", action="append", default=[], help="these rows")
    p.add_argument("--dir", type=absolute, help="where the logs are made (the build directory)")
    return p.parse_args()


def go(build, folder, *words):
    """Builds a Go program against the archive in the build directory."""
    flags = {"CGO_ENABLED": "1", "GOFLAGS": "-buildvcs=false",
             "CGO_LDFLAGS": f"-L{build.resolve()}"}
    subprocess.run(["go", *words], cwd=folder, env={**os.environ, **flags}, check=True)


def per_call(row, figures):
    """Nanoseconds."""
    return figures["ns"] if row.figure == "ns" else 1e9 / figures[row.figure]


def measure_log(a, scratch):
    """[(row, [(C's figures, Go's figures) by round])]"""
    go(a.build, BINDING, "build", "-tags", "libwal_source", "-o", str(scratch / "walbench-go"),
       "./internal/walbench")
    programs = [a.build / "tests/bench/walbench", scratch / "walbench-go"]

    def run(program, op, keys):
        return measure.call(measure.command_line([program], op, scratch / "log", keys))

    found = []
    for row in chosen(a, SHARE + MORE):
        keys = row.keys if "count" in row.keys else {"seconds": a.seconds, **row.keys}
        if row.before:
            run(programs[0], "fill", row.before)
        found.append((row, [[run(p, row.op, keys) for p in programs] for _ in range(a.rounds)]))
    return found


def log_lines(found):
    yield ["row", "what", "C", "Go", "figure", "rounds", "goal", "verdict"]
    for row, rounds in found:
        if row in SHARE:
            both = [(c[row.figure], g[row.figure]) for c, g in rounds]
            values = [g / c for c, g in both]
        else:
            both = [(per_call(row, c), per_call(row, g)) for c, g in rounds]
            values = [g - c for c, g in both]
        yield [row.name, row.text, *(table.number(median(x)) for x in zip(*both)),
               *judged(row, values)]


def judged(row, values):
    value = median(values)
    return [table.number(value), f"{table.number(min(values))}..{table.number(max(values))}",
            f"{'>=' if row.better == 'higher' else '<='} {row.goal}",
            table.verdict(row, value, False)]


def bench(program, name, store, times, scratch):
    """Nanoseconds of one of raft's calls."""
    pattern = "/".join(f"^{part}$" for part in ("Benchmark" + name).split("/")) + f"/^{store}$"
    done = subprocess.run([program, "-test.run", "-", "-test.bench", pattern, "-test.benchtime",
                           f"{times}x"], cwd=BINDING / "raftwal", capture_output=True, text=True,
                          check=True, env={**os.environ, "TMPDIR": str(scratch)})
    line = re.search(r"^Benchmark\S+\s+\d+\s+(\d+(?:\.\d+)?) ns/op", done.stdout, re.MULTILINE)
    if not line:
        raise measure.Failed(f"{pattern}: no figure in {done.stdout!r}")
    return float(line[1])


def measure_raft(a, scratch):
    """[(row, [{store: ns} by round])]"""
    program = scratch / "raftwal.test"
    go(a.build, BINDING / "raftwal", "test", "-tags", "libwal_source", "-c", "-o", str(program),
       ".")
    return [(row, [{store: bench(program, row.name, store, row.times, scratch) for store in STORES}
                   for _ in range(a.rounds)])
            for row in chosen(a, RAFT)]


def raft_lines(found):
    yield ["benchmark", "what", *(f"{store}, us" for store in STORES),
           *(f"{other} / raftwal" for other in STORES[1:]), "goal", "verdict"]
    for row, rounds in found:
        line = [row.name, row.text]
        line += [table.number(median(r[store] for r in rounds) / 1e3) for store in STORES]
        shares = {other: [r[other] / r[STORES[0]] for r in rounds] for other in STORES[1:]}
        line += [f"{table.number(median(v))} ({table.number(min(v))}..{table.number(max(v))})"
                 for v in shares.values()]
        reached = all(median(shares[other]) >= 1 for other in row.others)
        yield [*line, f">= 1 for {', '.join(row.others)}", "pass" if reached else "short"]


def chosen(a, rows):
    rows = [row for row in rows if not a.only or row.name in a.only]
    if not rows:
        sys.exit(f"no row is called {' or '.join(a.only)}")
    return rows


def show(lines):
    lines = list(lines)
    widths = [max(map(len, column)) for column in zip(*lines)]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())


def main():
    a = arguments()
    place = a.dir or a.build
    refusal = machine.refusal(place)
    if refusal:
        sys.exit(refusal)
    note = machine.busy()
    with tempfile.TemporaryDirectory(prefix="bench-", dir=place) as scratch:
        if a.what == "log":
            show(log_lines(measure_log(a, Path(scratch))))
        else:
            show(raft_lines(measure_raft(a, Path(scratch))))
    print(f"\nMedians over {a.rounds} rounds, programs in turn, on {machine.file_system(place)}.")
    if note:
        print(f"Note: {note}")


if __name__ == "__main__":
    main()
