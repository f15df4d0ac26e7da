/* SPDX-License-Identifier: Apache-2.0 */
/* Records in: single ones, many at once, and when they are durable. Part of <libwal/wal.h>, which
 * has the rules that hold everywhere. */
#ifndef LIBWAL_APPEND_H
#define LIBWAL_APPEND_H

#include <libwal/types.h>

LIBWAL_BEGIN

/* A record. Since 1.0. */
typedef struct {
    uint32_t size;
    uint32_t type;    /* the user's, 0 .. 65535 */
    uint64_t lsn;     /* from 1; ignored when appending */
    const void *data; /* data_size bytes; may be NULL when there are none */
    uint64_t data_size;
    const void *tag; /* the tag of the record's batch, NULL: none; ignored when appending */
    uint32_t tag_size;
    uint32_t flags; /* WAL_RECORD_...; ignored when appending */
} wal_record_t;

/* Flags of a record that was read. All since 1.0. */
#define WAL_RECORD_DURABLE 1u /* it was durable when it was read */
/* The last record of its batch, or one by itself. A cut within a batch (wal_truncate_after and its
 * like) takes that record away and flags no other: what is appended behind the cut reads as more of
 * the same batch. */
#define WAL_RECORD_BATCH_LAST 2u

/* Flags of appends and commits; 0: as the log's mode says. SYNC, ASYNC and SUBMIT exclude each
 * other (WAL_E_INVAL). All since 1.0. */
#define WAL_APPEND_SYNC   1u /* return when durable, also in INTERVAL and NONE mode */
#define WAL_APPEND_ASYNC  2u /* return when buffered; a later commit or sync takes it along */
#define WAL_APPEND_NOWAIT 4u /* WAL_E_BUSY instead of waiting for PENDING_BYTES */
#define WAL_APPEND_SUBMIT 8u /* return when buffered; the background thread commits it at once */

/* Appends one record of `size` bytes, type 0; with size 0 data may be NULL. The data are copied
 * before the call returns. In DATA, FULL and DSYNC mode it returns when the record is durable,
 * sharing the sync with other threads' commits; in INTERVAL and NONE mode when it is buffered.
 * Calls of one thread keep their order. WAL_E_TOOBIG: above MAX_RECORD_BYTES; WAL_E_NOSPC,
 * WAL_E_IO: not written, the LSN goes to the next append, which works once there is space;
 * WAL_E_INDOUBT: the sync failed, wal_error_t.lsn tells the record's LSN; WAL_E_FULL: LSN 2^64-2 is
 * used up. In INTERVAL and NONE mode errors of writing are those of earlier records, which stay
 * buffered. Since 1.0. */
int wal_append(wal_t *w, const void *data, size_t size, uint64_t *ret_lsn);
/* The same with a type (above 65535: WAL_E_INVAL) and flags (WAL_APPEND_...). WAL_E_BUSY: NOWAIT,
 * or inside a callback. Since 1.0. */
int wal_append_typed(wal_t *w, uint32_t type, const void *data, size_t size, uint32_t flags,
                     uint64_t *ret_lsn);
/* Appends n records as one batch: after a crash all are there, or none. Only type, data and
 * data_size are read; records[0].size is the array's stride. *ret_first is the first one's LSN; the
 * others follow without a gap. n = 0 is WAL_E_INVAL; more than 4 GiB together is WAL_E_TOOBIG.
 * Errors as wal_append_typed. Since 1.0. */
int wal_append_many(wal_t *w, const wal_record_t *records, size_t n, uint32_t flags,
                    uint64_t *ret_first);
/* The same from one buffer: `payload` holds the records' bytes one behind the other, sizes[i] bytes
 * each; types NULL: all 0. Since 1.0. */
int wal_append_packed(wal_t *w, const void *payload, const uint32_t *sizes, const uint16_t *types,
                      size_t n, uint32_t flags, uint64_t *ret_first);
/* Hands everything buffered to the operating system, without a sync. WAL_E_NOSPC, WAL_E_IO: it
 * stays buffered. Since 1.0. */
int wal_flush(wal_t *w);
/* Makes every record up to `lsn` durable, 0: everything appended so far; joins a sync that is under
 * way where that covers it. WAL_E_RANGE: lsn above the last. An empty log: 0. WAL_E_NOSPC,
 * WAL_E_IO: buffered records could not be written and stay buffered; WAL_E_INDOUBT: the sync
 * failed. Any error of a sync is final. Since 1.0. */
int wal_sync(wal_t *w, uint64_t lsn);
/* Waits until `lsn` is durable; it may lie ahead. It drives the sync itself, in INTERVAL mode it
 * leaves that to the timer. timeout_ms < 0: for ever, 0: look once. WAL_E_TIMEOUT; WAL_E_INDOUBT:
 * lsn was part of the failed sync; WAL_E_FAILED: a later one; WAL_E_CLOSED; lsn 0: WAL_E_INVAL. On
 * a read-only log it waits for the writer to make it durable; errors of looking too. Since 1.0. */
int wal_wait(wal_t *w, uint64_t lsn, int timeout_ms);

/* `result` is 0 when the record `lsn` is durable; else the code of why it never will be by this
 * handle: WAL_E_INDOUBT: it was part of a failed sync; WAL_E_FAILED: the log has failed before it
 * came; WAL_E_CLOSED. Since 1.0. */
typedef void (*wal_durable_fn)(void *ctx, uint64_t lsn, int result);

/* Has fn called exactly once when `lsn` is durable, or never will be; it may lie ahead. It drives
 * no sync. fn runs on the thread that made the record durable or found that it can't be (a
 * committing one, the background thread, one inside wal_sync, wal_close ...) after others were
 * woken, in the order of LSNs; where the LSN is durable already, or the log has failed, on the
 * calling thread before this returns. One callback of a log runs at a time: who would run the next
 * while another thread is in one leaves it to that thread; this call waits for its turn, so hold no
 * lock here that a callback takes. Where `lsn` lies ahead, or its record is withdrawn, fn waits
 * over cuts and resets for the record that gets it. On an error fn is not called: WAL_E_INVAL: lsn
 * 0; WAL_E_NOMEM; WAL_E_BUSY: inside a callback; WAL_E_CLOSED; WAL_E_READONLY. Inside fn: see
 * wal.h. In the child of a fork it is never called. Since 1.0. */
int wal_on_durable(wal_t *w, uint64_t lsn, wal_durable_fn fn, void *ctx);

LIBWAL_END

#endif
