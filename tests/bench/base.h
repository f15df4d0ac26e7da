/* SPDX-License-Identifier: Apache-2.0 */
/* What every part of the benchmark's programs uses: the end on an error, the clock, and payloads.
 *
 * Payloads are slices of one pool of random bytes that is always the same, so that making them
 * costs nothing while the clock runs, and whoever reads them back can tell what they must be. */
#ifndef WAL_BENCH_BASE_H
#define WAL_BENCH_BASE_H

#include <stddef.h>
#include <stdint.h>
#include <stdnoreturn.h>
#include <time.h>

#define POOL_BYTES ((size_t)1 << 20)

/* The text goes to stderr, and the program ends with status 1. */
noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* What was asked for isn't there: says so on stdout, as the contract wants it, and ends with 0. */
noreturn void unsupported(const char *format, ...) __attribute__((format(printf, 1, 2)));

static inline uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* How many bits of each 8 bytes are random, the rest is zeros; 64 unless set before the pool is
 * made. Fewer make payloads that can be compressed. */
extern unsigned payload_random_bits;
/* Makes the pool; before any other function here. size: of each payload, 1 .. POOL_BYTES. */
void payload_init(size_t size);
extern const uint8_t *payload_pool;
extern uint64_t payload_mask;
extern size_t payload_size;

/* The payload of record i, counted from 0. Neighbours follow each other in the pool. */
static inline const uint8_t *payload_at(uint64_t i)
{
    return payload_pool + (i & payload_mask) * payload_size;
}

/* Ends the program when these aren't the bytes of record i. */
void payload_check(uint64_t i, const void *data, size_t size);
/* The least that a consumer does: it looks at each byte once. */
uint64_t payload_sum(const void *data, size_t size);

/* Random numbers below `below`, the same in each run; *state is not 0. */
uint64_t random_below(uint64_t *state, uint64_t below);

#endif
