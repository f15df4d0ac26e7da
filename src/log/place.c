#include "log/place.h"

#include "base/codes.h"
#include "base/plant.h"
#include "log/follow.h"
#include "segment/seal.h"

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

/* Every group of a sealed member up to its end, which must be the one that its successor states. */
static int verify(struct wal *w, struct member *m, const struct boundary *end)
{
    struct group_reader r;
    struct group_view g;
    struct index index = {0};
    int e;

    group_reader_init(&r, &m->segment, w->alloc, GROUP_BLOCK_BYTES);
    r.limit = end->offset;
    while ((e = group_reader_next(&r, &g)) == 1)
        if (g.header.records)
            index_add(&index, w->alloc, g.header.first_lsn, g.header.place);
    if (e == 0 && (r.offset != end->offset || r.lsn != end->next_lsn || r.link != end->link))
        e = not_as_stated(m, &r);
    group_reader_free(&r);
    if (e == 0)
        catalog_set_index(&w->catalog, m, &index, true);
    else
        index_free(&index, w->alloc);
    return e;
}

/* A sealed member's index was given up to save memory: its seal has it, if it ends with one. */
static int reload_index(struct wal *w, struct member *m, const struct member_state *state)
{
    struct seal seal;
    struct seal_entry entry;
    struct index index = {0};

    int e = seal_find(&m->segment, w->alloc, state->end.offset, &seal);
    if (e < 1)
        return e < 0 ? e : verify(w, m, &state->end);
    int n = seal_body_count(seal.body, seal.header.stored_bytes);
    for (int k = 0; k < n; k++) {
        seal_body_entry(&entry, seal.body, (size_t)k);
        index_add(&index, w->alloc, entry.lsn, entry.place);
    }
    mem_free(w->alloc, seal.body);
    catalog_set_index(&w->catalog, m, &index, true);
    return 0;
}

static int make_ready(struct wal *w, struct member *m, const struct member_state *state)
{
    if (!state->sealed)
        return 0;
    if (!state->verified)
        return verify(w, m, &state->end);
    return state->indexed ? 0 : reload_index(w, m, state);
}

int place_find(struct wal *w, struct place *p, uint64_t lsn, const struct horizon *h,
               size_t block_bytes)
{
    struct member *m;
    struct member_state state;
    struct seal_entry entry;

    place_free(w, p);
    int e = catalog_find(&w->catalog, lsn, &m);
    if (e < 0)
        return e;
    catalog_state(&w->catalog, m, &state);
    e = make_ready(w, m, &state);
    if (e < 0) {
        catalog_release(&w->catalog, m);
        return e;
    }
    catalog_locate(&w->catalog, m, lsn, &entry);
    p->member = m;
    group_reader_init(&p->groups, &m->segment, w->alloc, block_bytes);
    p->groups.limit = state.sealed ? state.end.offset : h->end_offset;
    if (entry.place != FIRST_PLACE)
        group_reader_seek(&p->groups, (uint64_t)entry.place * PLACE_UNIT, entry.lsn);
    return 0;
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
        if (g.header.records && group_last_lsn(&g.header) >= lsn) {
            r->offset = before.offset;
            r->lsn = before.lsn;
            r->link = before.link;
            r->linked = before.linked;
            r->in_batch = before.in_batch;
            return 1;
        }
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

/* Moves the boundary behind a group. */
static void pass(struct boundary *at, const struct group_view *g)
{
    at->offset = g->end;
    at->next_lsn = group_last_lsn(&g->header) + 1;
    at->link = g->header.crc;
    if (g->header.tag_bytes)
        at->tag_offset = g->offset;
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
        pass(ret, &g);
    }
    if (e == 0 && r.stop != STOP_LIMIT)
        e = group_reader_corrupt(&r);
    group_reader_free(&r);
    return e < 0 ? e : 0;
}
