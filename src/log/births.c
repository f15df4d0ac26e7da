/* SPDX-License-Identifier: Apache-2.0 */
#include "log/births.h"

#include <string.h>

#include "base/bytes.h"
#include "base/codes.h"
#include "base/fault.h"
#include "base/plant.h"
#include "crc/crc.h"

/* Measuring and writing go the same way: with w NULL groups are counted, else written. */
struct pass {
    const struct births *births;
    struct writer *w;
    uint32_t align, overhead;
    struct birth_size size;
    uint8_t *bytes; /* one group */
    size_t room;
    uint64_t run_first, run_last; /* offsets of the first and last data group of a long batch */
};

static int make_room(struct pass *p, uint64_t body)
{
    size_t need = outgoing_room((size_t)body, p->align);
    if (!p->w || need <= p->room)
        return 0;
    uint8_t *own = p->bytes == p->births->lent ? NULL : p->bytes;
    uint8_t *bytes = mem_resize(p->births->alloc, own, need);
    if (!bytes)
        return fault_nomem();
    p->bytes = bytes;
    p->room = need;
    return 0;
}

static uint8_t *body_of(const struct pass *p)
{
    return p->bytes + GROUP_HEADER_BYTES;
}

/* Counts, or writes what is in p->bytes. */
static int put(struct pass *p, const struct group_header *h)
{
    struct outgoing g = {.header = *h, .bytes = p->bytes};
    uint64_t touched;

    p->size.bytes += group_disk_bytes(h->raw_bytes + p->overhead, p->align);
    p->size.records += h->records;
    p->size.largest_body = max_u64(p->size.largest_body, h->raw_bytes);
    if (!p->w)
        return 0;
    g.header.flags |= GROUP_BIRTH;
    int e = writer_prepare(p->w, &g, 1);
    return e < 0 ? e : writer_put(p->w, &g, 1, 0, &touched);
}

static int put_meta(struct pass *p)
{
    const struct meta_map *m = p->births->meta;
    struct group_header h = {.type = GROUP_META};

    if (!m || m->n == 0 || PLANTED(33))
        return 0;
    int e = make_room(p, m->size);
    if (e < 0)
        return e;
    if (p->w) {
        memcpy(body_of(p), m->body, m->size);
        h.first_lsn = p->w->end.next_lsn;
    }
    h.raw_bytes = (uint32_t)m->size;
    return put(p, &h);
}

static int put_tag(struct pass *p, const struct tag *tag)
{
    struct group_header h;
    int e = tag && tag->size ? make_room(p, tag_room(tag)) : 1;
    if (e != 0)
        return e < 0 ? e : 0;
    h = tag_group(tag);
    if (p->w) {
        tag_put(tag, body_of(p));
        h.first_lsn = p->w->end.next_lsn;
    }
    return put(p, &h);
}

static int put_state(struct pass *p, const struct checkpoint_state *s)
{
    uint64_t done = 0, limit = p->births->group_bytes;
    struct group_header h;
    int e;

    do {
        uint64_t part = checkpoint_part_bytes(s, done, limit), bytes = checkpoint_body_bytes(part);
        e = make_room(p, bytes);
        if (e < 0)
            return e;
        h = (struct group_header){.raw_bytes = (uint32_t)bytes};
        if (p->w) {
            checkpoint_part_put(s, done, part, body_of(p), &h);
            h.first_lsn = p->w->end.next_lsn;
        }
        e = put(p, &h);
        done += part;
    } while (e == 0 && done < s->size);
    return e;
}

static int copy_checkpoint_group(struct pass *p, const struct group_view *g)
{
    const uint8_t batch = GROUP_FIRST | GROUP_LAST;
    struct group_header h = {.type = GROUP_CHECKPOINT,
                             .flags = g->header.flags & batch,
                             .raw_bytes = g->header.raw_bytes};
    int e = make_room(p, h.raw_bytes);
    if (e < 0)
        return e;
    if (p->w) {
        memcpy(body_of(p), g->body, h.raw_bytes);
        h.first_lsn = p->w->end.next_lsn;
    }
    return put(p, &h);
}

static int put_old_checkpoint(struct pass *p)
{
    const struct births *b = p->births;
    struct checkpoint_walk walk;
    struct checkpoint_part part;
    struct group_view g;

    int e = checkpoint_walk_init(&walk, b->checkpoint_from, b->alloc, b->checkpoint_offset);
    while (e == 0 && (e = checkpoint_walk_next(&walk, &g, &part)) == 1)
        e = copy_checkpoint_group(p, &g);
    checkpoint_walk_free(&walk);
    return e;
}

static int put_checkpoint(struct pass *p)
{
    const struct births *b = p->births;
    if (PLANTED(33))
        return 0;
    return b->state ? put_state(p, b->state) : b->checkpoint_from ? put_old_checkpoint(p) : 0;
}

/* Copies records into p->bytes, with checksums for the new segment's salt. A record whose own
 * checksum is wrong would get a right one: such a group is refused by the first pass, before
 * anything is written. */
static int copy_records(struct pass *p, const struct group_view *g, uint64_t last,
                        struct group_header *h)
{
    const struct segment_header *from = &p->births->from->header;
    size_t tag = (size_t)align_up(g->header.tag_bytes, 8), at = tag;
    struct record_walk walk;
    struct record r;
    int got = 1;

    if (p->w)
        memcpy(body_of(p), g->body, tag);
    group_records(g, from, &walk);
    for (h->records = 0; walk.left && walk.lsn <= last && (got = record_next(&walk, &r)) == 1;
         h->records++) {
        size_t bytes = record_bytes(r.size);
        if (!p->w && !record_right(&r, from->salt))
            return -1;
        if (p->w) {
            uint8_t *out = body_of(p) + at;
            store64(out + bytes - 8, 0);
            r.crc = record_crc(crc_copy(0, out + RECORD_HEADER_BYTES, r.payload, r.size), r.size,
                               r.flags, r.type, r.lsn, p->w->segment.header.salt);
            record_header_encode(out, &r);
        }
        at += bytes;
    }
    h->raw_bytes = (uint32_t)at;
    return got < 0 ? -1 : 0;
}

/* Metadata groups of a long batch's run stay behind, also where they have its FIRST or LAST. Of a
 * run that is cut off only records go over, no batch. */
static int look_through_run(struct pass *p, const struct group_view *first)
{
    struct group_reader r;
    struct group_view g;
    uint64_t from = 0, to = 0;
    int e;

    group_reader_init(&r, p->births->from, p->births->alloc, GROUP_HEADER_BYTES);
    group_reader_seek(&r, first->offset, first->header.first_lsn);
    r.limit = p->births->end.offset;
    while ((e = group_reader_next_header(&r, &g)) == 1) {
        if (g.header.type == GROUP_DATA) {
            from = from ? from : g.offset;
            to = g.offset;
        }
        if (g.header.flags & GROUP_LAST)
            break;
    }
    group_reader_free(&r);
    p->run_first = e == 1 ? from : 0;
    p->run_last = e == 1 ? to : 0;
    return e < 0 ? e : 0;
}

static uint8_t batch_flags(const struct pass *p, const struct group_view *g)
{
    bool first = g->offset == p->run_first, last = g->offset == p->run_last;
    return first == last ? 0 : first ? GROUP_FIRST : GROUP_LAST;
}

static int put_old_group(struct pass *p, const struct group_reader *r, const struct group_view *g,
                         uint64_t last)
{
    struct group_header h = {.type = GROUP_DATA,
                             .first_lsn = g->header.first_lsn,
                             .tag_bytes = g->header.tag_bytes,
                             .flags = batch_flags(p, g)};
    int e = make_room(p, g->header.raw_bytes);
    if (e < 0)
        return e;
    if (copy_records(p, g, last, &h) < 0)
        return fault_at(WAL_E_CORRUPT, g->header.first_lsn, r->segment->file.number, g->offset,
                        "%s/%s at offset %llu: the records of a group don't fit together",
                        r->segment->file.folder->path, r->segment->file.name,
                        (unsigned long long)g->offset);
    return put(p, &h);
}

/* One group of the old segment; last: LSN of the last record that goes over. */
static int take_old_group(struct pass *p, const struct group_reader *r, const struct group_view *g,
                          uint64_t last)
{
    struct tag tag;
    int e = g->header.flags & GROUP_FIRST ? look_through_run(p, g) : 0;

    if (e == 0 && g->header.type == GROUP_DATA)
        e = put_old_group(p, r, g, last);
    if (e == 0 && g->header.type == GROUP_TAG) {
        e = tag_of(p->births->from, g, &tag);
        if (e == 0)
            e = put_tag(p, &tag);
    }
    return e;
}

static int put_old_groups(struct pass *p)
{
    const struct births *b = p->births;
    struct group_reader r;
    struct group_view g;
    int e = 0;

    if (!b->from)
        return 0;
    group_reader_init(&r, b->from, b->alloc, GROUP_BLOCK_BYTES);
    group_reader_resume(&r, &b->begin);
    if (b->split)
        r.in_batch = BATCH_UNKNOWN; /* the group that is cut may lie within a long batch */
    while (e == 0 && r.offset < b->end.offset + (b->split ? 1 : 0)) {
        bool cut = r.offset == b->end.offset;
        e = group_reader_next(&r, &g);
        if (e == 0)
            e = group_reader_corrupt(&r);
        else if (e == 1)
            e = take_old_group(p, &r, &g, cut ? b->last_kept : UINT64_MAX);
    }
    group_reader_free(&r);
    p->size.kept = p->size.records;
    return e;
}

/* As many new records as a group holds, or none of them where there is only a tag. */
static int put_new_group(struct pass *p, struct source *s, bool first)
{
    size_t tag = tag_room(s->tag);
    uint64_t limit = p->births->group_bytes - tag;
    struct group_header h = {.type = GROUP_DATA,
                             .tag_bytes = (uint16_t)(s->tag ? s->tag->size : 0)};
    struct filled f;

    int e = make_room(p, tag + max_u64(min_u64(s->body, limit), s->largest));
    if (e < 0)
        return e;
    if (p->w) {
        h.first_lsn = p->w->end.next_lsn;
        tag_put(s->tag, body_of(p));
        e = source_fill(s, limit, body_of(p) + tag, h.first_lsn, p->w->segment.header.salt, &f);
    } else {
        e = source_measure(s, limit, &f);
    }
    if (e < 0)
        return e;
    h.records = (uint32_t)f.records;
    h.raw_bytes = (uint32_t)(tag + f.bytes);
    h.flags = first == !s->left ? 0 : first ? GROUP_FIRST : GROUP_LAST;
    return put(p, &h);
}

static int put_new_records(struct pass *p)
{
    struct source *s = p->births->source;
    bool first = true;
    int e = 0;

    if (!s)
        return 0;
    if (s->records == 0)
        return put_tag(p, s->tag);
    source_rewind(s);
    for (; e == 0 && s->left; first = false)
        e = put_new_group(p, s, first);
    return e;
}

static int run(struct pass *p)
{
    int e = put_meta(p);
    if (e == 0 && !PLANTED(33))
        e = put_tag(p, &p->births->tag);
    if (e == 0)
        e = put_checkpoint(p);
    if (e == 0)
        e = put_old_groups(p);
    if (e == 0)
        e = put_new_records(p);
    if (p->bytes != p->births->lent)
        mem_free(p->births->alloc, p->bytes);
    return e;
}

int births_measure(const struct births *b, uint32_t align, uint32_t overhead,
                   struct birth_size *ret)
{
    struct pass p = {.births = b, .align = align, .overhead = overhead};
    int e = run(&p);
    if (e == 0)
        *ret = p.size;
    return e;
}

int births_write(const struct births *b, struct writer *w)
{
    struct pass p = {.births = b,
                     .w = w,
                     .align = w->segment.header.group_align,
                     .bytes = b->lent,
                     .room = b->lent_bytes};
    return run(&p);
}
