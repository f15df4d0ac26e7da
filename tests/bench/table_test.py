# SPDX-License-Identifier: Apache-2.0
"""What the table says about figures, without measuring any."""

import unittest

import machine
import measure
import table
from rows import JOBS, QUICK, ROWS, Job, Row, scaled

HIGH = Row("high", "more is better", "job", "rate", 1.0)
LOW = Row("low", "less is better", "job", "ms", 2.0, "lower", over=None, unit="ms")
MOUNTS = """\
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
23 22 0:20 / /dev rw - devtmpfs none rw
24 23 0:21 / /dev/shm rw,nosuid - tmpfs none rw
25 22 0:22 / /mnt/with\\040blank rw shared:2 master:1 - xfs /dev/vdb rw
"""


class Verdicts(unittest.TestCase):
    def judge(self, row, figures, quick=False, peers=(), against=None):
        return table.judge(row, figures, peers, against, quick)

    def ours(self, value):
        return {("ours", "ms"): [value]}

    def test_median_of_the_ratios_round_by_round(self):
        figures = {("ours", "rate"): [90, 20, 300], ("floor", "rate"): [100, 10, 200]}
        result = self.judge(HIGH, figures)
        self.assertEqual(result["rounds"], [0.9, 2.0, 1.5])
        self.assertEqual((result["value"], result["verdict"]), (1.5, "pass"))

    def test_even_number_of_rounds(self):
        figures = {("ours", "rate"): [1, 3], ("floor", "rate"): [1, 1]}
        self.assertEqual(self.judge(HIGH, figures)["value"], 2)

    def test_both_directions(self):
        for value, verdict in ((1.9, "pass"), (2.0, "pass"), (2.001, "short")):
            self.assertEqual(self.judge(LOW, self.ours(value))["verdict"], verdict)
        for value, verdict in ((0.99, "short"), (1.0, "pass"), (1.5, "pass")):
            figures = {("ours", "rate"): [value], ("floor", "rate"): [1]}
            self.assertEqual(self.judge(HIGH, figures)["verdict"], verdict)

    def test_quick_runs_keep_quiet_near_the_goal(self):
        for value, verdict in ((1.89, "pass"), (1.91, "close"), (2.0, "close"), (2.09, "close"),
                               (2.11, "short")):
            self.assertEqual(self.judge(LOW, self.ours(value), quick=True)["verdict"], verdict)

    def test_factor_and_other_variants(self):
        row = Row("m", "", "job", "rate", 18.0, over=None, factor=1e-6)
        self.assertEqual(self.judge(row, {("ours", "rate"): [2e7]})["value"], 20)
        row = Row("t", "", "job", "rate", 1.2, over="ours", ours="four")
        figures = {("ours", "rate"): [10, 10], ("four", "rate"): [15, 13]}
        self.assertEqual(self.judge(row, figures)["value"], 1.4)

    def test_without_figures_there_is_no_verdict(self):
        self.assertEqual(self.judge(HIGH, {("ours", "rate"): [1]})["verdict"], "-")
        self.assertEqual(self.judge(HIGH, {("floor", "rate"): [1]})["verdict"], "-")
        self.assertEqual(self.judge(HIGH, {("ours", "rate"): [1], ("floor", "rate"): [0]})["value"],
                         None)

    def test_peers_and_another_build(self):
        figures = {("ours", "rate"): [9, 9], ("floor", "rate"): [10, 10], ("it", "rate"): [5, 7],
                   ("ours of the other build", "rate"): [12, 12]}
        result = self.judge(HIGH, figures, peers=["it", "absent"], against="BUILD")
        self.assertEqual(result["peers"], {"it": 0.6, "absent": None})
        self.assertEqual(result["against"], 0.75)
        result = self.judge(LOW, self.ours(1), peers=["it"], against="BUILD")
        self.assertEqual((result["peers"], result["against"]), ({"it": None}, None))

    def test_lines(self):
        figures = {("ours", "rate"): [0.5, 0.25], ("floor", "rate"): [1, 1], ("it", "rate"): [2, 2]}
        results = [self.judge(HIGH, figures, peers=["it"]), self.judge(LOW, {}, peers=["it"])]
        head, first, second = (line.split("  ") for line in table.lines(results, ["it"]))
        self.assertEqual(head[-1], "it / floor")
        self.assertEqual([cell.strip() for cell in first if cell.strip()],
                         ["high", "more is better", "0.38", "of floor", "0.25..0.50", ">= 1.00",
                          "short", "2.00"])
        self.assertEqual([cell.strip() for cell in second if cell.strip()],
                         ["low", "less is better", "-", "ms", "<= 2.00", "-", "-"])


class Output(unittest.TestCase):
    def test_figures(self):
        self.assertEqual(measure.parse("rate 12.5 rec/s\np50 3 us\nok\n"),
                         {"rate": 12.5, "p50": 3.0})
        self.assertEqual(measure.parse("ok\n"), {})

    def test_unsupported(self):
        for output in ("unsupported: why\n", "unsupported: why\nok\n"):
            with self.assertRaisesRegex(measure.Unsupported, "why"):
                measure.parse(output)

    def test_anything_else(self):
        for output in ("", "rate 12.5 rec/s\n", "rate fast rec/s\nok\n", "rate 1\nok\n",
                       "ok\nrate 1 x\n"):
            with self.assertRaises(measure.Failed):
                measure.parse(output)


class Place(unittest.TestCase):
    def test_file_systems(self):
        for path, kind in (("/", "ext4"), ("/somewhere", "ext4"), ("/dev/shm", "tmpfs"),
                           ("/dev/shm/x/y", "tmpfs"), ("/dev/shmoo", "devtmpfs"),
                           ("/mnt/with blank/x", "xfs")):
            self.assertEqual(machine.file_system(path, MOUNTS), kind, path)

    def test_memory_is_refused(self):
        self.assertIn("/dev/shm/x is on tmpfs", machine.refusal("/dev/shm/x", MOUNTS))
        self.assertIn("/dev/x is on devtmpfs", machine.refusal("/dev/x", MOUNTS))
        self.assertIsNone(machine.refusal("/somewhere", MOUNTS))


class Rows(unittest.TestCase):
    def test_rows_and_jobs_belong_together(self):
        jobs = {job.name: job for job in JOBS}
        self.assertEqual(len(jobs), len(JOBS))
        self.assertEqual(len({row.name for row in ROWS}), len(ROWS))
        self.assertEqual({row.job for row in ROWS}, set(jobs))
        for row in ROWS:
            self.assertIn(row.ours, jobs[row.job].variants)
            if row.over == "floor":
                self.assertTrue(jobs[row.job].floor, row.name)
            elif row.over:
                self.assertIn(row.over, jobs[row.job].variants)

    def test_programs_of_others_get_the_contract_s_keys_only(self):
        job = Job("j", "fill", {"size": 5, "segment_bytes": "1M"}, before=(("fill", {"x": 1}),))
        a, b = measure.parties_of(job, {"floor": ["f"], "ours": ["o"]}, machine.Path("/d"))
        self.assertEqual((a.name, a.ran()), ("floor", "f fill DIR && f fill DIR size=5"))
        self.assertEqual((b.name, b.ran()),
                         ("ours", "o fill DIR x=1 && o fill DIR size=5 segment_bytes=1M"))

    def test_each_variant_has_a_directory_of_its_own(self):
        job = Job("j", "append", {}, variants={"ours": {}, "four": {"threads": 4}}, floor=False)
        found = list(measure.parties_of(job, {"ours": ["o"], "other": ["p"]}, machine.Path("/d")))
        self.assertEqual([(p.name, p.command[0], p.keys) for p in found],
                         [("ours", "o", {}), ("ours of the other build", "p", {}),
                          ("four", "o", {"threads": 4}),
                          ("four of the other build", "p", {"threads": 4})])
        self.assertEqual(len({p.directory for p in found}), 4)

    def test_scaled(self):
        job = Job("j", "get", {"seconds": 2.0, "count": 50000},
                  before=(("fill", {"count": 50000}),))
        less = scaled(job, 0.1)
        self.assertEqual(less.keys, {"seconds": 0.2, "count": 5000})
        self.assertEqual(less.before, (("fill", {"count": 5000}),))
        self.assertIs(scaled(job, 1), job)
        for job in JOBS:
            if job.op in ("open", "recover"):
                self.assertEqual(scaled(job, QUICK), job)


if __name__ == "__main__":
    unittest.main(argv=["table"])
