# SPDX-License-Identifier: Apache-2.0
"""On a terminal: colours, progress bars, hints."""

import signal
import subprocess

import support

LINE = b"\x1b[33m1\x1b[0m\t\x1b[36m0\x1b[0m\tx\n"
PLAIN = b"1\t0\tx\n"


class OnATerminal(support.Case):
    def setUp(self):
        super().setUp()
        self.append(b"x")

    def show(self, *args, env=None, **others):
        return support.Terminal(self.folder, *args, env=env, **others).end()

    def test_colours_on_a_terminal_only(self):
        self.assertEqual(self.show("cat", "a.wal"), (LINE, 0))
        self.walctl("cat", "a.wal", out=PLAIN)

    def test_when(self):
        self.walctl("cat", "--color", "always", "a.wal", out=LINE)
        self.walctl("cat", "--color=never", "a.wal", out=PLAIN)
        self.assertEqual(self.show("cat", "--color", "never", "a.wal"), (PLAIN, 0))
        self.assertEqual(self.show("cat", "--color", "auto", "a.wal"), (LINE, 0))

    def test_no_color(self):
        env = support.environment
        self.assertEqual(self.show("cat", "a.wal", env=env(NO_COLOR="1")), (PLAIN, 0))
        self.assertEqual(self.show("cat", "a.wal", env=env(NO_COLOR="")), (LINE, 0))
        self.assertEqual(self.show("cat", "a.wal", env=env(TERM="dumb")), (PLAIN, 0))
        no_term = {k: v for k, v in env().items() if k != "TERM"}
        self.assertEqual(self.show("cat", "a.wal", env=no_term), (PLAIN, 0))
        self.walctl("cat", "--color", "always", "a.wal", out=LINE, NO_COLOR="1")

    def test_colours_of_other_output(self):
        out, _ = self.walctl("verify", "--color", "always", "a.wal")
        self.assertTrue(out.startswith(b"\x1b[32mclean\x1b[0m: "))
        out, _ = self.walctl("ls", "--color", "always", "a.wal")
        self.assertTrue(out.startswith(b"\x1b[1mFILE "))
        self.damage(1, b"x\0\0")
        out, _ = self.walctl("verify", "--color", "always", "a.wal", code=3, err=None)
        self.assertTrue(out.startswith(b"\x1b[31mdamaged\x1b[0m: "))

    def test_no_colours_in_what_programs_read(self):
        for args in (["cat", "-o", "json"], ["cat", "-o", "raw"], ["verify", "-o", "json"],
                     ["ls", "-o", "json"], ["info", "-o", "json"]):
            out, _ = self.walctl(*args, "--color", "always", "a.wal")
            self.assertNotIn(b"\x1b", out)

    def test_nothing_reaches_the_terminal_raw(self):
        self.append(b"\x1b]0;title\x07\r\x9b2J")
        out, _ = self.show("cat", "--color", "never", "--from", "2", "a.wal")
        self.assertEqual(out, b"2\t0\t\\x1b]0;title\\x07\\r\\x9b2J\n")

    def bar(self, *args, **others):
        """What a bar leaves on the terminal when stderr is one: drawn, and taken away."""
        out, code = self.show(*args, **others)
        self.assertEqual(code, 0)
        return out

    def test_progress(self):
        rest = {"stdout": subprocess.DEVNULL}
        self.assertRegex(self.bar("verify", "a.wal", **rest),
                         rb"\A\rverify \[\.{30}\]   0%(\rverify \[#*\.*\] +\d+%)*\r\x1b\[K\Z")
        with open(self.folder / "out", "wb") as out:
            self.assertRegex(self.bar("cat", "a.wal", stdout=out), rb"\A\rcat \[.*%\r\x1b\[K\Z")
        self.assertEqual((self.folder / "out").read_bytes(), PLAIN)
        with open(self.folder / "in", "wb") as f:
            f.write(b"y\n" * 100000)
        with open(self.folder / "in", "rb") as f:
            self.assertRegex(self.bar("append", "b.wal", stdin=f, **rest),
                             rb"\A\rappend \[.*%\r\x1b\[K\Z")
        self.assertEqual(len(self.json("tail", "-n", "1", "b.wal")), 1)

    def test_no_progress_where_it_would_be_in_the_way(self):
        out, _ = self.show("cat", "a.wal")
        self.assertNotIn(b"%", out)
        with open(self.folder / "in", "wb") as f:
            f.write(b"y\n")
        with open(self.folder / "in", "rb") as f:
            self.assertEqual(self.show("append", "a.wal", stdin=f), (b"2\n", 0))
        self.walctl("verify", "a.wal", err=b"")

    def test_a_message_takes_the_bar_away(self):
        self.append(b"y" * 50, args=["-O", "segment_records=1"])
        self.append(b"z" * 50)
        self.damage(1, b"x\0\0")
        out, code = self.show("verify", "a.wal", stdout=subprocess.DEVNULL)
        self.assertEqual(code, support.CORRUPT)
        self.assertRegex(out, rb"\A\rverify \[.*%\r\x1b\[Kwalctl: a\.wal/0+1\.wal at offset ")

    def test_append_says_that_it_reads_from_the_terminal(self):
        terminal = support.Terminal(self.folder, "append", "a.wal")
        self.assertEqual(terminal.read_until(b"\n"), b"walctl: reading records from the terminal; "
                         b"Ctrl-D at the start of a line ends them\n")
        terminal.type(b"typed\n")
        self.assertEqual(terminal.read_until(b"\n2\n"), b"typed\n2\n")
        terminal.type(b"\x04")
        self.assertEqual(terminal.end()[1], 0)
        self.walctl("get", "a.wal", "2", out=b"2\t0\ttyped\n")

    def test_interrupted_from_the_terminal(self):
        terminal = support.Terminal(self.folder, "append", "a.wal")
        terminal.read_until(b"ends them\n")
        terminal.type(b"typed\n")
        terminal.read_until(b"\n2\n")
        terminal.type(b"lost\x03")
        out, code = terminal.end()
        self.assertTrue(out.endswith(b"^Cwalctl: records acknowledged: 1, the last one is LSN 2\n"),
                        out)
        self.assertEqual(code, -signal.SIGINT)
        self.assertEqual(list(self.payloads().values()), [b"x", b"typed"])


support.run()
