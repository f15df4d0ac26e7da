# SPDX-License-Identifier: Apache-2.0
"""What the modes come to in system calls, as strace sees them: how writes go out, in what sizes,
and how they become durable. Where nothing may be traced: 77, which ctest shows as skipped."""

import pathlib
import re
import subprocess
import sys
import tempfile

RECORDS = 40
CALL = re.compile(r"(?:\d+ +)?(\w+)\((\d+)<([^>]*)>(.*)\) = (-?\d+)")
OPEN = re.compile(r'openat\(.*"([^"]*)", ([A-Z_|]+).*\) = (\d+)')


def traced(program, bytes_each, *options):
    """The calls of a run: (name, file, rest, result); what was opened; what the program says."""
    with tempfile.TemporaryDirectory() as root:
        trace = pathlib.Path(root, "trace")
        run = subprocess.run(
            ["strace", "-f", "-y", "-o", trace, "-e",
             "trace=openat,pwrite64,pwritev,pwritev2,fdatasync,fsync", program,
             f"{root}/log", str(RECORDS), str(bytes_each), *options],
            capture_output=True, text=True)
        if run.returncode != 0:
            sys.exit(run.stdout + run.stderr)
        lines = trace.read_text().splitlines()
    calls, opened = [], []
    for line in lines:
        found = CALL.search(line)
        if found:
            calls.append((found[1], pathlib.Path(found[3]).name, found[4], int(found[5])))
        found = OPEN.search(line)
        if found:
            opened.append((found[1], found[2].split("|"), int(found[3])))
    return calls, opened, run.stdout


def segment(calls, *names):
    """The calls on the segment itself, while it had its name."""
    return [c for c in calls if c[0] in names and c[1].endswith(".wal")]


def expect(so, what):
    if not so:
        raise SystemExit(f"not so: {what}")


def syncs_once_per_append(program, mode, call):
    calls, _, _ = traced(program, 100, f"sync={mode}")
    syncs = segment(calls, call)
    expect(RECORDS <= len(syncs) <= RECORDS + 4, f"{mode}: {len(syncs)} {call}")
    expect(not segment(calls, "pwritev2"), f"{mode}: a write through")


def writes_through(program):
    """Each append is one write with RWF_DSYNC, and nothing else, where the blocks are there."""
    calls, _, said = traced(program, 100, "sync=dsync")
    writes = segment(calls, "pwritev2")
    expect("dsync=1" in said, said)
    expect(len(writes) >= RECORDS - 1, f"dsync: {len(writes)} writes through")
    expect(all("RWF_DSYNC" in c[2] for c in writes), "dsync: every one is")
    syncs = segment(calls, "fdatasync", "fsync")
    expect(len(syncs) <= 4, f"dsync: {len(syncs)} syncs")


def none_syncs_at_the_end_only(program):
    calls, _, _ = traced(program, 100, "sync=none")
    expect(len(segment(calls, "fdatasync", "fsync")) <= 2, "none: syncs")


def goes_past_the_cache(program, sync, align):
    """Sizes and offsets in whole sectors, on a descriptor with O_DIRECT."""
    calls, opened, said = traced(
        program, 700, "direct_io=1", f"sync={sync}", f"group_align={align}")
    if "direct=1" not in said:
        print(f"note: this file system has no direct I/O ({sync}, {align})")
        return
    direct = [fd for name, flags, fd in opened if "O_DIRECT" in flags and name.startswith("tmp-")]
    expect(direct, "a segment is opened with O_DIRECT")
    writes = segment(calls, "pwrite64", "pwritev", "pwritev2")
    sizes = [c[3] for c in writes]
    expect(writes and all(size % align == 0 for size in sizes), f"direct: sizes {sizes}")
    if sync != "none":
        expect(len(writes) >= RECORDS, f"direct: {len(writes)} writes")
        expect(min(sizes) == max(align, 1024), f"direct: one record takes {min(sizes)}")
    if sync == "dsync":
        through = [c for c in writes if c[0] == "pwritev2" and "RWF_DSYNC" in c[2]]
        expect(len(through) >= RECORDS - 1, f"direct: {len(through)} writes through")


def groups_are_aligned(program, align):
    calls, _, _ = traced(program, 100, f"group_align={align}")
    sizes = {c[3] for c in segment(calls, "pwrite64", "pwritev")}
    expect(align in sizes, f"group_align {align}: sizes {sizes}")
    expect(all(size % 64 == 0 for size in sizes), f"group_align {align}: sizes {sizes}")


def can_trace():
    try:
        run = subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True)
        return run.returncode == 0
    except FileNotFoundError:
        return False


if __name__ == "__main__":
    if not can_trace():
        print("note: strace can't trace here: the modes' system calls aren't looked at")
        sys.exit(77)
    program = sys.argv[1]
    syncs_once_per_append(program, "data", "fdatasync")
    syncs_once_per_append(program, "full", "fsync")
    writes_through(program)
    none_syncs_at_the_end_only(program)
    for size in (512, 4096):
        groups_are_aligned(program, size)
        for how in ("data", "dsync", "none"):
            goes_past_the_cache(program, how, size)
    print("the modes are what they say")
