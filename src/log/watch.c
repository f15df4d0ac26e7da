/* SPDX-License-Identifier: Apache-2.0 */
#include "log/watch.h"

#include "base/codes.h"
#include "log/follow.h"

enum { POLL_NS = 2 * 1000 * 1000 };

void watch_init(struct watch *v)
{
    *v = (struct watch){.signal = {.fd = -1, .event = -1, .change = -1}};
}

void watch_disown(struct watch *v)
{
    watch_init(v);
}

void watch_free(struct wal *w)
{
    struct watch *v = &w->follower->watch;
    if (v->signal.fd >= 0)
        w->os->signal_close(w->os->ctx, &v->signal);
}

int64_t watch_limit(int64_t timeout_ns)
{
    return timeout_ns < 0 || timeout_ns > POLL_NS ? POLL_NS : timeout_ns;
}

/* A signal that was there before may be set by what has been seen since. */
static void make_ready(struct wal *w)
{
    struct follower *f = w->follower;

    if (f->watch.signal.fd >= 0)
        w->os->signal_clear(w->os->ctx, &f->watch.signal);
    else if (w->os->signal_open(w->os->ctx, f->control.fd, &f->watch.signal) < 0)
        f->watch.signal.fd = -1;
}

static void begin(struct wal *w)
{
    w->follower->watch.taken = true;
    pthread_mutex_unlock(&w->mu);
    make_ready(w);
    pthread_mutex_lock(&w->mu);
}

void watch_sleep(struct wal *w, bool *watches, int64_t timeout_ns)
{
    const struct watch *v = &w->follower->watch;

    if (!*watches && v->taken) {
        (void)turn_sleep(w, timeout_ns);
    } else if (!*watches) {
        *watches = true;
        begin(w);
    } else if (v->signal.fd >= 0) {
        (void)turn_poll(w, &v->signal, timeout_ns);
    } else {
        (void)turn_sleep(w, watch_limit(timeout_ns));
    }
}

void watch_end(struct wal *w, bool watches)
{
    if (!watches)
        return;
    pthread_mutex_lock(&w->mu);
    w->follower->watch.taken = false;
    turn_changed(w);
    pthread_mutex_unlock(&w->mu);
}

/* 1: look again. */
static int wait_step(struct wal *w, uint64_t lsn, uint64_t began, int64_t timeout_ns, bool *watches)
{
    int64_t left = -1;

    if (atomic_load(&w->durable_lsn) >= lsn)
        return 0;
    if (timeout_ns >= 0) {
        left = timeout_ns - (int64_t)(w->os->now(w->os->ctx) - began);
        if (left <= 0)
            return wal_timeout_fault(lsn);
    }
    pthread_mutex_lock(&w->mu);
    bool closed = atomic_load(&w->closed);
    if (!closed && atomic_load(&w->durable_lsn) < lsn)
        watch_sleep(w, watches, left);
    pthread_mutex_unlock(&w->mu);
    return closed ? fault(WAL_E_CLOSED, "%s was closed", w->path) : 1;
}

int watch_durable(struct wal *w, uint64_t lsn, int64_t timeout_ns)
{
    uint64_t began = w->os->now(w->os->ctx);
    bool watches = false;
    int e;

    do {
        e = follow_look(w);
        if (e == 0)
            e = wait_step(w, lsn, began, timeout_ns, &watches);
    } while (e == 1);
    watch_end(w, watches);
    return e;
}
