/* SPDX-License-Identifier: Apache-2.0 */
/* A growing run of bytes with an upper limit, on a `struct alloc`.
 *
 *     struct buffer b;
 *     buffer_init(&b, alloc, limit);
 *     uint8_t *p = buffer_reserve(&b, n);    room for n bytes behind the b.size ones
 *     ... write up to n bytes at p ...
 *     b.size += written;
 *     buffer_clear(&b);                      keeps the memory for the next use
 *     buffer_free(&b);
 *
 * Pointers into the buffer hold until the next reserve or free. The memory at least doubles when it
 * grows, so that n bytes in small steps cost O(n). Sets no fault. Belongs to one thread. */
#ifndef WAL_BASE_BUFFER_H
#define WAL_BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/alloc.h"
#include "base/attr.h"

struct buffer {
    const struct alloc *alloc;
    uint8_t *data;   /* NULL before the first reserve */
    size_t size;     /* bytes in use; the caller moves it on */
    size_t capacity; /* size <= capacity <= limit */
    size_t limit;
};

/* Allocates nothing. limit > 0. */
void buffer_init(struct buffer *b, const struct alloc *alloc, size_t limit);
/* Where the next `more` bytes go, `more` 0 included; NULL, and nothing changed, when the limit
 * forbids it or there is no memory. */
MUST_USE uint8_t *buffer_reserve(struct buffer *b, size_t more);
/* Whether the limit allows `more` bytes: tells the two reasons of a NULL apart. */
bool buffer_fits(const struct buffer *b, size_t more);
void buffer_clear(struct buffer *b);
/* The buffer is as after buffer_init, and may be used again or freed again. */
void buffer_free(struct buffer *b);

#endif
