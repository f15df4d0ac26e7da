/* SPDX-License-Identifier: Apache-2.0 */
#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

static void *libc_alloc(void *ctx, size_t size)
{
    (void)ctx;
    return malloc(size);
}

static void *libc_resize(void *ctx, void *p, size_t size)
{
    (void)ctx;
    return realloc(p, size);
}

static void libc_release(void *ctx, void *p)
{
    (void)ctx;
    free(p);
}

const struct alloc alloc_default = {NULL, libc_alloc, libc_resize, libc_release};

void *mem_new(const struct alloc *a, size_t size)
{
    return a->alloc(a->ctx, size);
}

void *mem_new_zeroed(const struct alloc *a, size_t size)
{
    void *p = mem_new(a, size);
    if (p != NULL)
        memset(p, 0, size);
    return p;
}

/* The user's `resize` never sees NULL: not every allocator takes it as realloc does. */
void *mem_resize(const struct alloc *a, void *p, size_t size)
{
    return p == NULL ? mem_new(a, size) : a->resize(a->ctx, p, size);
}

void *mem_copy(const struct alloc *a, const void *from, size_t size)
{
    void *p = mem_new(a, size);
    if (p != NULL)
        memcpy(p, from, size);
    return p;
}

char *mem_copy_string(const struct alloc *a, const char *s)
{
    return mem_copy(a, s, strlen(s) + 1);
}

void mem_free(const struct alloc *a, void *p)
{
    if (p != NULL)
        a->release(a->ctx, p);
}
