/* SPDX-License-Identifier: Apache-2.0 */
/* Cutting the log at either end. Part of <libwal/wal.h>, which has the rules that
 * hold everywhere. */
#ifndef LIBWAL_TRUNCATE_H
#define LIBWAL_TRUNCATE_H

#include <libwal/append.h>
#include <libwal/info.h>

LIBWAL_BEGIN

/* Each is crash-atomic and durable when it returns. truncate_after, replace_after and reset take
 * their place in the order of appends: what came before is made durable and answered first; the
 * durable LSN falls to the cut. All give WAL_E_NOSPC, WAL_E_IO and WAL_E_INDOUBT as appends do. */

/* Removes exactly the records below `lsn`; files go when nothing in them is left. At or below the
 * first: nothing to do, 0. Up to the next LSN: empties the log. WAL_E_RANGE: above. Since 1.0. */
int wal_truncate_before(wal_t *w, uint64_t lsn);
/* Removes exactly the records above `lsn`; the next LSN is then lsn + 1. At or above the last:
 * nothing to do, 0. Down to the first LSN - 1: empties the log. WAL_E_RANGE: below. Since 1.0. */
int wal_truncate_after(wal_t *w, uint64_t lsn);
/* wal_truncate_after and wal_append_many in one atomic step: the records get lsn + 1 and on,
 * *ret_first says so. n = 0 only truncates (*ret_first is 0). WAL_E_RANGE: lsn at or above the next
 * LSN, or below the first - 1. Flags and errors as wal_append_many. Since 1.0. */
int wal_replace_after(wal_t *w, uint64_t lsn, const wal_record_t *records, size_t n, uint32_t flags,
                      uint64_t *ret_first);
/* Removes all records; the log goes on at `next`, 1 .. 2^64-2 (others: WAL_E_INVAL), above or below
 * the present. Metadata stay. Since 1.0. */
int wal_reset(wal_t *w, uint64_t next);
/* Seals the present segment and begins a new one; nothing to do when it has no records. Records are
 * made durable by it. Since 1.0. */
int wal_rotate(wal_t *w);

/* Is asked about a sealed segment. 1: it goes; 0: it stays, and all that are newer; < 0: stop with
 * WAL_E_CALLBACK. Since 1.0. */
typedef int (*wal_segment_fn)(void *ctx, const wal_segment_t *segment);

/* Removes the oldest sealed segments, whole, as long as pred says so; the active one never is
 * asked about. *ret_count says how many. pred is asked first, about one after the other, as
 * they were when the call began; then all of them go in one step. So with WAL_E_CALLBACK (pred's
 * value is in the error's text, the segment in its segment) all stay, also those before. What
 * another thread cuts off meanwhile doesn't count. Pins don't matter: a reader whose place goes
 * gets WAL_E_TRIMMED. pred NULL: WAL_E_INVAL; WAL_E_CORRUPT: a segment's header is damaged, or one
 * is missing; WAL_E_NOMEM, WAL_E_IO, WAL_E_INDOUBT. Appends wait for a change of control, not for
 * the removal of files. Since 1.0. */
int wal_drain(wal_t *w, wal_segment_fn pred, void *ctx, size_t *ret_count);

LIBWAL_END

#endif
