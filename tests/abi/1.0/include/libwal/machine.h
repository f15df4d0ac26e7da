/* SPDX-License-Identifier: Apache-2.0 */
/* State machines: the log restores the program's state and keeps it up to date. Part of
 * <libwal/wal.h>, which has the rules that hold everywhere. */
#ifndef LIBWAL_MACHINE_H
#define LIBWAL_MACHINE_H

#include <libwal/append.h>
#include <libwal/options.h>

LIBWAL_BEGIN

/* A log that is opened with a machine hands it each record once, in LSN order, one at a time, after
 * the record is durable and before its append returns, on the thread that made it durable. wal_open
 * restores the state of the newest checkpoint and applies what follows. Each new segment begins
 * with a checkpoint of the state, so that the next open reads about one segment, and older ones can
 * be drained.
 *
 * No two of the functions run at once. Inside them the log may be asked what wal.h allows in
 * callbacks (WAL_E_CLOSED where it is wal_close that applies what was left); nothing can be
 * appended. A result other than 0 is an error (but for snapshot's
 * WAL_E_TOOBIG): wal_open gives WAL_E_CALLBACK then. Later, the record that was not applied stays
 * in the log, its append and those behind it that are durable too return WAL_E_CALLBACK, and the
 * log has failed; the next open applies it again. Since 1.0. */
typedef struct {
    uint32_t size;
    uint32_t flags; /* 0 */
    void *ctx;      /* stays valid until every log that was opened with it is closed */
    /* One record, valid inside the call only. */
    int (*apply)(void *ctx, const wal_record_t *record);
    /* Writes the state after what was applied so far to buf (cap bytes) and its size to *ret_size.
     * WAL_E_TOOBIG with the size in *ret_size: it is called again with that much room. A state
     * above CHECKPOINT_BYTES: the segment begins without one, told by an event WRITE_ERROR with the
     * code WAL_E_TOOBIG. */
    int (*snapshot)(void *ctx, void *buf, size_t cap, size_t *ret_size);
    /* The state as of record `lsn` is this. Called once at most, before anything is applied; not at
     * all where the log has no checkpoint. */
    int (*restore)(void *ctx, uint64_t lsn, const void *state, size_t size);
} wal_machine_t;

/* wal_truncate_before and wal_drain take a checkpoint first where records would be missing behind
 * the newest one; WAL_E_TOOBIG where the state is too large for one. Retention removes nothing from
 * a log with a machine that has no checkpoint. */

/* Copies the struct; NULL: none again. Modes DATA, FULL and DSYNC only: with INTERVAL and NONE
 * wal_open gives WAL_E_INVAL, on a read-only log WAL_E_UNSUPPORTED. On a log with a machine
 * wal_truncate_after, wal_replace_after, wal_batch_replace_after and wal_reset give
 * WAL_E_UNSUPPORTED: what was applied can't be taken back. wal_checkpoint is still possible, with a
 * state that restore understands; WAL_E_RANGE also where it needs a new segment, whose first
 * checkpoint is newer. WAL_E_INVAL: a function is missing, flags aren't 0. Since 1.0. */
int wal_options_set_machine(wal_options_t *o, const wal_machine_t *machine);

LIBWAL_END

#endif
