/* SPDX-License-Identifier: Apache-2.0 */
/* Which of the oldest sealed segments retention lets go: the decision alone, over numbers. No log,
 * no state; any thread. */
#ifndef WAL_LOG_RETENTION_H
#define WAL_LOG_RETENTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A sealed segment. */
struct retained {
    uint64_t number;
    uint64_t base_lsn, next_lsn; /* its records: base .. next - 1; next = base: none */
    uint64_t bytes;
    uint64_t closed_ns; /* when its successor was made: none of its records is younger */
};

/* 0: off. */
struct retention_limits {
    uint64_t bytes;    /* of all segments, the active one too */
    uint64_t segments; /* sealed ones */
    uint64_t age_ms;
    bool from_checkpoint;
};

struct retention_state {
    const struct retained *sealed; /* oldest first */
    size_t n;
    uint64_t active_bytes;
    uint64_t checkpoint_lsn; /* the newest one; 0: none */
    uint64_t durable_lsn;
    uint64_t now_ns;
};

bool retention_is_on(const struct retention_limits *l);
/* The first sealed segment to stay, as index; n: none of them. Those before it go: some limit says
 * so, and all their records are at or below the fence, which is the newest checkpoint, or without
 * one the durable LSN. */
size_t retention_first(const struct retention_limits *l, const struct retention_state *s);
/* The same when everything from the LSN on is still needed. */
size_t retention_needed(const struct retention_state *s, size_t first, uint64_t lsn);
/* The oldest segment that may be held back, where what is held back has at most so many bytes. */
size_t retention_reach(const struct retention_state *s, size_t first, uint64_t bytes);

#endif
