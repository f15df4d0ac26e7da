# SPDX-License-Identifier: Apache-2.0
"""Records that were submitted, and the futures of those who wait until they are durable."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any

from libwal._libwal import BusyError, ClosedError, FailedError, InDoubtError, Log, WalError

# Hands something to the log without waiting: the LSN that must become durable, and what the
# caller gets then. LSN 0: it is through already.
Call = Callable[[], tuple[int, Any]]


class Submissions:
    """One queue of futures in the order of their LSNs, resolved by one look at the durable LSN;
    and behind it, in `backlog`, the calls that the log has no room for yet. Used on the loop's
    thread only.

    What a cut takes away was made durable before: its futures are resolved when the cut shows, by
    an event or by an LSN that comes a second time."""

    def __init__(self, log: Log, loop: asyncio.AbstractEventLoop) -> None:
        self.backlog: deque[tuple[asyncio.Future[Any], Call]] = deque()
        self._log = log
        self._loop = loop
        self._create_future = loop.create_future
        self._queue: deque[tuple[int, asyncio.Future[Any], Any]] = deque()
        self._newest = 0
        self._probed_lsn = 0  # while a sync looks for an error; else 0
        self._probe_again = False
        self._flushing = False

    def add(self, lsn: int, result: Any) -> asyncio.Future[Any]:
        """A future that gives `result` when `lsn`, which was just handed out, is durable. As
        _take, without a call: each append comes by here."""
        future = self._create_future()
        if lsn <= self._newest:
            self._resolve(self._newest)
        self._newest = lsn
        self._queue.append((lsn, future, result))
        return future

    def call(self, call: Call) -> asyncio.Future[Any]:
        """Makes the call, now or behind those that wait for room; errors other than BusyError of
        one that is made now are raised."""
        if not self.backlog:
            try:
                return self._take(self._create_future(), *call())
            except BusyError:
                pass
        future = self._create_future()
        self.backlog.append((future, call))
        self._make_room()
        return future

    def durable(self, lsn: int) -> None:
        """Everything up to `lsn` is."""
        self._resolve(lsn)
        self.retry()

    def all_durable(self) -> None:
        """Everything that was added so far is, or was before it was cut off."""
        self.durable(self._newest)

    def cut(self) -> None:
        """Records at the end were cut off."""
        if self._queue and self._queue[-1][0] >= self._log.next_lsn:
            self.all_durable()

    def failed(self) -> None:
        """The log has failed: it knows of each record what became of it."""
        while self._queue:
            lsn, future, result = self._queue.popleft()
            if future.done():
                continue
            try:
                self._log.wait(lsn, 0)
                future.set_result(result)
            except WalError as error:
                future.set_exception(error)
        self.retry()

    def lost(self, error: BaseException) -> None:
        """Nothing more will be heard of any."""
        self._refuse(error, self._newest)
        self._drop_backlog(error)

    def refused(self) -> None:
        """Records could not be written, but stay buffered. What was wrong, a sync says."""
        if self._probed_lsn > 0:
            self._probe_again = True
        elif self._queue:
            self._probed_lsn = self._newest
            self._probe_again = False
            self._loop.run_in_executor(None, self._log.sync).add_done_callback(self._probed)

    def retry(self) -> None:
        """There may be room for what waits."""
        while self.backlog:
            future, call = self.backlog[0]
            try:
                if not future.done():
                    self._take(future, *call())
            except BusyError:
                self._make_room()
                return
            except Exception as error:  # the call's own, which its caller gets
                future.set_exception(error)
            self.backlog.popleft()

    async def caught_up(self) -> None:
        """Waits until no call waits for room."""
        while waiting := [future for future, _ in self.backlog if not future.done()]:
            await asyncio.wait(waiting)

    def _take(self, future: asyncio.Future[Any], lsn: int, result: Any) -> asyncio.Future[Any]:
        if lsn == 0:
            future.set_result(result)
            return future
        if lsn <= self._newest:
            self._resolve(self._newest)
        self._newest = lsn
        self._queue.append((lsn, future, result))
        return future

    def _resolve(self, lsn: int) -> None:
        queue = self._queue
        while queue and queue[0][0] <= lsn:
            _, future, result = queue.popleft()
            if not future.done():
                future.set_result(result)

    def _refuse(self, error: BaseException, lsn: int) -> None:
        while self._queue and self._queue[0][0] <= lsn:
            _, future, _ = self._queue.popleft()
            if not future.done():
                future.set_exception(error)

    def _drop_backlog(self, error: BaseException) -> None:
        while self.backlog:
            future, _ = self.backlog.popleft()
            if not future.done():
                future.set_exception(error)

    def _probed(self, sync: asyncio.Future[None]) -> None:
        lsn, self._probed_lsn = self._probed_lsn, 0
        error = sync.exception()
        if error is None:
            self._resolve(lsn)
        elif not isinstance(error, ClosedError | FailedError | InDoubtError):
            self._refuse(error, lsn)  # of those, events tell
        self.retry()
        if self._probe_again:
            self.refused()

    def _make_room(self) -> None:
        """What fills the log may be records that nobody commits."""
        if self._queue or self._flushing:
            return
        self._flushing = True
        self._loop.run_in_executor(None, self._log.flush).add_done_callback(self._flushed)

    def _flushed(self, flush: asyncio.Future[None]) -> None:
        self._flushing = False
        error = flush.exception()
        if error is None:
            self.retry()
        else:
            self._drop_backlog(error)
