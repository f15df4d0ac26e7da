/* SPDX-License-Identifier: Apache-2.0 */
/* Where each record of one segment begins, as far as that is known. Records of one size take next
 * to nothing, others two bytes each as a rule: whoever looks for a record waits for the memory that
 * it touches more than for anything else in here. Not thread-safe. */
#ifndef WAL_LOG_OFFSETS_H
#define WAL_LOG_OFFSETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/alloc.h"

enum { OFFSETS_PER_PAGE = 256, OFFSET_UNIT = 8 /* every record begins at a multiple of it */ };

/* Records that lie at equal distances. Slots are positions in a page. */
struct offset_run {
    uint32_t base; /* where the first one is; 0: there is no run */
    uint16_t step;
    uint8_t first, last;
};

/* The next OFFSETS_PER_PAGE records: two runs (mostly because a group ends between them), or else a
 * slot for each. */
struct offset_page {
    struct offset_run runs[2];
    void *slots; /* NULL: the runs count. What is to be added to the base; 0: not known */
    uint32_t base;
    bool wide; /* slots have 32 bits, else 16 */
};

struct offsets {
    struct offset_page *pages;
    uint32_t room;
    size_t bytes; /* all memory */
};

/* The records from the index on (0: the segment's first) begin at these offsets / OFFSET_UNIT,
 * which ascend. Without memory they are left out, which costs time only. */
void offsets_put(struct offsets *o, const struct alloc *a, uint64_t index, const uint32_t *at,
                 size_t n);
/* The record's offset / OFFSET_UNIT, and the next one's; 0: not known. */
uint32_t offsets_get(const struct offsets *o, uint64_t index, uint32_t *ret_next);
/* Forgets the records from the index on. */
void offsets_cut(struct offsets *o, uint64_t index);
void offsets_free(struct offsets *o, const struct alloc *a);

#endif
