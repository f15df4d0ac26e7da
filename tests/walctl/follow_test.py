# SPDX-License-Identifier: Apache-2.0
"""tail -f: a log that another process writes, cuts, resets."""

import os
import signal
import subprocess

import support


class Follow(support.Case):
    def tail(self, *args):
        return self.start("tail", "-f", *args, "a.wal")

    def expect(self, process, *texts):
        """The next lines on stdout, as they come."""
        for text in texts:
            self.assertEqual(process.stdout.readline(), text + b"\n")

    def finish(self, process, err=b"", number=signal.SIGINT):
        """It ends by the signal; nothing more is printed."""
        process.send_signal(number)
        self.assertEqual(process.communicate(), (b"", err))
        self.assertEqual(process.returncode, -number)

    def test_shows_each_record_as_it_comes(self):
        writer = self.writer()
        writer.add(b"one")
        process = self.tail()
        self.expect(process, b"1\t0\tone")
        for lsn in range(2, 30):
            self.assertEqual(writer.add(b"x%d" % lsn), lsn)
            self.expect(process, b"%d\t0\tx%d" % (lsn, lsn))
        writer.close()
        self.finish(process)

    def test_over_segments_and_writers(self):
        self.append(b"1")
        process = self.tail("-n", "0")
        for start in (2, 12, 22):
            writer = self.writer("-O", "segment_records=3")
            for lsn in range(start, start + 10):
                writer.add(b"%d" % lsn)
            if start == 12:
                writer.kill()
            else:
                writer.close()
        self.expect(process, *(b"%d\t0\t%d" % (k, k) for k in range(2, 32)))
        self.finish(process, number=signal.SIGTERM)

    def test_from_to_and_types(self):
        writer = self.writer("--type", "7")
        process = self.start("tail", "-f", "--from", "1", "--to", "4", "--type", "7", "a.wal") \
            if writer.add(b"a") else None
        self.expect(process, b"1\t7\ta")
        writer.close()
        self.append(b"b", b"c")
        self.append(b"d", b"e", args=["--type", "7"])
        self.assertEqual(process.communicate(), (b"4\t7\td\n", b""))
        self.assertEqual(process.returncode, support.FINE)

    def test_formats(self):
        self.append(b"x")
        process = self.tail("-o", "json")
        self.assertEqual(support.json.loads(process.stdout.readline())["text"], "x")
        self.finish(process)
        process = self.tail("-o", "raw", "--lines", "--decoder", "tr ab ba")
        self.expect(process, b"x")
        self.append(b"ab")
        self.expect(process, b"ba")
        self.finish(process)

    def test_the_front_is_cut_away(self):
        self.append(*(b"%d" % k for k in range(1, 11)), args=["-O", "segment_records=3"])
        process = self.tail("--from", "1")
        self.expect(process, *(b"%d\t0\t%d" % (k, k) for k in range(1, 11)))
        self.walctl("truncate", "--before", "9", "--yes", "a.wal", err=None)  # it has read them
        self.append(b"11")
        self.expect(process, b"11\t0\t11")
        self.finish(process)

    def test_the_front_is_cut_away_before_it_was_read(self):
        self.append(b"1", b"2")
        os.mkfifo(self.folder / "gate")
        process = self.tail("--from", "1", "--decoder", "[ $WALCTL_LSN != 2 ] || cat <gate; cat")
        self.expect(process, b"1\t0\t1")  # without waiting for what is behind it
        with open(self.folder / "gate", "w", encoding="ascii"):  # it stands at LSN 2 now
            self.append(b"3", b"4", b"5", args=["-O", "segment_records=1"])
            self.walctl("truncate", "--before", "5", "--yes", "a.wal", err=None)
        self.expect(process, b"2\t0\t2", b"5\t0\t5")
        self.finish(process, err=b"walctl: the log was cut or reset, LSN 3 is gone: going on at "
                    b"its first record, LSN 5\n")

    def test_the_end_is_cut_off(self):
        self.append(b"1", b"2", b"3", b"4")
        process = self.tail()
        self.expect(process, b"1\t0\t1", b"2\t0\t2", b"3\t0\t3", b"4\t0\t4")
        self.walctl("truncate", "--after", "2", "--yes", "a.wal", err=None)
        self.assertEqual(process.stderr.readline(),
                         b"walctl: the log was cut or reset, LSN 5 is gone: going on at its first "
                         b"record, LSN 1\n")
        self.expect(process, b"1\t0\t1", b"2\t0\t2")
        self.append(b"new")
        self.expect(process, b"3\t0\tnew")
        self.finish(process)

    def test_reset(self):
        self.append(b"1", b"2")
        process = self.tail()
        self.expect(process, b"1\t0\t1", b"2\t0\t2")
        for to, place in ((50, 3), (1, 51)):
            self.walctl("reset", "--next", str(to), "--yes", "a.wal", err=None)
            self.assertEqual(process.stderr.readline(),
                             b"walctl: the log was cut or reset, LSN %d is gone: going on at its "
                             b"first record, LSN %d\n" % (place, to))
            self.append(b"new")
            self.expect(process, b"%d\t0\tnew" % to)
        self.finish(process)

    def test_another_log_in_its_place(self):
        self.append(b"x")
        process = self.tail()
        self.expect(process, b"1\t0\tx")
        self.append(b"y", log="b.wal")
        with open(self.folder / "a.wal" / "control", "r+b") as control:
            control.write((self.folder / "b.wal" / "control").read_bytes())
        self.assertEqual(process.communicate(), (b"", b"walctl: a.wal is another log now\n"))
        self.assertEqual(process.returncode, support.FAILED)

    def test_into_a_file(self):
        """Flushed when there is no more, and when it is interrupted."""
        self.append(b"1", b"2")
        with open(self.folder / "out", "wb") as out:
            process = self.tail_into(out)
        writer = self.writer()
        self.wait_for(b"2\t0\t2\n")
        writer.add(b"3")
        self.wait_for(b"3\t0\t3\n")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(), -signal.SIGINT)
        self.assertEqual((self.folder / "out").read_bytes(), b"1\t0\t1\n2\t0\t2\n3\t0\t3\n")
        writer.close()

    def tail_into(self, out):
        return self.start("tail", "-f", "a.wal", stdout=out)

    def wait_for(self, text):
        while text not in (self.folder / "out").read_bytes():
            pass

    def test_interrupted_while_it_catches_up(self):
        """What it took for printed is in the file, whole lines only."""
        self.append(*[b"x" * 100] * 2000)
        with open(self.folder / "out", "wb") as out:
            process = self.start("tail", "-f", "--from", "1", "--decoder", "cat", "a.wal",
                                 stdout=out)
        while not (self.folder / "out").stat().st_size:
            pass
        process.send_signal(signal.SIGINT)
        process.wait()
        lines = (self.folder / "out").read_bytes().splitlines(keepends=True)
        self.assertEqual(lines, [b"%d\t0\t%s\n" % (k, b"x" * 100)
                                 for k in range(1, len(lines) + 1)])

    def test_the_reader_goes_away(self):
        """Also when nothing more comes: it doesn't wait for a write to fail."""
        self.append(b"x")
        process = self.tail()
        self.expect(process, b"1\t0\tx")
        process.stdout.close()
        self.assertEqual(process.wait(), -signal.SIGPIPE)
        self.assertEqual(process.stderr.read(), b"")

    def test_in_a_pipeline(self):
        self.append(b"x", b"y")
        script = '"$0" tail -f a.wal | head -n 1; echo ${PIPESTATUS[*]}'
        done = subprocess.run(["bash", "-c", script, support.program], cwd=self.folder,
                              capture_output=True, check=False)
        self.assertEqual((done.stdout, done.stderr), (b"1\t0\tx\n141 0\n", b""))

    def test_waits_for_the_first_record(self):
        self.append()
        process = self.tail()
        self.append(b"x")
        self.expect(process, b"1\t0\tx")
        self.finish(process)

    def test_ignored_signals_stay_ignored(self):
        self.append(b"x")
        process = self.start("tail", "-f", "a.wal",
                             preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        self.expect(process, b"1\t0\tx")
        process.send_signal(signal.SIGHUP)
        self.append(b"y")
        self.expect(process, b"2\t0\ty")
        self.finish(process)


support.run()
