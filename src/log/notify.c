/* SPDX-License-Identifier: Apache-2.0 */
#include "log/notify.h"

#include "base/codes.h"
#include "log/callback.h"
#include "log/log.h"

static uint64_t events_due(const struct wal *w)
{
    return w->events.own ? ring_count(&w->events.own->ring) : 0;
}

static bool due(const struct wal *w)
{
    return w->notify.calls.due || events_due(w) > 0;
}

static void call_durable(struct wal *w, struct durable_call *x)
{
    struct in_callback in;

    pthread_mutex_unlock(&w->mu);
    callback_begin_notice(&in, w);
    x->fn(x->ctx, x->lsn, x->result);
    callback_end(&in);
    mem_free(w->alloc, x);
    pthread_mutex_lock(&w->mu);
}

static void call_event(struct wal *w)
{
    struct in_callback in;
    wal_event_t e;

    if (!ring_take(&w->events.own->ring, &e))
        return;
    pthread_mutex_unlock(&w->mu);
    callback_begin_notice(&in, w);
    w->config.event_fn(w->config.event_ctx, &e);
    callback_end(&in);
    pthread_mutex_lock(&w->mu);
}

/* `own` callbacks at least, as far as there are; then the rest, unless there is somebody to leave
 * it to. In the child of a fork that a callback has made: no more. */
static void run(struct wal *w, uint64_t own)
{
    struct notify *n = &w->notify;
    struct fault before = *fault_last();

    n->busy = true;
    for (; due(w) && wal_is_ours(w); own -= own > 0) {
        if (own == 0 && (n->wanted > 0 || w->turn.busy))
            break;
        struct durable_call *x = durable_calls_take(&n->calls);
        if (x)
            call_durable(w, x);
        else
            call_event(w);
    }
    n->busy = false;
    if (n->wanted > 0)
        turn_changed(w);
    fault_put(&before);
}

void notify_run(struct wal *w)
{
    if (due(w) && !w->notify.busy)
        run(w, w->notify.calls.due_count + events_due(w));
}

void notify_events(struct wal *w)
{
    if (!w->events.own)
        return;
    pthread_mutex_lock(&w->mu);
    notify_run(w);
    pthread_mutex_unlock(&w->mu);
}

/* Whether the LSN's fate is known: then *ret is the result. */
static bool decided(const struct wal *w, uint64_t lsn, int *ret)
{
    *ret = atomic_load(&w->durable_lsn) >= lsn ? 0
           : lsn <= w->indoubt_lsn             ? WAL_E_INDOUBT
                                               : WAL_E_FAILED;
    return *ret == 0 || w->failure;
}

/* On this thread, at its place among what is due. */
static void call_now(struct wal *w, struct durable_call *x)
{
    struct notify *n = &w->notify;

    n->wanted++;
    while (n->busy)
        (void)turn_sleep(w, -1);
    n->wanted--;
    run(w, durable_calls_insert(&n->calls, x));
}

int notify_on_durable(struct wal *w, uint64_t lsn, wal_durable_fn fn, void *ctx)
{
    if (lsn == 0)
        return fault(WAL_E_INVAL, "LSN 0 is no record");
    if (!fn)
        return fault(WAL_E_INVAL, "fn is NULL");
    struct durable_call *x = mem_new(w->alloc, sizeof *x);
    if (!x)
        return fault_nomem();
    *x = (struct durable_call){.lsn = lsn, .fn = fn, .ctx = ctx};
    pthread_mutex_lock(&w->mu);
    if (decided(w, lsn, &x->result))
        call_now(w, x);
    else
        durable_calls_add(&w->notify.calls, x);
    pthread_mutex_unlock(&w->mu);
    return 0;
}

void notify_durable(struct wal *w, uint64_t lsn)
{
    atomic_store(&w->durable_lsn, lsn);
    durable_calls_answer(&w->notify.calls, lsn, 0);
    event_durable(w, lsn, true);
    turn_changed(w);
}

void notify_cut(struct wal *w, uint64_t kept, uint64_t lsn)
{
    atomic_store(&w->durable_lsn, lsn);
    durable_calls_cut(&w->notify.calls, kept, lsn);
    event_durable(w, lsn, lsn > kept);
}

void notify_failed(struct wal *w)
{
    durable_calls_answer(&w->notify.calls, w->indoubt_lsn, WAL_E_INDOUBT);
    durable_calls_answer_all(&w->notify.calls, WAL_E_FAILED);
}

void notify_close(struct wal *w)
{
    pthread_mutex_lock(&w->mu);
    durable_calls_answer_all(&w->notify.calls, WAL_E_CLOSED);
    run(w, UINT64_MAX);
    pthread_mutex_unlock(&w->mu);
}
