# SPDX-License-Identifier: Apache-2.0
"""append: what is a record, when its LSN is printed, and what is said when it fails."""

import os
import random
import resource
import signal
import struct
import subprocess

import support


def framed(*records):
    return b"".join(struct.pack("<I", len(r)) + r for r in records)


class Append(support.Case):
    def appended(self, stdin, *args, out=None):
        """The payloads that this input makes, in a log of its own."""
        name = f"{random.getrandbits(64):x}"
        self.walctl("append", *args, name, stdin=stdin, out=out)
        return list(self.payloads(name).values())

    def test_lines(self):
        self.assertEqual(self.appended(b"a\nb\n", out=b"1\n2\n"), [b"a", b"b"])
        self.assertEqual(self.appended(b"a\nb"), [b"a", b"b"])
        self.assertEqual(self.appended(b"\n\nx\r\n"), [b"", b"", b"x\r"])
        self.assertEqual(self.appended(b"", out=b""), [])
        self.assertEqual(self.appended(b"\0\xff\n", "--lines"), [b"\0\xff"])

    def test_null(self):
        self.assertEqual(self.appended(b"a\n\0\0b\0", "-0"), [b"a\n", b"", b"b"])
        self.assertEqual(self.appended(b"a\0b", "--null"), [b"a", b"b"])

    def test_length_prefixed(self):
        records = [b"", b"\n", b"x" * 70000, bytes(range(256))]
        self.assertEqual(self.appended(framed(*records), "--length-prefixed"), records)

    def test_a_file(self):
        (self.folder / "in").write_bytes(b"a\nb")
        self.walctl("append", "a.wal", "in", stdin=b"not this\n", out=b"1\n2\n")
        self.walctl("append", "a.wal", "nosuch", code=support.FAILED, out=b"",
                    err=b"walctl: nosuch can't be opened: No such file or directory\n")
        self.walctl("append", "b.wal", "nosuch", code=support.FAILED, out=b"", err=None)
        self.assertFalse((self.folder / "b.wal").exists())
        self.assertEqual(list(self.payloads().values()), [b"a", b"b"])

    def test_what_cat_writes_append_reads(self):
        self.append(b"a\nb", b"", b"\0", b"z" * 200000)
        out, _ = self.walctl("cat", "-o", "raw", "--length-prefixed", "a.wal")
        self.assertEqual(self.appended(out, "--length-prefixed"),
                         list(self.payloads().values()))

    def test_records_longer_than_any_buffer(self):
        rng = random.Random(1)
        records = [rng.randbytes(rng.choice((0, 1, 100, 65535, 65536, 300000))) for _ in range(60)]
        self.assertEqual(self.appended(framed(*records), "-q", "--length-prefixed", out=b""),
                         records)
        texts = [r.replace(b"\n", b" ") for r in records]
        self.assertEqual(self.appended(b"\n".join(texts) + b"\n", "-q"), texts)

    def test_input_that_comes_in_pieces(self):
        rng = random.Random(2)
        records = [rng.randbytes(rng.randrange(20)) for _ in range(50)]
        process = self.start("append", "--length-prefixed", "a.wal", stdin=subprocess.PIPE)
        data = framed(*records)
        while data:
            n = rng.randrange(1, 40)
            process.stdin.write(data[:n])
            process.stdin.flush()
            data = data[n:]
        process.stdin.close()
        self.assertEqual(process.stdout.read(), b"".join(b"%d\n" % k for k in range(1, 51)))
        self.assertEqual(process.wait(), support.FINE)
        self.assertEqual(list(self.payloads().values()), records)

    def test_type(self):
        self.walctl("append", "--type", "65535", "a.wal", stdin=b"x\n", out=b"1\n")
        self.assertEqual(self.json("get", "a.wal", "1")[0]["type"], 65535)

    def test_goes_on_and_quiet(self):
        self.walctl("append", "a.wal", stdin=b"x\ny\n", out=b"1\n2\n")
        self.walctl("append", "a.wal", stdin=b"z\n", out=b"3\n")
        self.walctl("append", "-q", "a.wal", stdin=b"z\n", out=b"")
        self.walctl("append", "a.wal", stdin=b"z\n", out=b"5\n")

    def test_batches(self):
        self.walctl("append", "--batch", "3", "a.wal", stdin=b"a\nb\nc\nd\ne\n",
                    out=b"1\n2\n3\n4\n5\n")
        self.assertEqual([r["batch_last"] for r in self.json("cat", "a.wal")],
                         [False, False, True, False, True])

    def test_an_unfinished_batch_waits_for_the_rest(self):
        process = self.start("append", "--batch", "2", "a.wal", stdin=subprocess.PIPE)
        process.stdin.write(b"a\nb\nc\n")
        process.stdin.flush()
        self.assertEqual(process.stdout.readline() + process.stdout.readline(), b"1\n2\n")
        self.walctl("cat", "a.wal", out=b"1\t0\ta\n2\t0\tb\n")
        process.stdin.write(b"d\n")
        process.stdin.flush()
        self.assertEqual(process.stdout.readline() + process.stdout.readline(), b"3\n4\n")
        process.stdin.close()
        self.assertEqual(process.wait(), support.FINE)

    def test_each_mode(self):
        for mode in ("data", "full", "dsync", "interval", "none"):
            log = mode + ".wal"
            self.walctl("append", "--sync", mode, log, stdin=b"x\ny\n", out=b"1\n2\n")
            self.walctl("cat", log, out=b"1\t0\tx\n2\t0\ty\n")

    def test_an_lsn_is_printed_when_its_record_is_durable(self):
        """Killed right after that, and everything that was printed is there."""
        for args in ((), ("--batch", "1"), ("--sync", "dsync")):
            writer = self.writer(*args, log="b.wal")
            lsn = writer.add(b"x")
            writer.kill()
            self.walctl("get", "b.wal", str(lsn), out=b"%d\t0\tx\n" % lsn)

    def test_without_a_parent_directory(self):
        self.walctl("append", "no/a.wal", stdin=b"x\n", code=support.FAILED, out=b"", err=None)

    def test_too_long(self):
        said = (b"walctl: record 2 of the input has %s bytes, max_record_bytes is 10\n"
                b"walctl: records acknowledged: 1, the last one is LSN 1\n")
        limit = ["-O", "max_record_bytes=10"]
        self.walctl("append", *limit, "a.wal", stdin=b"0123456789\n0123456789x\nz\n", out=b"1\n",
                    code=support.FAILED, err=said % b"11")
        self.walctl("append", *limit, "--length-prefixed", "b.wal", out=b"1\n",
                    stdin=framed(b"0123456789") + b"\xff\xff\xff\xff", code=support.FAILED,
                    err=said % b"4294967295")
        process = self.start("append", *limit, "c.wal", stdin=subprocess.PIPE)
        process.stdin.write(b"0123456789\n0123456789x")  # it needn't see the line's end
        process.stdin.flush()
        self.assertEqual(process.stderr.read(), said % b"at least 11")
        self.assertEqual(process.wait(), support.FAILED)
        process.stdin.close()

    def test_cut_short(self):
        for data in (framed(b"abc", b"def")[:-1], framed(b"abc", b"")[:-1], framed(b"abc") + b"\1"):
            self.walctl("append", "--length-prefixed", "a.wal", stdin=data, code=support.FAILED,
                        out=None, err=None)
        out, err = self.walctl("append", "--length-prefixed", "b.wal", stdin=data,
                               code=support.FAILED, out=b"1\n", err=None)
        self.assertEqual(err, b"walctl: the input ends inside of record 2\n"
                         b"walctl: records acknowledged: 1, the last one is LSN 1\n")

    def test_input_that_cannot_be_read(self):
        fd = os.open(self.folder, os.O_RDONLY)
        process = self.start("append", "a.wal", stdin=fd)
        os.close(fd)
        self.assertEqual(process.communicate(),
                         (b"", b"walctl: the input can't be read: Is a directory\n"
                          b"walctl: records acknowledged: 0\n"))
        self.assertEqual(process.returncode, support.FAILED)

    def full_disk(self, *args, files_kib=300):
        """A limit on the size of files stands for a full disk."""
        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (files_kib << 10, files_kib << 10))

        process = self.start("append", "-O", "segment_bytes=1G", "-O", "zero_ahead_bytes=0", *args,
                             "a.wal", stdin=subprocess.PIPE, preexec_fn=limit)
        out, err = process.communicate(b"".join(b"%05d" % k * 200 + b"\n" for k in range(1000)))
        self.assertEqual(process.returncode, support.FAILED)
        return [int(lsn) for lsn in out.split()], err

    def test_no_space(self):
        for args in ((), ("--batch", "5"), ("--sync", "dsync")):
            with self.subTest(args):
                acked, err = self.full_disk(*args)
                self.assertEqual(acked, list(range(acked[0], acked[-1] + 1)))
                lines = err.splitlines()
                self.assertRegex(lines[0], rb"\Awalctl: a\.wal/0+\d\.wal: .*: File too large\Z")
                self.assertEqual(lines[1], b"walctl: records acknowledged: %d, the last one is LSN "
                                 b"%d" % (len(acked), acked[-1]))
                doubt = [int(n) for n in lines[2].split() if n.isdigit()]
                self.assertEqual(lines[2], b"walctl: in doubt until the log is opened again: "
                                 b"LSN %d to %d" % tuple(doubt))
                self.assertEqual(doubt[0], acked[-1] + 1)
                self.walctl("append", "-q", "a.wal", err=None)  # opened again
                there = self.payloads()
                self.assertLessEqual(set(acked), set(there))
                self.assertLessEqual(max(there), doubt[1])

    def test_no_space_in_a_mode_that_does_not_wait(self):
        acked, err = self.full_disk("--sync", "none", "-O", "pending_bytes=16K",
                                    "-O", "max_record_bytes=4K")
        self.assertIn(b"File too large", err)
        self.assertIn(b"walctl: in doubt until the log is opened again: LSN ", err)
        self.assertGreater(len(acked), 0)

    def test_locked(self):
        writer = self.writer()
        writer.add(b"x")
        pid = writer.process.pid
        self.walctl("append", "a.wal", stdin=b"y\n", code=support.LOCKED, out=b"",
                    err=b"walctl: a.wal is open for writing elsewhere, last by process %d\n" % pid)
        self.assertEqual(writer.close(), (0, b""))
        self.walctl("append", "a.wal", stdin=b"y\n", out=b"2\n")

    def test_interrupted(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            process = self.start("append", "--batch", "2", "a.wal", stdin=subprocess.PIPE)
            process.stdin.write(b"a\nb\nc\npart of a line")
            process.stdin.flush()
            lsns = [int(process.stdout.readline()) for _ in range(2)]
            process.send_signal(number)
            self.assertEqual(process.stderr.read(), b"walctl: records acknowledged: 2, the last "
                             b"one is LSN %d\n" % lsns[1])
            self.assertEqual(process.wait(), -number)
            process.stdin.close()
        self.assertEqual(list(self.payloads().values()), [b"a", b"b"] * 3)
        self.assertEqual(self.json("verify", "a.wal")[0]["verdict"], "clean")

    def test_tells_what_recovery_gave_up(self):
        writer = self.writer()
        writer.add(b"x")
        writer.kill()
        active = self.tear()
        self.walctl("append", "a.wal", stdin=b"y\n", out=b"2\n",
                    err=b"walctl: a write that a crash had cut short was given up: 64 bytes from "
                        b"offset %d of segment %d\n" % (active["bytes"], active["number"]))
        writer = self.writer()
        writer.add(b"z")
        writer.kill()
        self.tear()
        self.walctl("append", "-O", "strict=1", "a.wal", code=support.TORN, out=b"", err=None)


support.run()
