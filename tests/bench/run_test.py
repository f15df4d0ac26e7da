# SPDX-License-Identifier: Apache-2.0
"""The script that measures, from end to end with sizes that mean nothing: run_test.py FOLDER"""

import json
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from rows import LIBRARY, ROWS

FOLDER = Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve()  # of the programs
BUILD = FOLDER.parents[1]
RUN = Path(__file__).resolve().parent / "run"
TINY = ("--scale", "0.004", "--rounds", "1")
PEER = """#!{python}
import sys
op = [word for word in sys.argv[1:] if word != "word"][0]
if op == "get":
    print("unsupported: no numbers")
elif op == "batch":
    sys.exit("this one breaks")
elif op != "fill":
    print("rate 1000000.5 rec/s")
print("ok")
"""


class Run(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory(dir=FOLDER)
        self.addCleanup(scratch.cleanup)
        self.scratch = Path(scratch.name)

    def run_it(self, *words, status=0):
        done = subprocess.run([sys.executable, RUN, BUILD, *TINY, *words], capture_output=True,
                              text=True, check=False)
        self.assertEqual(done.returncode, status, (words, done.stdout, done.stderr))
        return done.stdout + done.stderr

    def results(self, *words, status=0):
        """{row: result}, and the output."""
        file = self.scratch / "results.json"
        text = self.run_it("--json", str(file), *words, status=status)
        found = json.loads(file.read_text())
        return {result["row"]: result for result in found["results"]}, text

    def peer(self):
        path = self.scratch / "peer"
        path.write_text(PEER.format(python=sys.executable))
        path.chmod(0o700)
        return path

    def test_every_row(self):
        results, text = self.results("--quick")
        self.assertEqual(list(results), [row.name for row in [*ROWS, LIBRARY] if row.quick])
        for name, result in results.items():
            self.assertIn(result["verdict"], ("pass", "short", "close"), name)
            self.assertGreater(result["value"], 0, name)
            self.assertIn(f"{name} ", text)
        self.assertIn("ours: walbench fill DIR size=4096", text)
        self.assertEqual(list(BUILD.glob("bench-*")), [])

    def test_rows_by_pattern(self):
        results, _ = self.results("--only", "replay-*", "--only", "get-128", "--dir",
                                  str(self.scratch / "new"))
        self.assertEqual(list(results), ["replay-128", "replay-4k", "get-128"])
        self.assertIn("nothing", self.run_it("--only", "nothing", status=1))

    def test_list(self):
        text = self.run_it("--list")
        self.assertEqual(len(text.splitlines()), len(ROWS) + 1)

    def test_memory_is_refused(self):
        self.assertIn("tmpfs", self.run_it("--dir", "/dev/shm", status=1))

    def test_no_such_build(self):
        self.assertIn("no such program", self.run_it("--against", "nowhere", status=1))

    def test_another_build(self):
        results, text = self.results("--only", "append-4k", "--against", str(BUILD))
        self.assertGreater(results["append-4k"]["against"], 0)
        self.assertIn("/ other build", text)

    def test_peers(self):
        peer = f"it={self.peer()} word"
        results, text = self.results("--only", "append-128", "--only", "get-128", "--peer", peer)
        self.assertGreater(results["append-128"]["peers"]["it"], 0)
        self.assertIsNone(results["get-128"]["peers"]["it"])
        self.assertIn("it: peer word append DIR size=128", text)
        self.assertIn("it: unsupported: no numbers", text)

    def test_a_program_that_breaks(self):
        results, text = self.results("--only", "batch-4k", "--bench", str(self.peer()), status=1)
        self.assertEqual(results["batch-4k"]["verdict"], "-")
        self.assertIn("ours: failed: this one breaks", text)

    def test_plot(self):
        file = self.scratch / "plot.png"
        text = self.run_it("--only", "append-4k", "--plot", str(file))
        self.assertTrue(file.exists() or "no matplotlib" in text)


if __name__ == "__main__":
    unittest.main(argv=["run"])
