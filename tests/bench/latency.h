/* SPDX-License-Identifier: Apache-2.0 */
/* A histogram of durations that is fine enough for percentiles: a value is known to half a percent.
 */
#ifndef WAL_BENCH_LATENCY_H
#define WAL_BENCH_LATENCY_H

#include <stdint.h>

enum { LATENCY_FINE_BITS = 7, LATENCY_BUCKETS = (64 - LATENCY_FINE_BITS + 1) << LATENCY_FINE_BITS };

struct latency {
    uint64_t n;
    uint64_t bucket[LATENCY_BUCKETS];
};

void latency_add(struct latency *l, uint64_t ns);
void latency_merge(struct latency *l, const struct latency *more);
/* The value in ns that the given share of all (0 .. 1) lies below. */
double latency_at(const struct latency *l, double share);

#endif
