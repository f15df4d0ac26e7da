/* SPDX-License-Identifier: Apache-2.0 */
#include "log/ring.h"

#include <string.h>

#include "base/bytes.h"
#include "base/fault.h"

_Static_assert(sizeof(wal_event_t) % sizeof(uint64_t) == 0, "an event is so many whole words");

int ring_init(struct ring *r, const struct alloc *a, uint32_t room)
{
    *r = (struct ring){.room = room};
    r->slots = mem_new_zeroed(a, ((size_t)room + 1) * sizeof *r->slots);
    return r->slots ? 0 : fault_nomem();
}

void ring_free(struct ring *r, const struct alloc *a)
{
    mem_free(a, r->slots);
}

static struct ring_slot *slot(const struct ring *r, uint64_t number)
{
    return &r->slots[number % (r->room + 1)];
}

/* Whoever reads one of these words will see, when he looks at the count afterwards, that the slot
 * had been given up. */
static void write_slot(struct ring_slot *s, const wal_event_t *e)
{
    uint64_t words[RING_WORDS];
    memcpy(words, e, sizeof words);
    for (int k = 0; k < RING_WORDS; k++)
        atomic_store_explicit(&s->words[k], words[k], memory_order_release);
}

static void read_slot(const struct ring_slot *s, wal_event_t *ret)
{
    uint64_t words[RING_WORDS];
    for (int k = 0; k < RING_WORDS; k++)
        words[k] = atomic_load_explicit(&s->words[k], memory_order_acquire);
    memcpy(ret, words, sizeof words);
}

void ring_put(struct ring *r, const wal_event_t *e)
{
    uint64_t number = atomic_load_explicit(&r->put, memory_order_relaxed);
    write_slot(slot(r, number), e);
    atomic_store(&r->put, number + 1);
}

static bool durable_waits(const struct ring *r)
{
    return atomic_load(&r->versions) != atomic_load(&r->taken_version);
}

static void write_durable(struct ring *r, const wal_event_t *e)
{
    uint64_t version = atomic_load_explicit(&r->versions, memory_order_relaxed);
    atomic_store(&r->versions, version + 1);
    write_slot(&r->durable, e);
    atomic_store(&r->versions, version + 2);
}

void ring_put_durable(struct ring *r, const wal_event_t *e)
{
    if (!durable_waits(r))
        atomic_store(&r->place, atomic_load_explicit(&r->put, memory_order_relaxed));
    write_durable(r, e);
}

void ring_change_durable(struct ring *r, const wal_event_t *e)
{
    if (durable_waits(r))
        write_durable(r, e);
}

uint64_t ring_count(const struct ring *r)
{
    return atomic_load(&r->put) - r->taken + durable_waits(r);
}

/* Where it is being written it isn't there yet: who writes it will say so. */
static bool take_durable(struct ring *r, wal_event_t *ret)
{
    uint64_t version = atomic_load(&r->versions);
    if (version % 2 || version == atomic_load(&r->taken_version))
        return false;
    if (atomic_load(&r->place) > r->taken)
        return false;
    read_slot(&r->durable, ret);
    if (atomic_load(&r->versions) != version)
        return false;
    atomic_store(&r->taken_version, version);
    return true;
}

/* What was written over is lost. */
static void skip_lost(struct ring *r, uint64_t put)
{
    if (put - r->taken <= r->room)
        return;
    r->lost += put - r->room - r->taken;
    r->taken = put - r->room;
}

static bool take_oldest(struct ring *r, wal_event_t *ret)
{
    for (;;) {
        uint64_t put = atomic_load(&r->put);
        if (put == r->taken)
            return false;
        skip_lost(r, put);
        read_slot(slot(r, r->taken), ret);
        if (atomic_load(&r->put) - r->taken <= r->room)
            break;
    }
    r->taken++;
    return true;
}

bool ring_take(struct ring *r, wal_event_t *ret)
{
    skip_lost(r, atomic_load(&r->put));
    if (!take_durable(r, ret) && !take_oldest(r, ret))
        return false;
    ret->dropped = (uint32_t)min_u64(r->lost, UINT32_MAX);
    r->lost = 0;
    return true;
}
