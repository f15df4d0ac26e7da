# SPDX-License-Identifier: Apache-2.0
"""cat, get and tail without -f: ranges, order, types, and what isn't there."""

import os
import subprocess

import support

# What makes a command obey permissions, also where the tests run as root.
NO_ROOT = [] if os.geteuid() else ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"]


def lines(*lsns, kind=0):
    return b"".join(b"%d\t%d\t%d\n" % (lsn, kind, lsn) for lsn in lsns)


class Read(support.Case):
    def setUp(self):
        super().setUp()
        numbers = b"".join(b"%d\n" % k for k in range(1, 21))
        self.walctl("append", "-q", "-O", "segment_records=4", "a.wal", stdin=numbers)

    def cat(self, *args, out, code=support.FINE, err=b""):
        self.walctl("cat", *args, "a.wal", out=out, code=code, err=err)

    def test_all(self):
        self.cat(out=lines(*range(1, 21)))
        self.walctl("dump", "a.wal", out=lines(*range(1, 21)))

    def test_ranges(self):
        self.cat("--from", "19", out=lines(19, 20))
        self.cat("--to", "2", out=lines(1, 2))
        self.cat("--from", "4", "--to", "5", out=lines(4, 5))
        self.cat("--from", "7", "--to", "7", out=lines(7))
        self.cat("--from", "19", "--to", "100", out=lines(19, 20))
        self.cat("--from", "21", out=b"")

    def test_order_and_number(self):
        self.cat("--reverse", out=lines(*range(20, 0, -1)))
        self.cat("-n", "3", out=lines(1, 2, 3))
        self.cat("--reverse", "-n", "3", out=lines(20, 19, 18))
        self.cat("--reverse", "--from", "8", "--to", "10", out=lines(10, 9, 8))
        self.cat("--reverse", "--to", "5", "--count", "2", out=lines(5, 4))
        self.cat("--reverse", "--from", "19", "--to", "100", out=lines(20, 19))
        self.cat("--reverse", "--from", "21", out=b"")
        self.cat("-n", "0", out=b"")

    def test_from_outside(self):
        self.walctl("truncate", "--before", "6", "--yes", "a.wal", err=None)
        for order in ([], ["--reverse"]):
            self.cat("--from", "5", *order, out=b"", code=support.FAILED,
                     err=b"walctl: --from 5: the log has LSN 6 to 20\n")
            self.cat("--from", "22", *order, out=b"", code=support.FAILED,
                     err=b"walctl: --from 22: the log has LSN 6 to 20\n")
            self.cat("--to", "5", *order, out=b"")
        self.cat(out=lines(*range(6, 21)))
        self.cat("--written", "--from", "5", out=b"", code=support.FAILED,
                 err=b"walctl: --from 5: the log has LSN 6 to 20\n")
        self.cat("--written", "--from", "22", out=b"", code=support.FAILED,
                 err=b"walctl: LSN 22 is outside the log, 6 .. 20\n")

    def test_types(self):
        self.append(b"21", args=["--type", "7"])
        self.append(b"22", args=["--type", "65535"])
        self.append(b"23", args=["--type", "7"])
        self.cat("--type", "7", out=lines(21, 23, kind=7))
        self.cat("--type", "7", "--type", "65535", "--reverse",
                 out=lines(23, kind=7) + lines(22, kind=65535) + lines(21, kind=7))
        self.cat("--type", "7", "--type", "0", "--from", "20",
                 out=lines(20) + lines(21, 23, kind=7))
        self.cat("--type", "7", "-n", "1", out=lines(21, kind=7))
        self.cat("--type", "8", out=b"")
        self.cat("--type", "0", "--from", "20", out=lines(20))
        self.walctl("tail", "-n", "1", "--type", "0", "a.wal", out=lines(20))
        self.walctl("tail", "--type", "7", "a.wal", out=lines(21, 23, kind=7))

    def test_get(self):
        self.walctl("get", "a.wal", "5", "20", "5", out=lines(5, 20, 5))
        self.walctl("get", "a.wal", "0020", out=lines(20))
        self.walctl("get", "a.wal", "3", "99", "4", "21", code=support.FAILED, out=lines(3, 4),
                    err=b"walctl: LSN 99 is outside the log, 1 .. 20\n"
                        b"walctl: LSN 21 is outside the log, 1 .. 20\n")
        self.append(b"", b"y" * 1000000)
        self.walctl("get", "-o", "raw", "a.wal", "22", "21", "20", out=b"y" * 1000000 + b"20")

    def test_tail(self):
        self.walctl("tail", "a.wal", out=lines(*range(11, 21)))
        self.walctl("tail", "-n", "2", "a.wal", out=lines(19, 20))
        self.walctl("tail", "-n", "0", "a.wal", out=b"")
        self.walctl("tail", "-n", "100", "a.wal", out=lines(*range(1, 21)))
        self.walctl("tail", "--from", "3", "a.wal", out=lines(*range(3, 21)))
        self.walctl("tail", "--from", "3", "-n", "2", "a.wal", out=lines(19, 20))
        self.walctl("tail", "--to", "3", "-n", "2", "a.wal", out=lines(2, 3))
        self.walctl("tail", "--from", "30", "a.wal", out=b"", code=support.FAILED,
                    err=b"walctl: --from 30: the log has LSN 1 to 20\n")

    def test_an_empty_log(self):
        self.append(log="b.wal")
        for args in (["cat"], ["cat", "--reverse"], ["cat", "--from", "1"], ["tail"],
                     ["cat", "--written", "--reverse"], ["tail", "--written"]):
            self.walctl(*args, "b.wal", out=b"")
        self.walctl("get", "b.wal", "1", out=b"", code=support.FAILED, err=None)
        self.walctl("cat", "--from", "2", "b.wal", out=b"", code=support.FAILED,
                    err=b"walctl: --from 2: the log has LSN 1 to 0\n")

    def test_what_is_no_log(self):
        (self.folder / "empty").mkdir()
        (self.folder / "file").write_bytes(b"x")
        for command in (["info"], ["ls"], ["cat"], ["tail"], ["verify"]):
            self.walctl(*command, "nosuch", code=support.FAILED, out=b"",
                        err=b"walctl: nosuch can't be opened: No such file or directory\n")
            self.walctl(*command, "empty", code=support.FAILED, out=b"",
                        err=b"walctl: empty has no log\n")
            _, err = self.walctl(*command, "file", code=support.FAILED, out=b"", err=None)
            self.assertRegex(err, rb"\Awalctl: file.*: Not a directory\n\Z")
            name = command[0].encode()
            self.walctl(*command, "", code=support.USAGE, out=b"",
                        err=b"walctl: an operand is empty: walctl %s LOG\n"
                            b"Try 'walctl %s --help'.\n" % (name, name))
        self.assertEqual(os.listdir(self.folder / "empty"), [])

    def test_nothing_is_changed(self):
        """Not even where it may be: the directory is read-only, as is the file system's root for
        a process without root's rights."""
        def state():
            return {p.name: (p.stat().st_mtime_ns, p.stat().st_ino, p.read_bytes())
                    for p in log.iterdir()}

        log = self.folder / "a.wal"
        writer = self.writer()
        writer.add(b"21")
        writer.kill()
        self.tear()
        before = state()
        for path in log.iterdir():
            path.chmod(0o400)
        log.chmod(0o500)
        self.addCleanup(log.chmod, 0o700)
        self.assertNotEqual(subprocess.call([*NO_ROOT, "touch", log / "x"],
                                            stderr=subprocess.DEVNULL), 0)
        for command in (["ls"], ["cat"], ["cat", "--written"], ["tail"], ["get", "a.wal", "1"],
                        ["truncate", "--dry-run", "--before", "3"],
                        ["reset", "--dry-run", "--next", "3"], ["info"], ["verify"]):
            args = command if "get" in command else [*command, "a.wal"]
            done = subprocess.run([*NO_ROOT, support.program, *args], cwd=self.folder, check=False,
                                  capture_output=True, env=support.environment())
            self.assertEqual(done.returncode,
                             support.TORN if command == ["verify"] else support.FINE, done.stderr)
        self.assertEqual(state(), before)

    def test_written_but_not_durable(self):
        writer = self.writer("--sync", "none", "-O", "group_bytes=64K", log="b.wal")
        for k in range(10):
            self.assertEqual(writer.add(b"%d" % k * 30000), k + 1)
        writer.kill()
        self.walctl("cat", "b.wal", out=b"")
        self.walctl("get", "b.wal", "1", code=support.FAILED, out=b"", err=None)
        seen = self.json("cat", "--written", "b.wal")
        self.assertGreater(len(seen), 2)
        self.assertLess(len(seen), 10)
        self.assertEqual({r["durable"] for r in seen}, {False})
        last = len(seen)
        text = b"%d\t0\t%s\n" % (last, b"%d" % (last - 1) * 30000)
        for args in (["cat", "--reverse", "-n", "1"], ["tail", "-n", "1"],
                     ["cat", "--from", str(last)]):
            self.walctl(*args, "--written", "b.wal", out=text)
        self.walctl("append", "-q", "b.wal")
        self.assertEqual({r["durable"] for r in self.json("cat", "b.wal")}, {True})


support.run()
