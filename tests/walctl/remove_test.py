# SPDX-License-Identifier: Apache-2.0
"""truncate and reset: what is removed, what is said before, and who is asked."""

import support


class Remove(support.Case):
    def setUp(self):
        super().setUp()
        self.append(*(b"%d" % k for k in range(1, 11)), args=["-O", "segment_records=3"])

    def lsns(self):
        return list(self.payloads())

    def test_before(self):
        self.walctl("truncate", "--before", "5", "--yes", "a.wal", out=b"",
                    err=b"walctl: will remove LSN 1 to 4: 4 of 10 records\n")
        self.assertEqual(self.lsns(), [5, 6, 7, 8, 9, 10])
        for lsn in ("5", "1"):
            self.walctl("truncate", "--before", lsn, "-y", "a.wal", out=b"",
                        err=b"walctl: will remove nothing\n")
        self.walctl("truncate", "--before", "11", "-y", "a.wal", out=b"",
                    err=b"walctl: will remove LSN 5 to 10: 6 of 6 records\n")
        self.walctl("append", "a.wal", stdin=b"x\n", out=b"11\n")

    def test_after(self):
        self.walctl("truncate", "--after", "7", "--yes", "a.wal", out=b"",
                    err=b"walctl: will remove LSN 8 to 10: 3 of 10 records\n"
                        b"walctl: the next record will get LSN 8 instead of 11\n")
        self.assertEqual(self.lsns(), [1, 2, 3, 4, 5, 6, 7])
        for lsn in ("7", "100"):
            self.walctl("truncate", "--after", lsn, "-y", "a.wal", out=b"",
                        err=b"walctl: will remove nothing\n")
        self.walctl("truncate", "--after", "0", "-y", "a.wal", out=b"",
                    err=b"walctl: will remove LSN 1 to 7: 7 of 7 records\n"
                        b"walctl: the next record will get LSN 1 instead of 8\n")
        self.walctl("append", "a.wal", stdin=b"x\n", out=b"1\n")

    def test_outside(self):
        self.walctl("truncate", "--before", "3", "-y", "a.wal", err=None)
        for args in (["--before", "12"], ["--after", "1"]):
            for more in ([], ["--dry-run"]):
                self.walctl("truncate", *args, *more, "-y", "a.wal", code=support.FAILED, out=b"",
                            err=b"walctl: LSN %s is outside the log, which has 3 to 10\n"
                            % args[1].encode())
        self.assertEqual(self.lsns(), list(range(3, 11)))

    def test_reset(self):
        self.walctl("reset", "--next", "100", "--yes", "a.wal", out=b"",
                    err=b"walctl: will remove LSN 1 to 10: 10 of 10 records\n"
                        b"walctl: the next record will get LSN 100 instead of 11\n")
        self.walctl("cat", "a.wal", out=b"")
        self.walctl("reset", "--next", "7", "--yes", "a.wal", out=b"",
                    err=b"walctl: will remove nothing\n"
                        b"walctl: the next record will get LSN 7 instead of 100\n")
        self.walctl("append", "a.wal", stdin=b"x\n", out=b"7\n")
        self.walctl("reset", "--next", "8", "--yes", "a.wal", out=b"",
                    err=b"walctl: will remove LSN 7 to 7: 1 of 1 record\n")
        self.assertEqual(self.lsns() if self.json("cat", "a.wal") else [], [])
        self.walctl("append", "a.wal", stdin=b"x\n", out=b"8\n")

    def test_dry_run(self):
        before = {p.name: p.read_bytes() for p in (self.folder / "a.wal").iterdir()}
        for args, said in (
                (["truncate", "--before", "5"],
                 b"walctl: would remove LSN 1 to 4: 4 of 10 records\n"),
                (["truncate", "--after", "5"],
                 b"walctl: would remove LSN 6 to 10: 5 of 10 records\n"
                 b"walctl: the next record would get LSN 6 instead of 11\n"),
                (["reset", "--next", "5"],
                 b"walctl: would remove LSN 1 to 10: 10 of 10 records\n"
                 b"walctl: the next record would get LSN 5 instead of 11\n")):
            for yes in ([], ["--yes"]):
                self.walctl(*args, "--dry-run", *yes, "a.wal", out=b"", err=said)
        after = {p.name: p.read_bytes() for p in (self.folder / "a.wal").iterdir()}
        self.assertEqual(after, before)

    def test_nobody_can_be_asked(self):
        for command in (["truncate", "--before", "5"], ["reset", "--next", "5"]):
            self.walctl(*command, "a.wal", stdin=b"y\n", code=support.USAGE, out=b"", err=(
                b"walctl: --yes is needed where nobody can be asked\n"
                b"Try 'walctl %s --help'.\n" % command[0].encode()))
        self.assertEqual(self.lsns(), list(range(1, 11)))

    def ask(self, answer, *args):
        terminal = support.Terminal(self.folder, *args, "a.wal")
        terminal.read_until(b"Go on? [y/N] ")
        terminal.type(answer)
        return terminal.end()

    def test_asks_on_a_terminal(self):
        for answer in (b"n\n", b"\n", b"\x04", b"yy\n", b"ye\n", b"y" * 40 + b"\n"):
            out, code = self.ask(answer, "truncate", "--before", "5")
            self.assertTrue(out.endswith(b"walctl: nothing was changed\n"), out)
            self.assertEqual((code, len(self.lsns())), (support.FAILED, 10))
        self.assertEqual(self.ask(b"y\n", "truncate", "--before", "5")[1], support.FINE)
        self.assertEqual(self.lsns(), list(range(5, 11)))
        self.assertEqual(self.ask(b"YES\n", "reset", "--next", "3")[1], support.FINE)
        self.walctl("cat", "a.wal", out=b"")

    def test_nothing_to_ask(self):
        terminal = support.Terminal(self.folder, "truncate", "--before", "1", "a.wal")
        self.assertEqual(terminal.end(), (b"walctl: will remove nothing\n", support.FINE))
        terminal = support.Terminal(self.folder, "truncate", "--before", "2", "-y", "a.wal")
        self.assertEqual(terminal.end()[1], support.FINE)

    def test_locked(self):
        writer = self.writer()
        writer.add(b"11")
        for command in (["truncate", "--before", "5"], ["reset", "--next", "5"]):
            self.walctl(*command, "-y", "a.wal", code=support.LOCKED, out=b"", err=(
                b"walctl: a.wal is open for writing elsewhere, last by process %d\n"
                % writer.process.pid))
            self.walctl(*command, "--dry-run", "a.wal", err=None)
        writer.close()

    def test_makes_no_log(self):
        for command in (["truncate", "--before", "5"], ["reset", "--next", "5"]):
            self.walctl(*command, "-y", "b.wal", code=support.FAILED, out=b"",
                        err=b"walctl: b.wal can't be opened: No such file or directory\n")
        self.assertFalse((self.folder / "b.wal").exists())


support.run()
