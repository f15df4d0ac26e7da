#include "crash/oracle.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

void oracle_init(struct oracle *o, uint64_t first)
{
    memset(o, 0, sizeof *o);
    o->count = o->metas = 1;
    o->alts[0].first = o->alts[0].next = first;
    o->acked = first - 1;
}

static void copy_alternative(struct alternative *to, const struct alternative *from)
{
    uint64_t n = from->next - from->first;
    to->first = from->first;
    to->next = from->next;
    to->must = from->must;
    memcpy(to->ids, from->ids, n * sizeof *to->ids);
    memcpy(to->joined, from->joined, n * sizeof *to->joined);
}

void oracle_copy(struct oracle *to, const struct oracle *from)
{
    for (uint32_t a = 0; a < from->count; a++)
        copy_alternative(&to->alts[a], &from->alts[a]);
    to->count = from->count;
    to->acked = from->acked;
    memcpy(to->meta, from->meta, sizeof to->meta);
    to->metas = from->metas;
    to->created = from->created;
    to->version = from->version;
}

static uint64_t mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ h >> 29;
}

uint64_t oracle_hash(const struct oracle *o)
{
    uint64_t h = mix(o->acked, o->count);
    for (uint32_t a = 0; a < o->count; a++) {
        const struct alternative *t = &o->alts[a];
        h = mix(mix(mix(h, t->first), t->next), t->must);
        for (uint64_t k = 0; k < t->next - t->first; k++)
            h = mix(h, t->ids[k] << 1 | t->joined[k]);
    }
    for (uint32_t m = 0; m < o->metas; m++)
        h = mix(h, o->meta[m]);
    return mix(h, o->created);
}

bool oracle_has_room(const struct oracle *o, uint64_t records)
{
    return o->alts[0].next - o->alts[0].first + records <= ORACLE_RECORDS;
}

bool oracle_id(const struct oracle *o, uint32_t alt, uint64_t lsn, uint64_t *ret)
{
    const struct alternative *t = &o->alts[alt];
    if (lsn < t->first || lsn >= t->next)
        return false;
    *ret = t->ids[lsn - t->first];
    return true;
}

uint64_t oracle_next(const struct oracle *o)
{
    return o->alts[0].next;
}

uint64_t oracle_first(const struct oracle *o)
{
    return o->alts[0].first;
}

static void add(struct alternative *t, const uint64_t *ids, uint32_t n)
{
    uint64_t at = t->next - t->first;
    if (at + n > ORACLE_RECORDS) {
        fprintf(stderr, "oracle: more than %d records\n", ORACLE_RECORDS);
        abort();
    }
    for (uint32_t k = 0; k < n; k++) {
        t->ids[at + k] = ids[k];
        t->joined[at + k] = k + 1 < n;
    }
    t->next += n;
}

void oracle_submit(struct oracle *o, const uint64_t *ids, uint32_t n)
{
    add(&o->alts[0], ids, n);
    o->version++;
}

static void end_at(struct alternative *t, uint64_t next)
{
    t->next = next;
    if (next > t->first)
        t->joined[next - 1 - t->first] = false;
}

void oracle_withdraw(struct oracle *o, uint64_t lsn)
{
    end_at(&o->alts[0], lsn);
    o->version++;
}

void oracle_ack(struct oracle *o, uint64_t lsn)
{
    if (lsn <= o->acked)
        return;
    o->acked = lsn;
    o->version++;
}

void oracle_meta_try(struct oracle *o, uint64_t id)
{
    o->meta[1] = id;
    o->metas = 2;
    o->version++;
}

void oracle_meta_done(struct oracle *o)
{
    o->meta[0] = o->meta[1];
    oracle_meta_undo(o);
}

void oracle_meta_undo(struct oracle *o)
{
    o->metas = 1;
    o->version++;
}

static struct alternative *begin_cut(struct oracle *o)
{
    copy_alternative(&o->alts[1], &o->alts[0]);
    o->count = 2;
    o->version++;
    return &o->alts[1];
}

void oracle_cut_before(struct oracle *o, uint64_t lsn)
{
    struct alternative *t = begin_cut(o);
    uint64_t gone = lsn - t->first, left = t->next - lsn;
    memmove(t->ids, t->ids + gone, left * sizeof *t->ids);
    memmove(t->joined, t->joined + gone, left * sizeof *t->joined);
    t->first = lsn;
    t->must = lsn - 1;
}

void oracle_cut_after(struct oracle *o, uint64_t lsn, const uint64_t *ids, uint32_t n)
{
    struct alternative *t = begin_cut(o);
    /* what the user leaves of a batch is none any more */
    for (uint64_t k = lsn; k >= t->first && t->joined[k - t->first]; k--)
        t->joined[k - t->first] = false;
    end_at(t, lsn + 1);
    add(t, ids, n);
    t->must = t->next - 1;
}

void oracle_cut_all(struct oracle *o, uint64_t next)
{
    struct alternative *t = begin_cut(o);
    t->first = t->next = next;
    t->must = next - 1;
}

void oracle_cut_done(struct oracle *o)
{
    struct alternative *t = &o->alts[1];
    o->acked = max_u64(min_u64(o->acked, t->next - 1), t->must);
    t->must = 0;
    copy_alternative(&o->alts[0], t);
    o->count = 1;
    o->version++;
}

void oracle_cut_undo(struct oracle *o)
{
    o->count = 1;
    o->version++;
}

static bool in_part(const struct alternative *t, uint64_t next)
{
    return next > t->first && t->joined[next - 1 - t->first];
}

/* Why the view is not a state of the alternative; false: it is. */
static bool differs(const struct oracle *o, uint32_t alt, const struct view *v, bool whole,
                    char *why, size_t size)
{
    const struct alternative *t = &o->alts[alt];
    uint64_t acked = max_u64(min_u64(o->acked, t->next - 1), t->must);

    if (v->first != t->first)
        snprintf(why, size, "first LSN is %" PRIu64 ", expected %" PRIu64, v->first, t->first);
    else if (v->next > t->next)
        snprintf(why, size, "next LSN is %" PRIu64 ", but only %" PRIu64 " was handed in", v->next,
                 t->next - 1);
    else if (v->wrong[alt])
        snprintf(why, size, "record %" PRIu64 " is another one", v->wrong[alt]);
    else if (v->gap || v->records != v->next - v->first)
        snprintf(why, size,
                 "%" PRIu64 " records from %" PRIu64 " to below %" PRIu64 ", gap at %" PRIu64,
                 v->records, v->first, v->next, v->gap);
    else if (v->next - 1 < acked)
        snprintf(why, size, "LSN %" PRIu64 " was durable; the log ends at %" PRIu64, acked,
                 v->next - 1);
    else if (in_part(t, v->next))
        snprintf(why, size, "a batch is there in part, up to LSN %" PRIu64, v->next - 1);
    else if (whole && v->next != t->next)
        snprintf(why, size, "next LSN is %" PRIu64 ", expected %" PRIu64, v->next, t->next);
    else
        return false;
    return true;
}

int oracle_check(const struct oracle *o, const struct view *v, bool whole, char *ret_why,
                 size_t size)
{
    if (v->meta != o->meta[0] && (o->metas < 2 || v->meta != o->meta[1])) {
        snprintf(ret_why, size, "metadata is %" PRIx64 ", expected %" PRIx64 " or %" PRIx64,
                 v->meta, o->meta[0], o->meta[o->metas - 1]);
        return -1;
    }
    for (uint32_t a = o->count; a-- > 0;) {
        if (!differs(o, a, v, whole, ret_why, size))
            return (int)a;
    }
    return -1;
}

void oracle_collapse(struct oracle *o, const struct view *v, uint32_t alt)
{
    if (alt == 1)
        oracle_cut_done(o);
    o->count = o->metas = 1;
    o->alts[0].must = 0;
    end_at(&o->alts[0], v->next);
    o->acked = v->next - 1;
    o->meta[0] = v->meta;
    o->created = true;
    o->version++;
}

static bool fits(const struct oracle *o, uint32_t alt, const struct view *v)
{
    const struct alternative *t = &o->alts[alt];
    return t->first <= v->first && v->next <= t->next && !v->wrong[alt] && !v->gap &&
           v->records == v->next - v->first;
}

int oracle_seen(struct oracle *o, const struct view *v, char *ret_why, size_t size)
{
    if (v->records == 0)
        return 0;
    bool cutting = o->count == 2, after = cutting && !fits(o, 0, v) && fits(o, 1, v);
    /* while a cut is under way a reader is shown what both sides have, which may end in a batch */
    if (!after && (!fits(o, 0, v) || (!cutting && in_part(&o->alts[0], v->next)))) {
        snprintf(ret_why, size,
                 "a reader is shown %" PRIu64 " records from %" PRIu64 " to below %" PRIu64
                 " as durable; wrong at %" PRIu64,
                 v->records, v->first, v->next, v->wrong[0]);
        return -1;
    }
    if (after)
        oracle_cut_done(o);
    oracle_ack(o, v->next - 1);
    return 0;
}
