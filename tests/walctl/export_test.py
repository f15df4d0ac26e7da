# SPDX-License-Identifier: Apache-2.0
"""export and import: what goes out comes back in, and bad input is named by its place."""

import base64
import json
import os
import random
import shutil
import struct
import subprocess

import support

FORMS = ("binary", "json")
END = bytes(8)
GOLDEN = support.Path(__file__).resolve().parents[1] / "golden" / "1.0-tags" / "tags"


def frames(stream):
    """The batches of a binary export, each as a list of (type, payload); the end mark is there."""
    found = []
    while stream != END:
        size, = struct.unpack_from("<Q", stream)
        count, = struct.unpack_from("<I", stream, 8 + 12)
        at, batch = 8 + 32, []
        for _ in range(count):
            length, kind = struct.unpack_from("<IH", stream, at)
            batch.append((kind, stream[at + 8:at + 8 + length]))
            at += 8 + length
        found.append(batch)
        stream = stream[8 + size:]
    return found


class Export(support.Case):
    def shown(self, log):
        """Everything that the two forms carry, but for LSNs."""
        keys = ("type", "size", "batch_last", "data")
        return [[r[k] for k in keys] for r in self.json("cat", log)]

    def there_and_back(self, *args, log="a.wal", form="binary"):
        out, _ = self.walctl("export", "-o", form, *args, log)
        name = f"{random.getrandbits(64):x}"
        said, = self.json_of("import", name, stdin=out)
        self.assertEqual(self.json("verify", name)[0]["records"], said["records"])
        return name, said

    def json_of(self, *args, stdin, code=support.FINE, err=b""):
        out, _ = self.walctl(*args, "-o", "json", stdin=stdin, code=code, err=err)
        return [json.loads(line) for line in out.splitlines()]

    def make(self):
        rng = random.Random(1)
        self.append(b"a", b"", bytes(range(256)), "é€😀".encode(), b"\xff\n\0",
                    args=["--batch", "2"])
        self.append(*(rng.randbytes(rng.choice((0, 1, 63, 70000))) for _ in range(40)),
                    args=["--type", "65535", "-O", "segment_bytes=64K"])
        self.append(b"x" * 1500000, b"y", b"", args=["--batch", "3", "--type", "7"])

    def setUp(self):
        super().setUp()
        self.kept = 0

    def test_round_trip(self):
        self.make()
        for form in FORMS:
            name, said = self.there_and_back(form=form)
            self.assertEqual(self.shown(name), self.shown("a.wal"))
            self.assertEqual(said, {"records": 48, "batches": 44, "first_lsn": 1, "last_lsn": 48})

    def test_bytes_of_the_binary_form(self):
        self.append(b"a", b"", b"b", args=["--batch", "2", "--type", "7"])
        out, _ = self.walctl("export", "a.wal")
        self.assertEqual(frames(out), [[(7, b"a"), (7, b"")], [(7, b"b")]])
        self.append(log="empty.wal")
        self.walctl("export", "empty.wal", out=END)

    def test_bytes_of_json(self):
        self.append(b"a", b"\xff", args=["--batch", "2", "--type", "7"])
        self.walctl("export", "-o", "json", "a.wal", out=(
            b'{"lsn":1,"type":7,"size":1,"batch_last":false,"data":"YQ=="}\n'
            b'{"lsn":2,"type":7,"size":1,"batch_last":true,"data":"/w=="}\n'))

    def test_empty(self):
        self.append()
        for form in FORMS:
            name, said = self.there_and_back(form=form)
            self.assertEqual(said, {"records": 0, "batches": 0, "first_lsn": 0, "last_lsn": 0})
            self.walctl("import", name, stdin=END, out=b"0 records in 0 batches\n")

    def test_what_is_left_of_a_batch_is_one(self):
        for kind in (1, 2, 1):
            self.append(b"p%d" % kind, b"q", b"r", args=["--batch", "3", "--type", str(kind)])
        for args, batches in ((["--from", "2", "--to", "4"], [2, 1]), (["-n", "4"], [3, 1]),
                              (["-n", "0"], []), (["--type", "1"], [3, 3]),
                              (["--type", "2", "-n", "2"], [2]), (["--from", "10"], [])):
            with self.subTest(args):
                out, _ = self.walctl("export", *args, "a.wal")
                self.assertEqual([len(batch) for batch in frames(out)], batches)
                for form in FORMS:
                    _, said = self.there_and_back(*args, form=form)
                    self.assertEqual((said["records"], said["batches"]),
                                     (sum(batches), len(batches)))
        self.walctl("export", "--from", "11", "a.wal", code=support.FAILED, out=b"", err=None)

    def test_tags_travel_in_json(self):
        golden = str(self.folder / "golden")
        shutil.copytree(GOLDEN, golden)
        name, _ = self.there_and_back(log=golden, form="json")
        tags = [r.get("tag") for r in self.json("cat", golden)]
        self.assertGreater(len(set(tags)), 2)
        self.assertEqual([r.get("tag") for r in self.json("cat", name)], tags)
        name, _ = self.there_and_back(log=golden)
        self.assertEqual({r.get("tag") for r in self.json("cat", name)}, {None})

    def test_where_it_goes(self):
        self.append(b"a", b"b")
        out, _ = self.walctl("export", "a.wal")
        self.walctl("import", "a.wal", stdin=out, out=b"2 records in 2 batches, LSN 3 to 4\n")
        (self.folder / "in").write_bytes(out + out)
        self.walctl("import", "-O", "first_lsn=70", "b.wal", "in",
                    out=b"4 records in 4 batches, LSN 70 to 73\n")
        self.walctl("import", "b.wal", "nosuch", code=support.FAILED, out=b"",
                    err=b"walctl: nosuch can't be opened: No such file or directory\n")

    def test_what_cat_shows_can_be_imported(self):
        self.make()
        out, _ = self.walctl("cat", "-o", "json", "a.wal")
        self.json_of("import", "b.wal", stdin=out)
        self.assertEqual(self.shown("b.wal"), self.shown("a.wal"))

    def test_json_by_hand(self):
        lines = [rb'{"data":"YQ=="}', rb' { "more" : -1.5e+3 , "type":65535 ,"data" : "\/w==" } ',
                 rb'{"d\u0061ta":"","a\"\\\/\b\u00e9\ud83d\ude00":null,"x":true,"y":[]}'.replace(
                     b',"y":[]', b""), b'{"data":"YWI=","batch_last":true,"size":2}\r']
        self.walctl("import", "a.wal", stdin=b"\n".join(lines),
                    out=b"4 records in 4 batches, LSN 1 to 4\n")
        self.assertEqual(list(self.payloads().values()), [b"a", b"\xff", b"", b"ab"])
        self.assertEqual([r["type"] for r in self.json("cat", "a.wal")], [0, 65535, 0, 0])

    def refuse(self, stdin, said, kept=0, args=()):
        """What comes before the bad place is kept; `said` is on stderr."""
        stays = b"what came before that stays imported" if kept else b"nothing was imported"
        result, = self.json_of("import", *args, "a.wal", stdin=stdin, code=support.FAILED,
                               err=b"walctl: " + said + b"\nwalctl: " + stays + b"\n")
        self.kept += kept
        self.assertEqual((result["records"], result["last_lsn"]), (kept, kept and self.kept))

    def test_bad_json(self):
        good = b'{"data":"YQ=="}\n'
        no_json = b"this is no JSON object in UTF-8"
        data = b'"data" is no base64, or there twice'
        tag = b'"tag" is no base64, above 64 bytes, or there twice'
        kind = b'"type" is no number from 0 to 65535'
        for k, (line, said) in enumerate((
                (b"", no_json), (b"[]", no_json), (b'{"data":"YQ=="', no_json),
                (b'{"data":"YQ=="}x', no_json), (b'{"data":"YQ==",}', no_json),
                (b'{data:"YQ=="}', no_json), (b'{"data":"YQ==","x":[1]}', no_json),
                (b'{"data":"YQ==","x":"\x01"}', no_json), (b'{"x":"\xff","data":""}', no_json),
                (b'{"x":"\\x","data":""}', no_json), (b'{"x":"\\ud800","data":""}', no_json),
                (b'{"x":"\\udc00\\ud800","data":""}', no_json), (b'{"x":01,"data":""}', no_json),
                (b'{"x":1.,"data":""}', no_json), (b'{"x":-,"data":""}', no_json),
                (b'{"x":1e,"data":""}', no_json), (b'{"x":tru,"data":""}', no_json),
                (b"{}", b'"data" is missing'), (b'{"text":"a"}', b'"data" is missing'),
                (b'{"data":1}', data), (b'{"data":"YQ=="' + b',"data":"YQ=="}', data),
                (b'{"data":"YQ="}', data), (b'{"data":"YR=="}', data), (b'{"data":"Y==="}', data),
                (b'{"data":"YQ==YQ=="}', data), (b'{"data":"Y Q="}', data),
                (b'{"data":"","tag":"' + base64.b64encode(b"t" * 65) + b'"}', tag),
                (b'{"data":"","tag":null}', tag),
                (b'{"data":"","type":65536}', kind),
                (b'{"data":"","type":-1}', kind),
                (b'{"data":"","type":1.0}', kind),
                (b'{"data":"","type":18446744073709551616}', kind),
                (b'{"data":"YQ==","size":2}', b'"size" is not that of "data"'),
                (b'{"data":"","size":"0"}', b'"size" is no number'),
                (b'{"data":"","batch_last":1}', b'"batch_last" is neither true nor false'))):
            kept = 0 if k % 10 < 9 and line[:1] == b"{" else 2  # which takes longer
            with self.subTest(line):
                self.refuse(good * kept + line + b"\n" + good,
                            b"line %d of the input: " % (kept + 1) + said, kept=kept)
        self.refuse(good + b'{"data":"","batch_last":false}\n',
                    b"line 3 of the input: the input ends inside of a batch", kept=1)
        self.refuse(good + b'{"data":"","batch_last":false}\n{"da',
                    b"line 3 of the input: " + no_json, kept=1)
        self.refuse(b'{"' + b"x" * 80000, args=["-O", "max_record_bytes=1K"],
                    said=b"line 1 of the input: it is longer than a record can be")
        self.assertEqual(len(self.payloads()), self.kept)

    def test_bad_frames(self):
        self.append(b"a", log="b.wal")
        good = self.walctl("export", "b.wal")[0][:-8]
        cut = b"the input ends here, without an end mark: it was cut short"
        begin, inside, = b"no batch begins here", b"the input ends inside of it"
        damaged = bytearray(good)
        damaged[-1] ^= 1
        newer = bytearray(good)
        newer[8 + 8] = 2  # its checksum is wrong too
        tails = ((b"x", cut), (END[:7], cut), (good[:-1], inside), (good[:20], inside),
                 (b"\x2c" + bytes(7) + b"x" * 44, begin), (b"x" * 100, begin),
                 (END[:-1] + b"\x80" + good[8:], begin), (b"\1" + bytes(8), begin),
                 (good[:8 + 16] + b"\x2e" + good[8 + 17:], begin),
                 (bytes(damaged), None), (bytes(newer), None))
        for k, (tail, said) in enumerate(tails):
            kept = 2 if k % 5 == 4 else 0
            with self.subTest(tail):
                said = said or b"45 bytes that are no portable form, or a damaged one"
                self.refuse(good * kept + tail, b"batch %d of the input, at byte %d: %s"
                            % (kept + 1, kept * len(good), said), kept=kept)
        self.refuse(good, b"batch 2 of the input, at byte %d: " % len(good) + cut, kept=1)
        self.refuse(b"\x89PNG\r\n\x1a\n" + bytes(30), b"batch 1 of the input, at byte 0: " + begin)
        self.refuse(good + END + b"x", b"batch 2 of the input, at byte %d: %s"
                    % (len(good) + 8, cut), kept=1)
        self.assertEqual(len(self.payloads()), self.kept)

    def test_a_record_that_is_too_large(self):
        self.append(b"a", b"x" * 2000)
        for form, where in (("binary", b"batch 2 of the input, at byte 53: "),
                            ("json", b"line 2 of the input: ")):
            out, _ = self.walctl("export", "-o", form, "a.wal")
            result, = self.json_of("import", "-O", "max_record_bytes=1K", form, stdin=out,
                                   code=support.FAILED, err=None)
            self.assertEqual(result["records"], 1)
            _, err = self.walctl("import", "-O", "max_record_bytes=1K", form, stdin=out, err=None,
                                 code=support.FAILED)
            self.assertRegex(err, rb"\Awalctl: .*2000.*\nwalctl: " + where + b"it can't be taken\n")

    def test_damage_leaves_no_end_mark(self):
        for payload in (b"one-unmistakable", b"two-unmistakable"):
            self.append(payload)
        self.append(b"three", args=["-O", "segment_records=1"])
        self.damage(2, b"two-unmistakable")
        out, err = self.walctl("export", "a.wal", code=support.CORRUPT, err=None)
        self.assertRegex(err, rb"LSN 2: the group's body is damaged\n\Z")
        self.assertEqual(frames(out + END), [[(0, b"one-unmistakable")]])

    def test_no_binary_on_a_terminal(self):
        self.append(b"a")
        said, code = support.Terminal(self.folder, "export", "a.wal").end()
        self.assertIn(b"the binary form is nothing for a terminal", said)
        self.assertEqual(code, support.USAGE)
        said, code = support.Terminal(self.folder, "import", "a.wal").end()
        self.assertIn(b"an export is nothing that can be typed", said)
        self.assertEqual(code, support.USAGE)

    def test_progress(self):
        self.append(b"a")
        with open(self.folder / "out", "wb") as out:
            said, code = support.Terminal(self.folder, "export", "a.wal", stdout=out).end()
        self.assertRegex(said, rb"\A\rexport \[.*%\r\x1b\[K\Z")
        self.assertEqual(code, support.FINE)
        with open(self.folder / "out", "rb") as file:
            said, _ = support.Terminal(self.folder, "import", "b.wal", stdin=file,
                                       stdout=subprocess.DEVNULL).end()
        self.assertRegex(said, rb"\A\rimport \[.*%\r\x1b\[K\Z")

    def memory(self, *args, stdin):
        """The most KiB that it held."""
        process = self.start(*args, stdin=stdin)
        out = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        self.assertEqual((process.returncode, process.stderr.read()), (support.FINE, b""))
        return used.ru_maxrss, out

    def test_memory_does_not_grow_with_the_number(self):
        limits = ["-O", "pending_bytes=1M", "-O", "max_record_bytes=64K", "-O", "sync=none"]
        self.append(*[b"z" * 30000] * 1000, args=limits)
        for form in FORMS:
            used, out = self.memory("export", "-o", form, "a.wal", stdin=subprocess.DEVNULL)
            less, _ = self.memory("export", "-o", form, "-n", "1", "a.wal",
                                  stdin=subprocess.DEVNULL)
            self.assertLess(used - less, 12000)
            (self.folder / "some").write_bytes(out)
            with open(self.folder / "some", "rb") as file:
                used, _ = self.memory("import", *limits, form, stdin=file)
            self.assertLess(used - less, 20000)

    def test_interrupted(self):
        self.append(b"a")
        good = self.walctl("export", "a.wal")[0][:-8]
        process = self.start("import", "b.wal", stdin=subprocess.PIPE)
        process.stdin.write(good * 3)
        process.stdin.flush()
        while not self.folder.joinpath("b.wal").exists():
            pass
        process.send_signal(support.signal.SIGTERM)
        said = process.stderr.read()
        self.assertIn(said, (b"", b"walctl: nothing was imported\n",
                             b"walctl: what came before that stays imported\n"))
        self.assertEqual(process.wait(), -support.signal.SIGTERM)


support.run()
