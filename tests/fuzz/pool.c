/* SPDX-License-Identifier: Apache-2.0 */
#include "pool.h"

#include <string.h>

#include "fuzz.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#define HIDE(p, size) __asan_poison_memory_region(p, size)
#define SHOW(p, size) __asan_unpoison_memory_region(p, size)
#endif
#endif
#ifndef HIDE
#define HIDE(p, size) (void)0
#define SHOW(p, size) (void)0
#endif

enum { LARGE = 1 << 16, KEPT = 16, BLOCK_MAX = 1 << 24 };

/* In front of each block. */
union head {
    size_t size;
    max_align_t align;
};

static union head *kept[KEPT];

static void *pool_alloc(void *ctx, size_t size)
{
    (void)ctx;
    FUZZ_MUST(size <= BLOCK_MAX); /* no input asks for more */
    for (int k = 0; size >= LARGE && k < KEPT; k++) {
        union head *h = kept[k];
        if (!h || h->size != size)
            continue;
        kept[k] = NULL;
        SHOW(h + 1, size);
        return h + 1;
    }
    union head *h = malloc(sizeof *h + size);
    FUZZ_MUST(h);
    h->size = size;
    return h + 1;
}

static void pool_release(void *ctx, void *p)
{
    union head *h = (union head *)p - 1;

    (void)ctx;
    for (int k = 0; h->size >= LARGE && k < KEPT; k++) {
        if (kept[k])
            continue;
        kept[k] = h;
        HIDE(p, h->size);
        return;
    }
    free(h);
}

static void *pool_resize(void *ctx, void *p, size_t size)
{
    size_t old = ((union head *)p - 1)->size;
    void *now = pool_alloc(ctx, size);

    memcpy(now, p, old < size ? old : size);
    pool_release(ctx, p);
    return now;
}

void pool_use(wal_options_t *o)
{
    const wal_allocator_t calls = {
        .size = sizeof calls, .alloc = pool_alloc, .resize = pool_resize, .release = pool_release};
    FUZZ_MUST(wal_options_set_allocator(o, &calls) == 0);
}
