/* SPDX-License-Identifier: Apache-2.0 */
/* An allocator that runs out of memory when told to, and notes the largest block asked for. */
#ifndef WAL_TESTS_POOR_ALLOC_H
#define WAL_TESTS_POOR_ALLOC_H

#include <stdint.h>
#include <stdlib.h>

#include "base/alloc.h"

struct poor_alloc {
    struct alloc alloc;
    unsigned left; /* allocations that still succeed */
    size_t largest;
    unsigned live; /* blocks not yet given back */
};

static inline int poor_can(struct poor_alloc *p, size_t size)
{
    if (size == 0)
        abort(); /* the library promises its users sizes above 0 */
    if (size > p->largest)
        p->largest = size;
    if (p->left == 0)
        return 0;
    p->left--;
    return 1;
}

static inline void *poor_new(void *ctx, size_t size)
{
    struct poor_alloc *p = ctx;
    if (!poor_can(p, size))
        return NULL;
    p->live++;
    return malloc(size);
}

static inline void *poor_resize(void *ctx, void *block, size_t size)
{
    return poor_can(ctx, size) ? realloc(block, size) : NULL;
}

static inline void poor_release(void *ctx, void *block)
{
    struct poor_alloc *p = ctx;
    p->live--;
    free(block);
}

static inline void poor_init(struct poor_alloc *p, unsigned left)
{
    *p = (struct poor_alloc){.alloc = {p, poor_new, poor_resize, poor_release}, .left = left};
}

#endif
