# SPDX-License-Identifier: Apache-2.0
"""The command line: what is understood, what is refused, and how it is said."""

import re
import subprocess

import support

COMMANDS = ["info", "ls", "cat", "get", "tail", "append", "export", "import", "stats", "report",
            "verify", "repair", "salvage", "copy", "bench", "truncate", "reset",
            "completion", "help"]

YES = {"truncate": ["--yes"], "repair": ["--yes"], "reset": ["--yes"], "tail": ["--to", "1"],
       "bench": ["--milliseconds", "1"]}


def hint(command, text):
    return b"walctl: " + text + b"\nTry 'walctl " + command + b" --help'.\n"


class Usage(support.Case):
    def refuse(self, text, *args):
        """A usage error: nothing on stdout, and the text with the command's hint on stderr."""
        self.walctl(*args, code=support.USAGE, out=b"", err=hint(args[0].encode(), text))

    def test_no_command(self):
        self.walctl(code=support.USAGE, out=b"",
                    err=b"walctl: a command is missing\nTry 'walctl --help'.\n")
        self.walctl("nosuch", code=support.USAGE, out=b"",
                    err=b"walctl: there is no command 'nosuch'\nTry 'walctl --help'.\n")
        self.walctl("ca", code=support.USAGE, out=b"", err=None)
        self.walctl("-O", code=support.USAGE, out=b"", err=None)

    def test_version(self):
        out, _ = self.walctl("--version")
        self.assertRegex(out, rb"\Awalctl \(libwal\) \d+\.\d+\.\d+\n\Z")
        self.walctl("-V", out=out)

    def test_overview(self):
        out, _ = self.walctl("--help")
        for command in COMMANDS:
            self.assertRegex(out, rb"(?m)^  " + command.encode() + rb" +\S")
        for code in range(6):
            self.assertRegex(out, rb"(?m)^  %d  \S" % code)
        for args in (["-h"], ["help"]):
            self.walctl(*args, out=out)

    def test_help_of_each_command(self):
        for command in COMMANDS:
            out, _ = self.walctl(command, "--help")
            self.assertTrue(out.startswith(b"Usage: walctl %s [OPTION]... " % command.encode()))
            self.assertIn(b"\nExamples:\n  ", out)
            self.assertIn(b"  -h, --help ", out)
            self.assertLessEqual(max(map(len, out.split(b"\n"))), 90)
            self.walctl("help", command, out=out)
            self.walctl(command, "-h", "more", "operands", "than", "it", "takes", out=out)

    def test_help_of_an_alias(self):
        out, _ = self.walctl("cat", "--help")
        self.walctl("dump", "--help", out=out)
        self.walctl("help", "dump", out=out)

    def test_topics(self):
        for topic in (b"formats", b"decoder", b"options"):
            out, _ = self.walctl("help", topic)
            self.assertGreater(len(out), 300)
        self.refuse(b"there is no command and no topic 'nosuch'", "help", "nosuch")

    def test_examples_in_the_help_parse(self):
        """Every example is understood: it may fail for want of a log, not for its usage."""
        for command in COMMANDS:
            out, _ = self.walctl("help", command)
            for line in out.split(b"\nExamples:\n")[1].splitlines():
                example = re.search(rb"walctl [^|<>]*?(?=   |$| [|<>])", line)[0]
                args = [*example.split()[1:], *YES.get(command, [])]
                done = subprocess.run([support.program, *args], cwd=self.folder, check=False,
                                      stdin=subprocess.DEVNULL, capture_output=True)
                self.assertIn(done.returncode, (support.FINE, support.FAILED), example)

    def test_operands(self):
        self.refuse(b"an operand is missing: walctl cat LOG", "cat")
        self.refuse(b"an operand is missing: walctl get LOG LSN...", "get", "a.wal")
        self.refuse(b"one operand too many: 'b.wal'", "cat", "a.wal", "b.wal")
        self.refuse(b"one operand too many: 'x'", "append", "a.wal", "in", "x")

    def test_unknown_options(self):
        self.refuse(b"unrecognized option '--nosuch'", "cat", "--nosuch", "a.wal")
        self.refuse(b"invalid option -- 'x'", "cat", "-x", "a.wal")
        self.refuse(b"option '--from' requires an argument", "cat", "a.wal", "--from")
        self.refuse(b"option requires an argument -- 'o'", "cat", "a.wal", "-o")
        self.refuse(b"option '--reverse' doesn't allow an argument", "cat", "--reverse=1", "a.wal")
        self.refuse(b"unrecognized option '--from'", "get", "--from", "1", "a.wal", "1")

    def test_numbers_are_strict(self):
        lsns = b"(1 to 18446744073709551614)"
        for bad in ("", "x", "-1", "+1", " 1", "1 ", "0x1", "1e3", "1.0", "1K", "0",
                    "18446744073709551615", "18446744073709551616", "99999999999999999999999"):
            self.refuse(b"--from: '%s' is no LSN %s" % (bad.encode(), lsns),
                        "cat", "a.wal", "--from=" + bad)
        self.refuse(b"--count: '-1' is no number (0 to 18446744073709551615)",
                    "cat", "a.wal", "-n", "-1")
        self.refuse(b"--type: '65536' is no record type (0 to 65535)",
                    "cat", "a.wal", "--type", "65536")
        self.refuse(b"--type: '65536' is no record type (0 to 65535)",
                    "append", "a.wal", "--type", "65536")
        self.refuse(b"--batch: '0' is no number (1 to 18446744073709551615)",
                    "append", "a.wal", "--batch", "0")
        self.refuse(b"'0' is no LSN", "get", "a.wal", "1", "0")
        self.refuse(b"'1x' is no LSN", "get", "a.wal", "1x")

    def test_words(self):
        self.refuse(b"--output: 'xml' is not text|json|raw|hex", "cat", "-o", "xml", "a.wal")
        self.refuse(b"--output: 'raw' is not text|json", "ls", "-o", "raw", "a.wal")
        self.refuse(b"--color: 'yes' is not auto|always|never",
                    "cat", "--color", "yes", "a.wal")
        self.refuse(b"option sync: 'fast' is not none, interval, data, full or dsync",
                    "append", "--sync", "fast", "a.wal")

    def test_options_of_the_library(self):
        self.refuse(b"-O: 'sync' is not of the form NAME=VALUE", "cat", "-O", "sync", "a.wal")
        self.refuse(b"no option has the name 'nosuch'", "cat", "-O", "nosuch=1", "a.wal")
        self.refuse(b"no option has the name ''", "cat", "-O", "=1", "a.wal")
        self.refuse(b"-O: '%s=1' is not of the form NAME=VALUE" % (b"x" * 64),
                    "cat", "-O", "x" * 64 + "=1", "a.wal")
        self.refuse(b"option segment_bytes: '1T' is not a number of decimal digits, with K, M, G "
                    b"or nothing behind it", "append", "-O", "segment_bytes=1T", "a.wal")
        self.refuse(b"option segment_bytes: 1024 is outside 65536 .. 4294967296",
                    "append", "-O", "segment_bytes=1K", "a.wal")
        self.assertFalse((self.folder / "a.wal").exists())
        out, _ = self.walctl("help", "options")
        for line in (rb"segment_bytes +67108864", rb"file_mode +0600", rb"create +1"):
            self.assertRegex(out, rb"(?m)^  " + line + rb"$")

    def test_each_option_reaches_the_library(self):
        self.append(b"x", args=["-O", "first_lsn=7", "-O", "file_mode=0640", "-O", "dir_mode=0750"])
        self.walctl("cat", "a.wal", out=b"7\t0\tx\n")
        self.assertEqual((self.folder / "a.wal").stat().st_mode & 0o777, 0o750)
        self.assertEqual(self.segment(1).stat().st_mode & 0o777, 0o640)
        self.walctl("append", "-O", "create=0", "b.wal", code=support.FAILED, out=b"", err=None)
        self.walctl("append", "-O", "exclusive=1", "a.wal", code=support.FAILED, out=b"", err=None)

    def test_what_contradicts(self):
        self.refuse(b"--from 5 is above --to 4", "cat", "--from", "5", "--to", "4", "a.wal")
        self.refuse(b"--from 5 is above --to 4", "tail", "--from", "5", "--to", "4", "a.wal")
        for frame in ("--lines", "-0", "--length-prefixed"):
            self.refuse(b"--lines, --null and --length-prefixed go with --output raw only",
                        "cat", frame, "a.wal")
        self.refuse(b"one of --before and --after is needed", "truncate", "a.wal")
        self.refuse(b"one of --before and --after is needed",
                    "truncate", "--before", "1", "--after", "2", "a.wal")
        self.refuse(b"--next is needed", "reset", "a.wal")

    def test_anywhere_and_two_dashes(self):
        self.append(b"x", log="--help")
        self.walctl("cat", "--", "--help", out=b"1\t0\tx\n")
        self.walctl("cat", "-o", "raw", "--", "--help", out=b"x")
        self.walctl("get", "--", "--help", "1", out=b"1\t0\tx\n")
        self.append(b"x", b"y")
        self.walctl("cat", "a.wal", "--from", "2", out=b"2\t0\ty\n")
        self.walctl("cat", "--rev", "-n1", "a.wal", out=b"2\t0\ty\n")  # shortened, joined

    def test_control_characters_in_names(self):
        self.refuse(b"one operand too many: '\\x1b[31m\\n\\xff'", "cat", "a.wal", b"\x1b[31m\n\xff")


support.run()
