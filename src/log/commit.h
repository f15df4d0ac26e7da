/* SPDX-License-Identifier: Apache-2.0 */
/* Group commit: staged groups go to the segment, and become durable. What happens when that fails:
 * withdrawal, or the end of the handle.
 *
 * The write turn's holder calls these. Those under mu drop it while they write. */
#ifndef WAL_LOG_COMMIT_H
#define WAL_LOG_COMMIT_H

#include <stdbool.h>

#include "base/attr.h"
#include "log/log.h"

/* Under mu: writes what is staged, and syncs. Every waiter of this round has its answer when it
 * returns. */
void commit_round(struct wal *w);
/* Under mu: writes the groups that are closed, or with `all` everything, and syncs nothing. */
void commit_write(struct wal *w, bool all);

/* Without mu: makes durable what was written. A failure is final; the caller hands it to wal_fail.
 */
MUST_USE int commit_sync(struct wal *w);
/* Without mu: writes groups of a long batch or of metadata behind the end, after a sync where the
 * torn window demands it. *ret_fatal: a sync failed, or what the write left could not be set back;
 * else *touched tells how far to set back. */
MUST_USE int commit_put(struct wal *w, struct outgoing *groups, size_t n, uint64_t *touched,
                        bool *ret_fatal);

/* Records from the LSN on could not be written, for the reason in the thread's fault. */
void commit_tell_unwritten(struct wal *w, uint64_t lsn);

/* Under mu: waits until the LSN is durable or has its answer; leads where nobody does. The waiter
 * was added and is removed here. timeout_ns < 0: no limit. */
MUST_USE int commit_wait(struct wal *w, struct waiter *me, int64_t timeout_ns);

/* Under mu, with the turn: whether something is still to be written, or with `durable` to be synced
 * or to be told of. */
bool commit_behind(const struct wal *w, bool durable);
/* Under mu: takes the turn with everything written (and with `durable` synced and answered), no
 * appends beside. Ends with exclusive_end. An error leaves nothing taken. */
MUST_USE int exclusive_begin(struct wal *w, bool durable);
void exclusive_end(struct wal *w);
/* Under mu, with the turn: numbers and queue follow the writer after a change of shape. */
void commit_publish(struct wal *w);

#endif
