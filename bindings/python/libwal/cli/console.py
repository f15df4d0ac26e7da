# SPDX-License-Identifier: Apache-2.0
"""stdout and stderr: bytes, colours, messages, the bar."""

from __future__ import annotations

import errno
import os
import signal
import stat
import sys
import time
from contextlib import suppress
from typing import BinaryIO, NoReturn

from libwal.cli import escape

COLORS = {"lsn": b"\033[33m", "type": b"\033[36m", "head": b"\033[1m", "good": b"\033[32m",
          "bad": b"\033[31m", "off": b"\033[0m"}  # fmt: skip
BAR_CELLS = 30
BAR_PERIOD_S = 0.1


class OutError(Exception):
    """stdout can't be written; args[0] is the errno."""


class Console:
    """What a command prints to. A failing write is OutError, never OSError, which logs raise."""

    def __init__(self) -> None:
        self._out: BinaryIO | None = sys.stdout.buffer if sys.stdout else None
        self._err: BinaryIO | None = sys.stderr.buffer if sys.stderr else None
        self._colored = False

    def use_color(self, when: str) -> None:
        """auto: on a terminal, unless the environment says no."""
        usual = not os.environ.get("NO_COLOR") and os.environ.get("TERM", "dumb") != "dumb"
        self._colored = when == "always" or when == "auto" and usual and self.is_terminal()

    def color(self, name: str) -> bytes:
        """The code that switches a colour on, or "off"; nothing where there are no colours."""
        return COLORS[name] if self._colored else b""

    def put(self, *parts: bytes) -> None:
        """On stdout."""
        if self._out is None:
            raise OutError(errno.EBADF)
        try:
            self._out.write(b"".join(parts))
        except OSError as error:
            raise OutError(error.errno) from None

    def flush(self) -> None:
        """What was put so far."""
        try:
            if self._out is not None:
                self._out.flush()
        except OSError as error:
            raise OutError(error.errno) from None

    def say(self, line: str) -> None:
        """A message, behind what was printed before it."""
        with suppress(OutError):
            self.flush()
        self.complain(b"walctl: " + escape.message(line) + b"\n")

    def complain(self, text: bytes) -> None:
        """On stderr as it is."""
        if self._err is not None:
            with suppress(OSError):
                self._err.write(text)
                self._err.flush()

    def is_terminal(self) -> bool:
        """Whether stdout is one."""
        return self._out is not None and self._out.isatty()

    def is_file(self) -> bool:
        """Whether stdout is a regular one."""
        return self._out is not None and stat.S_ISREG(os.fstat(self._out.fileno()).st_mode)

    def draws(self) -> bool:
        """Whether stderr shows a bar."""
        return self._err is not None and self._err.isatty()


class Bar:
    """How far something has come, where stderr is a terminal."""

    def __init__(self, console: Console, what: str, wanted: bool = True) -> None:
        self._console = console
        self._what = what
        self._next = 0.0 if wanted and console.draws() else float("inf")
        self._drawn = False

    def at(self, done: int, total: int) -> None:
        """Draws it, not too often, at first as nothing done."""
        now = time.monotonic()
        if now < self._next or total == 0:
            return
        if self._next == 0:
            done = 0
        part = done / total if done < total else 1.0
        full = int(part * BAR_CELLS)
        cells = "#" * full + "." * (BAR_CELLS - full)
        self._console.complain(f"\r{self._what} [{cells}] {int(part * 100):3d}%".encode())
        self._next = now + BAR_PERIOD_S
        self._drawn = True

    def end(self) -> None:
        """Takes it away."""
        if self._drawn:
            self._console.complain(b"\r\033[K")
        self._next = float("inf")


def die_of(number: int) -> NoReturn:
    """As a program without Python would have done."""
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    os._exit(128 + number)
