/* SPDX-License-Identifier: Apache-2.0 */
/* Records out: by number, by readers, by replay. Part of <libwal/wal.h>, which has the rules that
 * hold everywhere. */
#ifndef LIBWAL_READ_H
#define LIBWAL_READ_H

#include <libwal/append.h>

LIBWAL_BEGIN

/* Reads the record `lsn` into buf (cap bytes) and fills *ret, whose data then points to buf;
 * ret->size is set by the caller. It sees every record appended through this handle, durable or
 * not; on a read-only one, the durable ones. tag stays NULL. WAL_E_TOOBIG: cap too small,
 * ret->data_size is the size needed, nothing else is written; WAL_E_RANGE: lsn 0, below the first
 * or above the last; WAL_E_CORRUPT; WAL_E_CRYPTO; WAL_E_IO. Never waits for an append or a sync.
 * Since 1.0. */
int wal_get(wal_t *w, uint64_t lsn, void *buf, size_t cap, wal_record_t *ret);

/* Flags of a reader. All since 1.0. */
#define WAL_READ_WRITTEN 1u /* see records that are written but not yet durable, too */
#define WAL_READ_REVERSE 2u /* walk towards smaller LSNs */
#define WAL_READ_PIN     4u /* retention leaves what this reader has not read yet */

/* A reader whose next record is `from`; 0: the first one, with REVERSE the last. from = next LSN is
 * allowed: it waits for what comes; on a read-only handle that is the LSN behind what is durable,
 * with WRITTEN behind what is written. WAL_E_RANGE: below the first or above the next. Closed by
 * wal_reader_close.
 *
 * With PIN retention (WAL_OPT_RETAIN_...) keeps each segment that has records at or above the
 * reader's position; truncation, reset and drain don't regard it. When that would hold back more
 * than PIN_LIMIT_BYTES, the pins that stand lowest are broken: such a reader goes on until its
 * place is gone, as one without a pin does, and gets WAL_E_TRIMMED then. A wal_reader_seek pins
 * anew. REVERSE with PIN: WAL_E_INVAL; PIN on a read-only log: WAL_E_READONLY. With PIN it is
 * WAL_E_RANGE also where retention is just removing that LSN; from = 0 begins above it. Since 1.0.
 */
int wal_reader_open(wal_t *w, uint64_t from, uint32_t flags, wal_reader_t **ret);
/* 1: *ret (size set by the caller) is the next record, with the tag of its batch if that has one;
 * data and tag stay valid until the next call on this reader. 0: there is none (yet). Every byte
 * was verified on this read. WAL_E_CORRUPT: damage, the error names file, offset and LSN, and the
 * place stays; WAL_E_TRIMMED: a truncation, drain, retention or reset took its place away, until
 * wal_reader_seek;
 * WAL_E_CRYPTO; WAL_E_IO; WAL_E_CLOSED. A reader at or below a cut goes on into the new records.
 * Since 1.0. */
int wal_reader_next(wal_reader_t *r, wal_record_t *ret);
/* The same for up to `max` records at once, whose payloads together have at most max_bytes; a
 * record above max_bytes comes alone. records[0].size is the array's stride, a multiple of 8; the
 * other elements may be uninitialised. 1: records[0 .. *ret_n - 1] are filled, in the order of
 * walking; their data (and tags) stay valid until the next call on this reader. It may give fewer
 * than there are: no more than lie in the memory of one read of the file, and with REVERSE no more
 * than one group of the log; so go on until it returns 0, *ret_n is 0 then. An error comes when it
 * hits the first record; what could be read before it is given first. max 0: WAL_E_INVAL. Else as
 * wal_reader_next. Since 1.0. */
int wal_reader_next_many(wal_reader_t *r, wal_record_t *records, size_t max, size_t max_bytes,
                         size_t *ret_n);
/* Makes `lsn` the next record, as in wal_reader_open. Since 1.0. */
int wal_reader_seek(wal_reader_t *r, uint64_t lsn);
/* Waits until wal_reader_next has something to say: 1 it has, 0 timeout or wal_reader_interrupt.
 * timeout_ms < 0: for ever, 0: look once. With REVERSE at the beginning it is 0 at once. On a
 * read-only log the system tells of the writer (inotify; it takes three descriptors per log); where
 * it can't, and for records that aren't durable yet, it looks every few milliseconds. WAL_E_CLOSED;
 * WAL_E_TRIMMED; on a read-only log also errors of looking, such as WAL_E_FAILED when it was
 * destroyed. Since 1.0. */
int wal_reader_wait(wal_reader_t *r, int timeout_ms);
/* From any thread, beside whatever another one does with the reader: its present wait returns 0, or
 * if it isn't waiting its next one, once. It may run while the log is being closed and after that,
 * but not beside wal_reader_close of this reader nor in a signal handler. It changes nothing else;
 * does nothing for NULL and in the child of a fork. Since 1.0. */
void wal_reader_interrupt(wal_reader_t *r);
/* The LSN that wal_reader_next would give; 0: none (REVERSE at the beginning), NULL, or in the
 * child of a fork. Since 1.0. */
uint64_t wal_reader_position(const wal_reader_t *r);
/* NULL is allowed. Also after the log's close. Since 1.0. */
void wal_reader_close(wal_reader_t *r);

/* Gets each record. 0: go on; > 0: stop, the caller returns 0; < 0: stop with WAL_E_CALLBACK.
 * Since 1.0. */
typedef int (*wal_record_fn)(void *ctx, const wal_record_t *record);

/* Hands every durable record from `from` on to fn, in LSN order, up to the last one that is durable
 * when it gets there; 0: from behind the newest checkpoint, without one from the first. *ret_last
 * is the last LSN delivered, 0 for none. The record's data are valid inside fn only.
 * WAL_E_CALLBACK: fn's value is in the error's text, the record in its lsn; WAL_E_RANGE: from below
 * the first or above the next LSN; or from 0 and records are missing above the checkpoint;
 * WAL_E_CORRUPT; WAL_E_CRYPTO; WAL_E_TRIMMED; WAL_E_IO. Since 1.0. */
int wal_replay(wal_t *w, uint64_t from, wal_record_fn fn, void *ctx, uint64_t *ret_last);

LIBWAL_END

#endif
