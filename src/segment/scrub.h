/* SPDX-License-Identifier: Apache-2.0 */
/* Walks all that is left of a segment, whatever is damaged in it: every checksum is looked at,
 * those of single records too, and what the groups hold is held against the rules of its kind.
 * Behind damage it goes on at the next right group; work is linear in the segment's size, and no
 * more memory is taken than for the largest group. Not thread-safe; nothing is written. */
#ifndef WAL_SEGMENT_SCRUB_H
#define WAL_SEGMENT_SCRUB_H

#include "base/attr.h"
#include "segment/groups.h"

/* Each may be NULL; < 0 ends the walk. */
struct scrub_fns {
    void *ctx;
    /* A record whose own checksum is right, in ascending LSN order. `g` has its tag. */
    int (*record)(void *ctx, const struct group_view *g, const struct record *r);
    /* A valid group, before its records. */
    int (*group)(void *ctx, const struct group_view *g);
    /* Something isn't right at this offset; lsn: of the first record that it may concern. */
    int (*damage)(void *ctx, uint64_t offset, uint64_t lsn);
    /* All in front of this offset was seen. */
    int (*passed)(void *ctx, uint64_t offset);
};

/* Where the walk ends. */
struct scrub_end {
    struct boundary at; /* its offset, LSN and link count */
    bool stated;        /* the segment must come to just that; else it ends where its groups do, and
                           `at` gets its last boundary outside of an unfinished batch */
    uint64_t below;     /* records from this LSN on belong to later segments */
};

/* 0, a function's result below 0, or an I/O error. */
MUST_USE int scrub_segment(const struct segment *s, const struct alloc *a, struct scrub_end *end,
                           const struct scrub_fns *fns);

#endif
