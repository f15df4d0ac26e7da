# SPDX-License-Identifier: Apache-2.0
"""Reading and following a log in asyncio."""

from __future__ import annotations

import asyncio
from collections import deque
from types import TracebackType
from typing import Generic, Self, TypeVar

from libwal._aio.home import Home
from libwal._aio.progress import Progress
from libwal._libwal import Reader, Record, View

_Item = TypeVar("_Item", bound=Record | bytes | View, covariant=True)

CHUNK_RECORDS = 1024


class AsyncReader(Generic[_Item]):
    """An asynchronous iterator over records: AsyncLog.read and AsyncLog.tail make it.

    It reads up to 1024 records (1 MiB) at once in the loop's executor: these stay as they were
    read when the log is cut meanwhile. One task at a time uses it; a cancelled one loses nothing,
    the next `async for` goes on behind the last record that was given. After an error too, which
    comes again unless `seek` goes elsewhere (TrimmedError). `async with` closes it; one that is
    dropped closes itself."""

    def __init__(
        self, home: Home, reader: Reader[_Item], progress: Progress | None, timeout: float | None
    ) -> None:
        """`progress`: of a tail, which waits there for more, `timeout` seconds at most; None:
        the iteration ends where the records do."""
        self._home = home
        self._reader = reader
        self._progress = progress
        self._timeout = timeout
        self._items: deque[_Item] = deque()
        self._fetch: asyncio.Future[list[_Item]] | None = None
        self._ticket = 0
        self._in_use = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> _Item:
        items = self._items
        if not items and not await self._more():
            raise StopAsyncIteration
        return items.popleft()

    async def read_many(self) -> list[_Item]:
        """Up to 1024 records at once. It never waits for new ones: [] at the end."""
        if not self._items:
            await self._read()
        items = list(self._items)
        self._items.clear()
        return items

    async def seek(self, lsn: int) -> None:
        """Makes `lsn` the next record (0: the first one). RangeError: it isn't there."""
        await self._settled()
        self._items.clear()
        await self._home.run(self._reader.seek, lsn)

    async def close(self) -> None:
        """Frees what it has read ahead. BufferError: a memoryview of one of its views lives."""
        await self._settled()
        self._items.clear()
        self._reader.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def _settled(self) -> None:
        """A cancelled task may have left a call behind."""
        self._home.check()
        if self._fetch is not None:
            await asyncio.wait((self._fetch,))
            self._fetch = None

    async def _more(self) -> bool:
        if self._in_use:
            raise RuntimeError("another task is reading with this reader")
        self._in_use = True
        try:
            return await self._read() or await self._follow()
        finally:
            self._in_use = False

    async def _read(self) -> bool:
        """One look. What a cancelled one has found is found by the next."""
        self._home.check()
        if self._fetch is None:
            self._ticket = self._progress.ticket() if self._progress else 0
            self._fetch = self._home.start(self._reader.read_many, CHUNK_RECORDS)
        fetch = self._fetch
        await asyncio.wait((fetch,))
        self._fetch = None
        self._items.extend(fetch.result())
        return bool(self._items)

    async def _follow(self) -> bool:
        """At the end: waits for more."""
        loop = self._home.loop
        end = None if self._timeout is None else loop.time() + self._timeout
        while self._progress is not None:
            left = None if end is None else max(end - loop.time(), 0)
            if not await self._progress.after(self._ticket, left):
                break
            if await self._read():
                return True
        return False
