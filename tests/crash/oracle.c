/* SPDX-License-Identifier: Apache-2.0 */
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
    marks_init(&o->alts[0].marks);
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
    memcpy(to->tags, from->tags, n * sizeof *to->tags);
    memcpy(to->newest, from->newest, (n + 1) * sizeof *to->newest);
    memcpy(to->older, from->older, (n + 1) * sizeof *to->older);
    memcpy(to->lone, from->lone, (n + 1) * sizeof *to->lone);
    to->marks = from->marks;
}

void oracle_copy(struct oracle *to, const struct oracle *from)
{
    for (uint32_t a = 0; a < from->count; a++)
        copy_alternative(&to->alts[a], &from->alts[a]);
    to->count = from->count;
    to->acked = from->acked;
    memcpy(to->meta, from->meta, sizeof to->meta);
    to->metas = from->metas;
    to->meta_with = from->meta_with;
    to->meta_lsn = from->meta_lsn;
    to->meta_tag = from->meta_tag;
    to->mark = from->mark;
    to->created = from->created;
    to->version = from->version;
}

static uint64_t mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * UINT64_C(0x9e3779b97f4a7c15);
    return h ^ h >> 29;
}

static uint64_t mix_mark(uint64_t h, const struct mark *m)
{
    return mix(mix(h, m->lsn), m->id);
}

uint64_t oracle_hash(const struct oracle *o)
{
    uint64_t h = mix(o->acked, o->count);
    for (uint32_t a = 0; a < o->count; a++) {
        const struct alternative *t = &o->alts[a];
        h = mix(mix(mix(h, t->first), t->next), t->must);
        for (uint64_t k = 0; k < t->next - t->first; k++)
            h = mix(mix(h, t->ids[k] << 1 | t->joined[k]), t->tags[k]);
        h = mix(h, t->newest[t->next - t->first]);
        h = mix_mark(h, marks_newest(&t->marks));
    }
    for (uint32_t m = 0; m < o->metas; m++)
        h = mix(h, o->meta[m]);
    h = mix(mix(mix(h, o->meta_with), o->meta_lsn), o->meta_tag);
    h = mix_mark(h, &o->mark);
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

uint64_t oracle_tag(const struct oracle *o, uint32_t alt, uint64_t lsn)
{
    const struct alternative *t = &o->alts[alt];
    return lsn < t->first || lsn >= t->next ? 0 : t->tags[lsn - t->first];
}

uint64_t oracle_next(const struct oracle *o)
{
    return o->alts[0].next;
}

uint64_t oracle_first(const struct oracle *o)
{
    return o->alts[0].first;
}

/* A batch's tag is the newest one from its first record on: a cut may leave a part of it. */
static void add(struct alternative *t, const uint64_t *ids, uint32_t n, uint64_t tag)
{
    uint64_t at = t->next - t->first;
    if (at + n > ORACLE_RECORDS) {
        fprintf(stderr, "oracle: more than %d records\n", ORACLE_RECORDS);
        abort();
    }
    for (uint32_t k = 0; k < n; k++) {
        t->ids[at + k] = ids[k];
        t->joined[at + k] = k + 1 < n;
        t->tags[at + k] = tag;
        t->newest[at + k + 1] = t->older[at + k + 1] = tag ? tag : t->newest[at + k];
        t->lone[at + k + 1] = 0;
    }
    t->next += n;
}

/* A tag without records. */
static void add_lone(struct alternative *t, uint64_t tag)
{
    t->newest[t->next - t->first] = tag;
    t->lone[t->next - t->first]++;
}

void oracle_submit(struct oracle *o, const uint64_t *ids, uint32_t n, uint64_t tag)
{
    add(&o->alts[0], ids, n, tag);
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

static void meta_try(struct oracle *o, uint64_t id, enum meta_with with)
{
    o->meta[1] = id;
    o->metas = 2;
    o->meta_with = with;
    o->meta_tag = 0;
    o->version++;
}

void oracle_meta_try(struct oracle *o, uint64_t id)
{
    meta_try(o, id, META_ALONE);
}

void oracle_meta_with_records(struct oracle *o, uint64_t id, uint64_t lsn)
{
    meta_try(o, id, META_RECORDS);
    o->meta_lsn = lsn;
}

void oracle_meta_with_cut(struct oracle *o, uint64_t id)
{
    meta_try(o, id, META_CUT);
}

void oracle_meta_with_tag(struct oracle *o, uint64_t id, uint64_t tag)
{
    meta_try(o, id, META_ALONE);
    o->meta_tag = tag;
}

void oracle_meta_done(struct oracle *o)
{
    if (o->metas == 2 && o->meta_tag)
        add_lone(&o->alts[0], o->meta_tag);
    o->meta[0] = o->meta[1];
    oracle_meta_undo(o);
}

void oracle_meta_undo(struct oracle *o)
{
    o->metas = 1;
    o->meta_with = META_ALONE;
    o->meta_lsn = o->meta_tag = 0;
    o->version++;
}

void oracle_mark_try(struct oracle *o, uint64_t lsn, uint64_t id)
{
    o->mark = (struct mark){lsn, id};
    o->version++;
}

void oracle_mark_done(struct oracle *o)
{
    marks_add(&o->alts[0].marks, &o->mark);
    oracle_mark_undo(o);
}

void oracle_mark_undo(struct oracle *o)
{
    o->mark = (struct mark){0, 0};
    o->version++;
}

void oracle_mark_settle(struct oracle *o)
{
    marks_settle(&o->alts[0].marks);
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
    memmove(t->tags, t->tags + gone, left * sizeof *t->tags);
    memmove(t->newest, t->newest + gone, (left + 1) * sizeof *t->newest);
    memmove(t->older, t->older + gone, (left + 1) * sizeof *t->older);
    memmove(t->lone, t->lone + gone, left + 1);
    t->first = lsn;
    t->must = lsn - 1;
}

void oracle_cut_after(struct oracle *o, uint64_t lsn, const uint64_t *ids, uint32_t n, uint64_t tag)
{
    struct alternative *t = begin_cut(o);
    /* what the user leaves of a batch is none any more */
    for (uint64_t k = lsn; k >= t->first && t->joined[k - t->first]; k--)
        t->joined[k - t->first] = false;
    end_at(t, lsn + 1);
    marks_cut(&t->marks, lsn);
    add(t, ids, n, tag);
    if (n == 0 && tag)
        add_lone(t, tag);
    t->must = t->next - 1;
}

void oracle_cut_all(struct oracle *o, uint64_t next)
{
    struct alternative *t = begin_cut(o);
    t->first = t->next = next;
    t->newest[0] = t->older[0] = t->lone[0] = 0;
    marks_init(&t->marks);
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

/* Whether the metadata are those that belong to what the view shows. */
static bool meta_fits(const struct oracle *o, uint32_t alt, const struct view *v)
{
    uint32_t newer = o->metas == 2;
    if (newer && o->meta_with == META_RECORDS)
        newer = v->next > o->meta_lsn;
    else if (newer && o->meta_with == META_CUT)
        newer = alt;
    else if (newer && v->meta == o->meta[0])
        return true;
    return v->meta == o->meta[newer];
}

/* all: the tags without records that lie at the end are there. */
static bool tag_fits(const struct oracle *o, uint32_t alt, const struct view *v, bool all)
{
    const struct alternative *t = &o->alts[alt];
    uint64_t at = v->next - t->first;

    if (v->tag == UNSEEN)
        return true;
    if (o->metas == 2 && o->meta_tag && v->meta == o->meta[1] && v->next == t->next)
        return v->tag == o->meta_tag;
    if (v->tag == t->newest[at])
        return true;
    return !all && (v->tag == t->older[at] || t->lone[at] > 1);
}

/* all: the newest one that was acknowledged is there, but where a reader is shown nothing of what
 * it is about. */
static bool mark_fits(const struct oracle *o, uint32_t alt, const struct view *v, bool all)
{
    const struct marks *m = &o->alts[alt].marks;
    const struct mark *newest = marks_newest(m), none = {0, 0};

    if (v->mark.lsn == UNSEEN)
        return true;
    if (v->mark.lsn >= v->next)
        return false;
    if (mark_same(&v->mark, newest) || (!all && marks_have(m, &v->mark)))
        return true;
    if (newest->lsn >= v->next)
        return mark_same(&v->mark, &none);
    return o->mark.lsn != 0 && mark_same(&v->mark, &o->mark);
}

static void why_not_the_mark(const struct oracle *o, uint32_t alt, const struct view *v, char *why,
                             size_t size)
{
    const struct mark *newest = marks_newest(&o->alts[alt].marks);
    snprintf(why, size,
             "with next LSN %" PRIu64 " the checkpoint is %" PRIx64 " of LSN %" PRIu64
             "; expected %" PRIx64 " of %" PRIu64 ", or %" PRIx64 " of %" PRIu64,
             v->next, v->mark.id, v->mark.lsn, newest->id, newest->lsn, o->mark.id, o->mark.lsn);
}

int oracle_check(const struct oracle *o, const struct view *v, bool whole, char *ret_why,
                 size_t size)
{
    for (uint32_t a = o->count; a-- > 0;) {
        if (differs(o, a, v, whole, ret_why, size))
            continue;
        if (!mark_fits(o, a, v, true)) {
            why_not_the_mark(o, a, v, ret_why, size);
            continue;
        }
        if (meta_fits(o, a, v) && tag_fits(o, a, v, true))
            return (int)a;
        snprintf(ret_why, size,
                 "with next LSN %" PRIu64 " metadata is %" PRIx64 ", tag %" PRIx64
                 "; expected metadata %" PRIx64 " or %" PRIx64 ", tag %" PRIx64,
                 v->next, v->meta, v->tag, o->meta[0], o->meta[o->metas - 1],
                 o->alts[a].newest[v->next - o->alts[a].first]);
    }
    return -1;
}

/* A checkpoint under way that was shown is there for good. */
static void mark_shown(struct oracle *o, const struct view *v)
{
    if (o->mark.lsn != 0 && mark_same(&v->mark, &o->mark))
        oracle_mark_done(o);
}

void oracle_collapse(struct oracle *o, const struct view *v, uint32_t alt)
{
    if (o->metas == 2 && v->meta == o->meta[1])
        oracle_meta_done(o);
    else
        oracle_meta_undo(o);
    mark_shown(o, v);
    oracle_mark_undo(o);
    if (alt == 1)
        oracle_cut_done(o);
    oracle_mark_settle(o);
    o->count = 1;
    o->alts[0].must = 0;
    end_at(&o->alts[0], v->next);
    o->acked = v->next - 1;
    o->created = true;
    o->version++;
}

static bool fits(const struct oracle *o, uint32_t alt, const struct view *v)
{
    const struct alternative *t = &o->alts[alt];
    return t->first <= v->first && v->next <= t->next && !v->wrong[alt] && !v->gap &&
           v->records == v->next - v->first;
}

/* Nothing of a batch without the rest. */
static bool whole_batch_shown(const struct oracle *o, const struct view *v, bool after, bool both)
{
    bool newer = v->meta == o->meta[1];
    if (o->metas < 2 || o->meta_with == META_ALONE)
        return true;
    if (o->meta_with == META_RECORDS)
        return newer == (v->next > o->meta_lsn);
    return both || newer == after;
}

int oracle_seen(struct oracle *o, const struct view *v, bool all, char *ret_why, size_t size)
{
    if (!mark_fits(o, 0, v, all) && (o->count < 2 || !mark_fits(o, 1, v, all))) {
        why_not_the_mark(o, 0, v, ret_why, size);
        return -1;
    }
    mark_shown(o, v);
    if (v->records == 0)
        return 0;
    bool cutting = o->count == 2, first = fits(o, 0, v), second = cutting && fits(o, 1, v);
    bool after = second && !first;
    /* while a cut is under way a reader is shown what both sides have, which may end in a batch */
    bool right = after || (first && (cutting || !in_part(&o->alts[0], v->next)));
    if (!right || !whole_batch_shown(o, v, after, first && second) ||
        !((first && tag_fits(o, 0, v, all)) || (second && tag_fits(o, 1, v, all)))) {
        snprintf(ret_why, size,
                 "a reader is shown %" PRIu64 " records from %" PRIu64 " to below %" PRIu64
                 " as durable; wrong at %" PRIu64 ", metadata %" PRIx64 ", tag %" PRIx64,
                 v->records, v->first, v->next, v->wrong[0], v->meta, v->tag);
        return -1;
    }
    bool with_cut = o->metas == 2 && o->meta_with == META_CUT;
    if (with_cut && (after || v->meta == o->meta[1])) {
        after = true;
        oracle_meta_done(o);
    }
    if (after)
        oracle_cut_done(o);
    oracle_ack(o, v->next - 1);
    return 0;
}
