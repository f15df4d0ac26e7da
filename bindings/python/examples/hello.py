# SPDX-License-Identifier: Apache-2.0
"""The shortest tour: python hello.py DIR (a directory for the log, made where there is none)."""

import sys

import libwal

with libwal.open(sys.argv[1], segment_bytes="1M") as log:
    lsn = log.append(b"hello")  # on the disk when it returns
    log.append_many([b"all of these", b"or none"])  # atomic
    with log.batch() as batch:  # atomic too; an exception inside drops it
        batch.append(b"a batch", type=7)
        batch.set_meta("cursor", b"42")
    print(f"{len(log)} records, durable up to LSN {log.durable_lsn}, cursor {log.meta['cursor']!r}")
    print(log[lsn])
    for record in log.read(reverse=True):
        print(record.lsn, record.type, record.data)
    log.truncate_before(log.last_lsn)  # what is below goes

print(libwal.verify(sys.argv[1]).verdict)
