/* SPDX-License-Identifier: Apache-2.0 */
/* A boundary between two groups of a segment, or before the first: what lies in front of it. */
#ifndef WAL_SEGMENT_BOUNDARY_H
#define WAL_SEGMENT_BOUNDARY_H

#include <stdint.h>

#include "format/group.h"

struct boundary {
    uint64_t offset;
    uint64_t next_lsn;
    uint32_t link; /* header CRC of the group before, of the segment header at the start */
    /* Of the newest one in the segment before it; 0: there is none. */
    uint64_t meta_offset;                       /* metadata group */
    uint64_t tag_offset;                        /* group with a tag */
    uint64_t checkpoint_offset, checkpoint_lsn; /* first group of a whole checkpoint, and its LSN */
    uint64_t
        run_offset; /* of a checkpoint of which more groups are to come; 0: none is under way */
};

/* Moves it behind a group that ends at `end`. body: the group's; NULL: checkpoints are not looked
 * at. */
void boundary_pass(struct boundary *b, const struct group_header *h, const uint8_t *body,
                   uint64_t end);

#endif
