# SPDX-License-Identifier: Apache-2.0
"""info and ls: what a log is and how it stands."""

import re
import uuid

import support

KEYS = ["log", "label", "uuid", "format_major", "format_minor", "epoch", "records", "first_lsn",
        "last_lsn", "next_lsn", "durable_lsn", "checkpoint_lsn", "segments", "disk_bytes", "end",
        "discarded_bytes", "cut_segment", "cut_offset", "header_repairs", "in_use", "writer_pid",
        "metadata_keys", "stray_files", "compression", "cipher", "key_id"]


class Info(support.Case):
    def info(self):
        return self.json("info", "a.wal")[0]

    def shown(self):
        """The text by its names; the names are one column."""
        out, _ = self.walctl("info", "a.wal")
        return {line[:13].rstrip(): line[13:] for line in out.decode().splitlines()}

    def test_text(self):
        self.append(b"x", b"y", args=["-O", "first_lsn=10", "--label", "the \\label"])
        self.walctl("truncate", "--before", "11", "-y", "a.wal", err=None)
        seen = self.info()
        self.walctl("info", "a.wal", out=(
            f"log          a.wal\n"
            f"label        the \\\\label\n"
            f"uuid         {seen['uuid']}\n"
            f"format       1.0\n"
            f"records      1, LSN 11 to 11\n"
            f"next LSN     12\n"
            f"durable LSN  11\n"
            f"checkpoint   none\n"
            f"segments     1\n"
            f"on disk      {seen['disk_bytes']} bytes\n"
            f"end          clean\n"
            f"writer       none\n"
            f"metadata     0 keys\n"
            f"stray files  0\n"
            f"compression  none\n"
            f"encryption   none\n").encode())

    def test_json(self):
        self.append(b"x", b"y", args=["-O", "segment_records=1"])
        seen = self.info()
        self.assertEqual(list(seen), KEYS)
        uuid.UUID(seen["uuid"])
        self.assertEqual({k: seen[k] for k in KEYS[3:13]}, {
            "format_major": 1, "format_minor": 0, "epoch": 1, "records": 2, "first_lsn": 1,
            "last_lsn": 2, "next_lsn": 3, "durable_lsn": 2, "checkpoint_lsn": 0, "segments": 2})
        self.assertGreater(seen["disk_bytes"], 4096)
        self.assertEqual((seen["label"], seen["end"], seen["in_use"]), ("", "clean", False))
        self.assertEqual([seen[k] for k in KEYS[-3:]], ["none", 0, 0])

    def test_empty(self):
        self.append()
        self.assertEqual(self.shown()["records"], "0")
        self.assertEqual(self.shown()["label"], "none")
        self.assertEqual(self.shown()["durable LSN"], "none")
        seen = self.info()
        self.assertEqual([seen[k] for k in KEYS[6:11]], [0, 1, 0, 1, 0])

    def test_the_writer(self):
        writer = self.writer()
        writer.add(b"x")
        self.assertEqual(self.shown()["writer"], f"process {writer.process.pid}")
        seen = self.info()
        self.assertEqual((seen["in_use"], seen["writer_pid"]), (True, writer.process.pid))
        writer.close()
        self.assertEqual(self.shown()["writer"], "none")
        process = self.start("append", "a.wal", stdin=support.subprocess.PIPE)
        while not self.info()["in_use"]:
            pass
        self.assertEqual(self.shown()["writer"], "a process that has written nothing yet")
        self.assertEqual(self.info()["writer_pid"], 0)
        process.stdin.close()
        self.assertEqual(process.wait(), support.FINE)

    def test_the_end(self):
        writer = self.writer()
        writer.add(b"x")
        active = self.tear()
        self.assertEqual(self.shown()["end"], "in use")
        writer.kill()
        self.assertEqual(self.shown()["end"], f"torn, 64 bytes from offset {active['bytes']} of "
                         f"segment {active['number']} don't count")
        seen = self.info()
        self.assertEqual((seen["end"], seen["discarded_bytes"], seen["cut_segment"],
                          seen["cut_offset"]), ("torn", 64, active["number"], active["bytes"]))
        out, _ = self.walctl("info", "--color", "always", "a.wal")
        self.assertIn(b"\x1b[1mend          \x1b[0m\x1b[31mtorn\x1b[0m, ", out)

    def test_stray_files(self):
        self.append(b"x")
        for name in ("notes.txt", "1.wal", "control.bak"):
            (self.folder / "a.wal" / name).write_bytes(b"?")
        self.assertEqual(self.shown()["stray files"], "3")
        self.assertEqual(self.info()["stray_files"], 3)

    def test_names_that_are_no_text(self):
        name = b"\xff\"\x1b"
        self.walctl("append", "-q", "--label", "é\n", name, stdin=b"x\n")
        out, _ = self.walctl("info", name)
        self.assertTrue(out.startswith("log          \\xff\"\\x1b\nlabel        é\\n\n".encode()))
        out, _ = self.walctl("info", "-o", "json", name)
        self.assertTrue(out.startswith('{"log":"\\ufffd\\"\\u001b","label":"é\\n",'.encode()))

    def test_a_label_that_is_too_long(self):
        out, err = self.walctl("append", "--label", "x" * 65, "a.wal", code=support.USAGE, out=b"",
                               err=None)
        self.assertIn(b"label", err)
        self.append(b"x", args=["--label", "y" * 64])
        self.assertEqual(self.info()["label"], "y" * 64)


class Ls(support.Case):
    def test_table(self):
        self.append(*[b"x"] * 7, args=["-O", "segment_records=3", "-O", "first_lsn=9997"])
        out, _ = self.walctl("ls", "a.wal")
        time = rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
        self.assertRegex(out, re.compile(
            rb"\AFILE                      FIRST   LAST  RECORDS  BYTES  "
            rb"CREATED               STATE\n"
            rb"0{19}1\.wal   9997   9999        3   \d{4}  " + time + rb"  sealed\n"
            rb"0{19}2\.wal  10000  10002        3   \d{4}  " + time + rb"  sealed\n"
            rb"0{19}3\.wal  10003  10003        1   \d{4}  " + time + rb"  active\n\Z"))

    def test_empty(self):
        self.append(args=["-O", "first_lsn=5"])
        out, _ = self.walctl("ls", "a.wal")
        self.assertRegex(out.splitlines()[1],
                         rb"\A0{19}1\.wal      5     -        0   \d{4}  .* active\Z")

    def test_json(self):
        self.append(*[b"x"] * 4, args=["-O", "segment_records=3"])
        first, second = self.json("ls", "a.wal")
        self.assertEqual(list(first), ["file", "number", "first_lsn", "last_lsn", "records",
                                       "bytes", "created_ns", "checkpoint_lsn", "state"])
        self.assertEqual([(s["file"], s["number"], s["first_lsn"], s["last_lsn"], s["records"],
                           s["checkpoint_lsn"], s["state"]) for s in (first, second)],
                         [("00000000000000000001.wal", 1, 1, 3, 3, 0, "sealed"),
                          ("00000000000000000002.wal", 2, 4, 4, 1, 0, "active")])
        self.assertGreater(first["created_ns"], 10**18)

    def test_many(self):
        """More than the library lists at a time."""
        self.append(*[b"x"] * 60, args=["-O", "segment_records=1"])
        self.assertEqual([s["first_lsn"] for s in self.json("ls", "a.wal")], list(range(1, 61)))


support.run()
