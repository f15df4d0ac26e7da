# SPDX-License-Identifier: Apache-2.0
"""bench: which figures there are, and that nothing stays behind."""

import os
import signal
import subprocess

import support

SHORT = ("--milliseconds", "20")


class Bench(support.Case):
    def bench(self, *args, code=support.FINE, err=b""):
        found = self.json("bench", *SHORT, *args, ".", code=code, err=err)
        self.assertEqual(os.listdir(self.folder), [])
        return found

    def test_figures(self):
        for n, counts in (("1", [1]), ("2", [1, 2]), ("3", [1, 2, 3])):
            found = self.bench("--threads", n, "-O", "segment_bytes=64K")
            self.assertEqual([(row["what"], row["threads"]) for row in found],
                             [("floor", 1), *[("durable", k) for k in counts], ("buffered", 1),
                              ("replay", 1)])
        for row in found:
            self.assertGreater(row["records"], 0)
            self.assertEqual(row["payload_bytes"], 100 * row["records"])
            self.assertGreater(row["ns"], 0)
            marks = [row.get(f"{mark}_ns") for mark in ("p50", "p90", "p99", "p999", "max")]
            if row["what"] in ("floor", "durable"):
                self.assertEqual(marks, sorted(marks))
                self.assertGreater(marks[0], 0)
            else:
                self.assertEqual(marks, [None] * 5)
        self.assertEqual(found[-1]["records"], found[-2]["records"])

    def test_text(self):
        out, _ = self.walctl("bench", *SHORT, "-t", "1", ".")
        rows = [line.split() for line in out.decode().splitlines()]
        self.assertEqual([row[0] for row in rows],
                         ["WHAT", "floor", "durable", "buffered", "replay"])
        self.assertEqual(rows[3][4:], ["-"] * 4)

    def test_sizes_and_modes(self):
        for args in (["-s", "0"], ["-s", "70000"], ["-O", "sync=dsync"], ["-O", "sync=none"]):
            size = int(args[1]) if args[0] == "-s" else 100
            for row in self.bench("-t", "1", *args):
                self.assertEqual(row["payload_bytes"], size * row["records"])

    def test_where_it_does_not_go(self):
        self.append(b"x")
        self.walctl("bench", *SHORT, "a.wal", code=support.FAILED, out=b"",
                    err=b"walctl: a.wal is a log: name a directory beside it\n")
        self.walctl("bench", *SHORT, "no", code=support.FAILED, out=b"", err=b"walctl: no "
                    b"directory can be made in no: No such file or directory\n")
        self.assertEqual(os.listdir(self.folder), ["a.wal"])

    def test_usage(self):
        for args, said in ((["-t", "257"], b"--threads: at most 256"),
                           (["--milliseconds", "3600001"], b"--milliseconds: at most 3600000"),
                           (["-s", "2000", "-O", "max_record_bytes=1K"],
                            b"--size: max_record_bytes is 1024")):
            self.walctl("bench", *args, ".", code=support.USAGE, out=b"", err=b"walctl: " + said
                        + b"\nTry 'walctl bench --help'.\n")

    def test_a_log_that_cannot_be_made(self):
        _, err = self.walctl("bench", *SHORT, "-O", "background=0", "-O", "sync=interval", ".",
                             code=support.FAILED, out=None, err=None)
        self.assertTrue(err.startswith(b"walctl: "))
        self.assertEqual(os.listdir(self.folder), [])

    def test_interrupted(self):
        process = self.start("bench", "--milliseconds", "600000", "-O", "zero_ahead_bytes=0",
                             "-t", "1", ".", stderr=subprocess.PIPE)
        while not os.listdir(self.folder):
            pass
        process.send_signal(signal.SIGINT)
        process.communicate()
        self.assertEqual(process.returncode, -signal.SIGINT)
        self.assertEqual(os.listdir(self.folder), [])


support.run()
