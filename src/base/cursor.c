/* SPDX-License-Identifier: Apache-2.0 */
#include "base/cursor.h"

/* The next n bytes, to be written. */
static uint8_t *take(struct cursor *c, size_t n)
{
    if (c->bad || c->out == NULL || n > c->size - c->position) {
        c->bad = true;
        return NULL;
    }
    uint8_t *p = c->out + c->position;
    c->position += n;
    return p;
}

void cursor_put16(struct cursor *c, uint16_t v)
{
    uint8_t *p = take(c, 2);
    if (p != NULL)
        store16(p, v);
}

void cursor_put32(struct cursor *c, uint32_t v)
{
    uint8_t *p = take(c, 4);
    if (p != NULL)
        store32(p, v);
}

void cursor_put64(struct cursor *c, uint64_t v)
{
    uint8_t *p = take(c, 8);
    if (p != NULL)
        store64(p, v);
}

void cursor_put_bytes(struct cursor *c, const void *data, size_t n)
{
    uint8_t *p = take(c, n);
    if (p != NULL && n > 0)
        memcpy(p, data, n);
}

void cursor_put_zeros(struct cursor *c, size_t n)
{
    uint8_t *p = take(c, n);
    if (p != NULL && n > 0)
        memset(p, 0, n);
}

void cursor_put_align(struct cursor *c, size_t to)
{
    /* The distance alone: rounding the position up could wrap, and the distance can't. */
    cursor_put_zeros(c, (0 - c->position) & (to - 1));
}
