# SPDX-License-Identifier: Apache-2.0
"""How records are shown: every format, byte for byte."""

import base64
import shutil
from pathlib import Path

import support

HUGE = 2**64 - 3
GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "1.0-tags"


class Formats(support.Case):
    def test_text(self):
        self.append(b"plain", b"", b"a\\b\"c'd", b"\n\r\t", bytes(range(0x20)) + b"\x7f",
                    "é€😀".encode(), b"\x80\xc3\xc3(\xff", b"end\xe2\x82")
        controls = b"".join({9: b"\\t", 10: b"\\n", 13: b"\\r"}.get(k, b"\\x%02x" % k)
                            for k in range(0x20))
        self.walctl("cat", "a.wal", out=b"".join([
            b"1\t0\tplain\n",
            b"2\t0\t\n",
            b"3\t0\ta\\\\b\"c'd\n",
            b"4\t0\t\\n\\r\\t\n",
            b"5\t0\t", controls, b"\\x7f\n",
            "6\t0\té€😀\n".encode(),
            b"7\t0\t\\x80\\xc3\\xc3(\\xff\n",
            b"8\t0\tend\\xe2\\x82\n"]))

    def test_text_lets_nothing_through_that_a_terminal_acts_on(self):
        bad = ["\x80", "\x9b", "\x9f", "\u061c", "\u200e", "\u200f", "\u2028", "\u2029", "\u202a",
               "\u202e", "\u2066", "\u2069", "\ufeff", "\ufdd0", "\ufffe", "\U0001ffff"]
        good = ["\xa0", "\u061b", "\u200d", "\u2027", "\u202f", "\u2065", "\u206a", "\ufdf0",
                "\ufffd", "\U0001f600", "\U0010fffd"]
        self.append(*(c.encode() for c in bad + good))
        shown = ["".join(f"\\x{b:02x}" for b in c.encode()) for c in bad] + good
        lines = [f"{lsn}\t0\t{text}\n" for lsn, text in enumerate(shown, 1)]
        self.walctl("cat", "a.wal", out="".join(lines).encode())

    def test_what_is_no_utf8(self):
        bad = [b"\xc0\x80", b"\xc1\xbf", b"\xe0\x80\x80", b"\xe0\x9f\xbf", b"\xed\xa0\x80",
               b"\xed\xbf\xbf", b"\xf0\x80\x80\x80", b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80",
               b"\xe2\x28\xa1", b"\xf0\x9f\x98", b"\xc3"]
        self.append(*bad)
        shown = ["".join(f"\\x{b:02x}" if b != 0x28 else "(" for b in c) for c in bad]
        lines = [f"{lsn}\t0\t{text}\n" for lsn, text in enumerate(shown, 1)]
        self.walctl("cat", "a.wal", out="".join(lines).encode())
        for record in self.json("cat", "a.wal"):
            self.assertNotIn("text", record)

    def test_json(self):
        self.append(b"hi", args=["--type", "65535"])
        self.append(b"\xff\x00")
        self.append(b"a", b"", args=["--batch", "2"])
        self.walctl("cat", "-o", "json", "a.wal", out=b"".join([
            b'{"lsn":1,"type":65535,"size":2,"durable":true,"batch_last":true,"data":"aGk=",'
            b'"text":"hi"}\n',
            b'{"lsn":2,"type":0,"size":2,"durable":true,"batch_last":true,"data":"/wA="}\n',
            b'{"lsn":3,"type":0,"size":1,"durable":true,"batch_last":false,"data":"YQ==",'
            b'"text":"a"}\n',
            b'{"lsn":4,"type":0,"size":0,"durable":true,"batch_last":true,"data":"","text":""}\n',
        ]))

    def test_json_has_the_tag_of_a_batch(self):
        tags = {}
        for line in (GOLDEN / "expected.txt").read_text().partition("\nlog ")[0].splitlines():
            if line.startswith("tag "):
                tags[int(line.split()[1])] = line.split()[2]
        self.assertTrue(tags)
        shutil.copytree(GOLDEN / "tags", self.folder / "a.wal")
        every = self.json("cat", "a.wal")
        self.assertEqual({r["lsn"]: r["tag_text"] for r in every if "tag_text" in r}, tags)
        self.assertEqual({r["lsn"]: base64.b64decode(r["tag"]).decode() for r in every
                          if "tag" in r}, tags)
        self.assertEqual(self.json("tail", "a.wal"), every[-10:])
        self.assertEqual(self.json("get", "a.wal", *(str(r["lsn"]) for r in every[::-1])),
                         every[::-1])
        self.walctl("get", "-o", "json", "a.wal", "9", out=(
            b'{"lsn":9,"type":9081,"size":9,"durable":true,"batch_last":true,'
            b'"tag":"dHhuLTI=","tag_text":"txn-2","data":"%s"}\n' % every[8]["data"].encode()))

    def test_json_of_any_payload_parses(self):
        payloads = [bytes(range(256)), bytes(range(128)), "é\"\\/\u2028\ufeff😀\U0001ffff".encode(),
                    b"x" * 100000] + [b"abcdef"[:n] for n in range(7)]
        self.append(*payloads)
        for payload, record in zip(payloads, self.json("cat", "a.wal"), strict=True):
            self.assertEqual(base64.b64decode(record["data"], validate=True), payload)
            self.assertEqual(record["size"], len(payload))
            try:
                text = payload.decode()
            except UnicodeDecodeError:
                text = None
            self.assertEqual(record.get("text"), text)

    def test_json_is_one_line_of_printable_characters(self):
        self.append(bytes(range(128)), "\u2028\x9b\U0001ffff".encode())
        out, _ = self.walctl("cat", "-o", "json", "a.wal")
        self.assertEqual(out.count(b"\n"), 2)
        self.assertTrue(all(c.isprintable() for c in out.decode().replace("\n", "")))
        self.assertIn(b'"text":"\\u2028\\u009b\\ud83f\\udfff"', out)

    def test_raw(self):
        self.append(b"a\nb", b"", b"\x00\xff")
        self.walctl("cat", "-o", "raw", "a.wal", out=b"a\nb\x00\xff")
        self.walctl("cat", "-o", "raw", "--lines", "a.wal", out=b"a\nb\n\n\x00\xff\n")
        self.walctl("cat", "-o", "raw", "-0", "a.wal", out=b"a\nb\x00\x00\x00\xff\x00")
        self.walctl("cat", "-o", "raw", "--length-prefixed", "a.wal",
                    out=b"\x03\0\0\0a\nb\0\0\0\0\x02\0\0\0\x00\xff")
        self.walctl("cat", "-o", "raw", "--lines", "-0", "--lines", "a.wal",  # the last one counts
                    out=b"a\nb\n\n\x00\xff\n")
        self.append(b"x" * 70000, log="b.wal")
        self.walctl("get", "-o", "raw", "--length-prefixed", "b.wal", "1",
                    out=b"\x70\x11\x01\x00" + b"x" * 70000)

    def test_hex(self):
        self.append(bytes(range(0x3a, 0x4a)) + b"\x1b", b"12345678", b"123456789", b"")
        self.walctl("cat", "-o", "hex", "a.wal", out=(
            b"LSN 1, type 0, 17 bytes\n"
            b"00000000  3a 3b 3c 3d 3e 3f 40 41  42 43 44 45 46 47 48 49  |:;<=>?@ABCDEFGHI|\n"
            b"00000010  1b                                                |.|\n"
            b"LSN 2, type 0, 8 bytes\n"
            b"00000000  31 32 33 34 35 36 37 38                           |12345678|\n"
            b"LSN 3, type 0, 9 bytes\n"
            b"00000000  31 32 33 34 35 36 37 38  39                       |123456789|\n"
            b"LSN 4, type 0, 0 bytes\n"))

    def test_huge_lsns(self):
        self.append(b"x", b"y", args=["-O", f"first_lsn={HUGE}"])
        self.walctl("cat", "a.wal", out=b"%d\t0\tx\n%d\t0\ty\n" % (HUGE, HUGE + 1))
        self.walctl("get", "a.wal", str(HUGE), out=b"%d\t0\tx\n" % HUGE)
        self.walctl("cat", "--from", str(HUGE + 1), "a.wal", out=b"%d\t0\ty\n" % (HUGE + 1))
        self.assertEqual([r["lsn"] for r in self.json("tail", "a.wal")], [HUGE, HUGE + 1])
        self.assertEqual(self.json("verify", "a.wal")[0]["last_lsn"], HUGE + 1)
        out, _ = self.walctl("ls", "a.wal")
        self.assertRegex(out.splitlines()[1], rb"^0+1\.wal  %d  %d +2 " % (HUGE, HUGE + 1))
        self.walctl("append", "a.wal", stdin=b"z\n", code=support.FAILED, out=b"", err=None)


support.run()
