/* SPDX-License-Identifier: Apache-2.0 */
/* Finds the seal at a segment's end without reading the segment. */
#ifndef WAL_SEGMENT_SEAL_H
#define WAL_SEGMENT_SEAL_H

#include "segment/groups.h"

struct seal {
    uint64_t offset;
    struct group_header header;
    uint8_t *body; /* freed by mem_free */
};

/* 1: *ret is the right seal group that ends at `end`; 0: there is none; < 0: I/O, memory. */
MUST_USE int seal_find(const struct segment *s, const struct alloc *a, uint64_t end,
                       struct seal *ret);

#endif
