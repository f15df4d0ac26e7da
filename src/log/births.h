/* SPDX-License-Identifier: Apache-2.0 */
/* What a new segment is born with: groups marked BIRTH that are in it before control names it, in
 * this order: the metadata map, the newest tag from before what follows, a checkpoint, groups
 * carried over from another segment, the kept records of a group that was cut, new records. */
#ifndef WAL_LOG_BIRTHS_H
#define WAL_LOG_BIRTHS_H

#include "base/alloc.h"
#include "base/attr.h"
#include "log/meta_map.h"
#include "log/source.h"
#include "log/tag.h"
#include "segment/checkpoint.h"
#include "segment/groups.h"
#include "segment/writer.h"

struct births {
    const struct meta_map *meta;           /* NULL or empty: none */
    struct tag tag;                        /* in force at `begin` */
    const struct checkpoint_state *state;  /* a checkpoint; NULL: none, or ... */
    const struct segment *checkpoint_from; /* ... the one here, from ... */
    uint64_t checkpoint_offset;            /* ... there on; NULL: none */
    const struct segment *from; /* the records and tags between these two boundaries go over; NULL:
                                   none */
    struct boundary begin, end;
    bool split; /* the group at `end` is cut: its records up to last_kept go over as a group of
                   their own */
    uint64_t last_kept;
    struct source *source; /* NULL: none. They get the LSNs behind everything before. What metadata
                              they change is in `meta` already. */
    const struct alloc *alloc;
    uint64_t group_bytes;
    uint8_t *lent; /* memory for groups: what fits into it takes no other. NULL: none */
    size_t lent_bytes;
};

struct birth_size {
    uint64_t bytes;         /* of all groups in the new segment */
    uint64_t kept, records; /* records carried or kept; all */
    uint64_t largest_body;
};

/* What the births will take, without writing anything: the header that their first group links to
 * states it. overhead: bytes that encryption adds to each body. */
MUST_USE int births_measure(const struct births *b, uint32_t align, uint32_t overhead,
                            struct birth_size *ret);
/* Writes them behind w->end, which is the start of a new segment's file. */
MUST_USE int births_write(const struct births *b, struct writer *w);

#endif
