/* SPDX-License-Identifier: Apache-2.0 */
/* Files of a log made of an input's bytes. What nobody finds by chance is put in: magics,
 * checksums, salts, links, places, and the log's UUID; and so is the encoding. So what an input has
 * of a group is its header and its raw body, without padding; and of a block the 256 or 64 bytes
 * that count. */
#ifndef WAL_TESTS_FUZZ_IMAGE_H
#define WAL_TESTS_FUZZ_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/limits.h"

/* The bytes of an input that are left. */
struct feed {
    const uint8_t *at;
    size_t left;
};

/* Up to n of them; the rest of `out` becomes zeros. Returns how many there were. */
size_t feed_take(struct feed *f, void *out, size_t n);
unsigned feed_byte(struct feed *f);

enum { IMAGE_MAX = 1 << 18 };

/* How a segment is made. */
enum {
    IMAGE_CODEC = 1,  /* bodies that say so are compressed; else they are streams already */
    IMAGE_CIPHER = 2, /* and encrypted */
    IMAGE_AS_IS = 4,  /* checksums of records and of the blocks are the input's */
    IMAGE_NO_ROOM = 8 /* the file ends with its last group */
};

/* The segment that a later one may follow. */
struct image_end {
    uint32_t link, salt_low;
};

/* One segment's file, of all the bytes of the feed, at `out` (IMAGE_MAX bytes); returns its size.
 * The follow fields of a header that has some become those of *end, which becomes this segment's.
 */
size_t image_segment(struct feed *f, unsigned how, uint64_t number, uint8_t *out,
                     struct image_end *end);
/* Control, of two slots and a witness. */
void image_control(struct feed *f, unsigned how, uint8_t out[CONTROL_BYTES]);

#endif
