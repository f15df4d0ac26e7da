/* SPDX-License-Identifier: Apache-2.0 */
#include "log/stats.h"

void stat_sample(struct stats *s, uint32_t histogram, uint64_t value)
{
    stat_sample_many(s, histogram, value, 1);
}

void stat_sample_many(struct stats *s, uint32_t histogram, uint64_t value, uint64_t n)
{
    unsigned bucket = value ? 63u - (unsigned)__builtin_clzll(value) : 0;
    atomic_fetch_add_explicit(&s->bucket[histogram][bucket], n, memory_order_relaxed);
}
