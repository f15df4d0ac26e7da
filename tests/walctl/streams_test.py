# SPDX-License-Identifier: Apache-2.0
"""Standard output and error: pipes that break, full disks, closed descriptors."""

import os
import signal
import subprocess

import support


class Streams(support.Case):
    def setUp(self):
        super().setUp()
        self.append(*[b"x" * 100] * 3000)

    def shell(self, script, **kinds):
        done = subprocess.run(["bash", "-c", script, support.program], cwd=self.folder, check=False,
                              capture_output=True, env=support.environment(), **kinds)
        return done.stdout, done.stderr

    def test_a_broken_pipe_is_quiet(self):
        for command in ("cat a.wal", "cat -o json a.wal", "cat --reverse -o hex a.wal",
                        "tail -n 3000 a.wal"):
            out, err = self.shell(f'"$0" {command} | head -n 1 >/dev/null; echo ${{PIPESTATUS[*]}}')
            self.assertEqual((out, err), (b"141 0\n", b""), command)

    def test_a_broken_pipe_where_sigpipe_is_ignored(self):
        out, err = self.shell('trap "" PIPE; "$0" cat a.wal | head -n 1 >/dev/null; '
                              'echo ${PIPESTATUS[*]}')
        self.assertEqual((out, err), (b"141 0\n", b""))

    def test_append_into_a_broken_pipe(self):
        """What was appended is there, and the log is closed as it should be."""
        script = 'yes | head -n 200000 | "$0" append b.wal | head -n 1; echo ${PIPESTATUS[2]}'
        out, err = self.shell(script)
        self.assertEqual(out, b"1\n141\n")
        self.assertRegex(err, rb"\Awalctl: records acknowledged: \d+, ")
        self.assertEqual(self.json("verify", "b.wal")[0]["verdict"], "clean")

    def test_a_full_disk(self):
        message = b"walctl: write error: No space left on device\n"
        for command in (["cat", "a.wal"], ["cat", "-o", "raw", "a.wal"], ["get", "a.wal", "1"],
                        ["tail", "a.wal"], ["ls", "a.wal"], ["verify", "a.wal"], ["info", "a.wal"],
                        ["help"], ["--version"], ["cat", "--help"], ["tail", "-f", "a.wal"]):
            with open("/dev/full", "wb") as full:
                process = self.start(*command, stdout=full)
            self.assertEqual(process.stderr.read(), message, command)
            self.assertEqual(process.wait(), support.FAILED, command)

    def test_append_onto_a_full_disk(self):
        with open("/dev/full", "wb") as full:
            process = self.start("append", "b.wal", stdin=subprocess.PIPE, stdout=full)
        process.stdin.write(b"x\n")
        process.stdin.flush()
        self.assertEqual(process.stderr.read(),
                         b"walctl: records acknowledged: 1, the last one is LSN 1\n"
                         b"walctl: write error: No space left on device\n")
        self.assertEqual(process.wait(), support.FAILED)
        process.stdin.close()
        self.walctl("cat", "b.wal", out=b"1\t0\tx\n")

    def test_the_error_of_the_log_comes_first(self):
        with open("/dev/full", "wb") as full:
            process = self.start("get", "a.wal", "1", "9999", "2", stdout=full)
        process.wait()
        self.assertEqual(process.returncode, support.FAILED)

    def test_closed_descriptors(self):
        """None of the log's files may get their numbers."""
        before = {p.name: p.read_bytes() for p in (self.folder / "a.wal").iterdir()}
        for command in ("cat a.wal", "ls a.wal", "verify a.wal"):
            out, err = self.shell(f'"$0" {command} >&-; echo $?')
            self.assertEqual((out, err), (b"1\n", b"walctl: write error: Bad file descriptor\n"))
            self.shell(f'"$0" {command} <&- >&- 2>&-')
        self.assertEqual({p.name: p.read_bytes() for p in (self.folder / "a.wal").iterdir()},
                         before)
        out, err = self.shell('"$0" append b.wal <&-; echo $?')
        self.assertEqual(out, b"1\n")
        self.assertIn(b"the input can't be read: Bad file descriptor\n", err)
        out, _ = self.shell('echo x | "$0" append b.wal 2>&-; echo $?')
        self.assertEqual(out, b"1\n0\n")

    def test_messages_come_behind_what_was_printed_before(self):
        done = subprocess.run([support.program, "get", "a.wal", "1", "9999"], cwd=self.folder,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        self.assertEqual(done.stdout, b"1\t0\t" + b"x" * 100 +
                         b"\nwalctl: LSN 9999 is outside the log, 1 .. 3000\n")

    def test_cat_ends_with_what_was_there_at_the_start(self):
        """However fast somebody writes beside."""
        source = os.pipe()
        writer = self.start("append", "-q", "--sync", "interval", "a.wal",
                            stdin=source[0], stdout=subprocess.DEVNULL)
        os.close(source[0])
        feeder = subprocess.Popen(["yes"], stdout=source[1])
        os.close(source[1])
        self.addCleanup(support.end, feeder)
        for command in (["cat"], ["cat", "--reverse"], ["tail"], ["verify"]):
            self.walctl(*command, "a.wal")
        writer.send_signal(signal.SIGTERM)
        self.assertEqual(writer.wait(), -signal.SIGTERM)


support.run()
