# SPDX-License-Identifier: Apache-2.0
"""repair: what it says, what it asks, and that the log opens afterwards."""

import support

PAYLOADS = [b"%03d-unmistakable" % k for k in range(1, 13)]
COPIED = (b"walctl: what is given up or replaced %s copied to the directory quarantine first\n")


class Repair(support.Case):
    def make(self):
        """Three segments of four records, each record in a group of its own."""
        writer = self.writer("-O", "segment_records=4")
        for payload in PAYLOADS:
            writer.add(payload)
        return writer

    def look(self):
        return sorted((str(p), p.read_bytes()) for p in (self.folder / "a.wal").rglob("*")
                      if p.is_file())

    def test_cut(self):
        self.make().close()
        self.damage(2, PAYLOADS[5])
        out, err = self.walctl("repair", "--cut-at-damage", "--yes", "a.wal", err=None)
        first, last = out.splitlines()[0], out.splitlines()[-1]
        self.assertTrue(first.startswith(b"damaged: 11 records, LSN 1 to 12"), out)
        self.assertTrue(last.startswith(b"clean: 5 records, LSN 1 to 5"), out)
        self.assertIn(b"LSN 6: ", err)
        self.assertTrue(err.endswith(b"walctl: will give up LSN 6 and all behind it, up to 12 at "
                                     b"least\n" + COPIED % b"is"), err)
        self.assertEqual(list(self.payloads().values()), PAYLOADS[:5])
        self.assertTrue(any("quarantine" in name for name, _ in self.look()))
        self.append(b"new")
        self.assertEqual(self.payloads()[6], b"new")

    def test_dry_run(self):
        self.make().close()
        self.damage(2, PAYLOADS[5])
        before = self.look()
        found, = self.json("repair", "--cut-at-damage", "--dry-run", "a.wal", code=support.CORRUPT,
                           err=None)
        self.assertEqual((found["verdict"], found["damaged_lsn"]), ("damaged", 6))
        _, err = self.walctl("repair", "--cut-at-damage", "--dry-run", "a.wal",
                             code=support.CORRUPT, err=None)
        self.assertTrue(err.endswith(b"walctl: would give up LSN 6 and all behind it, up to 12 at "
                                     b"least\n" + COPIED % b"would be"), err)
        self.assertEqual(self.look(), before)

    def test_control(self):
        self.make().close()
        (self.folder / "a.wal" / "control").unlink()
        out, err = self.walctl("repair", "--rebuild-control", "--yes", "a.wal", err=None)
        self.assertTrue(out.splitlines()[-1].startswith(b"clean: 12 records, LSN 1 to 12"), out)
        self.assertIn(b"walctl: will make the control file anew\n", err)
        self.assertEqual(list(self.payloads().values()), PAYLOADS)

    def test_control_that_is_right_may_not_need_it(self):
        self.make().close()
        self.damage(2, PAYLOADS[5])
        _, err = self.walctl("repair", "--rebuild-control", "--dry-run", "a.wal",
                             code=support.CORRUPT, err=None)
        self.assertIn(b"walctl: would make the control file anew, if it needs that\n", err)

    def test_what_it_cannot_do(self):
        self.make().close()
        (self.folder / "a.wal" / "control").unlink()
        self.segment(2).unlink()
        self.walctl("repair", "--rebuild-control", "--yes", "a.wal", code=support.CORRUPT, err=None)

    def test_nothing_to_repair(self):
        self.make().close()
        before = self.look()
        for flag in ("--cut-at-damage", "--rebuild-control"):
            self.walctl("repair", flag, "--yes", "a.wal",
                        out=b"clean: 12 records, LSN 1 to 12, 192 bytes of payload in 3 segments\n")
        self.assertEqual(self.look(), before)

    def test_torn(self):
        self.make().kill()
        self.tear()
        before = self.look()
        out, _ = self.walctl("repair", "--cut-at-damage", "--yes", "a.wal", code=support.TORN,
                             err=None)
        self.assertTrue(out.startswith(b"torn: 12 records"), out)
        self.assertEqual(self.look(), before)

    def test_in_use(self):
        writer = self.make()
        self.damage(1, PAYLOADS[0])
        self.walctl("repair", "--cut-at-damage", "--yes", "a.wal", code=support.LOCKED, out=None,
                    err=None)
        writer.kill()

    def test_asks(self):
        self.make().close()
        self.damage(2, PAYLOADS[5])
        before = self.look()
        self.walctl("repair", "--cut-at-damage", "a.wal", code=support.USAGE, out=b"",
                    err=b"walctl: --yes is needed where nobody can be asked\n"
                        b"Try 'walctl repair --help'.\n")
        for answer, code in ((b"n\n", support.FAILED), (b"\n", support.FAILED), (b"y\n", 0)):
            self.assertEqual(self.look(), before)
            terminal = support.Terminal(self.folder, "repair", "--cut-at-damage", "a.wal")
            terminal.read_until(b"Go on? [y/N] ")
            terminal.type(answer)
            self.assertEqual(terminal.end()[1], code)
        self.assertEqual(list(self.payloads().values()), PAYLOADS[:5])

    def test_usage(self):
        self.walctl("repair", "--yes", "a.wal", code=support.USAGE, out=b"",
                    err=b"walctl: one of --cut-at-damage and --rebuild-control is needed\n"
                        b"Try 'walctl repair --help'.\n")
        self.walctl("repair", "--cut-at-damage", "--yes", "a.wal", code=support.FAILED, out=b"",
                    err=None)


support.run()
