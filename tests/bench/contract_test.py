# SPDX-License-Identifier: Apache-2.0
"""walbench and walfloor keep to the benchmark's command line: contract_test.py FOLDER"""

import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

FOLDER = Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()
PROGRAMS = ("walbench", "walfloor")
RATE = ["rate rec/s", "mb MB/s"]
FIGURES = {
    "durable": ["rate rec/s", "p50 us", "p99 us", "p999 us"],
    "batch": RATE,
    "append": [*RATE, "rate_nosync rec/s"],
    "fill": [],
    "replay": [*RATE, "rate_noopen rec/s"],
    "open": ["ms ms"],
    "get": ["ns ns"],
}
OWN = {"first": ["ms ms"], "recover": ["ms ms"],
       "drain": ["p50 us", "p99 us", "p50_beside us", "p99_beside us", "appends rec",
                 "segments files", "drain ms"],
       "memory": ["peak B", "bound B", "share of-bound"],
       "follow": ["p50 us", "p99 us", "p50_call us", "p99_call us"]}
LINE = re.compile(r"(\w+) (\d+\.\d+) (\S+)")
BAD_KEYS = ("size=0", "size=1048577", "size=12x", "size=1.5", "size=", "threads=0", "threads=2000",
            "seconds=-1", "seconds=nan", "count=0", "batch=0", "=5", "size", "nonsense=1")


class Case(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.TemporaryDirectory(dir=FOLDER)
        self.addCleanup(self.scratch.cleanup)
        self.dir = Path(self.scratch.name) / "log"

    def call(self, program, op, *keys, directory=None):
        return subprocess.run([FOLDER / program, op, directory or self.dir, *keys],
                              capture_output=True, text=True, check=False)

    def figures(self, program, op, *keys):
        """{"name unit": value} of a run that has to work."""
        done = self.call(program, op, *keys)
        self.assertEqual((done.returncode, done.stderr), (0, ""), (program, op, keys))
        *lines, last = done.stdout.splitlines()
        self.assertEqual(last, "ok")
        found = [LINE.fullmatch(line) for line in lines]
        self.assertTrue(all(found), done.stdout)
        return {f"{line[1]} {line[3]}": float(line[2]) for line in found}

    def fails(self, text, program, op, *keys, directory=None):
        done = self.call(program, op, *keys, directory=directory)
        self.assertEqual((done.returncode, done.stdout), (1, ""), (program, op, keys))
        self.assertIn(text, done.stderr)


class Contract(Case):
    def test_each_op_prints_its_figures(self):
        short = ("count=2000", "seconds=0.02")
        for program in PROGRAMS:
            for op, names in FIGURES.items():
                if op in ("open", "replay", "get"):
                    self.figures(program, "fill", *short)
                figures = self.figures(program, op, *short)
                self.assertEqual(list(figures), names, (program, op))
                self.assertTrue(all(value > 0 for value in figures.values()), figures)

    def test_percentiles_are_in_order(self):
        for program in PROGRAMS:
            for threads in (1, 5):
                found = self.figures(program, "durable", "seconds=0.1", f"threads={threads}")
                self.assertLessEqual(found["p50 us"], found["p99 us"])
                self.assertLessEqual(found["p99 us"], found["p999 us"])

    def test_figures_fit_each_other(self):
        for program in PROGRAMS:
            found = self.figures(program, "append", "count=3000", "size=1000", "threads=3")
            self.assertAlmostEqual(found["mb MB/s"] / found["rate rec/s"], 0.001, delta=1e-5)
            self.assertLess(found["rate rec/s"], found["rate_nosync rec/s"])

    def test_replay_wants_every_record(self):
        for program in PROGRAMS:
            for size in (1, 128, 5000, 1 << 20):
                self.figures(program, "fill", "count=20", f"size={size}")
                self.figures(program, "replay", "count=20", f"size={size}")
            for count in (19, 21):
                self.fails("20 records were read", program, "replay", f"count={count}",
                           f"size={size}")

    def test_fill_begins_anew(self):
        for program in PROGRAMS:
            for count in ("count=300", "count=20"):
                self.figures(program, "fill", count)
                self.figures(program, "replay", count)

    def test_threads_share_the_records(self):
        self.figures("walfloor", "append", "count=1001", "threads=3", "size=100")
        self.assertEqual((self.dir / "floor").stat().st_size, 1001 * 116)

    def test_bad_arguments(self):
        for program in PROGRAMS:
            self.fails("no such op", program, "fly")
            for key in BAD_KEYS:
                self.fails(key.partition("=")[0], program, "durable", key)
            done = subprocess.run([FOLDER / program], capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 1)
            for op in FIGURES:
                self.assertIn(f" {op}", done.stderr)
        self.assertFalse(self.dir.exists())

    def test_unsupported(self):
        done = self.call("walfloor", "replay", "readers=2")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        first, last = done.stdout.splitlines()
        self.assertRegex(first, "^unsupported: .+")
        self.assertEqual(last, "ok")

    def test_errors(self):
        for program in PROGRAMS:
            missing = self.dir / "not" / "there"
            self.fails(str(missing), program, "durable", directory=missing)
            self.fails(str(self.dir), program, "open")


class Library(Case):
    def segments(self):
        return sorted(self.dir.glob("*.wal"))

    def test_reading_with_more_threads(self):
        self.figures("walbench", "fill", "count=20000")
        self.figures("walbench", "replay", "count=20000", "readers=2")

    def test_options_by_name(self):
        self.figures("walbench", "fill", "count=2000", "segment_bytes=64K")
        self.assertGreater(len(self.segments()), 3)
        self.fails("segment_bytes", "walbench", "fill", "segment_bytes=1K")
        self.assertGreater(len(self.segments()), 3)
        self.figures("walbench", "open", "segment_bytes=64K", "read_only=1")
        self.fails("exclusive", "walbench", "fill", "exclusive=1", "create=0")

    def test_errors_have_the_library_s_text(self):
        self.figures("walbench", "fill", "count=2000")
        segment = self.segments()[0]
        data = bytearray(segment.read_bytes())
        data[100000] ^= 1
        segment.write_bytes(data)
        self.fails(segment.name, "walbench", "replay", "count=2000")

    def test_replay_checks_the_bytes(self):
        self.figures("walbench", "fill", "count=1000")
        self.figures("walbench", "first")  # five records of other bytes
        self.fails("record 1000 has other bytes", "walbench", "replay", "count=1005")
        self.figures("walfloor", "fill", "count=1000")
        with open(self.dir / "floor", "r+b") as file:
            file.seek(144 * 500 + 20)
            file.write(b"other")
        self.fails("record 500 has other bytes", "walfloor", "replay", "count=1000")

    def test_own_ops(self):
        self.figures("walbench", "fill", "count=1000")
        for op, names in OWN.items():
            found = self.figures("walbench", op, "count=1000", "seconds=0.1")
            self.assertEqual(list(found), names)
        self.assertLess(found["p50_call us"], found["p99_call us"] + 1)
        self.assertLess(found["p50 us"], found["p50_call us"])

    def test_memory_is_a_share_of_its_bound(self):
        found = self.figures("walbench", "memory", "count=1000")
        self.assertAlmostEqual(found["share of-bound"], found["peak B"] / found["bound B"],
                               delta=0.0001)

    def test_memory_is_counted(self):
        small = self.figures("walbench", "memory", "count=1000")
        large = self.figures("walbench", "memory", "count=1000", "group_bytes=4M")
        self.assertGreater(large["peak B"] - small["peak B"], 2 << 20)


class Floor(Case):
    def test_grows_or_not(self):
        file = self.dir / "floor"
        self.figures("walfloor", "durable", "seconds=0.02")
        self.assertEqual(file.stat().st_size, 64 << 20)
        self.figures("walfloor", "durable", "seconds=0.02", "grow=1")
        self.assertEqual(file.stat().st_size % 144, 0)

    def test_writes_begin_again_at_the_end_of_the_file(self):
        self.figures("walfloor", "batch", "seconds=0.5", "size=1000000", "batch=60")
        self.assertEqual((self.dir / "floor").stat().st_size, 64 << 20)
        self.fails("larger", "walfloor", "batch", "size=1000000", "batch=70")


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
