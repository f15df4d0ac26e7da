/* SPDX-License-Identifier: Apache-2.0 */
#include "log/background.h"

#include "base/bytes.h"
#include "log/commit.h"
#include "log/removal.h"
#include "log/zeros.h"

static bool commit_due(struct wal *w, int64_t *ret_in)
{
    const struct background *b = &w->background;

    *ret_in = -1;
    if (w->failure)
        return false;
    if (b->submit_lsn > atomic_load(&w->durable_lsn))
        return true;
    if (w->config.sync_mode != WAL_SYNC_INTERVAL || b->unsynced_since == 0)
        return false;
    uint64_t due = b->unsynced_since + (uint64_t)w->config.interval_ms * 1000000;
    uint64_t now = w->os->now(w->os->ctx);
    if (now >= due || b->unsynced_bytes >= w->config.interval_bytes)
        return true;
    *ret_in = (int64_t)(due - now);
    return false;
}

/* Errors of a background write show in the next flush, sync or append; it is tried again, not
 * faster than this. */
enum { RETRY_NS = 100 * 1000 * 1000 };

static int64_t step(void *arg)
{
    struct wal *w = arg;
    int64_t in = -1;

    pthread_mutex_lock(&w->mu);
    if (commit_due(w, &in)) {
        turn_take(w);
        if (commit_due(w, &in))
            commit_round(w);
        turn_give(w);
        if (commit_due(w, &in))
            in = w->write_error.code ? RETRY_NS : 0;
        if (removal_work(w)) {
            notify_run(w); /* of the removal */
            if (in < 0 || !w->write_error.code)
                in = 0; /* there may be more, and nobody kicks again */
        }
    } else if (zeros_work(w) || removal_work(w)) {
        in = 0;
        notify_run(w); /* it may have failed the log, or removed files */
    }
    pthread_mutex_unlock(&w->mu);
    return in;
}

void background_kick(struct wal *w)
{
    struct background *b = &w->background;

    if (!b->thread && !b->refused)
        b->refused = w->os->thread_start(w->os->ctx, step, w, &b->thread) < 0;
    else if (b->thread)
        w->os->thread_kick(w->os->ctx, b->thread);
}

void background_stop(struct wal *w)
{
    if (w->background.thread)
        w->os->thread_stop(w->os->ctx, w->background.thread);
    w->background.thread = NULL;
}
