/* SPDX-License-Identifier: Apache-2.0 */
/* One segment file: its name, its header, its descriptor. */
#ifndef WAL_SEGMENT_SEGMENT_H
#define WAL_SEGMENT_SEGMENT_H

#include "base/attr.h"
#include "format/header.h"
#include "segment/boundary.h"
#include "segment/file.h"

struct segment {
    struct file file;
    struct segment_header header;
    const struct cipher *cipher; /* the folder's */
    void *key; /* of an encrypted segment, while its file is open; NULL: it is not to be had */
    unsigned header_repairs; /* 1: only one of the header's copies is right */
};

/* Opens and checks the header. NOTFOUND: no such file; CORRUPT: neither copy is right, or it is
 * another segment's; VERSION: newer format; UNSUPPORTED: a codec or checksum that this
 * library doesn't have; PERM: not a
 * regular file. */
MUST_USE int segment_open(struct segment *s, const struct folder *folder, uint64_t number,
                          int flags);
void segment_close(struct segment *s);
/* Derives the key that the header asks for; a header without a cipher needs none. CRYPTO: there is
 * no cipher, or it hasn't this key. Opening a segment tries that, and leaves it at trying: headers
 * can be read without. */
MUST_USE int segment_unlock(struct segment *s);
/* The fault for a segment that doesn't go with the others. Returns CORRUPT. */
int segment_corrupt(const struct folder *folder, uint64_t number, const char *why);

void segment_start(const struct segment *s, struct boundary *ret);
/* The follow fields of a segment that goes on behind this boundary. */
void segment_follow(const struct segment *s, const struct boundary *end, struct follow *ret);

#endif
