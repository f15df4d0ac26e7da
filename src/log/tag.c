/* SPDX-License-Identifier: Apache-2.0 */
#include "log/tag.h"

#include <string.h>

#include "base/codes.h"
#include "base/fault.h"
#include "log/follow.h"
#include "log/log.h"
#include "log/place.h"
#include "segment/groups.h"

enum { BLOCK_BYTES = 4096 };

void tag_put(const struct tag *t, uint8_t *body)
{
    size_t room = tag_room(t);
    if (room == 0)
        return;
    memset(body + room - 8, 0, 8);
    memcpy(body, t->bytes, t->size);
}

struct group_header tag_group(const struct tag *t)
{
    return (struct group_header){
        .type = GROUP_TAG, .tag_bytes = (uint16_t)t->size, .raw_bytes = (uint32_t)tag_room(t)};
}

/* A tag group's body is its tag, and the padding is zeros in any group. */
int tag_of(const struct segment *s, const struct group_view *g, struct tag *ret)
{
    size_t size = g->header.tag_bytes, padded = (size_t)align_up(size, 8);
    bool whole = g->header.type != GROUP_TAG || g->header.raw_bytes == padded;

    if (size == 0 || !whole || !all_zero(g->body + size, padded - size))
        return fault_at(WAL_E_CORRUPT, 0, s->header.number, g->offset,
                        "%s/%s at offset %llu: the group's tag isn't one", s->file.folder->path,
                        s->file.name, (unsigned long long)g->offset);
    *ret = (struct tag){.size = (uint32_t)size};
    memcpy(ret->bytes, g->body, size);
    return 0;
}

/* always: a group without a tag is damage; else *ret stays as it is then. */
static int read_group(const struct segment *s, const struct alloc *a, uint64_t offset, bool always,
                      struct tag *ret)
{
    struct group_reader r;
    struct group_view g;

    group_reader_init(&r, s, a, BLOCK_BYTES);
    int e = group_reader_seek_place(&r, offset);
    if (e == 1)
        e = group_reader_next(&r, &g);
    if (e == 0)
        e = group_reader_corrupt(&r);
    else if (e == 1)
        e = always || g.header.tag_bytes ? tag_of(s, &g, ret) : 0;
    group_reader_free(&r);
    return e;
}

int tag_read(const struct segment *s, const struct alloc *a, uint64_t offset, struct tag *ret)
{
    *ret = (struct tag){0};
    return offset ? read_group(s, a, offset, true, ret) : 0;
}

int tag_within(const struct segment *s, const struct alloc *a, const struct boundary *at,
               bool split, struct tag *ret)
{
    int e = tag_read(s, a, at->tag_offset, ret);
    return e == 0 && split ? read_group(s, a, at->offset, false, ret) : e;
}

/* Of the groups that are still in memory, or else where it is written; *ret_shape: when that was
 * so. True: *ret is filled. */
static bool in_memory(struct wal *w, struct tag *ret, uint64_t *ret_offset, uint64_t *ret_shape)
{
    pthread_mutex_lock(&w->mu);
    const struct staged *g = stage_newest_tagged(&w->stage, w->flying);
    if (g) {
        ret->size = g->tag_bytes;
        memcpy(ret->bytes, g->bytes + GROUP_HEADER_BYTES, ret->size);
    }
    *ret_offset = w->tag_offset;
    *ret_shape = atomic_load(&w->shape);
    pthread_mutex_unlock(&w->mu);
    return g != NULL;
}

int tag_last(struct wal *w, struct tag *ret)
{
    struct member *m;
    uint64_t offset, shape;
    int e;

    if (w->follower)
        return follow_tag(w, ret);
    do {
        if (in_memory(w, ret, &offset, &shape))
            return 0;
        e = catalog_newest(&w->catalog, &m);
        if (e < 0)
            return e;
        e = tag_read(&m->segment, w->alloc, offset, ret);
        catalog_release(&w->catalog, m);
    } while (atomic_load(&w->shape) != shape);
    return place_result(w, e);
}
