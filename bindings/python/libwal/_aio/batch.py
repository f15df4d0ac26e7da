# SPDX-License-Identifier: Apache-2.0
"""Batches in asyncio."""

from __future__ import annotations

from collections.abc import Iterable
from types import TracebackType
from typing import TYPE_CHECKING, Self

from libwal._aio.home import Home
from libwal._aio.submissions import Submissions
from libwal._libwal import Batch

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

# A larger one is copied into the log in the executor: it would hold up the loop.
SMALL_BYTES = 1 << 20


class AsyncBatch:
    """Records that go in together or not at all: AsyncLog.batch makes it.

    `async with` commits it at the end and waits until it is durable; an exception inside, a
    cancellation too, throws it away. Appending copies into memory, or, for what doesn't fit
    there, into a file without a name."""

    def __init__(self, home: Home, submissions: Submissions, batch: Batch) -> None:
        self._home = home
        self._submissions = submissions
        self._batch = batch
        self._has_meta = False
        self._lsns: tuple[int, int] | None = None

    @property
    def first_lsn(self) -> int | None:
        """The first record's LSN; None before the commit, 0 where the batch was empty."""
        return self._lsns[0] if self._lsns else None

    @property
    def last_lsn(self) -> int | None:
        """The last record's LSN; None before the commit, 0 where the batch was empty."""
        return self._lsns[1] if self._lsns else None

    @property
    def payload_bytes(self) -> int:
        """Bytes of all payloads together."""
        return self._batch.payload_bytes

    def append(self, data: ReadableBuffer, type: int = 0) -> None:
        """Adds a copy of one record."""
        self._home.check()
        self._batch.append(data, type)

    def append_many(
        self, payloads: Iterable[ReadableBuffer], types: int | Iterable[int] = 0
    ) -> None:
        """Adds copies of many; all of them or, after an error, none."""
        self._home.check()
        self._batch.append_many(payloads, types)

    def set_tag(self, tag: ReadableBuffer) -> None:
        """Up to 64 bytes that readers see with each of its records."""
        self._home.check()
        self._batch.set_tag(tag)

    def set_meta(self, key: str | ReadableBuffer, value: ReadableBuffer | None) -> None:
        """Sets (None: removes) a metadata key in the same atomic step."""
        self._home.check()
        self._batch.set_meta(key, value)
        self._has_meta = True

    async def commit(self) -> tuple[int, int]:
        """Appends the whole batch; returns its first and last LSN when it is durable. The batch
        is empty then, and can be filled again. Errors as AsyncLog.append; after one that left the
        log healthy the batch keeps its records."""
        self._home.check()
        if self._has_meta or self._batch.payload_bytes > SMALL_BYTES:
            await self._submissions.caught_up()
            self._lsns = await self._home.run(self._batch.commit, sync=True)
        else:
            self._lsns = await self._submissions.call(self._submit)
        self._has_meta = False
        return self._lsns

    def abort(self) -> None:
        """Throws its records, tag and metadata away."""
        self._home.check()
        self._batch.abort()
        self._has_meta = False

    def __len__(self) -> int:
        return len(self._batch)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if exc_type is None:
            await self.commit()
        else:
            self.abort()

    def _submit(self) -> tuple[int, tuple[int, int]]:
        lsns = self._batch.commit(submit=True, nowait=True)
        return lsns[1], lsns
