/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/latency.h"

/* Below 2^BITS each value has a bucket of its own; above, each power of two has 2^BITS of them. */
enum { BITS = LATENCY_FINE_BITS };

static unsigned bucket_of(uint64_t ns)
{
    if (ns >> BITS == 0)
        return (unsigned)ns;
    unsigned shift = 63u - (unsigned)__builtin_clzll(ns) - BITS;
    return ((shift + 1) << BITS) + (unsigned)(ns >> shift & ((1u << BITS) - 1));
}

static double middle_of(unsigned bucket)
{
    unsigned power = bucket >> BITS, fine = bucket & ((1u << BITS) - 1);
    if (power == 0)
        return fine;
    double width = (double)(UINT64_C(1) << (power - 1));
    return ((1u << BITS) + fine) * width + (width - 1) / 2;
}

void latency_add(struct latency *l, uint64_t ns)
{
    l->n++;
    l->bucket[bucket_of(ns)]++;
}

void latency_merge(struct latency *l, const struct latency *more)
{
    l->n += more->n;
    for (unsigned k = 0; k < LATENCY_BUCKETS; k++)
        l->bucket[k] += more->bucket[k];
}

double latency_at(const struct latency *l, double share)
{
    uint64_t below = 0, rank = (uint64_t)((double)l->n * share);
    unsigned k = 0;

    while (k < LATENCY_BUCKETS - 1 && below + l->bucket[k] <= rank)
        below += l->bucket[k++];
    return middle_of(k);
}
