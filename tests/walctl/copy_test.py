# SPDX-License-Identifier: Apache-2.0
"""copy: a log of its own with the same records."""

import subprocess

import support


class Copy(support.Case):
    def test_copy(self):
        self.append(b"a", b"b", b"c", args=["--batch", "2", "-O", "segment_records=2",
                                            "-O", "first_lsn=10", "--label", "L"])
        self.walctl("copy", "a.wal", "b.wal", out=b"")
        for command in (["cat", "-o", "json"], ["ls", "-o", "json"]):
            self.assertEqual([{k: v for k, v in row.items() if k not in ("created_ns", "state")}
                              for row in self.json(command[0], "b.wal")],
                             [{k: v for k, v in row.items() if k not in ("created_ns", "state")}
                              for row in self.json(command[0], "a.wal")])
        here, there = self.json("info", "a.wal")[0], self.json("info", "b.wal")[0]
        self.assertNotEqual(here["uuid"], there["uuid"])
        self.assertEqual(there["label"], "L")
        self.walctl("verify", "b.wal")
        self.append(b"d", log="b.wal")
        self.assertEqual(self.payloads("b.wal")[13], b"d")

    def test_beside_a_live_writer(self):
        writer = self.writer()
        writer.add(b"x")
        self.walctl("copy", "a.wal", "b.wal")
        writer.add(b"y")
        self.assertEqual(self.payloads("b.wal"), {1: b"x"})
        self.assertEqual(writer.close()[0], support.FINE)

    def test_not_onto_a_log(self):
        self.append(b"a")
        self.append(b"b", log="b.wal")
        self.walctl("copy", "a.wal", "b.wal", code=support.FAILED, out=b"", err=None)
        self.walctl("copy", "a.wal", "a.wal", code=support.FAILED, out=b"", err=None)
        self.walctl("copy", "a.wal", "no/b.wal", code=support.FAILED, out=b"", err=None)
        self.walctl("copy", "nosuch", "c.wal", code=support.FAILED, out=b"", err=None)
        self.assertEqual(self.payloads("b.wal"), {1: b"b"})

    def test_damage(self):
        self.append(b"1-unmistakable", b"2-unmistakable", args=["-O", "segment_records=1"])
        self.damage(1, b"1-unmistakable")
        self.walctl("copy", "a.wal", "b.wal", code=support.CORRUPT, out=b"", err=None)
        self.walctl("cat", "b.wal", code=support.FAILED, out=b"", err=None)

    def test_progress(self):
        self.append(*[b"x" * 10000] * 100)
        said, code = support.Terminal(self.folder, "copy", "a.wal", "b.wal",
                                      stdout=subprocess.DEVNULL).end()
        self.assertRegex(said, rb"\A\rcopy \[.*%\r\x1b\[K\Z")
        self.assertEqual(code, support.FINE)


support.run()
