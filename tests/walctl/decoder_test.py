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


def entry(*numbers, extensions=b"", data=b"", version=1, kind=0):
    """An entry as the Go package raftwal stores it: term, seconds, nanoseconds."""
    def leb128(n):
        return bytes([n & 127 | 128]) + leb128(n >> 7) if n > 127 else bytes([n])
    head = b"".join(map(leb128, (*numbers, len(extensions))))
    return bytes([version, kind]) + head + extensions + data


class Raft(support.Case):
    def test_entries(self):
        # the first is that of entry_test.go
        self.append(b"\x01\x05\xac\x02\x80\xd0\x97\xe7\xed\x01\x05\x03extdata",
                    entry(1, 0, 0), entry(7, 0, 0, kind=1),
                    entry(2**64 - 1, 63835596800, 999999999, data=b"put a b"),
                    entry(2, 0, 0, kind=4), entry(2, 0, 0, kind=2), entry(2, 0, 0, kind=3),
                    entry(2, 0, 0, kind=6, extensions=b"x" * 200, data=b"\x1b[1m\\"))
        self.walctl("cat", "--decoder", "raft", "a.wal", out=(
            b"1\t0\tterm 300 configuration data\n"
            b"2\t0\tterm 1 command\n"
            b"3\t0\tterm 7 noop\n"
            b"4\t0\tterm 18446744073709551615 command put a b\n"
            b"5\t0\tterm 2 barrier\n"
            b"6\t0\tterm 2 add-peer\n"
            b"7\t0\tterm 2 remove-peer\n"
            b"8\t0\tterm 2 type-6 \\x1b[1m\\\\\n"))
        self.walctl("get", "--decoder", "raft", "a.wal", "3", out=b"3\t0\tterm 7 noop\n")
        self.walctl("tail", "-n", "1", "--decoder", "raft", "-o", "raw", "a.wal",
                    out=b"term 2 type-6 \x1b[1m\\")
        record = self.json("cat", "--decoder", "raft", "-n", "1", "a.wal")[0]
        self.assertEqual(record["decoded_text"], "term 300 configuration data")

    def test_large(self):
        data = b"0123456789abcdef" * 60000
        self.append(entry(3, 0, 0, data=data), entry(3, 0, 0, data=b"x"))
        self.walctl("cat", "--decoder", "raft", "-o", "raw", "--lines", "a.wal",
                    out=b"term 3 command " + data + b"\nterm 3 command x\n")

    def test_no_entries(self):
        whole = entry(300, 0, 0, extensions=b"ext")
        bad = [whole[:size] for size in range(len(whole))]
        bad += [b"\x00" + whole[1:], b"\x02" + whole[1:], entry(1, 0, 10**9),
                b"\x01\x00" + b"\xff" * 9 + b"\x02\x00\x00\x00",
                b"\x01\x00" + b"\xff" * 11 + b"\x00\x00\x00",
                b"\x01\x00\x01\x00\x00" + b"\xff" * 9 + b"\x01"]
        self.append(*bad, whole)
        lsns = range(1, len(bad) + 1)
        out, err = self.walctl("cat", "--decoder", "raft", "a.wal", code=support.FAILED, err=None)
        self.assertEqual(err, b"".join(b"walctl: LSN %d: it is no entry of a Raft log\n" % lsn
                                       for lsn in lsns))
        lines = out.splitlines()
        self.assertEqual((len(lines), lines[0]), (len(bad) + 1, b"1\t0\t"))
        self.assertEqual(lines[-1], b"%d\t0\tterm 300 command" % (len(bad) + 1))


support.run()
