/* SPDX-License-Identifier: Apache-2.0 */
/* Finds a place in the log: from an LSN to a group in a segment, and from there to the next one.
 * Each group that is given was verified on this read, and follows the one before; a walk to the end
 * of a sealed segment shows that it ends as its successor states. What was found counts if w->shape
 * is still what the horizon says; an error, too. */
#ifndef WAL_LOG_PLACE_H
#define WAL_LOG_PLACE_H

#include "base/attr.h"
#include "log/log.h"
#include "segment/groups.h"

/* How far a reader may look: what was written, or what is durable. */
struct horizon {
    uint64_t first_lsn, last_lsn; /* readable records; last < first: none */
    uint64_t next_lsn;
    uint64_t shape;      /* w->shape as this was true */
    uint64_t end_offset; /* where the newest segment's readable groups end */
};

bool place_same_shape(const struct wal *w, const struct horizon *h);
void place_horizon(struct wal *w, bool written, struct horizon *ret);

struct place {
    struct member *member; /* held; NULL: none */
    struct group_reader groups;
};

void place_init(struct place *p);
void place_free(struct wal *w, struct place *p);

/* Goes to the start of an indexed group at or before the LSN, or to the segment's start. */
MUST_USE int place_find(struct wal *w, struct place *p, uint64_t lsn, const struct horizon *h,
                        size_t block_bytes);
/* Reads groups until the one that holds the LSN. CORRUPT when there is none. */
MUST_USE int place_group(struct place *p, uint64_t lsn, struct group_view *ret);
/* The next group that has records, in the same segment. 1: got it; 0: there is none, or not yet. */
MUST_USE int place_next(struct wal *w, struct place *p, const struct horizon *h,
                        struct group_view *ret);
/* The last boundary of a member that has no record above the LSN before it; *ret_split: the group
 * behind it holds records up to the LSN. limit: where the newest one's groups end. */
MUST_USE int place_boundary(struct wal *w, const struct member *m, uint64_t lsn, uint64_t limit,
                            struct boundary *ret, bool *ret_split);
/* Counts damage that was met, and tells of it. Without any lock. Returns e. */
int place_result(struct wal *w, int e);

#endif
