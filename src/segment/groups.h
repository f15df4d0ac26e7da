/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a segment group by group. Every group that it gives has passed all checks: header, place,
 * chain (LSN, link, batch flags), body, padding; bodies come decoded. Memory: one block, or one
 * group where that is larger, and an encoded group's body. Not thread-safe; several readers of one
 * segment don't disturb each other. */
#ifndef WAL_SEGMENT_GROUPS_H
#define WAL_SEGMENT_GROUPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "format/group.h"
#include "format/record.h"
#include "segment/decode.h"
#include "segment/segment.h"

enum { GROUP_BLOCK_BYTES = 512 * 1024 };

struct group_view {
    struct group_header header;
    uint64_t offset, end; /* in the file; end is behind the padding */
    const uint8_t *body;  /* header.raw_bytes; valid until the next call on the reader */
};

/* Why there is no group at the reader's place. */
enum group_stop {
    STOP_NONE,
    STOP_LIMIT,  /* the limit is reached, or the group crosses it */
    STOP_ABSENT, /* no right header there */
    STOP_CHAIN,  /* a right header that doesn't go on behind the group before */
    STOP_BODY,   /* a right header whose body isn't */
};

/* Whether a group lies within a long batch. A reader that began in the middle learns it from the
 * first FIRST or LAST. */
enum batch_state { BATCH_OUTSIDE, BATCH_INSIDE, BATCH_UNKNOWN };

struct group_reader {
    const struct segment *segment;
    const struct alloc *alloc;
    uint64_t limit; /* nothing is given that reaches beyond it */

    uint64_t offset; /* of the next group */
    uint64_t lsn;    /* its first LSN */
    uint32_t link;   /* what its link must be ... */
    bool linked;     /* ... if this is set; a reader that began in the middle doesn't know it */
    enum batch_state in_batch;
    enum group_stop stop;

    uint8_t *block; /* the file's bytes from block_offset on */
    size_t room, have, block_bytes;
    uint64_t block_offset;
    struct decoder decoder;
};

/* From the start of the segment. block_bytes: how much to read at once. */
void group_reader_init(struct group_reader *r, const struct segment *s, const struct alloc *a,
                       size_t block_bytes);
/* Back to the start of the segment. */
void group_reader_rewind(struct group_reader *r);
/* From a group that is known to begin at `offset` with this LSN. */
void group_reader_seek(struct group_reader *r, uint64_t offset, uint64_t lsn);
/* From a group that is known to begin at `offset`, whatever its first LSN. < 0: I/O; 1: there is a
 * right header. */
MUST_USE int group_reader_seek_place(struct group_reader *r, uint64_t offset);
/* From a boundary. */
void group_reader_resume(struct group_reader *r, const struct boundary *at);
/* From where another reader of the same segment stands. */
void group_reader_go_on(struct group_reader *r, const struct group_reader *other);
/* Behind a group that another one has given there. */
void group_reader_pass(struct group_reader *r, const struct group_view *g);
/* It may go on afterwards, and reads anew what it had read ahead. */
void group_reader_free(struct group_reader *r);

/* 1: *ret is filled and the reader stands behind it; 0: no group, r->stop says why and the reader
 * stays; < 0: I/O, memory, CRYPTO. */
MUST_USE int group_reader_next(struct group_reader *r, struct group_view *ret);
/* The same for the header alone: the body isn't read. */
MUST_USE int group_reader_next_header(struct group_reader *r, struct group_view *ret);
/* Whether the next group lies whole in the bytes that were read ahead: then group_reader_next reads
 * nothing, and the body that it gave last stays where it is. An encoded body never does. */
bool group_reader_at_hand(const struct group_reader *r);
/* The fault for a group that must be there and isn't. */
int group_reader_corrupt(const struct group_reader *r);

/* A walk over the records of a data group. It finds none where the padding of the tag isn't zeros.
 */
void group_records(const struct group_view *g, const struct segment_header *h,
                   struct record_walk *ret);
/* The group's tag; NULL and 0 when there is none. */
const uint8_t *group_tag(const struct group_view *g, uint32_t *ret_size);

#endif
