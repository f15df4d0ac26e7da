/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies of groups on their way into a file: compressed, then encrypted. An encoder lasts as long
 * as its log and is used by whoever has the write turn. */
#ifndef WAL_SEGMENT_ENCODE_H
#define WAL_SEGMENT_ENCODE_H

#include <stdbool.h>

#include "base/attr.h"
#include "codec/codec.h"
#include "format/group.h"
#include "segment/segment.h"

enum { PAGE_BYTES = 4096 }; /* of the page cache, which direct I/O goes past */

struct encoder {
    const struct alloc *alloc;
    struct compressor compressor; /* stream NULL: nothing is compressed */
    uint32_t min_bytes;           /* shorter bodies aren't */

    uint8_t *bytes; /* groups that can't be written from where they are; begins with a page */
    uint8_t *block; /* the memory that it lies in */
    size_t room;
};

/* A group on its way to the disk. The caller fills type, flags, tag_bytes, first_lsn, records and
 * raw_bytes of the header, and the body; the writer everything else. */
struct outgoing {
    struct group_header header;
    uint8_t *bytes; /* header, body, padding, and a zeroed header slot behind: outgoing_room(body)
                       bytes */
    uint8_t *wire;  /* the same as it goes to the file; the encoder's, or `bytes` */
};

size_t outgoing_room(size_t body_bytes, uint32_t align);

/* codec: CODEC_... */
MUST_USE int encoder_init(struct encoder *c, const struct alloc *a, uint32_t codec, int level,
                          uint32_t min_bytes);
void encoder_free(struct encoder *c);
/* Memory for groups of so many bytes all together, padding and a slot included. What is in use by
 * then is lost. */
MUST_USE int encoder_reserve(struct encoder *c, size_t bytes);

/* Most bytes that a body takes in a file of this segment. */
uint64_t encode_bound(const struct segment *s, uint64_t raw_bytes);
/* Fills the group's wire form but for its checksums and padding, at `room` or where it is; its
 * header has its place, link and so on already. BIRTH groups aren't compressed: the size that they
 * take must be known before. CRYPTO: nothing may be written. */
MUST_USE int encode_group(struct encoder *c, const struct segment *s, struct outgoing *g,
                          uint8_t *room);

/* The second half of it alone: h->stored_bytes of `in`, to which the tag's are added, go to `out`,
 * which may be `in`. h is as it will be, but for its checksums. */
MUST_USE int encrypt_body(const struct segment *s, struct group_header *h, const uint8_t *in,
                          uint8_t *out);

#endif
