/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buffer.h"

#include "base/bytes.h"

enum { SMALLEST = 256 };

void buffer_init(struct buffer *b, const struct alloc *alloc, size_t limit)
{
    *b = (struct buffer){.alloc = alloc, .limit = limit};
}

bool buffer_fits(const struct buffer *b, size_t more)
{
    return more <= b->limit - b->size;
}

/* At least `need` (<= limit), and at least double where the limit allows it. Twice the capacity
 * can't wrap: no object takes more than half of the address space. */
static size_t grown(const struct buffer *b, size_t need)
{
    return min_u64(b->limit, max_u64(need, max_u64(b->capacity * 2, SMALLEST)));
}

uint8_t *buffer_reserve(struct buffer *b, size_t more)
{
    if (!buffer_fits(b, more))
        return NULL;
    if (b->data == NULL || more > b->capacity - b->size) {
        size_t capacity = grown(b, b->size + more);
        uint8_t *data = mem_resize(b->alloc, b->data, capacity);
        if (data == NULL)
            return NULL;
        b->data = data;
        b->capacity = capacity;
    }
    return b->data + b->size;
}

void buffer_clear(struct buffer *b)
{
    b->size = 0;
}

void buffer_free(struct buffer *b)
{
    mem_free(b->alloc, b->data);
    buffer_init(b, b->alloc, b->limit);
}
