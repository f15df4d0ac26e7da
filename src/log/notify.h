/* SPDX-License-Identifier: Apache-2.0 */
/* The user is told: on_durable and the event callback.
 *
 * One callback of a log runs at a time, on_durable's first, without any lock and without the write
 * turn. Whoever finds another thread at it leaves it what is due, and goes on; that thread, once it
 * has done what was its own, in turn leaves the rest to the holder of the write turn, who comes by
 * when he gives it back. So nobody is kept for long by what others cause, and nothing stays undone.
 */
#ifndef WAL_LOG_NOTIFY_H
#define WAL_LOG_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "log/durable_calls.h"

struct wal;

/* Under mu. */
struct notify {
    struct durable_calls calls;
    bool busy;       /* a thread runs callbacks */
    uint32_t wanted; /* threads that wait to run one of their own */
};

/* Under mu, which it drops meanwhile: runs what is due, unless another thread is at it. The
 * thread's fault stays. */
void notify_run(struct wal *w);
/* Without mu: the same where an event is due. */
void notify_events(struct wal *w);
/* Without mu. */
MUST_USE int notify_on_durable(struct wal *w, uint64_t lsn, wal_durable_fn fn, void *ctx);

/* Under mu: the durable LSN has grown, by a sync or as a follower sees it. */
void notify_durable(struct wal *w, uint64_t lsn);
/* Under mu: the log was cut behind `kept`, and is durable up to `lsn` then. */
void notify_cut(struct wal *w, uint64_t kept, uint64_t lsn);
/* Under mu: the log has failed. */
void notify_failed(struct wal *w);
/* Without mu, when nobody else is inside: everybody who still waits is told CLOSED. */
void notify_close(struct wal *w);

#endif
