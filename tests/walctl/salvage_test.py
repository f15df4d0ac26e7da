# SPDX-License-Identifier: Apache-2.0
"""salvage: what can be read comes out, what is lost is named."""

import json
import signal
import subprocess

import support

PAYLOADS = [b"%03d-unmistakable" % k for k in range(1, 13)]


class Salvage(support.Case):
    def make(self, *args):
        """Three segments of four records, batches of two."""
        self.append(*PAYLOADS, args=["-O", "segment_records=4", "--batch", "2", *args])

    def lines(self, *args, code=support.FINE, err=b""):
        out, _ = self.walctl("salvage", "-o", "json", *args, "a.wal", code=code, err=err)
        return [json.loads(line) for line in out.splitlines()]

    def test_a_log_that_is_right(self):
        self.make()
        self.walctl("salvage", "a.wal", out=self.walctl("export", "a.wal")[0])
        self.walctl("salvage", "-o", "json", "a.wal",
                    out=self.walctl("export", "-o", "json", "a.wal")[0])

    def test_damage(self):
        self.make()
        self.damage(2, PAYLOADS[4])
        found = self.lines(code=support.CORRUPT, err=None)
        lost = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12} - {r["lsn"] for r in found}
        self.assertIn(5, lost)
        self.assertLess(len(lost), 5)
        _, err = self.walctl("salvage", "a.wal", code=support.CORRUPT, err=None)
        self.assertTrue(err.startswith(b"walctl: lost: LSN 5"), err)
        batches = [r["batch_last"] for r in found]
        self.assertTrue(batches[-1] and not batches[0])

    def test_what_comes_out_can_be_imported(self):
        self.make("--type", "7")
        self.damage(2, PAYLOADS[4])
        for form in ("binary", "json"):
            out, _ = self.walctl("salvage", "-o", form, "a.wal", code=support.CORRUPT, err=None)
            self.walctl("import", form, stdin=out)
            self.assertEqual(list(self.payloads(form).values()),
                             [PAYLOADS[r["lsn"] - 1] for r in self.lines(code=support.CORRUPT,
                                                                        err=None)])
            self.assertEqual({r["type"] for r in self.json("cat", form)}, {7})

    def test_into_a_new_log(self):
        self.make("-O", "first_lsn=100")
        out, _ = self.walctl("salvage", "--into", "b.wal", "a.wal")
        self.assertEqual(out, b"12 records in 6 batches, LSN 100 to 111\n")
        self.assertEqual(self.walctl("cat", "b.wal")[0], self.walctl("cat", "a.wal")[0])
        self.damage(1, PAYLOADS[0])
        self.damage(2, PAYLOADS[4])
        out, err = self.walctl("salvage", "--into", "c.wal", "-O", "first_lsn=7", "a.wal",
                               code=support.CORRUPT, err=None)
        self.assertEqual(err.count(b"walctl: lost: LSN "), 2)
        self.assertEqual(min(self.payloads("c.wal")), 7)
        left = len(self.payloads("c.wal"))
        self.assertTrue(out.startswith(b"%d records in " % left), out)
        self.assertEqual(self.json("verify", "c.wal")[0]["verdict"], "clean")

    def test_not_into_a_log_that_is_there(self):
        self.make()
        self.append(b"x", log="b.wal")
        self.walctl("salvage", "--into", "b.wal", "a.wal", code=support.FAILED, out=b"", err=None)
        self.assertEqual(self.payloads("b.wal"), {1: b"x"})

    def test_an_empty_log(self):
        self.append()
        self.walctl("salvage", "a.wal", out=bytes(8))
        self.walctl("salvage", "--into", "b.wal", "a.wal", out=b"0 records in 0 batches\n")
        self.walctl("cat", "b.wal", out=b"")

    def test_no_log(self):
        self.walctl("salvage", "nosuch.wal", code=support.FAILED, out=b"", err=None)
        self.walctl("salvage", "--into", "b.wal", "nosuch.wal", code=support.FAILED, out=b"",
                    err=None)
        self.assertFalse((self.folder / "b.wal").exists())

    def test_control_is_lost(self):
        self.make()
        (self.folder / "a.wal" / "control").unlink()
        out, _ = self.walctl("salvage", "-o", "json", "a.wal", err=None)
        self.assertEqual(len(out.splitlines()), 12)

    def test_in_use(self):
        writer = self.writer()
        writer.add(b"x")
        self.walctl("salvage", "-o", "json", "a.wal", err=b"walctl: a.wal is open for writing: "
                    b"what its writer removes meanwhile looks lost\n")

    def test_no_binary_on_a_terminal(self):
        self.make()
        said, code = support.Terminal(self.folder, "salvage", "a.wal").end()
        self.assertIn(b"nothing for a terminal", said)
        self.assertEqual(code, support.USAGE)

    def test_the_log_stays_as_it_is(self):
        self.make()
        self.damage(2, PAYLOADS[4])

        def look():
            return sorted((p.name, p.read_bytes()) for p in (self.folder / "a.wal").iterdir())

        before = look()
        self.walctl("salvage", "a.wal", code=support.CORRUPT, err=None)
        self.walctl("salvage", "--into", "b.wal", "a.wal", code=support.CORRUPT, err=None)
        self.assertEqual(look(), before)

    def test_a_reader_that_goes_away(self):
        self.append(*[b"x" * 5000] * 400)
        process = self.start("salvage", "a.wal", stderr=subprocess.DEVNULL)
        process.stdout.read(100)
        process.stdout.close()
        self.assertEqual(process.wait(), -signal.SIGPIPE)


support.run()
