/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies of groups as they come from a file: decrypted, then decompressed. */
#ifndef WAL_SEGMENT_DECODE_H
#define WAL_SEGMENT_DECODE_H

#include "base/alloc.h"
#include "base/attr.h"
#include "format/group.h"
#include "segment/segment.h"

/* Memory for what comes out, kept from one body to the next. */
struct decoder {
    uint8_t *bytes[2];
    size_t room[2];
};

/* Whether the header's encodings are those of the segment: one of its codec at most, and its cipher
 * always. */
bool decode_fits(const struct segment *s, const struct group_header *h);
/* 1: *ret is the body as it was handed to the writer: `stored` itself, or in d, valid until the
 * next call; 0: it isn't right; CRYPTO: another key, or somebody has changed it; NOMEM. The header
 * and the body's CRC are right. */
MUST_USE int decode_body(const struct segment *s, const struct alloc *a, struct decoder *d,
                         const struct group_header *h, const uint8_t *stored, const uint8_t **ret);
/* The first half of it for an encrypted body: what it was made of, stored_bytes less
 * CIPHER_TAG_BYTES, at `out`, which may be `stored`. */
MUST_USE int decrypt_body(const struct segment *s, const struct group_header *h,
                          const uint8_t *stored, uint8_t *out);
void decoder_free(struct decoder *d, const struct alloc *a);

#endif
