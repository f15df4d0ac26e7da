/* SPDX-License-Identifier: Apache-2.0 */
#include "support/told.h"

#include "support/crew.h"

static void enter(struct told *t)
{
    MUST(atomic_fetch_add(&t->inside, 1) == 0);
}

static void leave(struct told *t)
{
    atomic_fetch_sub(&t->inside, 1);
}

void told_durable(void *ctx, uint64_t lsn, int result)
{
    struct told *t = ctx;
    uint32_t k = atomic_load(&t->n);

    enter(t);
    MUST(k < TOLD_MAX);
    t->lsn[k] = lsn;
    t->result[k] = result;
    t->thread[k] = pthread_self();
    leave(t);
    atomic_store(&t->n, k + 1);
}

void told_event(void *ctx, const wal_event_t *event)
{
    struct told *t = ctx;
    uint32_t k = atomic_load(&t->n_events);

    enter(t);
    MUST(k < TOLD_MAX);
    MUST(event->size == sizeof *event);
    t->event[k] = *event;
    t->event_thread[k] = pthread_self();
    leave(t);
    atomic_store(&t->n_events, k + 1);
}

void told_await(struct told *t, uint32_t calls)
{
    crew_await(&t->n, calls);
}

void told_await_events(struct told *t, uint32_t events)
{
    crew_await(&t->n_events, events);
}

uint32_t told_count(const struct told *t, uint32_t kinds)
{
    uint32_t n = 0;
    for (uint32_t k = 0; k < atomic_load(&t->n_events); k++)
        n += (t->event[k].kind & kinds) != 0;
    return n;
}

const wal_event_t *told_nth(const struct told *t, uint32_t kinds, uint32_t nth)
{
    for (uint32_t k = 0; k < atomic_load(&t->n_events); k++)
        if ((t->event[k].kind & kinds) && nth-- == 0)
            return &t->event[k];
    crew_stop(__FILE__, __LINE__, "there is no such event");
}
