/* SPDX-License-Identifier: Apache-2.0 */
/* Compression of whole buffers, as zlib streams (RFC 1950). No I/O. */
#ifndef WAL_CODEC_CODEC_H
#define WAL_CODEC_CODEC_H

#include <stddef.h>

#include "base/alloc.h"
#include "base/attr.h"

enum { CODEC_NONE = 0, CODEC_ZLIB = 1 }; /* ids in a segment's header */

/* What compressing takes, kept from one buffer to the next. Used by one thread at a time. */
struct compressor {
    void *stream; /* NULL: none was made */
    const struct alloc *alloc;
};

MUST_USE int compressor_init(struct compressor *c, const struct alloc *a, int level);
void compressor_free(struct compressor *c); /* also where it was never made */
/* Returns what it takes in `out`; 0: more than `cap` bytes. */
size_t compress_into(struct compressor *c, const void *in, size_t size, void *out, size_t cap);

/* 1: `in` is one stream, all of it, of exactly raw bytes, which are in `out` now; 0: it isn't, and
 * out holds anything; NOMEM. */
MUST_USE int decompress_exactly(const struct alloc *a, const void *in, size_t size, void *out,
                                size_t raw);

#endif
