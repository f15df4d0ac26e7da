/* SPDX-License-Identifier: Apache-2.0 */
#include "log/place.h"

#include "base/codes.h"
#include "base/plant.h"
#include "log/catalog_index.h"
#include "log/follow.h"
#include "segment/seal.h"

enum { HEADER_BLOCK_BYTES = 8 * 1024 };

void place_horizon(struct wal *w, bool written, struct horizon *ret)
{
    pthread_mutex_lock(&w->mu);
    uint64_t durable = atomic_load(&w->durable_lsn);
    *ret = (struct horizon){
        .first_lsn = atomic_load(&w->first_lsn),
        .last_lsn = written ? w->written_lsn : durable,
        .next_lsn = w->next_lsn,
        .end_offset = w->written_offset,
        .shape = atomic_load(&w->shape),
    };
    pthread_mutex_unlock(&w->mu);
}

bool place_same_shape(const struct wal *w, const struct horizon *h)
{
    return atomic_load(&w->shape) == h->shape;
}

void place_init(struct place *p)
{
    *p = (struct place){0};
}

void place_free(struct wal *w, struct place *p)
{
    if (!p->member)
        return;
    group_reader_free(&p->groups);
    catalog_release(&w->catalog, p->member);
    p->member = NULL;
}

int place_result(struct wal *w, int e)
{
    if (e != WAL_E_CORRUPT)
        return e;
    const struct fault *f = fault_last();
    stat_add(&w->stats, WAL_STAT_CORRUPTIONS, 1);
    event_tell(w, &(wal_event_t){.kind = WAL_EVENT_CORRUPT,
                                 .lsn = f->lsn,
                                 .segment = f->segment,
                                 .bytes = f->offset,
                                 .code = e});
    notify_events(w);
    return e;
}

static int not_as_stated(const struct member *m, const struct group_reader *r)
{
    if (r->stop != STOP_LIMIT)
        return group_reader_corrupt(r);
    return fault_at(WAL_E_CORRUPT, r->lsn, m->number, r->offset,
                    "%s/%s ends at offset %llu, LSN %llu, not as its successor states",
                    r->segment->file.folder->path, r->segment->file.name,
                    (unsigned long long)r->offset, (unsigned long long)r->lsn);
}

static bool is_at(const struct group_reader *r, const struct boundary *end)
{
    return r->offset == end->offset && r->lsn == end->next_lsn && r->link == end->link;
}

/* The index as the seal has it. Its header's checksum is what the successor states, so it is the
 * right one. 1: got it; 0: the member doesn't end with one. */
static int index_of_seal(struct wal *w, struct member *m, const struct boundary *end,
                         struct index *ret)
{
    struct seal seal;

    int e = seal_find(&m->segment, w->alloc, end->offset, &seal);
    if (e < 1)
        return e;
    bool right = seal.header.crc == end->link &&
                 index_add_seal(ret, w->alloc, seal.body, seal.header.raw_bytes);
    mem_free(w->alloc, seal.body);
    return right;
}

/* The index of a member that was cut, or ended by a crash: the headers of its groups, up to the end
 * that its successor states. */
static int index_of_headers(struct wal *w, struct member *m, const struct boundary *end,
                            struct index *ret)
{
    struct group_reader r;
    struct group_view g;
    int e;

    group_reader_init(&r, &m->segment, w->alloc, HEADER_BLOCK_BYTES);
    r.limit = end->offset;
    while ((e = group_reader_next_header(&r, &g)) == 1)
        if (g.header.records)
            index_add(ret, w->alloc, g.header.first_lsn, g.header.place);
    if (e == 0 && !is_at(&r, end))
        e = not_as_stated(m, &r);
    group_reader_free(&r);
    return e;
}

/* A sealed member's index isn't in memory: it was never loaded, or given up to save memory. */
static int load_index(struct wal *w, struct member *m, const struct boundary *end)
{
    struct index index = catalog_new_index(&w->catalog);

    int e = index_of_seal(w, m, end, &index);
    if (e == 0) {
        index_free(&index, w->alloc);
        e = index_of_headers(w, m, end, &index);
    }
    if (e < 0)
        index_free(&index, w->alloc);
    else
        catalog_set_index(&w->catalog, m, &index);
    return e < 0 ? e : 0;
}

/* Whether the LSN lies in the member that is at hand. */
static bool holds(struct wal *w, const struct place *p, uint64_t lsn)
{
    struct member_state state;

    if (!p->member || lsn < p->member->segment.header.base_lsn)
        return false;
    catalog_state(&w->catalog, p->member, &state);
    return !state.gone && (!state.sealed || lsn < state.end.next_lsn);
}

static int enter(struct wal *w, struct place *p, uint64_t lsn, size_t block_bytes)
{
    if (holds(w, p, lsn))
        return 0;
    place_free(w, p);
    int e = catalog_find(&w->catalog, lsn, &p->member);
    if (e == 0)
        group_reader_init(&p->groups, &p->member->segment, w->alloc, block_bytes);
    return e;
}

int place_find(struct wal *w, struct place *p, uint64_t lsn, const struct horizon *h,
               size_t block_bytes)
{
    struct member_state state;
    struct seal_entry entry;

    int e = enter(w, p, lsn, block_bytes);
    if (e < 0)
        return e;
    group_reader_rewind(&p->groups);
    catalog_state(&w->catalog, p->member, &state);
    p->groups.limit = state.sealed ? state.end.offset : h->end_offset;
    if (lsn == p->member->segment.header.base_lsn)
        return 0;
    if (state.sealed && !state.indexed)
        e = load_index(w, p->member, &state.end);
    if (e < 0)
        return e;
    catalog_locate(&w->catalog, p->member, lsn, &entry);
    if (entry.place != FIRST_PLACE)
        group_reader_seek(&p->groups, (uint64_t)entry.place * PLACE_UNIT, entry.lsn);
    return 0;
}

int place_next(struct wal *w, struct place *p, const struct horizon *h, struct group_view *ret)
{
    struct group_reader *r = &p->groups;
    struct member_state state;
    struct group_view g;
    int e;

    catalog_state(&w->catalog, p->member, &state);
    if (state.gone)
        return 0;
    r->limit = state.sealed ? state.end.offset : h->end_offset;
    do {
        e = group_reader_next(r, &g);
    } while (e == 1 && g.header.records == 0);
    if (e == 1)
        *ret = g;
    if (e != 0)
        return e;
    if (r->stop != STOP_LIMIT)
        return group_reader_corrupt(r);
    /* Beyond the end: what this handle's first segment took over is read there. */
    return !state.sealed || r->offset > state.end.offset || is_at(r, &state.end)
               ? 0
               : not_as_stated(p->member, r);
}

/* Steps over groups that end below the LSN without reading their bodies. 1: the reader stands
 * before the group that holds it. */
static int skip_to(struct group_reader *r, uint64_t lsn)
{
    struct group_view g;
    for (;;) {
        struct group_reader before = *r;
        int e = group_reader_next_header(r, &g);
        if (e != 1)
            return e;
        if (g.header.records && group_last_lsn(&g.header) < lsn)
            continue;
        r->offset = before.offset;
        r->lsn = before.lsn;
        r->link = before.link;
        r->linked = before.linked;
        r->in_batch = before.in_batch;
        if (g.header.records)
            return 1;
        e = group_reader_next(r, &g); /* nobody else looks at what has no records */
        if (e != 1)
            return e;
    }
}

int place_group(struct place *p, uint64_t lsn, struct group_view *ret)
{
    int e = skip_to(&p->groups, lsn);
    if (e == 1)
        e = group_reader_next(&p->groups, ret);
    if (e == 1 && ret->header.first_lsn > lsn)
        e = 0; /* the segment begins above what it should hold */
    if (e == 0)
        e = group_reader_corrupt(&p->groups);
    return e < 0 ? e : 0;
}

int place_boundary(struct wal *w, const struct member *m, uint64_t lsn, uint64_t limit,
                   struct boundary *ret, bool *ret_split)
{
    struct member_state state;
    struct group_reader r;
    struct group_view g;
    int e;

    catalog_state(&w->catalog, m, &state);
    group_reader_init(&r, &m->segment, w->alloc, GROUP_BLOCK_BYTES);
    r.limit = state.sealed ? state.end.offset : limit;
    segment_start(&m->segment, ret);
    *ret_split = false;
    while ((e = group_reader_next_header(&r, &g)) == 1) {
        if (g.header.records && group_last_lsn(&g.header) > lsn) {
            *ret_split = g.header.first_lsn <= lsn;
            break;
        }
        boundary_pass(ret, &g.header, NULL, g.end);
    }
    if (e == 0 && r.stop != STOP_LIMIT)
        e = group_reader_corrupt(&r);
    group_reader_free(&r);
    return e < 0 ? e : 0;
}
