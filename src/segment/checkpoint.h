/* SPDX-License-Identifier: Apache-2.0 */
/* Checkpoints in a segment: the user's state in parts, a group each. Not thread-safe. */
#ifndef WAL_SEGMENT_CHECKPOINT_H
#define WAL_SEGMENT_CHECKPOINT_H

#include "base/attr.h"
#include "format/body.h"
#include "segment/groups.h"

/* A state in memory, on its way into a log. */
struct checkpoint_state {
    uint64_t lsn, size;
    const uint8_t *bytes;
};

/* The body's bytes of a group that holds so much of a state, padding included. */
uint64_t checkpoint_body_bytes(uint64_t part);
/* How much of the state behind `offset` goes into a body of `limit` bytes. */
uint64_t checkpoint_part_bytes(const struct checkpoint_state *s, uint64_t offset, uint64_t limit);
/* Writes such a part: checkpoint_body_bytes. *ret: its group, with the flags of its place. */
void checkpoint_part_put(const struct checkpoint_state *s, uint64_t offset, uint64_t part,
                         uint8_t *body, struct group_header *ret);
/* What the groups of a state take in a segment. */
uint64_t checkpoint_disk_bytes(const struct checkpoint_state *s, uint64_t limit, uint32_t align);

/* A walk over the parts of one that is in a segment. */
struct checkpoint_walk {
    struct group_reader groups;
    uint64_t at;        /* its first group */
    uint64_t lsn, size; /* as the first part has it */
    uint64_t done;      /* bytes of the state so far */
    bool any;
};

/* From its first group on. Ends with checkpoint_walk_free, also after an error. */
MUST_USE int checkpoint_walk_init(struct checkpoint_walk *c, const struct segment *s,
                                  const struct alloc *a, uint64_t offset);
/* 1: the next group and what it holds, valid until the next call; 0: the state is complete;
 * CORRUPT: what is there doesn't go on with it. */
MUST_USE int checkpoint_walk_next(struct checkpoint_walk *c, struct group_view *ret_group,
                                  struct checkpoint_part *ret);
void checkpoint_walk_free(struct checkpoint_walk *c);

/* Looks for the newest whole one below `limit`: *ret gets its offset and LSN, 0: there is none. */
MUST_USE int checkpoint_find(const struct segment *s, const struct alloc *a, uint64_t limit,
                             struct boundary *ret);
/* Reads the whole state. TOOBIG: it is all there, but `cap` is too small. *ret: LSN and size, also
 * then. */
MUST_USE int checkpoint_read(const struct segment *s, const struct alloc *a, uint64_t offset,
                             void *buf, size_t cap, struct checkpoint_state *ret);

#endif
