/* SPDX-License-Identifier: Apache-2.0 */
/* The groups of a segment on their way into a segment of another log. A link holds each group to
 * the one before, and the first one to the segment's header, which has the log's UUID in it. So
 * every group header is made anew; bodies, salt and places stay as they are, and with them all
 * checksums of bodies and records; what is encrypted is so under another key. Each group is checked
 * before it is written. Where the other file shares the original's blocks, of large groups only the
 * headers are read, checked and written: a body is checked by whoever reads it. Not thread-safe. */
#ifndef WAL_LOG_RECHAIN_H
#define WAL_LOG_RECHAIN_H

#include "base/attr.h"
#include "log/index.h"
#include "segment/segment.h"

struct rechain {
    const struct segment *from;
    const struct segment *to; /* its header is encoded, so that its CRC is known */
    const struct alloc *alloc;
    uint64_t limit;       /* no group is copied that reaches beyond it */
    bool shared;          /* `to` has the original's bytes already, and nothing is encrypted */
    struct boundary at;   /* behind the last group; the link is the copy's ... */
    struct boundary safe; /* ... and the same where no batch is under way */
    uint32_t old_link;    /* the original's link at `at` */
    bool sealed;          /* the group before `at` is a seal */
    bool in_batch;
    struct index index; /* of the data groups */
    uint8_t *bytes;     /* freed by the caller, who may hand it on to the next one */
    size_t room;
};

/* r->from, to, alloc, limit, shared, bytes and room are set. */
void rechain_begin(struct rechain *r);
/* 1: the next piece, about a MiB, is in the other file; 0: the limit is reached; CORRUPT: there is
 * no valid group before it. */
MUST_USE int rechain_step(struct rechain *r);

#endif
