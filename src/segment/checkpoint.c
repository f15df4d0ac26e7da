/* SPDX-License-Identifier: Apache-2.0 */
#include "segment/checkpoint.h"

#include <string.h>

#include "base/bytes.h"
#include "base/codes.h"
#include "base/fault.h"

enum { FIND_BLOCK_BYTES = 8 * 1024 };

uint64_t checkpoint_body_bytes(uint64_t part)
{
    return CHECKPOINT_HEADER_BYTES + align_up(part, 8);
}

uint64_t checkpoint_part_bytes(const struct checkpoint_state *s, uint64_t offset, uint64_t limit)
{
    uint64_t room = (limit - CHECKPOINT_HEADER_BYTES) / 8 * 8;
    return min_u64(s->size - offset, room);
}

void checkpoint_part_put(const struct checkpoint_state *s, uint64_t offset, uint64_t part,
                         uint8_t *body, struct group_header *ret)
{
    struct checkpoint_part head = {
        .lsn = s->lsn, .state_size = s->size, .offset = offset, .size = part};
    uint64_t bytes = checkpoint_body_bytes(part);
    bool first = offset == 0, last = offset + part == s->size;

    memset(body + bytes - 8, 0, 8); /* under the part's end */
    checkpoint_header_encode(body, &head);
    if (part)
        memcpy(body + CHECKPOINT_HEADER_BYTES, s->bytes + offset, (size_t)part);
    *ret = (struct group_header){.type = GROUP_CHECKPOINT,
                                 .flags = first == last ? 0
                                          : first       ? GROUP_FIRST
                                                        : GROUP_LAST,
                                 .raw_bytes = (uint32_t)bytes};
}

uint64_t checkpoint_disk_bytes(const struct checkpoint_state *s, uint64_t limit, uint32_t align)
{
    uint64_t sum = 0, done = 0, part;
    do {
        part = checkpoint_part_bytes(s, done, limit);
        sum += group_disk_bytes(checkpoint_body_bytes(part), align);
        done += part;
    } while (done < s->size);
    return sum;
}

static int broken(const struct checkpoint_walk *c)
{
    const struct file *f = &c->groups.segment->file;
    return fault_at(WAL_E_CORRUPT, c->lsn, f->number, c->at,
                    "%s/%s at offset %llu: the checkpoint isn't whole", f->folder->path, f->name,
                    (unsigned long long)c->at);
}

int checkpoint_walk_init(struct checkpoint_walk *c, const struct segment *s, const struct alloc *a,
                         uint64_t offset)
{
    *c = (struct checkpoint_walk){.at = offset};
    group_reader_init(&c->groups, s, a, GROUP_BLOCK_BYTES);
    int e = group_reader_seek_place(&c->groups, offset);
    return e == 1 ? 0 : e < 0 ? e : group_reader_corrupt(&c->groups);
}

/* Parts of one state, one behind the other; the last one ends the run. */
static bool goes_on(const struct checkpoint_walk *c, const struct checkpoint_part *p, uint8_t flags)
{
    bool ends = (flags & GROUP_LAST) || (!c->any && !(flags & GROUP_FIRST));

    if (p->offset != c->done || ends != (p->offset + p->size == p->state_size))
        return false;
    return !c->any || (p->lsn == c->lsn && p->state_size == c->size && p->size > 0);
}

int checkpoint_walk_next(struct checkpoint_walk *c, struct group_view *ret_group,
                         struct checkpoint_part *ret)
{
    struct checkpoint_part p;

    if (c->any && c->done == c->size)
        return 0;
    int e = group_reader_next(&c->groups, ret_group);
    if (e < 0)
        return e;
    if (e == 0)
        return group_reader_corrupt(&c->groups);
    if (ret_group->header.type != GROUP_CHECKPOINT ||
        checkpoint_body_decode(&p, ret_group->body, ret_group->header.raw_bytes) < 0 ||
        !goes_on(c, &p, ret_group->header.flags))
        return broken(c);
    c->any = true;
    c->lsn = p.lsn;
    c->size = p.state_size;
    c->done += p.size;
    *ret = p;
    return 1;
}

void checkpoint_walk_free(struct checkpoint_walk *c)
{
    group_reader_free(&c->groups);
}

/* The group at the offset with its body, apart from the walk over headers that met it. */
static int pass_verified(struct boundary *b, const struct group_view *met, const struct segment *s,
                         const struct alloc *a)
{
    struct group_reader r;
    struct group_view g;

    group_reader_init(&r, s, a, GROUP_HEADER_BYTES);
    group_reader_seek(&r, met->offset, met->header.first_lsn);
    r.in_batch = BATCH_UNKNOWN;
    int e = group_reader_next(&r, &g);
    if (e == 1)
        boundary_pass(b, &g.header, g.body, g.end);
    else if (e == 0)
        e = group_reader_corrupt(&r);
    group_reader_free(&r);
    return e < 0 ? e : 0;
}

int checkpoint_find(const struct segment *s, const struct alloc *a, uint64_t limit,
                    struct boundary *ret)
{
    struct group_reader r;
    struct group_view g;
    struct boundary b;
    int e;

    segment_start(s, &b);
    group_reader_init(&r, s, a, FIND_BLOCK_BYTES);
    r.limit = limit;
    while ((e = group_reader_next_header(&r, &g)) == 1) {
        if (g.header.type != GROUP_CHECKPOINT)
            boundary_pass(&b, &g.header, NULL, g.end);
        else if ((e = pass_verified(&b, &g, s, a)) < 0)
            break;
    }
    if (e == 0 && r.stop != STOP_LIMIT)
        e = group_reader_corrupt(&r);
    group_reader_free(&r);
    ret->checkpoint_offset = b.checkpoint_offset;
    ret->checkpoint_lsn = b.checkpoint_lsn;
    return e;
}

/* The size that the first part states is believed when all parts have been there. */
static int read_parts(struct checkpoint_walk *c, uint8_t *buf, size_t cap)
{
    struct group_view g;
    struct checkpoint_part p;
    int e;

    while ((e = checkpoint_walk_next(c, &g, &p)) == 1)
        if (p.state_size <= cap && p.size)
            memcpy(buf + p.offset, p.bytes, (size_t)p.size);
    if (e == 0 && c->size > cap)
        e = fault(WAL_E_TOOBIG, "the state has %llu bytes, the buffer %zu",
                  (unsigned long long)c->size, cap);
    return e;
}

int checkpoint_read(const struct segment *s, const struct alloc *a, uint64_t offset, void *buf,
                    size_t cap, struct checkpoint_state *ret)
{
    struct checkpoint_walk c;

    int e = checkpoint_walk_init(&c, s, a, offset);
    if (e == 0)
        e = read_parts(&c, buf, cap);
    checkpoint_walk_free(&c);
    *ret = (struct checkpoint_state){.lsn = c.lsn, .size = c.size};
    return e;
}
