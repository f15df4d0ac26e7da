# SPDX-License-Identifier: Apache-2.0
"""Waiting for whatever the events' descriptor tells."""

from __future__ import annotations

import asyncio


class Progress:
    """Counts what happens to a log; any number of tasks wait for the next time. Used on the
    loop's thread only."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._count = 0
        self._next: asyncio.Future[None] | None = None
        self._end: BaseException | None = None

    def ticket(self) -> int:
        """The present count: taken before a look, so that nothing gets lost between that and
        `after`."""
        return self._count

    def happened(self) -> None:
        """Wakes every waiter."""
        self._count += 1
        if self._next is not None:
            if not self._next.done():
                self._next.set_result(None)
            self._next = None

    def end(self, error: BaseException) -> None:
        """Nothing will happen any more: who waits gets this error, after one more look."""
        self._end = error
        self.happened()

    async def after(self, ticket: int, timeout: float | None) -> bool:
        """Waits until something has happened since the ticket; False after `timeout` seconds
        (None: for ever)."""
        if self._count != ticket:
            return True
        if self._end is not None:
            raise self._end
        if self._next is None:
            self._next = self._loop.create_future()
        done, _ = await asyncio.wait((self._next,), timeout=timeout)
        return bool(done)
