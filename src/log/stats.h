/* SPDX-License-Identifier: Apache-2.0 */
/* Counters and histograms of one log. Any thread adds to them; a reader sees each value whole, not
 * all of one moment. */
#ifndef WAL_LOG_STATS_H
#define WAL_LOG_STATS_H

#include <libwal/wal.h>
#include <stdatomic.h>
#include <stdint.h>

enum { STATS = 21, HISTOGRAMS = 5, BUCKETS = 64 };

struct stats {
    _Atomic uint64_t count[STATS]; /* by WAL_STAT_ number */
    _Atomic uint64_t bucket[HISTOGRAMS][BUCKETS];
};

static inline void stat_add(struct stats *s, uint32_t which, uint64_t value)
{
    atomic_fetch_add_explicit(&s->count[which], value, memory_order_relaxed);
}

/* The same for counters to which everybody adds under one and the same lock: a third of the time.
 */
static inline void stat_add_locked(struct stats *s, uint32_t which, uint64_t value)
{
    uint64_t before = atomic_load_explicit(&s->count[which], memory_order_relaxed);
    atomic_store_explicit(&s->count[which], before + value, memory_order_relaxed);
}

static inline void stat_set(struct stats *s, uint32_t which, uint64_t value)
{
    atomic_store_explicit(&s->count[which], value, memory_order_relaxed);
}

static inline uint64_t stat_get(const struct stats *s, uint32_t which)
{
    return atomic_load_explicit(&s->count[which], memory_order_relaxed);
}

/* Bucket i counts 2^i .. 2^(i+1) - 1, bucket 0 also 0. */
void stat_sample(struct stats *s, uint32_t histogram, uint64_t value);
/* One that was measured for n. */
void stat_sample_many(struct stats *s, uint32_t histogram, uint64_t value, uint64_t n);

#endif
