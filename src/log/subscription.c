/* SPDX-License-Identifier: Apache-2.0 */
#include "log/subscription.h"

#include "base/codes.h"
#include "log/follow.h"

static int open_signal(struct wal *w, struct listener *l)
{
    int control = w->follower ? w->follower->control.fd : -1;
    int r = w->os->signal_open(w->os->ctx, control, &l->signal);
    return r < 0 ? fault_os(-r, "%s: no descriptor for a subscription", w->path) : 0;
}

int subscription_new(struct wal *w, uint32_t mask, struct wal_subscription **ret)
{
    struct wal_subscription *s = mem_new_zeroed(w->alloc, sizeof *s);
    if (!s)
        return fault_nomem();
    int e = listener_new(w, mask, &s->listener);
    if (e == 0)
        e = open_signal(w, s->listener);
    if (e < 0) {
        listener_free(w, s->listener);
        mem_free(w->alloc, s);
        return e;
    }
    s->log = w;
    atomic_store(&s->listener->armed, 1);
    wal_ref(w);
    listener_add(w, s->listener);
    e = follow_look(w); /* what the writer did since the last look makes no descriptor readable */
    if (e < 0) {
        subscription_free(s);
        return e;
    }
    *ret = s;
    return 0;
}

/* In the child of a fork nobody goes through the list any more, its lock may be held for ever, and
 * the descriptors' numbers may be those of other files by now. */
void subscription_free(struct wal_subscription *s)
{
    struct wal *w = s->log;
    bool ours = wal_is_ours(w);
    if (!ours && !wal_disown(w))
        return;
    if (ours)
        listener_remove(w, s->listener);
    else
        s->listener->signal.fd = -1;
    listener_free(w, s->listener);
    mem_free(w->alloc, s);
    wal_unref(w);
}

int subscription_take(struct wal_subscription *s, wal_event_t *ret)
{
    struct wal *w = s->log;
    bool ended = atomic_load(&w->events.ended); /* before the look into the ring */
    if (ring_take(&s->listener->ring, ret))
        return 1;
    return ended ? fault(WAL_E_CLOSED, "%s was closed", w->path) : 0;
}

void subscription_arm(struct wal_subscription *s)
{
    struct wal *w = s->log;
    struct listener *l = s->listener;

    w->os->signal_clear(w->os->ctx, &l->signal);
    atomic_store(&l->armed, 1);
    if (ring_count(&l->ring) == 0 && !atomic_load(&w->events.ended))
        return;
    atomic_store(&l->armed, 0);
    w->os->signal_set(w->os->ctx, &l->signal);
}
