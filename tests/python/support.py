# SPDX-License-Identifier: Apache-2.0
"""What the tests share: children, threads, files of a log, data."""

import os
import shutil
import subprocess
import sys
import textwrap
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Generic, TypeVar

import libwal

T = TypeVar("T")

WAIT_S = 60  # for what must come, however slow the machine is
SEGMENT_HEADER_BYTES = 4096
SLOTS = (0, 4096)  # offsets of the two states in control


def child_environment() -> dict[str, str]:
    """The environment in which a child imports the same libwal."""
    home = str(Path(libwal.__file__).parent.parent)
    rest = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": home + (os.pathsep + rest if rest else "")}


def command(source: str, *arguments: object, flags: tuple[str, ...] = ("-X", "dev")) -> list[str]:
    """The command line of a child that runs a script."""
    words = [sys.executable, *flags, "-c", textwrap.dedent(source)]
    return words + [str(argument) for argument in arguments]


def run_child(
    source: str, *arguments: object, flags: tuple[str, ...] = ("-X", "dev")
) -> str:
    """Runs a script to its end; it must exit with 0 and write nothing to its standard error.
    Returns what it printed."""
    done = subprocess.run(
        command(source, *arguments, flags=flags),
        env=child_environment(),
        capture_output=True,
        text=True,
        timeout=WAIT_S,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    return done.stdout


@contextmanager
def child(source: str, *arguments: object) -> Iterator["subprocess.Popen[str]"]:
    """A script that runs meanwhile, with pipes; it is killed at the end if it still runs."""
    process = subprocess.Popen(
        command(source, *arguments),
        env=child_environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


class Call(Generic[T]):
    """A function that runs on a thread of its own."""

    def __init__(self, function: Callable[..., T], *arguments: Any, **keywords: Any) -> None:
        self._work = (function, arguments, keywords)
        self._value: list[T] = []
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        function, arguments, keywords = self._work
        try:
            self._value.append(function(*arguments, **keywords))
        except BaseException as error:
            self.error = error

    @property
    def running(self) -> bool:
        return self._thread.is_alive()

    def join(self) -> None:
        """Waits for its end, whatever that is."""
        self._thread.join(WAIT_S)
        assert not self.running, f"{self._work[0]} hangs"

    def result(self) -> T:
        """What the function returned, or its exception, raised here."""
        self.join()
        if self.error is not None:
            raise self.error
        return self._value[0]


def until(condition: Callable[[], object]) -> None:
    """Waits until the condition holds."""
    end = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.002)


def memory() -> str | None:
    """A folder in memory, for what makes many logs and has nothing to do with disks; None: there
    is none, and the usual place for temporary files has to do."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def soon() -> None:
    """Time enough for other threads to get into the call that they are about to make."""
    time.sleep(0.05)


def payload(number: int) -> bytes:
    """Bytes that tell their number, of different sizes."""
    return b"%d:" % number + bytes([number % 251]) * (number * 37 % 300)


def fill(log: libwal.Log, count: int) -> list[bytes]:
    """Appends so many payloads, the LSN's, and makes them durable; returns them."""
    payloads = [payload(log.next_lsn + i) for i in range(count)]
    log.append_many(payloads, sync=True)
    return payloads


def contents(log: libwal.Log) -> list[tuple[int, bytes]]:
    """LSN and data of all records."""
    return [(record.lsn, record.data) for record in log]


def segment_files(path: Path) -> list[Path]:
    """The files of a log's segments, the oldest first."""
    return sorted(path.glob("*.wal"))


def copy_live(path: Path, to: Path) -> Path:
    """The directory of a log that is open, as a crash would leave it now."""
    shutil.copytree(path, to)
    return to


def flip(file: Path, offset: int) -> None:
    """Changes one byte of a file."""
    data = bytearray(file.read_bytes())
    data[offset] ^= 0x55
    file.write_bytes(data)


def corrupt_payload(path: Path, data: bytes) -> Path:
    """Flips a bit within the payload, which must be there once; returns the segment's file."""
    for file in segment_files(path):
        at = file.read_bytes().find(data)
        if at >= 0:
            flip(file, at + len(data) // 2)
            return file
    raise AssertionError("no such payload")


def patch_control(path: Path, offset: int, value: bytes) -> None:
    """Writes bytes into both states of control, with checksums that are right again."""
    file = path / "control"
    data = bytearray(file.read_bytes())
    for slot in SLOTS:
        data[slot + offset : slot + offset + len(value)] = value
        checksum = zlib.crc32(data[slot : slot + 252])
        data[slot + 252 : slot + 256] = checksum.to_bytes(4, "little")
    file.write_bytes(data)


def descriptors(name: str) -> list[int]:
    """The process's open descriptors of files whose path ends so."""
    found = []
    for entry in os.listdir("/proc/self/fd"):
        try:
            if os.readlink(f"/proc/self/fd/{entry}").endswith(name):
                found.append(int(entry))
        except FileNotFoundError:
            pass  # that of the listing
    return found
