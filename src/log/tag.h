/* SPDX-License-Identifier: Apache-2.0 */
/* A batch's tag, and the newest one of a log. */
#ifndef WAL_LOG_TAG_H
#define WAL_LOG_TAG_H

#include <stddef.h>
#include <stdint.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "base/bytes.h"
#include "format/group.h"
#include "segment/groups.h"

struct wal;

struct tag {
    uint32_t size; /* 0: none */
    uint8_t bytes[TAG_MAX];
};

/* What it takes in front of a group's records; NULL: nothing. */
static inline size_t tag_room(const struct tag *t)
{
    return t ? (size_t)align_up(t->size, 8) : 0;
}
/* Writes it there: tag_room bytes. */
void tag_put(const struct tag *t, uint8_t *body);

/* The header of a group that is nothing but a tag. */
struct group_header tag_group(const struct tag *t);

/* The tag of a group that has one. CORRUPT: what stands there isn't one. */
MUST_USE int tag_of(const struct segment *s, const struct group_view *g, struct tag *ret);
/* The tag of the group at this offset, which must have one; offset 0: none. */
MUST_USE int tag_read(const struct segment *s, const struct alloc *a, uint64_t offset,
                      struct tag *ret);
/* The one in force at a boundary; split: at a place inside of the group behind it. */
MUST_USE int tag_within(const struct segment *s, const struct alloc *a, const struct boundary *at,
                        bool split, struct tag *ret);
/* That of the newest tagged batch, written or not; on a read-only handle, of the newest durable
 * one. Any thread. */
MUST_USE int tag_last(struct wal *w, struct tag *ret);

#endif
