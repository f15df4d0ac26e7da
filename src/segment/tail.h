/* SPDX-License-Identifier: Apache-2.0 */
/* Scans a log's last segment and says what is there: facts, no decision (verdict.h makes that),
 * nothing written. */
#ifndef WAL_SEGMENT_TAIL_H
#define WAL_SEGMENT_TAIL_H

#include "segment/groups.h"

struct tail {
    struct boundary torn;    /* T: the first place without a valid group */
    struct boundary cut;     /* C: the same, or before the batch that is unfinished there */
    uint64_t durable_offset; /* D: below it every byte was durable */
    uint64_t end_nonzero; /* behind the last bytes that are not 0, in units of 64; T when there are
                             none */
    uint64_t live_bytes;  /* the groups below C, without the header block */
    uint64_t records;     /* below C */
    uint64_t file_size;
    uint32_t facts; /* FACT_... except FACT_BELOW_FIRST, which control decides */
};

/* Called for each valid group below T in order; those of a batch that turns out to be unfinished
 * too. < 0 stops the scan. */
typedef int (*tail_group_fn)(void *ctx, const struct group_view *group);

/* outside: offset that control or the witness vouch for (0: neither does). */
MUST_USE int tail_scan(const struct segment *s, const struct alloc *a, uint64_t outside,
                       tail_group_fn fn, void *ctx, struct tail *ret);

/* The last boundary that is not within a batch and not above `offset`, below which everything was
 * durable: CORRUPT where the groups end before it. */
MUST_USE int tail_boundary_below(const struct segment *s, const struct alloc *a, uint64_t offset,
                                 struct boundary *ret);

#endif
