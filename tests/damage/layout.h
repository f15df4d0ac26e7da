/* SPDX-License-Identifier: Apache-2.0 */
/* Where things lie in a segment that is whole: what the damage is aimed at, and what its group
 * headers vouch for. Failures of the fixture itself abort. */
#ifndef WAL_TESTS_LAYOUT_H
#define WAL_TESTS_LAYOUT_H

#include "format/group.h"
#include "format/header.h"
#include "image.h"

enum { SPOTS_MAX = 512 };

struct spot { /* a group */
    struct group_header header;
    uint64_t offset, end;
    uint64_t next_lsn; /* behind it */
    unsigned meta;     /* version of the metadata behind it */
    unsigned tag;      /* number of the tag in force there */
    bool boundary;     /* no long batch is unfinished behind it */
};

struct layout {
    struct segment_header header;
    struct spot spots[SPOTS_MAX];
    unsigned n;
    uint64_t end; /* behind the last group */
};

/* Groups up to the first place without one, or up to `limit`. */
void layout_of(struct layout *ret, const struct image_file *f, uint64_t limit);
/* The slot with the higher sequence. */
void layout_control(const struct image *i, struct control *ret);

#endif
