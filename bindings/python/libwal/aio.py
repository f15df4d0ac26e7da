# SPDX-License-Identifier: Apache-2.0
"""libwal for asyncio: `log = await libwal.aopen(path)`, or `async with await libwal.aopen(path)`.

Appends are handed to the log on the loop's thread, which only copies them into memory; the log's
own thread commits them, many at once, and tells by a descriptor that the loop watches
(loop.add_reader) how far the log is durable. So ten thousand tasks that append need no threads.
Whatever may read or write files otherwise runs in the loop's default executor; a cancelled task
leaves such a call to its end, and its result is dropped.

An AsyncLog belongs to the loop on which it was opened: elsewhere its methods give RuntimeError.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, NoReturn, ParamSpec, Self, TypeVar, overload

from libwal._aio.batch import AsyncBatch
from libwal._aio.home import Home
from libwal._aio.progress import Progress
from libwal._aio.reader import AsyncReader
from libwal._aio.submissions import Submissions
from libwal._libwal import (
    BusyError,
    Checkpoint,
    ClosedError,
    Events,
    Lock,
    Log,
    MissingKeyError,
    Record,
    Segment,
    View,
    WalError,
)
from libwal._libwal import open as open_log

if TYPE_CHECKING:
    from typing import Unpack

    from _typeshed import ReadableBuffer, StrOrBytesPath

    from libwal._libwal import _Aead, _Form, _Machine, _Options, _Preset, _Sync

__all__ = ["AsyncBatch", "AsyncLog", "AsyncReader", "aopen"]

_Default = TypeVar("_Default")
_P = ParamSpec("_P")
_T = TypeVar("_T")


async def aopen(
    path: StrOrBytesPath,
    mode: Literal["a", "r", "x"] = "a",
    create: bool = True,
    sync: _Sync | None = None,
    *,
    preset: _Preset | None = None,
    label: str | ReadableBuffer | None = None,
    key: ReadableBuffer | None = None,
    key_id: int = 0,
    aead: _Aead = "aes-256-gcm",
    keys: Mapping[int, ReadableBuffer] | None = None,
    machine: _Machine | None = None,
    lock: Lock | None = None,
    **options: Unpack[_Options],
) -> AsyncLog:
    """Opens a log as libwal.open does, with the same arguments and errors, for the running loop.

    A read-only log (mode "r") reads and follows; appends give ReadOnlyError. A log with a machine,
    or with background=False, has no thread that would commit: `append` and its like give
    InvalidError, all else works (the machine is called in the executor)."""
    loop = asyncio.get_running_loop()
    call = partial(
        open_log,
        path,
        mode,
        create,
        sync,
        preset=preset,
        label=label,
        key=key,
        key_id=key_id,
        aead=aead,
        keys=keys,
        machine=machine,
        lock=lock,
        **options,
    )
    opening = loop.run_in_executor(None, call)
    try:
        log = await asyncio.shield(opening)
    except asyncio.CancelledError:
        opening.add_done_callback(_close_unwanted)
        raise
    return AsyncLog(log)


def _close_unwanted(opening: asyncio.Future[Log]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.get_loop().run_in_executor(None, opening.result().close)


def _closed() -> ClosedError:
    return ClosedError("the log has been closed, or is about to be")


def _copied(data: ReadableBuffer) -> bytes:
    return data if type(data) is bytes else bytes(memoryview(data))


class AsyncLog:
    """A log for the tasks of one event loop: libwal.aopen makes it. `async with` closes it.

    Methods have the names, arguments and errors of Log's, whose documentation holds. `sync_log` is
    the Log underneath, for all that isn't here; what may block of it belongs in an executor."""

    def __init__(self, log: Log) -> None:
        """Takes over an open log; the loop that runs is its loop from now on."""
        loop = asyncio.get_running_loop()
        self._log = log
        self._loop = loop
        self._home = Home(loop)
        self._progress = Progress(loop)
        self._submissions = Submissions(log, loop)
        self._append: Callable[..., int] = log.append
        self._closer: asyncio.Task[None] | None = None
        self._events = self._subscribe()

    def _subscribe(self) -> Events:
        events = self._log.events("durable", "failed", "write_error", "truncated")
        self._descriptor = events.fileno()
        self._loop.add_reader(self._descriptor, self._wake)
        return events

    # Where it stands

    @property
    def sync_log(self) -> Log:
        """The log underneath. Closing it is for close()."""
        return self._log

    @property
    def path(self) -> str:
        """The log's directory."""
        return self._log.path

    @property
    def closed(self) -> bool:
        """Whether close() has been called."""
        return self._closer is not None or self._log.closed

    @property
    def read_only(self) -> bool:
        """Whether it was opened with mode "r"."""
        return self._log.read_only

    @property
    def first_lsn(self) -> int:
        """The smallest LSN that is there; the next one when the log is empty."""
        return self._log.first_lsn

    @property
    def last_lsn(self) -> int:
        """The largest LSN that is there; 0 when the log is empty."""
        return self._log.last_lsn

    @property
    def next_lsn(self) -> int:
        """The LSN that the next record gets."""
        return self._log.next_lsn

    @property
    def durable_lsn(self) -> int:
        """Records up to this LSN are durable."""
        return self._log.durable_lsn

    def __len__(self) -> int:
        return len(self._log)

    def __repr__(self) -> str:
        return f"<AsyncLog of {self._log!r}>"

    # Records in

    def append_nowait(self, data: ReadableBuffer, type: int = 0) -> asyncio.Future[int]:
        """Appends one record. The future gives its LSN when it is durable.

        Records get their LSNs in the order of the calls. Where the log has no room for it now
        (option pending_bytes) it goes in, behind those that wait already, when there is. A future
        that is cancelled is forgotten: the record stays, unless it was still waiting for room.
        The future's errors: InDoubtError: the sync failed, the record may be there after the next
        open or not; FailedError: the log has failed before; NoSpaceError, WalOSError: the record
        could not be written yet. It stays buffered, the log goes on trying, and it may still
        become durable: look at durable_lsn, or wait for its LSN (the last one is last_lsn)."""
        if asyncio.get_running_loop() is not self._loop:
            self._home.check()
        submissions = self._submissions
        if not submissions.backlog:
            try:
                lsn = self._append(data, type, submit=True, nowait=True)
            except BusyError:
                pass
            else:
                return submissions.add(lsn, lsn)
        self._check()
        return submissions.call(partial(self._submit, _copied(data), type))

    async def append(self, data: ReadableBuffer, type: int = 0, *, sync: bool = True) -> int:
        """Appends one record and returns its LSN when it is durable, whatever the log's mode.
        With sync=False it returns as soon as the record is in memory: a later append or `sync`
        makes it durable. Else as append_nowait."""
        if sync:
            return await self.append_nowait(data, type)
        self._check()
        copy = _copied(data)
        lsn: int = await self._submissions.call(lambda: self._buffer(copy, type))
        return lsn

    async def append_many(
        self, payloads: Iterable[ReadableBuffer], types: int | Iterable[int] = 0
    ) -> int:
        """Appends records as one batch: after a crash all are there, or none. Returns the first
        one's LSN, when all are durable; the others follow without a gap. Errors as
        append_nowait."""
        self._check()
        copies = [_copied(payload) for payload in payloads]
        kinds = types if isinstance(types, int) else list(types)
        first: int = await self._submissions.call(lambda: self._submit_many(copies, kinds))
        return first

    def batch(self) -> AsyncBatch:
        """A new, empty batch: `async with log.batch() as b: b.append(...)`."""
        self._check()
        return AsyncBatch(self._home, self._submissions, self._log.batch())

    async def flush(self) -> None:
        """Hands everything buffered to the operating system, without a sync."""
        await self._in_order(self._log.flush)

    async def sync(self, lsn: int = 0) -> None:
        """Makes records up to `lsn` durable; 0: everything appended so far."""
        await self._in_order(self._log.sync, lsn)

    async def wait(self, lsn: int, timeout: float | None = None) -> None:
        """Waits until `lsn` is durable, without a thread while it lies ahead; a sync is driven for
        what is there already. WalTimeoutError after `timeout` seconds."""
        end = None if timeout is None else self._loop.time() + timeout
        while True:
            self._check()
            ticket = self._progress.ticket()
            left = None if end is None else max(end - self._loop.time(), 0)
            if lsn < self._log.next_lsn or left == 0 or self._log.failure is not None:
                return await self._home.run(self._log.wait, lsn, left)
            await self._progress.after(ticket, left)

    # Records out

    @overload
    async def get(self, lsn: int, default: None = None) -> bytes | None: ...
    @overload
    async def get(self, lsn: int, default: _Default) -> bytes | _Default: ...
    async def get(self, lsn: int, default: _Default | None = None) -> bytes | _Default | None:
        """The payload of the record `lsn`, or `default` where there is none."""
        return await self._home.run(self._log.get, lsn, default)

    async def record(self, lsn: int) -> Record:
        """The record `lsn`. RangeError: it isn't there."""
        return await self._home.run(self._log.record, lsn)

    @overload
    def read(
        self,
        start: int | None = None,
        stop: int | None = None,
        *,
        reverse: bool = False,
        written: bool = False,
        pin: bool = False,
        form: Literal["record"] = "record",
    ) -> AsyncReader[Record]: ...
    @overload
    def read(
        self,
        start: int | None = None,
        stop: int | None = None,
        *,
        reverse: bool = False,
        written: bool = False,
        pin: bool = False,
        form: Literal["bytes"],
    ) -> AsyncReader[bytes]: ...
    @overload
    def read(
        self,
        start: int | None = None,
        stop: int | None = None,
        *,
        reverse: bool = False,
        written: bool = False,
        pin: bool = False,
        form: Literal["view"],
    ) -> AsyncReader[View]: ...
    def read(
        self,
        start: int | None = None,
        stop: int | None = None,
        *,
        reverse: bool = False,
        written: bool = False,
        pin: bool = False,
        form: _Form = "record",
    ) -> AsyncReader[Any]:
        """An asynchronous iterator over what is there, as Log.read."""
        self._check()
        reader: Any = self._log.read(
            start, stop, reverse=reverse, written=written, pin=pin, form=form
        )
        return AsyncReader(self._home, reader, None, None)

    @overload
    def tail(
        self,
        start: int | None = None,
        timeout: float | None = None,
        *,
        pin: bool = False,
        form: Literal["record"] = "record",
    ) -> AsyncReader[Record]: ...
    @overload
    def tail(
        self,
        start: int | None = None,
        timeout: float | None = None,
        *,
        pin: bool = False,
        form: Literal["bytes"],
    ) -> AsyncReader[bytes]: ...
    @overload
    def tail(
        self,
        start: int | None = None,
        timeout: float | None = None,
        *,
        pin: bool = False,
        form: Literal["view"],
    ) -> AsyncReader[View]: ...
    def tail(
        self,
        start: int | None = None,
        timeout: float | None = None,
        *,
        pin: bool = False,
        form: _Form = "record",
    ) -> AsyncReader[Any]:
        """An asynchronous iterator that waits for new durable records, as Log.tail, also for those
        of a writer in another process (mode "r"). It ends when nothing has come for `timeout`
        seconds; `async for` may then be used again."""
        self._check()
        reader: Any = self._log.tail(start, timeout, pin=pin, form=form)
        return AsyncReader(self._home, reader, self._progress, timeout)

    # Cuts, checkpoints, metadata

    async def truncate_before(self, lsn: int) -> None:
        """Removes the records below `lsn`."""
        await self._in_order(self._log.truncate_before, lsn)

    async def truncate_after(self, lsn: int) -> None:
        """Removes the records above `lsn`. What was appended before is made durable first."""
        await self._in_order(self._log.truncate_after, lsn)

    async def replace_after(
        self, lsn: int, payloads: Iterable[ReadableBuffer], types: int | Iterable[int] = 0
    ) -> int:
        """truncate_after and append_many in one atomic step."""
        return await self._in_order(self._log.replace_after, lsn, payloads, types, sync=True)

    async def reset(self, next_lsn: int) -> None:
        """Removes all records; the log goes on at `next_lsn`."""
        await self._in_order(self._log.reset, next_lsn)

    async def rotate(self) -> None:
        """Seals the present segment and begins a new one."""
        await self._in_order(self._log.rotate)

    async def drain(self, function: Callable[[Segment], object]) -> int:
        """Removes the oldest sealed segments as long as function(segment), called in the executor,
        says so. Returns how many."""
        return await self._in_order(self._log.drain, function)

    async def checkpoint(self, lsn: int, state: ReadableBuffer = b"") -> None:
        """Says that the user's state up to `lsn`, which must be durable, is safe."""
        await self._in_order(self._log.checkpoint, lsn, state)

    async def last_checkpoint(self) -> Checkpoint | None:
        """The newest checkpoint."""
        return await self._home.run(self._log.last_checkpoint)

    @overload
    async def get_meta(self, key: str | ReadableBuffer, default: None = None) -> bytes | None: ...
    @overload
    async def get_meta(
        self, key: str | ReadableBuffer, default: _Default
    ) -> bytes | _Default: ...
    async def get_meta(
        self, key: str | ReadableBuffer, default: _Default | None = None
    ) -> bytes | _Default | None:
        """A metadata key's value."""
        return await self._home.run(self._meta_or, key, default)

    async def set_meta(self, key: str | ReadableBuffer, value: ReadableBuffer | None) -> None:
        """Sets a metadata key, None removes it (MissingKeyError); durable when it returns."""
        if value is None:
            await self._in_order(self._log.meta.__delitem__, key)
        else:
            await self._in_order(self._log.meta.__setitem__, key, value)

    def _meta_or(self, key: str | ReadableBuffer, default: _Default) -> bytes | _Default:
        try:
            return self._log.meta[key]
        except MissingKeyError:
            return default

    async def copy(
        self, dest: StrOrBytesPath, progress: Callable[[int, int], object] | None = None
    ) -> None:
        """Copies the log, as it is at one moment, into the directory `dest`. progress(done, total)
        is called in the executor, in bytes; its true result stops the copy."""
        await self._in_order(self._log.copy, dest, progress)

    # The end

    async def close(self) -> None:
        """Waits until what was appended is durable, and closes the log; futures that are left get
        the error that keeps them from that, and so does the caller. From now on everything else
        gives ClosedError. It may be called more than once; a cancelled one goes on."""
        self._home.check()
        if self._closer is None:
            self._append = self._refuse
            self._closer = self._loop.create_task(self._shut())
        await asyncio.shield(self._closer)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def _shut(self) -> None:
        try:
            await self._settle()
        finally:
            self._unsubscribe()
            try:
                await self._home.run(self._log.close)
            finally:
                self._progress.end(_closed())

    async def _settle(self) -> None:
        """What was appended becomes durable, or its futures get the error."""
        await self._submissions.caught_up()
        if self._log.read_only or self._log.closed:
            return
        try:
            await self._home.run(self._log.sync)
            self._submissions.all_durable()
        except WalError as error:
            if self._log.failure is None:
                self._submissions.lost(error)
            else:
                self._submissions.failed()

    def _check(self) -> None:
        self._home.check()
        if self._closer is not None:
            raise _closed()

    def _refuse(self, *_: object, **__: object) -> NoReturn:
        raise _closed()

    # What the log tells

    def _wake(self) -> None:
        """The descriptor is readable: something has happened since it was last read to its end."""
        submissions = self._submissions
        try:
            for event in self._events:
                if event.kind == "durable":
                    submissions.durable(event.lsn)
                elif event.kind == "failed":
                    submissions.failed()
                elif event.kind == "truncated":
                    submissions.cut()
                else:
                    submissions.refused()
        except WalError as error:  # ClosedError; of a read-only log also errors of looking
            self._unsubscribe()
            submissions.lost(error)
            self._progress.end(error)
        self._progress.happened()

    def _unsubscribe(self) -> None:
        if self._descriptor >= 0:
            self._loop.remove_reader(self._descriptor)
            self._descriptor = -1
            self._events.close()

    # Calls

    async def _in_order(
        self, function: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs
    ) -> _T:
        """In the executor, behind the appends that wait for room."""
        self._check()
        await self._submissions.caught_up()
        return await self._home.run(function, *args, **kwargs)

    def _submit(self, data: bytes, type: int) -> tuple[int, int]:
        lsn = self._log.append(data, type, submit=True, nowait=True)
        return lsn, lsn

    def _buffer(self, data: bytes, type: int) -> tuple[int, int]:
        return 0, self._log.append(data, type, sync=False, nowait=True)

    def _submit_many(self, payloads: list[bytes], types: int | list[int]) -> tuple[int, int]:
        first = self._log.append_many(payloads, types, submit=True, nowait=True)
        return first + len(payloads) - 1, first
