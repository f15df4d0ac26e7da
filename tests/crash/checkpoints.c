/* SPDX-License-Identifier: Apache-2.0 */
#include "crash/checkpoints.h"

#include <inttypes.h>
#include <string.h>

#include "base/bytes.h"
#include "crash/payload.h"

enum { STATE_MAX = 256 * 1024, SEGMENTS_MAX = 64, NUMBER = sizeof(uint64_t) };

static _Thread_local uint8_t state[STATE_MAX];

/* The number that stands for it, and bytes that follow from that. */
static void fill(uint64_t number, size_t size)
{
    memcpy(state, &number, NUMBER);
    payload_fill(payload_id(number, size - NUMBER), state + NUMBER);
}

static bool right(size_t size, uint64_t *ret_id)
{
    *ret_id = MARK_BARE;
    if (size == 0)
        return true;
    if (size < NUMBER || size > STATE_MAX)
        return false;
    memcpy(ret_id, state, NUMBER);
    return payload_is(payload_id(*ret_id, size - NUMBER), state + NUMBER, size - NUMBER);
}

static enum tried expect_refused(struct session *s, uint64_t lsn)
{
    if (s->faulty)
        return TRIED_OK;
    int e = wal_checkpoint(s->log, lsn, NULL, 0);
    if (e != WAL_E_RANGE)
        return session_wrong(s, "a checkpoint of LSN %" PRIu64 " below the newest one: %s", lsn,
                             wal_error_name(e));
    return session_note(s, "a refused checkpoint", 0);
}

enum tried checkpoint_take(struct session *s, uint64_t back, size_t size)
{
    struct oracle *o = s->oracle;
    uint64_t first, last, next, durable, number = s->next_number++;

    int e = wal_range(s->log, &first, &last, &next, &durable);
    if (e < 0)
        return session_failed(s, "range", e);
    if (durable <= back)
        return TRIED_OK;
    if (durable - back < marks_newest(&o->alts[0].marks)->lsn)
        return expect_refused(s, durable - back);
    if (size)
        fill(number, size);
    oracle_mark_try(o, durable - back, size ? number : MARK_BARE);
    e = wal_checkpoint(s->log, durable - back, size ? state : NULL, size);
    if (e == 0)
        oracle_mark_done(o);
    else if (e != WAL_E_INDOUBT)
        oracle_mark_undo(o);
    return e < 0 ? session_failed(s, "checkpoint", e) : session_note(s, "checkpoint", 0);
}

static enum tried get(struct session *s, wal_t *log, struct mark *ret)
{
    struct mark m = {0, 0};
    size_t size = 0;

    int e = wal_checkpoint_get(log, state, STATE_MAX, &m.lsn, &size);
    if (e < 0 && e != WAL_E_NOTFOUND)
        return session_failed(s, "checkpoint_get", e);
    if (e == 0 && !right(size, &m.id))
        return session_wrong(s, "a checkpoint's state of %zu bytes is another one", size);
    *ret = m;
    return TRIED_OK;
}

/* One segment's, which may be an older one, or the newest. */
static enum tried get_in_segment(struct session *s, wal_t *log, const wal_segment_t *g,
                                 struct mark *ret)
{
    struct mark m = {0, 0};
    size_t size = 0;

    int e = wal_segment_checkpoint(log, g->number, state, STATE_MAX, &m.lsn, &size);
    if (e < 0 && e != WAL_E_NOTFOUND)
        return session_failed(s, "segment_checkpoint", e);
    if (m.lsn != g->checkpoint_lsn)
        return session_wrong(s, "the list has LSN %" PRIu64 " for a checkpoint of LSN %" PRIu64,
                             g->checkpoint_lsn, m.lsn);
    if (e == 0 && !right(size, &m.id))
        return session_wrong(s, "segment %" PRIu64 "'s checkpoint of %zu bytes is another one",
                             g->number, size);
    *ret = m;
    return TRIED_OK;
}

static enum tried look_at_segments(struct session *s, wal_t *log, const struct view *v)
{
    wal_segment_t g[SEGMENTS_MAX];
    size_t n = SEGMENTS_MAX;
    bool there = v->mark.lsn == 0;
    enum tried t = TRIED_OK;
    struct mark m;

    int e = wal_segments(log, g, sizeof g[0], &n);
    if (e < 0)
        return session_failed(s, "segments", e);
    for (size_t k = 0; t == TRIED_OK && k < n && k < SEGMENTS_MAX; k++) {
        t = get_in_segment(s, log, &g[k], &m);
        there |= mark_same(&m, &v->mark);
        if (t == TRIED_OK && (m.lsn >= v->next || (v->mark.lsn && m.lsn > v->mark.lsn)))
            t = session_wrong(s,
                              "a segment's checkpoint is of LSN %" PRIu64 ", the newest of %" PRIu64
                              ", the log ends at %" PRIu64,
                              m.lsn, v->mark.lsn, v->next - 1);
    }
    return t == TRIED_OK && !there ? session_wrong(s, "no segment has the checkpoint") : t;
}

struct walk {
    uint64_t first, n;
};

static int count(void *ctx, const wal_record_t *r)
{
    struct walk *w = ctx;
    if (w->n++ == 0)
        w->first = r->lsn;
    return 0;
}

static enum tried replay(struct session *s, wal_t *log, const struct view *v)
{
    uint64_t from = v->mark.lsn ? v->mark.lsn + 1 : v->first;
    struct walk w = {.first = from};

    int e = wal_replay(log, 0, count, &w, NULL);
    if (e < 0 && (e != WAL_E_RANGE || from >= v->first))
        return session_failed(s, "replay from 0", e);
    if (e == 0 && (from < v->first || w.first != from || w.n != v->durable + 1 - from))
        return session_wrong(s,
                             "replay gives %" PRIu64 " records from %" PRIu64
                             " on, the checkpoint is of %" PRIu64 ", the log is %" PRIu64
                             " to %" PRIu64,
                             w.n, w.first, v->mark.lsn, v->first, v->durable);
    return TRIED_OK;
}

enum tried checkpoint_look(struct session *s, wal_t *log, struct view *v)
{
    enum tried t = get(s, log, &v->mark);
    if (t == TRIED_OK)
        t = look_at_segments(s, log, v);
    return t == TRIED_OK ? replay(s, log, v) : t;
}
