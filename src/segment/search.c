/* SPDX-License-Identifier: Apache-2.0 */
#include "segment/search.h"

#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "base/fault.h"

struct search {
    const struct segment *segment;
    search_fn fn;
    void *ctx;
};

static void look(const struct search *x, const uint8_t *unit, uint64_t offset)
{
    const struct segment_header *h = &x->segment->header;
    struct group_header g;
    bool right = offset % h->group_align == 0 && offset < SEGMENT_END_MAX &&
                 group_header_decode(&g, unit, h->salt, (uint32_t)h->epoch,
                                     (uint32_t)(offset / PLACE_UNIT)) == GROUP_RIGHT;
    x->fn(x->ctx, unit, offset, right ? &g : NULL);
}

static void look_through(const struct search *x, const uint8_t *block, size_t size, uint64_t offset)
{
    uint8_t unit[PLACE_UNIT] = {0};
    size_t k = 0;

    for (; k + PLACE_UNIT <= size; k += PLACE_UNIT)
        if (!all_zero(block + k, PLACE_UNIT))
            look(x, block + k, offset + k);
    if (k < size && !all_zero(block + k, size - k)) {
        memcpy(unit, block + k, size - k); /* a header that ends in zeros would look whole */
        x->fn(x->ctx, unit, offset + k, NULL);
    }
}

int search_units(const struct segment *s, const struct alloc *a, uint64_t from, uint64_t size,
                 search_fn fn, void *ctx)
{
    const struct os *os = s->file.folder->os;
    struct search x = {.segment = s, .fn = fn, .ctx = ctx};
    uint8_t *block = mem_new(a, GROUP_BLOCK_BYTES);
    int e = 0;

    if (!block)
        return fault_nomem();
    for (uint64_t at = from; at < size;) {
        size_t got = 0;
        int64_t data = os->next_data(os->ctx, s->file.fd, at);
        if (data == -ENXIO)
            break;
        if (data > 0)
            at = max_u64(at, (uint64_t)data / PLACE_UNIT * PLACE_UNIT);
        e = file_read(&s->file, block, GROUP_BLOCK_BYTES, at, &got);
        if (e < 0 || got == 0)
            break;
        look_through(&x, block, got, at);
        at += got;
    }
    mem_free(a, block);
    return e;
}
