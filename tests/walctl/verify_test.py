# SPDX-License-Identifier: Apache-2.0
"""verify, and damaged and torn logs under every command."""

import support

PAYLOADS = [b"%03d-unmistakable" % k for k in range(1, 13)]


class Verify(support.Case):
    def make(self):
        """Three segments of four records, each record in a group of its own."""
        writer = self.writer("-O", "segment_records=4")
        for payload in PAYLOADS:
            writer.add(payload)
        return writer

    def verified(self, code=support.FINE, err=b""):
        return self.json("verify", "a.wal", code=code, err=err)[0]

    def test_clean(self):
        self.make().close()
        self.walctl("verify", "a.wal", out=b"clean: 12 records, LSN 1 to 12, 192 bytes of payload "
                    b"in 3 segments\n")
        self.walctl("verify", "-o", "json", "a.wal", out=(
            b'{"verdict":"clean","records":12,"payload_bytes":192,"first_lsn":1,"last_lsn":12,'
            b'"segments":3,"discarded_bytes":0,"cut_segment":0,"cut_offset":0,"header_repairs":0,'
            b'"damaged_segment":0,"damaged_offset":0,"damaged_lsn":0,"gaps":0}\n'))

    def test_empty(self):
        self.append()
        self.walctl("verify", "a.wal", out=b"clean: 0 records, 0 bytes of payload in 1 segment\n")

    def test_killed_but_not_torn(self):
        self.make().kill()
        self.assertEqual(self.verified()["verdict"], "clean")

    def test_torn(self):
        self.make().kill()
        active = self.tear()
        out, _ = self.walctl("verify", "a.wal", code=support.TORN)
        self.assertEqual(out, b"torn: 12 records, LSN 1 to 12, 192 bytes of payload in 3 segments\n"
                         b"given up: 64 bytes from offset %d of segment 3\n" % active["bytes"])
        found = self.verified(code=support.TORN)
        self.assertEqual((found["verdict"], found["discarded_bytes"], found["cut_segment"],
                          found["cut_offset"]), ("torn", 64, 3, active["bytes"]))

    def test_torn_under_other_commands(self):
        self.make().kill()
        self.tear()
        for command in (["ls"], ["cat"], ["tail"], ["info"]):
            self.walctl(*command, "a.wal")
        self.walctl("get", "a.wal", "12", out=b"12\t0\t012-unmistakable\n")
        for command in (["cat"], ["verify"], ["info"]):
            self.walctl(*command, "-O", "strict=1", "a.wal", code=support.TORN, out=b"", err=None)
        self.walctl("append", "-q", "a.wal", stdin=b"x\n", err=None)
        self.assertEqual(self.verified()["verdict"], "clean")

    def test_the_end_of_a_log_in_use_is_not_torn(self):
        writer = self.make()
        self.tear()  # as if it were in the middle of a write
        found = self.verified()
        self.assertEqual((found["verdict"], found["records"]), ("in use", 12))
        self.walctl("verify", "a.wal", out=b"in use: 12 records, LSN 1 to 12, 192 bytes of payload "
                    b"in 3 segments\n")
        writer.kill()
        self.verified(code=support.TORN)

    def test_beside_a_live_writer(self):
        process = self.start("append", "-q", "-O", "segment_bytes=64K", "a.wal",
                             stdin=support.subprocess.PIPE)
        process.stdin.write(b"x\n")
        process.stdin.flush()
        records = 0
        while records == 0:
            done = support.subprocess.run([support.program, "verify", "a.wal"], cwd=self.folder,
                                          capture_output=True, check=False)
            records = done.stdout.count(b"LSN 1 to")
        for _ in range(30):
            process.stdin.write(b"a line of text\n" * 500)
            process.stdin.flush()
            found = self.verified()
            self.assertGreaterEqual(found["records"], records)
            records = found["records"]
        process.stdin.close()
        self.assertEqual(process.wait(), support.FINE)
        self.assertEqual(self.verified()["records"], 15001)

    def test_damaged_in_a_sealed_segment(self):
        self.make().close()
        self.damage(2, PAYLOADS[4])
        out, err = self.walctl("verify", "-o", "json", "a.wal", code=support.CORRUPT, err=None)
        found = support.json.loads(out)
        self.assertEqual((found["verdict"], found["damaged_segment"], found["damaged_lsn"],
                          found["records"], found["last_lsn"]), ("damaged", 2, 5, 11, 12))
        self.assertEqual(found["gaps"], 1)
        self.assertTrue(err.startswith(b"walctl: a.wal/00000000000000000002.wal at offset %d, LSN "
                                       b"5: " % found["damaged_offset"]), err)
        self.walctl("verify", "a.wal", code=support.CORRUPT, err=err,
                    out=b"damaged: 11 records, LSN 1 to 12, 176 bytes of payload in 3 segments\n"
                        b"gaps: 1 range of LSNs can't be read\n")
        self.walctl("ls", "a.wal")

    def test_reading_beside_the_damage(self):
        self.make().close()
        self.damage(2, PAYLOADS[4])
        _, err = self.walctl("get", "a.wal", "5", code=support.CORRUPT, err=None)
        lines = [b"%d\t0\t%s\n" % (k, p) for k, p in enumerate(PAYLOADS, 1)]
        self.walctl("cat", "a.wal", code=support.CORRUPT, out=b"".join(lines[:4]), err=err)
        self.walctl("cat", "--to", "4", "a.wal", out=b"".join(lines[:4]))
        self.walctl("cat", "--from", "9", "a.wal", out=b"".join(lines[8:]))
        out, _ = self.walctl("cat", "--reverse", "a.wal", code=support.CORRUPT, err=err)
        self.assertTrue(out.startswith(b"".join(lines[:7:-1])))
        self.walctl("get", "a.wal", "4", "5", "9", code=support.CORRUPT, err=err,
                    out=lines[3] + lines[8])
        self.walctl("tail", "-n", "4", "a.wal", out=b"".join(lines[8:]))
        self.walctl("tail", "-n", "8", "a.wal", code=support.CORRUPT, out=b"", err=err)
        self.walctl("tail", "-f", "--from", "4", "a.wal", code=support.CORRUPT, out=lines[3],
                    err=err)

    def test_damaged_in_the_last_segment(self):
        self.make().close()
        self.damage(3, PAYLOADS[9])
        where = rb"a\.wal/0+3\.wal at offset \d+, LSN 10: "
        for command in (["info"], ["ls"], ["cat"], ["tail"], ["verify"], ["get"], ["append"],
                        ["truncate", "--before", "2", "--yes"], ["reset", "--next", "1", "-y"]):
            with self.subTest(command):
                more = ["1"] if command == ["get"] else []
                _, err = self.walctl(*command, "a.wal", *more, code=support.CORRUPT, err=None)
                self.assertRegex(err, rb"\Awalctl: " + where)
        self.walctl("verify", "a.wal", code=support.CORRUPT, err=None,
                    out=b"damaged: 11 records, LSN 1 to 12, 176 bytes of payload in 3 segments\n"
                        b"gaps: 1 range of LSNs can't be read\n")

    def test_a_segment_is_missing(self):
        self.make().close()
        self.segment(2).unlink()
        _, err = self.walctl("verify", "a.wal", code=support.CORRUPT, err=None)
        self.assertIn(b"a.wal/00000000000000000002.wal", err)
        found = self.verified(code=support.CORRUPT, err=None)
        self.assertEqual((found["damaged_segment"], found["records"], found["gaps"]), (2, 8, 1))

    def test_a_damaged_header_copy(self):
        self.make().close()
        data = bytearray(self.segment(3).read_bytes())
        data[2048 + 16] ^= 1
        self.segment(3).write_bytes(data)
        _, err = self.walctl("verify", "a.wal", err=None)
        self.assertEqual(err, b"walctl: one of the header's two copies is damaged in 1 segment\n")

    def test_control_is_lost(self):
        self.make().close()
        (self.folder / "a.wal" / "control").unlink()
        self.walctl("verify", "a.wal", code=support.CORRUPT,
                    out=b"damaged: 12 records, LSN 1 to 12, 192 bytes of payload in 3 segments\n",
                    err=None)


support.run()
