# SPDX-License-Identifier: Apache-2.0
"""libwal: an embedded write-ahead log.

A program hands the log records (bytes), gets numbers back (LSNs, from 1 and without gaps), and
after any crash gets back exactly the records that were acknowledged, in their order.

    import libwal

    with libwal.open("my.wal") as log:             # a directory; made where there is none
        lsn = log.append(b"one")                   # durable when it returns
        first = log.append_many([b"two", b"three"])   # all of them or, after a crash, none
        with log.batch() as batch:                 # the same, gathered; an exception drops it
            batch.append(b"four", type=7)
        print(log[lsn], len(log), log.durable_lsn)
        for record in log.read():                  # from the oldest on
            print(record.lsn, record.type, record.data)
        log.truncate_before(first)                 # what is below this LSN goes

What to look at next:

- open: modes ("a" appends, "r" reads beside a writer, "x" wants a new log), durability (sync=),
  presets, encryption (key=), state machines (machine=), and every option of the library by name;
  options() lists these with their defaults.
- Log: appending, reading, cutting at both ends, checkpoints, metadata, statistics. Any thread may
  call any method at any time; the interpreter is left to other threads meanwhile.
- Log.read and Log.tail: iterators over what is there, and over what comes. form="bytes" gives
  payloads alone, form="view" memory that isn't copied; read_many gives lists.
- aopen and AsyncLog: the same for asyncio.
- verify, repair, salvage, destroy: for logs that nobody has open.
- WalError and its subclasses: each has .code, .name, .lsn, .path, .errno, .segment, .offset.
- libwal.prometheus, libwal.eventlog: metrics and logging, imported where they are wanted.
- python -m libwal info|cat|verify LOG: what walctl does under these names.

The header <libwal/wal.h> and those beside it are the manual of what the calls promise.
"""

from typing import TYPE_CHECKING

from libwal._libwal import (
    Batch,
    BusyError,
    Checkpoint,
    ClosedError,
    CorruptError,
    CryptoError,
    Event,
    Events,
    ExistsError,
    FailedError,
    ForkError,
    FullError,
    InDoubtError,
    Info,
    InvalidError,
    Lock,
    LockedError,
    Log,
    Meta,
    MissingKeyError,
    NoSpaceError,
    NotFoundError,
    PermError,
    Range,
    RangeError,
    Reader,
    ReadOnlyError,
    Record,
    Recovery,
    Salvage,
    Segment,
    TooBigError,
    TornError,
    TrimmedError,
    UnsupportedError,
    Verification,
    VersionError,
    View,
    WalError,
    WalOSError,
    WalTimeoutError,
    decode,
    destroy,
    encode,
    lock_holder,
    open,
    options,
    repair,
    salvage,
    verify,
    version,
)

if TYPE_CHECKING:
    from libwal.aio import AsyncLog, aopen

__version__ = version()

__all__ = [
    "AsyncLog",
    "Batch",
    "BusyError",
    "Checkpoint",
    "ClosedError",
    "CorruptError",
    "CryptoError",
    "Event",
    "Events",
    "ExistsError",
    "FailedError",
    "ForkError",
    "FullError",
    "InDoubtError",
    "Info",
    "InvalidError",
    "Lock",
    "LockedError",
    "Log",
    "Meta",
    "MissingKeyError",
    "NoSpaceError",
    "NotFoundError",
    "PermError",
    "Range",
    "RangeError",
    "ReadOnlyError",
    "Reader",
    "Record",
    "Recovery",
    "Salvage",
    "Segment",
    "TooBigError",
    "TornError",
    "TrimmedError",
    "UnsupportedError",
    "Verification",
    "VersionError",
    "View",
    "WalError",
    "WalOSError",
    "WalTimeoutError",
    "__version__",
    "aopen",
    "decode",
    "destroy",
    "encode",
    "lock_holder",
    "open",
    "options",
    "repair",
    "salvage",
    "verify",
    "version",
]


def __getattr__(name: str) -> object:
    """aopen and AsyncLog come with asyncio, which takes longer to import than all the rest."""
    if name in ("aopen", "AsyncLog"):
        from libwal import aio

        return getattr(aio, name)
    raise AttributeError(f"module 'libwal' has no attribute '{name}'")


def __dir__() -> list[str]:
    return __all__
