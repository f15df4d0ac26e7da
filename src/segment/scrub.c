/* SPDX-License-Identifier: Apache-2.0 */
#include "segment/scrub.h"

#include <errno.h>

#include "base/bytes.h"
#include "base/fault.h"
#include "format/body.h"
#include "segment/seal.h"

enum { HOLE_STEP = 64 * 1024 /* so often it is asked where the next data is */ };

struct scrub {
    struct group_reader reader;
    const struct scrub_fns *fns;
    struct scrub_end *end;
    uint64_t size; /* where the search for groups ends: the end, or the file's */
    uint64_t next; /* the lowest LSN that can still come */
    bool damaged;
    struct boundary now, safe;    /* safe: not within a batch */
    struct seal seal;             /* at the stated end; body NULL: there is none */
    int entries, entry;           /* of its index: how many, and how many groups were met */
    struct checkpoint_part state; /* the last part of the checkpoint that is under way */
};

static int damage(struct scrub *x, uint64_t offset, uint64_t lsn)
{
    x->damaged = true;
    return x->fns->damage ? x->fns->damage(x->fns->ctx, offset, lsn) : 0;
}

static int give(struct scrub *x, const struct group_view *g, const struct record *r)
{
    if (r->lsn < x->next || r->lsn >= x->end->below)
        return 0;
    x->next = r->lsn + 1;
    return x->fns->record ? x->fns->record(x->fns->ctx, g, r) : 0;
}

/* 1: the body's records are what the header says. */
static int give_records(struct scrub *x, const struct group_view *g, struct record_walk *walk)
{
    uint64_t salt = x->reader.segment->header.salt;
    struct record r;
    int e = 0, got = 0;

    while (e == 0 && (got = record_next(walk, &r)) == 1)
        e = record_right(&r, salt) ? give(x, g, &r) : damage(x, g->offset, r.lsn);
    return e != 0 ? e : got == 0;
}

static int check_data(struct scrub *x, const struct group_view *g)
{
    const struct segment_header *h = &x->reader.segment->header;
    struct record_walk walk;
    struct seal_entry entry = {0};

    if (x->entry < x->entries)
        seal_body_entry(&entry, x->seal.body, (size_t)x->entry);
    x->entry += entry.place == g->header.place && entry.lsn == g->header.first_lsn;
    group_records(g, h, &walk);
    int e = give_records(x, g, &walk);
    return e == 1 ? 0 : e < 0 ? e : damage(x, g->offset, walk.lsn);
}

/* Parts of one state, one behind the other, to its end; where damage took some, only those that are
 * there have to be parts. */
static bool goes_on(struct scrub *x, const struct group_view *g)
{
    struct checkpoint_part p;
    const struct checkpoint_part *before = &x->state;

    if (checkpoint_body_decode(&p, g->body, g->header.raw_bytes) < 0)
        return false;
    bool begins = p.offset == 0, done = p.offset + p.size == p.state_size;
    bool follows = begins ? before->size == 0
                          : p.lsn == before->lsn && p.state_size == before->state_size &&
                                p.offset == before->offset + before->size;
    bool ends = (g->header.flags & GROUP_LAST) || (begins && !(g->header.flags & GROUP_FIRST));
    x->state = done ? (struct checkpoint_part){0} : p;
    return x->damaged || (follows && ends == done);
}

static bool right_inside(struct scrub *x, const struct group_view *g)
{
    struct meta_entry entries[META_KEYS_MAX];
    size_t tag = g->header.tag_bytes, padded = (size_t)align_up(tag, 8);

    switch (g->header.type) {
    case GROUP_META:
        return meta_body_decode(entries, g->body, g->header.raw_bytes) >= 0;
    case GROUP_SEAL: /* groups that the damage took can't be met */
        return seal_body_count(g->body, g->header.raw_bytes) >= 0 &&
               (x->damaged || x->entry == x->entries);
    case GROUP_CHECKPOINT:
        return goes_on(x, g);
    default: /* a tag alone */
        return padded == g->header.raw_bytes && all_zero(g->body + tag, padded - tag);
    }
}

static int take(struct scrub *x, const struct group_view *g)
{
    boundary_pass(&x->now, &g->header, g->body, g->end);
    x->now.next_lsn = x->reader.lsn;
    int e = x->fns->group ? x->fns->group(x->fns->ctx, g) : 0;
    if (e == 0)
        e = g->header.type == GROUP_DATA ? check_data(x, g)
            : right_inside(x, g)         ? 0
                                         : damage(x, g->offset, g->header.first_lsn);
    x->next = max_u64(x->next, x->reader.lsn);
    if (x->reader.in_batch != BATCH_INSIDE)
        x->safe = x->now;
    if (e == 0 && x->fns->passed)
        e = x->fns->passed(x->fns->ctx, g->end);
    return e;
}

/* A right header whose body isn't: some of its records may be. Its tag can't be trusted. */
static int take_from_bad_body(struct scrub *x, const struct group_view *bad)
{
    const struct segment *s = x->reader.segment;
    struct group_view g = *bad;
    struct record_walk walk;
    size_t got = 0, size = g.header.stored_bytes;

    if (g.header.type != GROUP_DATA || (g.header.flags & (GROUP_COMPRESSED | GROUP_ENCRYPTED)))
        return 0;
    uint8_t *body = mem_new(x->reader.alloc, size);
    if (!body)
        return fault_nomem();
    int e = file_read(&s->file, body, size, g.offset + GROUP_HEADER_BYTES, &got);
    g.body = body;
    g.header.raw_bytes = (uint32_t)got;
    group_records(&g, &s->header, &walk);
    walk.at = body + min_u64(got, align_up(g.header.tag_bytes, 8));
    walk.end = body + got;
    g.header.tag_bytes = 0;
    if (e == 0)
        e = give_records(x, &g, &walk);
    mem_free(x->reader.alloc, body);
    return e == 1 ? 0 : e;
}

/* Past the holes: they are zeros. */
static uint64_t skip_hole(const struct scrub *x, uint64_t at)
{
    const struct file *f = &x->reader.segment->file;
    const struct os *os = f->folder->os;
    int64_t data = os->next_data(os->ctx, f->fd, at);
    uint32_t align = x->reader.segment->header.group_align;

    if (data == -ENXIO)
        return x->size;
    return data < 0 ? at : max_u64(at, (uint64_t)data / align * align);
}

/* To the next right header with LSNs that can still come. 0: there is none. */
static int search(struct scrub *x, uint64_t from)
{
    struct group_reader *r = &x->reader;
    uint32_t align = r->segment->header.group_align;
    bool ask = true;

    for (uint64_t at = align_up(from, align); at + GROUP_HEADER_BYTES <= x->size; at += align) {
        if (ask)
            at = skip_hole(x, at);
        ask = at % HOLE_STEP == 0;
        if (at + GROUP_HEADER_BYTES > x->size)
            break;
        int e = group_reader_seek_place(r, at);
        if (e < 0 || (e == 1 && r->lsn >= x->next && r->lsn <= x->end->below))
            return e;
    }
    return 0;
}

/* There is no group at the reader's place. 1: the reader stands before the next one; 0: there is
 * none any more. */
static int step_over(struct scrub *x)
{
    struct group_reader *r = &x->reader;
    uint64_t at = r->offset, lsn = r->lsn, from = at + GROUP_HEADER_BYTES;
    struct group_view g;
    int e = 0, found;

    if (r->stop == STOP_BODY) { /* its header can be trusted, so that its length can */
        group_reader_seek(r, at, lsn);
        if ((e = group_reader_next_header(r, &g)) < 0)
            return e;
        if (e == 1 && g.end <= x->size) {
            from = g.end;
            e = take_from_bad_body(x, &g);
        }
    } else if (r->stop == STOP_CHAIN) {
        from = at; /* it may be right, and something before it is lost */
    }
    if (e != 0 && e != 1)
        return e;
    found = search(x, from);
    if (found < 0)
        return found;
    e = found || x->end->stated ? damage(x, at, lsn) : 0;
    return e != 0 ? e : found;
}

static bool at_end(const struct scrub *x)
{
    const struct group_reader *r = &x->reader;
    return x->end->stated && r->offset == x->end->at.offset;
}

static int finish(struct scrub *x)
{
    const struct boundary *at = &x->end->at;
    const struct group_reader *r = &x->reader;

    if (!x->end->stated)
        x->end->at = x->safe;
    else if ((!x->damaged || (r->linked && at_end(x))) &&
             (r->lsn != at->next_lsn || r->link != at->link))
        return damage(x, r->offset, r->lsn);
    return 0;
}

static int walk(struct scrub *x)
{
    struct group_view g;
    int e;

    for (;;) {
        e = group_reader_next(&x->reader, &g);
        if (e == 1)
            e = take(x, &g);
        else if (e == 0 && at_end(x))
            return finish(x);
        else if (e == 0 && (e = step_over(x)) == 0)
            return finish(x);
        else if (e == 1)
            e = 0;
        if (e != 0)
            return e;
    }
}

static int begin(struct scrub *x)
{
    const struct segment *s = x->reader.segment;
    struct os_stat st;

    int e = file_stat(&s->file, &st);
    if (e < 0)
        return e;
    x->size = min_u64(st.size, SEGMENT_END_MAX);
    if (!x->end->stated)
        return 0;
    x->size = min_u64(x->size, x->end->at.offset);
    x->reader.limit = x->end->at.offset;
    e = seal_find(s, x->reader.alloc, x->end->at.offset, &x->seal);
    if (e == 1)
        x->entries = seal_body_count(x->seal.body, x->seal.header.raw_bytes);
    return e < 0 ? e : 0;
}

int scrub_segment(const struct segment *s, const struct alloc *a, struct scrub_end *end,
                  const struct scrub_fns *fns)
{
    struct scrub x = {.fns = fns, .end = end, .next = s->header.base_lsn};

    group_reader_init(&x.reader, s, a, GROUP_BLOCK_BYTES);
    segment_start(s, &x.now);
    x.safe = x.now;
    int e = begin(&x);
    if (e == 0)
        e = walk(&x);
    group_reader_free(&x.reader);
    mem_free(a, x.seal.body);
    return e;
}
