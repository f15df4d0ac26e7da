/* SPDX-License-Identifier: Apache-2.0 */
/* Records that were handed in and not yet written: a queue of groups in memory. The last group may
 * be open, others are closed.
 *
 * Every function runs under the log's mutex. Longer records are copied into their slots without it;
 * `copying` tells whether that is still going on. */
#ifndef WAL_LOG_STAGE_H
#define WAL_LOG_STAGE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "format/record.h"
#include "log/tag.h"

struct staged {
    struct staged *next;
    uint8_t *bytes;           /* room for header, body, padding and a header slot */
    size_t room;              /* for the body */
    size_t used;              /* of the body, reserved */
    _Atomic uint32_t copying; /* appends that have a slot here and are not through with it; goes up
                                 under the mutex only */
    uint64_t first_lsn, records;
    uint16_t tag_bytes; /* of the tag in front of the records; 0: none */
    uint64_t salt;      /* of the segment that it goes to */
    bool fresh;         /* that segment begins with it */

    /* The first append in it that waits for durability: what lies before, and where it begins.
     * wait_lsn 0: none. */
    uint64_t wait_lsn, wait_records;
    size_t wait_used;
    bool buffered_after_wait; /* an append that doesn't wait lies behind one that does */
    unsigned pins;            /* readers that are copying out of it */
    bool done;                /* written; freed by the last pin */
};

struct stage {
    struct staged *first, *last;
    bool open; /* `last` takes more */
    struct staged *spare;
    uint64_t pending; /* body bytes staged and in flight */

    /* The segment that the next record goes to, as it will be once everything before is written. */
    uint64_t salt;
    uint64_t end;     /* where the next group begins; an open group isn't counted */
    uint64_t records; /* in that segment, staged ones included */
    bool fresh;       /* the next group begins a new segment */
};

struct slot {
    struct staged *group;
    uint8_t *at;
    uint64_t first_lsn;
};

struct stage_limits {
    const struct alloc *alloc;
    uint64_t segment_bytes, segment_records; /* records 0: no limit */
    uint32_t group_bytes, group_align;
    uint32_t overhead; /* bytes that encryption adds to a group's body */
};

/* Whether records of so many bytes have to go to a new segment. */
bool stage_wants_segment(const struct stage *s, const struct stage_limits *l, uint64_t body,
                         uint64_t records);
/* Whether a record of so many bytes that nobody waits for can go to the open group without anything
 * else to be done: the group stays below `limit` bytes, which the segment has room for, and it is
 * the only one. */
bool stage_has_room(const struct stage *s, const struct stage_limits *l, uint64_t body,
                    uint64_t limit);
/* A new segment with this salt begins with the next group; `end`: where its first group will begin,
 * behind what is born with it. */
void stage_begin_segment(struct stage *s, const struct stage_limits *l, uint64_t salt, uint64_t end,
                         uint64_t records);
/* Room for records in the open group, or in a new one. NOMEM: nothing has changed. */
MUST_USE int stage_reserve(struct stage *s, const struct stage_limits *l, uint64_t body,
                           uint64_t records, uint64_t lsn, bool waits, struct slot *ret);
/* The same for a batch with a tag: a group of its own, which takes nothing else. */
MUST_USE int stage_reserve_tagged(struct stage *s, const struct stage_limits *l,
                                  const struct tag *tag, uint64_t body, uint64_t records,
                                  uint64_t lsn, bool waits, struct slot *ret);
/* The open group takes no more. */
void stage_close(struct stage *s, const struct stage_limits *l);
/* Takes the closed groups out of the queue, and the open one with `all`. */
struct staged *stage_take(struct stage *s, const struct stage_limits *l, bool all);
/* Puts groups that could not be written back in front. */
void stage_put_back(struct stage *s, struct staged *list);
/* LSN of the first record that somebody waits for; 0: none. */
uint64_t stage_first_waiting(const struct stage *s);
/* Whether a record that nobody waits for, whose LSN its caller holds already, lies behind one that
 * somebody waits for. */
bool stage_buffered_behind(const struct stage *s);
/* Takes away everything from the LSN on: a group's first record, or the first waiting one in it. */
void stage_cut(struct stage *s, const struct stage_limits *l, uint64_t lsn);
/* A group is written, or its records are given up. */
void stage_recycle(struct stage *s, const struct stage_limits *l, struct staged *g);
/* A walk over a group's records, which nobody is copying any more. */
void stage_records(const struct staged *g, struct record_walk *ret);
/* The staged group that holds an LSN; `also` is a list in flight. */
struct staged *stage_find(const struct stage *s, struct staged *also, uint64_t lsn);
/* The newest group with a tag; NULL: none has one. */
const struct staged *stage_newest_tagged(const struct stage *s, const struct staged *also);
/* A reader that raised `pins` has copied what it wanted. */
void stage_unpin(const struct stage_limits *l, struct staged *g);
/* The segment that is being written stands like this now: `now`; what the queue will make of it is
 * found anew. birth_end: where the first group of a segment that is still to be made will begin. */
struct stage_end {
    uint64_t salt, end, records;
    bool fresh;
};
void stage_resync(struct stage *s, const struct stage_limits *l, const struct stage_end *now,
                  uint64_t birth_end);
/* The segment that all that isn't written was meant for is given up: what was staged for it goes to
 * a new one with this salt. Nobody is copying. */
void stage_move(struct stage *s, uint64_t salt);
void stage_free(struct stage *s, const struct alloc *a);

#endif
