# SPDX-License-Identifier: Apache-2.0
"""Follows a log that another process writes: python follower.py DIR [SECONDS]

Prints each record once it is durable, from the first one on; ends when nothing has come for
SECONDS (default: 2), or with Ctrl-C. The writer is neither locked out nor slowed down. Where the
writer cuts the front of the log away faster than this reads, it goes on at what is left."""

import sys
from collections.abc import Iterator

import libwal


def follow(log: libwal.Log, timeout: float) -> Iterator[libwal.Record]:
    """Every record that is there and that comes, until none comes for `timeout` seconds."""
    with log.tail(log.first_lsn, timeout) as tail:
        while True:
            try:
                yield from tail
                return
            except libwal.TrimmedError as error:
                print(f"records below LSN {log.first_lsn} are gone: {error}", file=sys.stderr)
                tail.seek(0)


def main(path: str, timeout: float) -> None:
    """Read-only: any number of these may run."""
    with libwal.open(path, "r") as log:
        for record in follow(log, timeout):
            print(record.lsn, record.type, record.data.decode(errors="replace"), flush=True)


if __name__ == "__main__":
    try:
        main(sys.argv[1], float(sys.argv[2]) if len(sys.argv) > 2 else 2.0)
    except KeyboardInterrupt:
        pass
