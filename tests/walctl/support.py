# SPDX-License-Identifier: Apache-2.0
"""What the tests of walctl share. Each test is a class from Case; its file ends with run().

    class Something(support.Case):
        def test_it(self):
            self.append(b"one", b"two")                       the log is a.wal in a fresh directory
            self.walctl("cat", "a.wal", out=b"1\\t0\\tone\\n2\\t0\\ttwo\\n")
            self.walctl("get", "a.wal", "9", code=1, err=b"walctl: ...\\n")

Programs run in that directory, so that messages name the log as a.wal. Output is compared byte for
byte."""

import fcntl
import json
import os
import pty
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import unittest
from pathlib import Path

FINE, FAILED, USAGE, CORRUPT, TORN, LOCKED = range(6)

program = ""


def environment(**more):
    usual = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "TERM")}
    return {**usual, "TERM": "xterm", **more}


class Writer:
    """A process beside: walctl append, fed line by line. Each line is durable when add returns."""

    def __init__(self, cwd, *args, log="a.wal"):
        self.process = subprocess.Popen([program, "append", *args, log], cwd=cwd,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        env=environment())

    def add(self, line):
        self.process.stdin.write(line + b"\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        rest = self.process.stdout.read()
        self.process.stdout.close()
        return self.process.wait(), rest

    def kill(self):
        """As a crash: nothing is closed."""
        self.process.send_signal(signal.SIGKILL)
        return self.close()[0]


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def walctl(self, *args, stdin=b"", code=FINE, out=None, err=b"", **env):
        """Runs it to its end; out and err: what it must print, None: anything. Returns both."""
        done = subprocess.run([program, *args], cwd=self.folder, input=stdin, capture_output=True,
                              env=environment(**env), check=False)
        self.assertEqual((done.returncode, err if err is not None else done.stderr),
                         (code, done.stderr), done.stdout[:500])
        if out is not None:
            self.assertEqual(done.stdout, out)
        return done.stdout, done.stderr

    def start(self, *args, **kinds):
        """Starts one that goes on; it is killed at the test's end if it still runs."""
        kinds = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE,
                 "stderr": subprocess.PIPE, **kinds}
        process = subprocess.Popen([program, *args], cwd=self.folder, env=environment(), **kinds)
        self.addCleanup(end, process)
        return process

    def writer(self, *args, log="a.wal"):
        writer = Writer(self.folder, *args, log=log)
        self.addCleanup(end, writer.process)
        return writer

    def append(self, *records, log="a.wal", args=()):
        framed = b"".join(struct.pack("<I", len(r)) + r for r in records)
        self.walctl("append", "-q", "--length-prefixed", *args, "--", log, stdin=framed,
                    out=b"")

    def json(self, *args, code=FINE, err=b""):
        """The objects that a command prints."""
        out, _ = self.walctl(*args, "-o", "json", code=code, err=err)
        return [json.loads(line) for line in out.splitlines()]

    def payloads(self, log="a.wal"):
        """Payloads by LSN."""
        out, _ = self.walctl("cat", "-o", "raw", "--length-prefixed", log)
        first = self.json("ls", log)[0]["first_lsn"]
        found = []
        while out:
            size = struct.unpack("<I", out[:4])[0]
            found.append(out[4:4 + size])
            out = out[4 + size:]
        return dict(enumerate(found, first))

    def segment(self, number, log="a.wal"):
        return self.folder / log / f"{number:020}.wal"

    def damage(self, number, payload):
        """Flips a bit in this payload, which must occur once in the segment."""
        path = self.segment(number)
        data = bytearray(path.read_bytes())
        self.assertEqual(data.count(payload), 1)
        data[data.index(payload)] ^= 1
        path.write_bytes(data)

    def tear(self):
        """Writes some bytes where the next group would go, as a write that a crash cut short."""
        active = self.json("ls", "a.wal")[-1]
        with open(self.folder / "a.wal" / active["file"], "r+b") as f:
            f.seek(active["bytes"])
            f.write(b"torn")
        return active


class Terminal:
    """A process on a terminal of its own: walctl, or another tool. Descriptors that are given
    otherwise are not on it."""

    def __init__(self, cwd, *args, env=None, tool=None, columns=80, **others):
        self.ours, theirs = pty.openpty()
        mode = termios.tcgetattr(theirs)
        mode[1] &= ~termios.OPOST  # newlines as they are
        termios.tcsetattr(theirs, termios.TCSANOW, mode)
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        kinds = {"stdin": theirs, "stdout": theirs, "stderr": theirs, **others}
        self.process = subprocess.Popen([tool or program, *args], cwd=cwd,
                                        env=env or environment(), start_new_session=True, **kinds,
                                        preexec_fn=lambda: fcntl.ioctl(theirs, termios.TIOCSCTTY))
        os.close(theirs)

    def read_until(self, mark):
        seen = b""
        while mark not in seen:
            seen += os.read(self.ours, 1)
        return seen

    def type(self, text):
        os.write(self.ours, text)

    def end(self):
        """All it shows until its end, and its exit code."""
        seen = b""
        try:
            while part := os.read(self.ours, 4096):
                seen += part
        except OSError:  # EIO: nobody has the other end any more
            pass
        os.close(self.ours)
        return seen, self.process.wait()


def end(process):
    if process.poll() is None:
        process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream and not stream.closed:
            try:
                stream.close()
            except BrokenPipeError:
                pass


def run():
    """Main program of a test file: its first argument is walctl's path."""
    global program
    program = os.path.abspath(sys.argv.pop(1))
    unittest.main(module="__main__")
