# SPDX-License-Identifier: Apache-2.0
"""--decoder: payloads piped through a command."""

import support


class Decoder(support.Case):
    def test_text(self):
        self.append(b"abc", b"", b"x\\y")
        self.walctl("cat", "--decoder", "tr a-z A-Z", "a.wal",
                    out=b"1\t0\tABC\n2\t0\t\n3\t0\tX\\\\Y\n")
        self.walctl("get", "--decoder", "wc -c", "a.wal", "1", out=b"1\t0\t3\n")
        self.walctl("tail", "-n", "1", "--decoder", "tr x z", "a.wal",
                    out=b"3\t0\tz\\\\y\n")

    def test_lines(self):
        self.append(b"x")
        for printed, shown in ((r"a\nb\n", b"a\n\t\tb"), (r"a\n\nb", b"a\n\t\t\n\t\tb"),
                               (r"a\n\n", b"a\n\t\t"), (r"\n", b""), (r"\033[1mx", b"\\x1b[1mx"),
                               (r"\nb", b"\n\t\tb")):
            self.walctl("cat", "--decoder", f"printf '{printed}'", "a.wal",
                        out=b"1\t0\t" + shown + b"\n")

    def test_other_formats(self):
        self.append(b"abc")
        self.walctl("cat", "-o", "raw", "--decoder", "cat; echo", "a.wal", out=b"abc\n")
        self.walctl("cat", "-o", "hex", "--decoder", "echo hi", "a.wal", out=(
            b"LSN 1, type 0, 3 bytes\n"
            b"00000000  68 69 0a                                          |hi.|\n"))
        record = self.json("cat", "--decoder", r"printf 'A\n'", "a.wal")[0]
        self.assertEqual((record["text"], record["decoded_text"], record["decoded_data"],
                          record["size"]), ("abc", "A\n", "QQo=", 3))
        record = self.json("cat", "--decoder", r"printf '\377'", "a.wal")[0]
        self.assertEqual(record["decoded_data"], "/w==")
        self.assertNotIn("decoded_text", record)

    def test_knows_which_record_it_is(self):
        self.append(b"x", args=["--type", "7"])
        self.walctl("cat", "--decoder", "echo $WALCTL_LSN $WALCTL_TYPE", "a.wal",
                    out=b"1\t7\t1 7\n")

    def test_much_in_both_directions(self):
        big = b"0123456789abcdef" * 60000
        self.append(big)
        self.walctl("cat", "-o", "raw", "--decoder", "cat", "a.wal", out=big)
        self.walctl("cat", "-o", "raw", "--decoder", "od -An -v -tx1 | tr -d ' \\n'", "a.wal",
                    out=big.hex().encode())

    def test_need_not_read(self):
        self.append(b"x" * 1000000, b"y")
        self.walctl("cat", "--decoder", "echo no", "a.wal", out=b"1\t0\tno\n2\t0\tno\n")
        self.walctl("cat", "--decoder", "exec <&-; sleep 0.05; echo no", "a.wal",
                    out=b"1\t0\tno\n2\t0\tno\n")
        self.walctl("cat", "--decoder", "head -c 1", "a.wal", out=b"1\t0\tx\n2\t0\ty\n")

    def test_failing(self):
        self.append(b"a", b"b", b"c")
        self.walctl("cat", "--decoder", "cat; [ $WALCTL_LSN != 2 ] || exit 3", "a.wal",
                    code=support.FAILED, out=b"1\t0\ta\n2\t0\tb\n3\t0\tc\n",
                    err=b"walctl: LSN 2: the decoder ended with status 3\n")
        record = self.json("get", "--decoder", "echo x; false", "a.wal", "1", code=support.FAILED,
                           err=b"walctl: LSN 1: the decoder ended with status 1\n")[0]
        self.assertNotIn("decoded_data", record)
        self.walctl("cat", "-n", "1", "--decoder", "kill -9 $$", "a.wal", code=support.FAILED,
                    out=b"1\t0\ta\n", err=b"walctl: LSN 1: the decoder was ended by signal 9\n")
        self.walctl("cat", "-n", "1", "--decoder", "/no/such/command 2>/dev/null", "a.wal",
                    code=support.FAILED, out=b"1\t0\ta\n",
                    err=b"walctl: LSN 1: the decoder ended with status 127\n")

    def test_sigpipe_is_as_usual_in_it(self):
        self.append(b"a")
        self.walctl("cat", "--decoder", "(yes; echo $? >&2) | head -n 1", "a.wal",
                    out=b"1\t0\ty\n", err=b"141\n")


support.run()
