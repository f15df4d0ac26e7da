# SPDX-License-Identifier: Apache-2.0
"""A log's events in Python's logging.

    with EventLogger(log):          # a daemon thread passes them on, until here or to the log's end
        ...

or, without a thread, `logger = EventLogger(log)` and now and then `logger.pump()`.
"""

from __future__ import annotations

import logging
import os
import select
import threading
from types import TracebackType
from typing import TYPE_CHECKING, Self

from libwal import _libwal
from libwal._libwal import ClosedError, Event, Log, WalError

if TYPE_CHECKING:
    from libwal._libwal import _Kind

__all__ = ["EventLogger"]

LEVELS = {
    "failed": logging.ERROR,
    "corrupt": logging.ERROR,
    "write_error": logging.WARNING,
    "slow_sync": logging.WARNING,
    "opened": logging.INFO,
    "rotated": logging.INFO,
    "removed": logging.INFO,
    "truncated": logging.INFO,
    "persisted": logging.DEBUG,
    "synced": logging.DEBUG,
    "durable": logging.DEBUG,
}

TEXTS = {
    "failed": "the log has failed: {error}, LSN {lsn}, segment {segment}",
    "corrupt": "damage: {error}, LSN {lsn}, offset {bytes} of segment {segment}",
    "write_error": "records from LSN {lsn} on could not be written: {error}",
    "slow_sync": "a sync of {bytes} bytes up to LSN {lsn} took {duration_ns} ns",
    "opened": "opened: last LSN {lsn}, {bytes} bytes given up",
    "rotated": "segment {segment} begins with LSN {lsn}",
    "removed": "segment {segment} was removed",
    "truncated": "cut at LSN {lsn}",
    "persisted": "segment {segment} is complete: last LSN {lsn}, {bytes} bytes",
    "synced": "{bytes} bytes up to LSN {lsn} were synced in {duration_ns} ns",
    "durable": "LSN {lsn} is durable",
}

FIELDS = ("kind", "lsn", "segment", "bytes", "duration_ns", "time_ns", "code")

USUAL: tuple[_Kind, ...] = (
    "rotated",
    "persisted",
    "removed",
    "truncated",
    "failed",
    "corrupt",
    "slow_sync",
    "write_error",
)


_names = {
    error.code: error.name
    for error in vars(_libwal).values()
    if isinstance(error, type) and issubclass(error, WalError)
}


def _error_name(code: int) -> str:
    return _names.get(code, f"code {code}")


class EventLogger:
    """Passes a log's events on to a logger: failed and corrupt as errors, write_error and
    slow_sync as warnings, the rest as info and debug messages.

    Each record has the event's fields as attributes wal_kind, wal_lsn, wal_segment, wal_bytes,
    wal_duration_ns, wal_time_ns (when it happened, since 1970), wal_code, and wal_path, the log's
    directory. Events that were lost since the ring was full are told by a warning."""

    def __init__(
        self,
        log: Log,
        logger: logging.Logger | None = None,
        kinds: tuple[_Kind, ...] = USUAL,
    ) -> None:
        """`logger`: "libwal" unless another one is given. `kinds`: by default all but synced and
        durable, which come as often as the log syncs."""
        self._path = log.path
        self._logger = logger or logging.getLogger("libwal")
        self._events = log.events(*kinds)
        self._thread: threading.Thread | None = None
        self._stop = -1

    def pump(self) -> int:
        """Passes on what is queued; returns how many events that were. ClosedError: the log has
        been closed, and nothing is left. Not while the thread runs."""
        n = 0
        try:
            for event in self._events:
                self._pass_on(event)
                n += 1
        except ClosedError:
            if n == 0:
                raise
        return n

    def close(self) -> None:
        """Ends the thread, if there is one, passes on what is left, and gives the queue back."""
        if self._thread is not None:
            os.eventfd_write(self._stop, 1)
            self._thread.join()
            os.close(self._stop)
            self._thread = None
        try:
            self.pump()
        except ClosedError:
            pass
        self._events.close()

    def __enter__(self) -> Self:
        self._stop = os.eventfd(0)
        self._thread = threading.Thread(target=self._run, name="libwal-events", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _run(self) -> None:
        """Until close, or the log's."""
        poll = select.poll()
        poll.register(self._events.fileno(), select.POLLIN)
        poll.register(self._stop, select.POLLIN)
        try:
            while all(fd != self._stop for fd, _ in poll.poll()):
                self.pump()
        except ClosedError:
            pass

    def _pass_on(self, event: Event) -> None:
        if event.dropped > 0:
            self._logger.warning("%s: %d events were lost", self._path, event.dropped)
        level = LEVELS[event.kind]
        if not self._logger.isEnabledFor(level):
            return
        fields = {name: getattr(event, name) for name in FIELDS}
        text = TEXTS[event.kind].format(error=_error_name(event.code), **fields)
        extra = {f"wal_{name}": value for name, value in fields.items()}
        self._logger.log(level, "%s: %s", self._path, text, extra={"wal_path": self._path, **extra})
