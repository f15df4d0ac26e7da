/* SPDX-License-Identifier: Apache-2.0 */
#include "log/recover.h"

#include "base/bytes.h"
#include "base/codes.h"
#include "base/plant.h"
#include "log/births.h"
#include "log/catalog_index.h"
#include "log/checkpoint.h"
#include "log/tag.h"
#include "segment/seal.h"
#include "segment/verdict.h"

enum { SMALL_BYTES = 256 * 1024, NEARLY_FULL = 4096 };

static bool closed_cleanly(const struct wal *w, const struct segment *s)
{
    const struct control *c = &w->control.now;
    return (c->flags & CONTROL_CLEAN) && c->newest == s->header.number &&
           c->end_offset >= SEGMENT_HEADER_BLOCK;
}

/* Offset in the newest segment that control or the witness vouch for. */
static uint64_t outside_evidence(const struct wal *w, const struct segment *s)
{
    const struct witness *x = &w->control.witness;
    uint64_t offset = closed_cleanly(w, s) ? w->control.now.end_offset : 0;

    if (!w->control.has_witness)
        return offset;
    if ((x->segment == s->header.number && x->salt_low == (uint32_t)s->header.salt) || PLANTED(32))
        offset = max_u64(offset, (uint64_t)x->durable_place * PLACE_UNIT);
    return offset;
}

static int index_group(void *ctx, const struct group_view *g)
{
    struct wal *w = ctx;
    if (g->header.records)
        catalog_index(&w->catalog, g->header.first_lsn, g->offset);
    return 0;
}

/* After a clean close control vouches for the whole segment: its seal shows that it is all there,
 * and the groups are verified when they are first read. *ret_done: that was enough. */
static int trust_clean_close(struct wal *w, const struct segment *s, struct ending *ret,
                             bool *ret_done)
{
    const struct control *c = &w->control.now;
    struct seal seal;
    struct os_stat st;
    int zero = 0;
    uint64_t at;

    *ret_done = false;
    if (!closed_cleanly(w, s) || c->end_offset - SEGMENT_HEADER_BLOCK <= SMALL_BYTES ||
        !w->control.even)
        return 0;
    int e = file_stat(&s->file, &st);
    if (e == 0)
        e = file_zero(&s->file, c->end_offset, st.size, &zero, &at);
    if (e < 0 || !zero || st.size < c->end_offset + GROUP_HEADER_BYTES)
        return e;
    e = seal_find(s, w->alloc, c->end_offset, &seal);
    if (e < 1)
        return e;
    bool right = seal.header.first_lsn == c->end_lsn + 1;
    if (right)
        catalog_index_seal(&w->catalog, seal.body, seal.header.raw_bytes);
    mem_free(w->alloc, seal.body);
    if (!right)
        return 0;
    struct boundary end = {
        .offset = c->end_offset, .next_lsn = c->end_lsn + 1, .link = seal.header.crc};
    if (c->metadata.segment == s->header.number)
        end.meta_offset = c->metadata.offset;
    if (c->tagged.segment == s->header.number)
        end.tag_offset = c->tagged.offset;
    *ret = (struct ending){.verdict = WAL_RECOVERY_CLEAN, .clean_close = true, .vouched = end};
    ret->tail = (struct tail){.torn = end,
                              .cut = end,
                              .durable_offset = end.offset,
                              .end_nonzero = end.offset,
                              .live_bytes = end.offset - SEGMENT_HEADER_BLOCK,
                              .records = end.next_lsn - s->header.base_lsn,
                              .file_size = st.size};
    *ret_done = true;
    return 0;
}

static int corrupt(const struct segment *s, const struct tail *t, const struct verdict_case *v)
{
    return fault_at(WAL_E_CORRUPT, t->torn.next_lsn, s->header.number, t->torn.offset,
                    "%s/%s at offset %llu, LSN %llu: %s: %s", s->file.folder->path, s->file.name,
                    (unsigned long long)t->torn.offset, (unsigned long long)t->torn.next_lsn,
                    v->name, v->how);
}

static int judge(struct wal *w, const struct segment *s, struct ending *end)
{
    const struct tail *t = &end->tail;
    uint32_t facts = t->facts;

    if (t->cut.next_lsn < w->control.now.first_lsn)
        facts |= FACT_BELOW_FIRST;
    const struct verdict_case *v = verdict_of(facts);
    if (v->verdict == VERDICT_CORRUPT || v->verdict == VERDICT_IMPOSSIBLE)
        return PLANTED(8) ? 0 : corrupt(s, t, v);
    end->verdict = v->verdict == VERDICT_CLEAN  ? WAL_RECOVERY_CLEAN
                   : v->verdict == VERDICT_TORN ? WAL_RECOVERY_TORN
                                                : WAL_RECOVERY_AMBIGUOUS;
    if (end->verdict != WAL_RECOVERY_CLEAN && w->config.strict)
        return fault_at(WAL_E_TORN, t->cut.next_lsn, s->header.number, t->cut.offset,
                        "%s/%s at offset %llu, LSN %llu: %s: %s", s->file.folder->path,
                        s->file.name, (unsigned long long)t->cut.offset,
                        (unsigned long long)t->cut.next_lsn, v->name, v->how);
    return 0;
}

static int scan(struct wal *w, const struct segment *s, struct ending *end)
{
    int e = tail_scan(s, w->alloc, outside_evidence(w, s), index_group, w, &end->tail);
    if (e < 0)
        return e;
    const struct tail *t = &end->tail;
    e = judge(w, s, end);
    if (e < 0)
        return e;
    end->clean_close = closed_cleanly(w, s) && end->verdict == WAL_RECOVERY_CLEAN;
    end->vouched = t->cut;
    if (t->durable_offset < t->cut.offset && !PLANTED(16))
        e = tail_boundary_below(s, w->alloc, t->durable_offset, &end->vouched);
    return e;
}

int recover_ending(struct wal *w, struct ending *ret)
{
    struct member *m;
    struct ending end = {0};
    struct tag tag;
    bool done;

    int e = catalog_newest(&w->catalog, &m);
    if (e < 0)
        return e;
    e = segment_unlock(&m->segment); /* who hasn't the key doesn't go on in clear behind it */
    if (e == 0)
        e = trust_clean_close(w, &m->segment, &end, &done);
    if (e == 0 && !done)
        e = scan(w, &m->segment, &end);
    if (e == 0)
        e = recover_meta(w, &m->segment, end.tail.cut.meta_offset);
    if (e == 0) /* a rotation will need it */
        e = tag_read(&m->segment, w->alloc, end.tail.cut.tag_offset, &tag);
    catalog_release(&w->catalog, m);
    if (e == 0)
        *ret = end;
    return e;
}

int recover_meta(struct wal *w, const struct segment *s, uint64_t offset)
{
    struct group_reader r;
    struct group_view g;

    if (offset == 0)
        return 0;
    group_reader_init(&r, s, w->alloc, GROUP_HEADER_BYTES + GROUP_BYTES_MIN);
    int e = group_reader_seek_place(&r, offset);
    if (e == 1)
        e = group_reader_next(&r, &g);
    if (e == 1)
        e = g.header.type == GROUP_META
                ? meta_map_load(&w->meta, w->alloc, g.body, g.header.raw_bytes)
                : 0;
    if (e == 0 && !w->meta.body)
        e = group_reader_corrupt(&r);
    group_reader_free(&r);
    return e < 0 ? e : 0;
}

/* What has to go over into the handle's own segment, and what room that takes. */
static int plan_carry(struct wal *w, const struct segment *s)
{
    struct inherited *in = &w->inherited;
    struct birth_size size;
    struct member *kept = NULL;
    struct births b = {.from = s,
                       .begin = in->vouched,
                       .end = in->end,
                       .alloc = w->alloc,
                       .group_bytes = w->config.group_bytes};

    if (in->small)
        segment_start(s, &b.begin);
    else if (in->vouched.offset == in->end.offset)
        return 0;
    int e = checkpoint_carry(w, s->header.number, b.begin.offset, &b, &kept);
    if (e == 0)
        e = births_measure(&b, w->config.group_align, w->limits.overhead, &size);
    catalog_release(&w->catalog, kept);
    if (e < 0)
        return e;
    in->carry_bytes = size.bytes;
    in->carry_records = size.records;
    return 0;
}

/* Whether the newest segment goes over whole into this handle's first one, so that neither crashes
 * nor reopenings leave litter. One that is full is none: it stays, as after a rotation. */
static bool goes_over_whole(const struct wal *w, const struct tail *t)
{
    const struct config *c = &w->config;
    bool full = (c->segment_records && t->records >= c->segment_records) ||
                t->cut.offset + NEARLY_FULL > c->segment_bytes;
    return t->live_bytes <= SMALL_BYTES && (t->records == 0 || !full);
}

static int checkpoint_above(const struct wal *w)
{
    const struct checkpoint_ref *c = &w->checkpoint;
    return fault_at(WAL_E_CORRUPT, c->lsn, c->place.segment, c->place.offset,
                    "%s: the newest checkpoint is of LSN %llu, but the log ends before it", w->path,
                    (unsigned long long)c->lsn);
}

/* The last segment may have a newer one than control names. */
static void adopt_checkpoint(struct wal *w, const struct boundary *end, uint64_t number)
{
    w->checkpoint = w->control.now.checkpoint;
    if (end->checkpoint_offset)
        w->checkpoint =
            (struct checkpoint_ref){end->checkpoint_lsn, {number, end->checkpoint_offset}};
}

int recover_adopt(struct wal *w, const struct ending *end)
{
    const struct tail *t = &end->tail;
    const struct control *c = &w->control.now;
    struct report *r = &w->report;
    struct member *m;
    int e = catalog_newest(&w->catalog, &m);
    if (e < 0)
        return e;

    w->inherited = (struct inherited){
        .end = t->cut,
        .vouched = end->vouched,
        .small = goes_over_whole(w, t),
    };
    w->next_lsn = t->cut.next_lsn;
    w->written_lsn = w->next_lsn - 1;
    w->written_offset = t->cut.offset;
    w->tag_offset = t->cut.tag_offset;
    adopt_checkpoint(w, w->config.read_only ? &end->vouched : &t->cut, m->number);
    if (w->checkpoint.lsn >= w->next_lsn) {
        catalog_release(&w->catalog, m);
        return checkpoint_above(w);
    }
    atomic_store(&w->first_lsn, c->first_lsn);
    atomic_store(&w->durable_lsn, w->next_lsn - 1);
    if (PLANTED(7) && w->next_lsn == c->first_lsn) {
        w->next_lsn = 1;
        atomic_store(&w->first_lsn, 1);
        atomic_store(&w->durable_lsn, 0);
    }
    r->verdict = end->verdict;
    r->clean_close = end->clean_close;
    r->discarded_bytes = t->end_nonzero - t->cut.offset;
    if (end->verdict != WAL_RECOVERY_CLEAN) {
        r->cut_segment = m->number;
        r->cut_offset = t->cut.offset;
    }
    if (!w->config.read_only)
        e = plan_carry(w, &m->segment);
    catalog_release(&w->catalog, m);
    return e;
}
