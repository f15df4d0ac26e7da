#include "log/stats.h"

void stat_sample(struct stats *s, uint32_t histogram, uint64_t value)
{
    unsigned bucket = value ? 63u - (unsigned)__builtin_clzll(value) : 0;
    atomic_fetch_add_explicit(&s->bucket[histogram][bucket], 1, memory_order_relaxed);
}
