/* SPDX-License-Identifier: Apache-2.0 */
/* One bounds-checked way through a buffer, for everything that turns structs into bytes and back.
 *
 * Make a cursor over the buffer, put or get field by field, ask cursor_ok once at the end:
 *
 *     struct cursor c = cursor_read(data, size);
 *     ret->length = cursor_get32(&c);
 *     ret->payload = cursor_get_bytes(&c, ret->length);
 *     if (!cursor_ok(&c)) ...
 *
 * A step that doesn't fit, or a put on a cursor made for reading, makes the cursor bad for good: it
 * moves no more, puts write nothing, gets give 0 (get_bytes NULL). No step ever touches a byte
 * outside of the buffer, whatever the sizes asked for. So a length that was read may be used before
 * cursor_ok, as a size for the cursor, and for nothing else.
 *
 * Integers are little-endian. Nothing is allocated; the buffer stays the caller's. Belongs to one
 * thread. */
#ifndef WAL_BASE_CURSOR_H
#define WAL_BASE_CURSOR_H

#include "base/attr.h"
#include "base/bytes.h"

struct cursor {
    const uint8_t *data;
    uint8_t *out; /* == data where it may be written, else NULL */
    size_t size;
    size_t position; /* <= size */
    bool bad;
};

static inline struct cursor cursor_read(const void *data, size_t size)
{
    return (struct cursor){.data = data, .size = size};
}

static inline struct cursor cursor_write(void *data, size_t size)
{
    return (struct cursor){.data = data, .out = data, .size = size};
}

/* Whether every step so far fitted. */
MUST_USE static inline bool cursor_ok(const struct cursor *c)
{
    return !c->bad;
}

/* Bytes behind the position; 0 for a bad cursor. */
static inline size_t cursor_left(const struct cursor *c)
{
    return c->bad ? 0 : c->size - c->position;
}

/* The next n bytes, to be read: a pointer into the buffer, valid as long as the buffer. */
static inline const uint8_t *cursor_get_bytes(struct cursor *c, size_t n)
{
    if (UNLIKELY(c->bad || n > c->size - c->position)) {
        c->bad = true;
        return NULL;
    }
    const uint8_t *p = c->data + c->position;
    c->position += n;
    return p;
}

static inline uint16_t cursor_get16(struct cursor *c)
{
    const uint8_t *p = cursor_get_bytes(c, 2);
    return p != NULL ? load16(p) : 0;
}

static inline uint32_t cursor_get32(struct cursor *c)
{
    const uint8_t *p = cursor_get_bytes(c, 4);
    return p != NULL ? load32(p) : 0;
}

static inline uint64_t cursor_get64(struct cursor *c)
{
    const uint8_t *p = cursor_get_bytes(c, 8);
    return p != NULL ? load64(p) : 0;
}

void cursor_put16(struct cursor *c, uint16_t v);
void cursor_put32(struct cursor *c, uint32_t v);
void cursor_put64(struct cursor *c, uint64_t v);
/* data may be NULL where n is 0. */
void cursor_put_bytes(struct cursor *c, const void *data, size_t n);
void cursor_put_zeros(struct cursor *c, size_t n);
/* Zeros up to a position that is a multiple of `to`, a power of two. */
void cursor_put_align(struct cursor *c, size_t to);

#endif
