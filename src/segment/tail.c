/* SPDX-License-Identifier: Apache-2.0 */
#include "segment/tail.h"

#include <string.h>

#include "base/bytes.h"
#include "base/codes.h"
#include "base/fault.h"
#include "base/plant.h"
#include "segment/search.h"
#include "segment/verdict.h"

/* A walk that keeps the last boundary outside of batches, and the newest metadata and tag at each.
 */
struct walk {
    struct group_reader reader;
    struct boundary now, safe; /* safe: not within a batch */
    uint64_t records, safe_records;
    uint64_t durable_offset;
};

static void walk_init(struct walk *w, const struct segment *s, const struct alloc *a)
{
    group_reader_init(&w->reader, s, a, GROUP_BLOCK_BYTES);
    segment_start(s, &w->now);
    w->safe = w->now;
    w->records = w->safe_records = 0;
    w->durable_offset = 0;
}

static void walk_take(struct walk *w, const struct group_view *g)
{
    boundary_pass(&w->now, &g->header, g->body, g->end);
    w->records += g->header.records;
    w->durable_offset = max_u64(w->durable_offset, (uint64_t)g->header.durable_place * PLACE_UNIT);
    if (!w->reader.in_batch || PLANTED(23)) {
        w->safe = w->now;
        w->safe_records = w->records;
    }
}

static int walk_all(struct walk *w, tail_group_fn fn, void *ctx)
{
    struct group_view g;
    int e;

    while ((e = group_reader_next(&w->reader, &g)) == 1) {
        walk_take(w, &g);
        e = fn ? fn(ctx, &g) : 0;
        if (e < 0)
            return e;
    }
    return e;
}

/* What lies behind T. The durable places of right headers count there too; their bodies need not be
 * right. */
struct behind {
    uint64_t torn;
    uint64_t durable_offset, first_nonzero, end_nonzero; /* first: UINT64_MAX when all is zero */
    bool header_at_torn;
};

static void note_unit(void *ctx, const uint8_t *unit, uint64_t offset,
                      const struct group_header *header)
{
    struct behind *x = ctx;
    (void)unit;
    x->first_nonzero = min_u64(x->first_nonzero, offset);
    x->end_nonzero = offset + PLACE_UNIT;
    if (!header)
        return;
    x->durable_offset = max_u64(x->durable_offset, (uint64_t)header->durable_place * PLACE_UNIT);
    x->header_at_torn |= offset == x->torn;
}

static uint32_t facts_of(const struct tail *t, const struct behind *x,
                         const struct segment_header *h)
{
    uint64_t window = (uint64_t)h->window * WINDOW_UNIT;
    bool nonzero = x->first_nonzero != UINT64_MAX;

    return (t->durable_offset > t->torn.offset ? FACT_DURABLE_DAMAGED : 0u) |
           (nonzero && x->end_nonzero > t->torn.offset + window ? FACT_BEYOND_WINDOW : 0u) |
           (nonzero ? FACT_BYTES_AFTER : 0u) |
           (t->file_size >= t->torn.offset + GROUP_HEADER_BYTES ? FACT_ROOM : 0u) |
           (x->header_at_torn ? FACT_HEADER_RIGHT : 0u) |
           (t->cut.offset < t->torn.offset ? FACT_BATCH_UNFINISHED : 0u);
}

static int check_size(const struct segment *s, struct tail *t)
{
    struct os_stat st;
    int e = file_stat(&s->file, &st);
    if (e < 0)
        return e;
    t->file_size = st.size;
    if (st.size > SEGMENT_END_MAX + GROUP_ALIGN_MAX)
        return fault_at(WAL_E_CORRUPT, 0, s->file.number, st.size,
                        "%s/%s is larger than any segment can be", s->file.folder->path,
                        s->file.name);
    return 0;
}

int tail_scan(const struct segment *s, const struct alloc *a, uint64_t outside, tail_group_fn fn,
              void *ctx, struct tail *ret)
{
    struct tail t = {0};
    struct walk w;
    int e = check_size(s, &t);
    if (e < 0)
        return e;

    walk_init(&w, s, a);
    e = walk_all(&w, fn, ctx);
    group_reader_free(&w.reader);
    if (e < 0)
        return e;
    struct behind x = {.torn = w.now.offset, .first_nonzero = UINT64_MAX};
    e = search_units(s, a, x.torn, t.file_size, note_unit, &x);
    if (e < 0)
        return e;

    t.torn = w.now;
    t.cut = w.safe;
    t.records = w.safe_records;
    t.live_bytes = t.cut.offset - SEGMENT_HEADER_BLOCK;
    t.durable_offset = max_u64(max_u64(w.durable_offset, x.durable_offset), outside);
    t.durable_offset = max_u64(t.durable_offset, (uint64_t)s->header.birth_place * PLACE_UNIT);
    if (PLANTED(28))
        t.durable_offset = max_u64(t.durable_offset, t.file_size - GROUP_HEADER_BYTES);
    if (PLANTED(6) && x.first_nonzero == UINT64_MAX)
        t.durable_offset = t.torn.offset;
    t.end_nonzero = max_u64(x.end_nonzero, t.torn.offset);
    t.facts = facts_of(&t, &x, &s->header);
    *ret = t;
    return 0;
}

int tail_boundary_below(const struct segment *s, const struct alloc *a, uint64_t offset,
                        struct boundary *ret)
{
    struct walk w;
    walk_init(&w, s, a);
    w.reader.limit = offset;
    int e = walk_all(&w, NULL, NULL);
    if (e == 0 && w.reader.stop != STOP_LIMIT)
        e = group_reader_corrupt(&w.reader);
    if (e == 0)
        *ret = w.safe;
    group_reader_free(&w.reader);
    return e;
}
