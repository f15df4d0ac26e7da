/* SPDX-License-Identifier: Apache-2.0 */
#include "log/event.h"

#include "log/log.h"

int events_init(struct wal *w)
{
    struct events *v = &w->events;
    if (pthread_mutex_init(&v->mu, NULL) != 0)
        return fault_nomem();
    if (!w->config.event_fn)
        return 0;
    int e = listener_new(w, w->config.event_mask, &v->own);
    if (e < 0)
        pthread_mutex_destroy(&v->mu);
    return e;
}

void events_free(struct wal *w)
{
    listener_free(w, w->events.own);
    pthread_mutex_destroy(&w->events.mu);
}

int listener_new(struct wal *w, uint32_t mask, struct listener **ret)
{
    struct listener *l = mem_new_zeroed(w->alloc, sizeof *l);
    if (!l)
        return fault_nomem();
    int e = ring_init(&l->ring, w->alloc, w->config.event_ring);
    if (e < 0) {
        mem_free(w->alloc, l);
        return e;
    }
    l->mask = mask;
    l->signal = (struct os_signal){.fd = -1, .event = -1, .change = -1};
    *ret = l;
    return 0;
}

void listener_free(struct wal *w, struct listener *l)
{
    if (!l)
        return;
    if (l->signal.fd >= 0)
        w->os->signal_close(w->os->ctx, &l->signal);
    ring_free(&l->ring, w->alloc);
    mem_free(w->alloc, l);
}

static void count_masks(struct events *v)
{
    uint32_t mask = 0;
    for (const struct listener *l = v->listeners; l; l = l->next)
        mask |= l->mask;
    atomic_store(&v->mask, mask);
}

static void set_signal(struct wal *w, struct listener *l)
{
    if (l->signal.fd >= 0)
        w->os->signal_set(w->os->ctx, &l->signal);
}

void listener_add(struct wal *w, struct listener *l)
{
    struct events *v = &w->events;
    pthread_mutex_lock(&v->mu);
    l->next = v->listeners;
    if (l->next)
        l->next->prev = l;
    v->listeners = l;
    count_masks(v);
    pthread_mutex_unlock(&v->mu);
}

void listener_remove(struct wal *w, struct listener *l)
{
    struct events *v = &w->events;
    pthread_mutex_lock(&v->mu);
    *(l->prev ? &l->prev->next : &v->listeners) = l->next;
    if (l->next)
        l->next->prev = l->prev;
    count_masks(v);
    pthread_mutex_unlock(&v->mu);
}

void events_end(struct wal *w)
{
    struct events *v = &w->events;
    pthread_mutex_lock(&v->mu);
    atomic_store(&v->ended, 1);
    for (struct listener *l = v->listeners; l; l = l->next)
        set_signal(w, l);
    pthread_mutex_unlock(&v->mu);
}

/* What is in the ring comes before the signal; he who takes looks into the ring once more after he
 * has armed it. */
static void announce(struct wal *w, struct listener *l)
{
    if (atomic_load(&l->armed) && atomic_exchange(&l->armed, 0))
        set_signal(w, l);
}

static wal_event_t complete(struct wal *w, const wal_event_t *e)
{
    wal_event_t full = *e;
    full.size = sizeof full;
    full.time_ns = w->os->wall(w->os->ctx);
    return full;
}

void event_tell(struct wal *w, const wal_event_t *e)
{
    struct events *v = &w->events;

    if (!event_wanted(v, e->kind))
        return;
    pthread_mutex_lock(&v->mu);
    wal_event_t full = complete(w, e);
    for (struct listener *l = v->listeners; l; l = l->next) {
        if (!(l->mask & e->kind))
            continue;
        ring_put(&l->ring, &full);
        announce(w, l);
    }
    pthread_mutex_unlock(&v->mu);
}

void event_durable(struct wal *w, uint64_t lsn, bool grown)
{
    struct events *v = &w->events;

    if (!event_wanted(v, WAL_EVENT_DURABLE))
        return;
    pthread_mutex_lock(&v->mu);
    wal_event_t full = complete(w, &(wal_event_t){.kind = WAL_EVENT_DURABLE, .lsn = lsn});
    for (struct listener *l = v->listeners; l; l = l->next) {
        if (!(l->mask & WAL_EVENT_DURABLE))
            continue;
        if (grown)
            ring_put_durable(&l->ring, &full);
        else
            ring_change_durable(&l->ring, &full);
        announce(w, l);
    }
    pthread_mutex_unlock(&v->mu);
}

static void newest_number(void *ctx, const struct member *m, const struct member *after)
{
    if (!after)
        *(uint64_t *)ctx = m->number;
}

void events_open(struct wal *w)
{
    uint64_t newest = 0;

    if (!w->events.own)
        return;
    catalog_each(&w->catalog, newest_number, &newest);
    listener_add(w, w->events.own);
    event_tell(w, &(wal_event_t){.kind = WAL_EVENT_OPENED,
                                 .lsn = w->report.last_lsn,
                                 .segment = newest,
                                 .bytes = w->report.discarded_bytes,
                                 .duration_ns = w->report.duration_ns});
}
