/* SPDX-License-Identifier: Apache-2.0 */
#include "crash/ops.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crash/checkpoints.h"
#include "crash/load.h"
#include "crash/look.h"
#include "log/log.h"

enum { SMALL = 40, LARGE = 20000, LONG = 15000, PROLOGUE = 30000, STATE = 150000 };

/* Whether an append with these flags returns when it is durable. */
static bool waits(const struct session *s, uint32_t flags)
{
    bool buffered = s->mode == WAL_SYNC_NONE || s->mode == WAL_SYNC_INTERVAL;
    return (flags & WAL_APPEND_SYNC) ||
           (!(flags & WAL_APPEND_ASYNC) && !buffered && !(flags & WAL_APPEND_SUBMIT));
}

static enum tried append(struct session *s, enum load_how how, uint32_t n, size_t size,
                         uint32_t flags)
{
    struct load l;
    uint64_t expected = oracle_next(s->oracle), lsn = 0;

    if (!oracle_has_room(s->oracle, n))
        return TRIED_OK;
    load_make(s, &l, n, size);
    oracle_submit(s->oracle, l.ids, n, 0);
    int e = load_append(s, &l, how, flags, &lsn);
    load_free(&l);
    if (e < 0 && e != WAL_E_INDOUBT)
        oracle_withdraw(s->oracle, expected);
    if (e < 0)
        return session_failed(s, "append", e);
    if (lsn != expected)
        return session_wrong(s, "append gave LSN %" PRIu64 ", expected %" PRIu64, lsn, expected);
    return session_note(s, "append", waits(s, flags) ? lsn + n - 1 : 0);
}

static enum tried small(struct session *s)
{
    return append(s, LOAD_SINGLE, 1, SMALL, WAL_APPEND_SYNC);
}

static enum tried small_async(struct session *s)
{
    return append(s, LOAD_SINGLE, 1, SMALL, WAL_APPEND_ASYNC);
}

static enum tried large(struct session *s)
{
    return append(s, LOAD_SINGLE, 1, LARGE, 0);
}

static enum tried empty(struct session *s)
{
    return append(s, LOAD_SINGLE, 1, 0, 0);
}

static enum tried many(struct session *s)
{
    return append(s, LOAD_MANY, 3, SMALL, 0);
}

static enum tried many_async(struct session *s)
{
    return append(s, LOAD_MANY, 3, 2 * SMALL, WAL_APPEND_ASYNC);
}

static enum tried batch(struct session *s)
{
    return append(s, LOAD_BATCH, 5, LONG, 0);
}

static enum tried batch_async(struct session *s)
{
    return append(s, LOAD_BATCH, 5, LONG, WAL_APPEND_ASYNC);
}

static enum tried submit(struct session *s)
{
    bool threads = s->setup.background || s->mode == WAL_SYNC_INTERVAL;
    uint64_t lsn = oracle_next(s->oracle);
    if (!threads)
        return TRIED_OK;
    enum tried t = append(s, LOAD_SINGLE, 1, SMALL, WAL_APPEND_SUBMIT);
    simdisk_run_background(s->disk);
    if (t != TRIED_OK || s->faulty)
        return t;
    return session_note(s, "submit", lsn);
}

/* Another thread's append comes while this one's sync runs. It is buffered, so that it does no I/O
 * of its own. What it came to shows in the numbers later. */
static void append_during_sync(struct session *s)
{
    struct load l;
    uint64_t lsn, expected = oracle_next(s->oracle);
    load_make(s, &l, 1, SMALL);
    oracle_submit(s->oracle, l.ids, 1, 0);
    int e = load_append(s, &l, LOAD_SINGLE, WAL_APPEND_ASYNC, &lsn);
    load_free(&l);
    if (e < 0)
        oracle_withdraw(s->oracle, expected);
}

static enum tried overtaken(struct session *s)
{
    if (s->faulty || !oracle_has_room(s->oracle, 2))
        return TRIED_OK;
    s->during_sync = append_during_sync;
    enum tried t = small(s);
    s->during_sync = NULL;
    return t;
}

static enum tried sync_all(struct session *s)
{
    uint64_t last = oracle_next(s->oracle) - 1;
    int e = wal_sync(s->log, 0);
    return e < 0 ? session_failed(s, "sync", e) : session_note(s, "sync", last);
}

static enum tried flush(struct session *s)
{
    int e = wal_flush(s->log);
    return e < 0 ? session_failed(s, "flush", e) : session_note(s, "flush", 0);
}

static enum tried let_time_pass(struct session *s)
{
    simdisk_advance(s->disk, UINT64_C(200000000));
    simdisk_run_background(s->disk);
    if (wal_failure(s->log) != 0)
        return s->faulty ? TRIED_OK : session_failed(s, "background", wal_failure(s->log));
    uint64_t last = s->mode == WAL_SYNC_INTERVAL && !s->faulty ? oracle_next(s->oracle) - 1 : 0;
    return session_note(s, "background", last);
}

/* A new segment's header vouches for the newest checkpoint; an empty one stays, and does not. */
static enum tried rotate(struct session *s)
{
    uint64_t last = oracle_next(s->oracle) - 1, before = s->log->writer.segment.header.number;
    int e = wal_rotate(s->log);
    if (e < 0)
        return session_failed(s, "rotate", e);
    if (s->log->writer.segment.header.number != before)
        oracle_mark_settle(s->oracle);
    return session_note(s, "rotate", last);
}

/* A cut has returned. */
static enum tried cut_result(struct session *s, const char *what, int e)
{
    if (e == 0)
        oracle_cut_done(s->oracle);
    else if (e != WAL_E_INDOUBT)
        oracle_cut_undo(s->oracle);
    return e < 0 ? session_failed(s, what, e) : session_note(s, what, 0);
}

static enum tried cut_before(struct session *s, uint64_t back)
{
    uint64_t lsn = oracle_next(s->oracle) - back;
    if (lsn <= oracle_first(s->oracle) || oracle_next(s->oracle) < back)
        return TRIED_OK;
    oracle_cut_before(s->oracle, lsn);
    return cut_result(s, "truncate_before", wal_truncate_before(s->log, lsn));
}

static enum tried before_last(struct session *s)
{
    return cut_before(s, 1);
}

static enum tried before_next(struct session *s)
{
    return cut_before(s, 0);
}

static int drop_it(void *ctx, const wal_segment_t *segment)
{
    (void)ctx;
    (void)segment;
    return 1;
}

/* Where the active segment begins. */
static enum tried active_from(struct session *s, uint64_t *ret)
{
    wal_segment_t list[ORACLE_RECORDS] = {{.size = sizeof *list}};
    size_t n = ORACLE_RECORDS;

    int e = wal_segments(s->log, list, sizeof *list, &n);
    if (e < 0)
        return session_failed(s, "segments", e);
    *ret = n > ORACLE_RECORDS ? 0 : list[n - 1].first_lsn;
    return TRIED_OK;
}

/* What takes away everything in front of the active segment. */
static enum tried cut_sealed(struct session *s, const char *what, int (*cut)(wal_t *w))
{
    uint64_t lsn;

    enum tried t = active_from(s, &lsn);
    if (t != TRIED_OK || lsn == 0)
        return t;
    bool cuts = lsn > oracle_first(s->oracle);
    if (cuts)
        oracle_cut_before(s->oracle, lsn);
    int e = cut(s->log);
    if (cuts)
        return cut_result(s, what, e);
    return e < 0 ? session_failed(s, what, e) : session_note(s, what, 0);
}

static int drain_all(wal_t *w)
{
    return wal_drain(w, drop_it, NULL, NULL);
}

static enum tried drain(struct session *s)
{
    return cut_sealed(s, "drain", drain_all);
}

/* Retention that leaves one sealed segment, for this one rotation. */
static int rotate_and_retain(wal_t *w)
{
    w->config.retain_segments = 1;
    int e = wal_rotate(w);
    w->config.retain_segments = 0;
    return e;
}

static enum tried retain(struct session *s)
{
    enum tried t = sync_all(s);
    const struct writer *x = &s->log->writer;
    if (t != TRIED_OK || !s->log->started || x->end.next_lsn == x->segment.header.base_lsn)
        return t; /* no rotation, or two of them */
    if (s->log->checkpoint.place.segment &&
        s->log->checkpoint.place.segment < x->segment.header.number)
        return t; /* its segment stays */
    return cut_sealed(s, "rotate", rotate_and_retain);
}

/* Whether next - back is a place where the log can be cut; `last`: cutting nothing counts too. */
static bool cut_at(const struct session *s, uint64_t back, uint64_t *ret)
{
    uint64_t first = oracle_first(s->oracle), next = oracle_next(s->oracle);
    *ret = next - back;
    return next >= back && next - back + 1 >= first;
}

static enum tried cut_after(struct session *s, uint64_t back)
{
    uint64_t lsn;
    if (!cut_at(s, back, &lsn))
        return TRIED_OK;
    oracle_cut_after(s->oracle, lsn, NULL, 0, 0);
    return cut_result(s, "truncate_after", wal_truncate_after(s->log, lsn));
}

static enum tried after_one(struct session *s)
{
    return cut_after(s, 2);
}

static enum tried after_two(struct session *s)
{
    return cut_after(s, 3);
}

static enum tried replace(struct session *s, uint64_t back, uint32_t n, size_t size)
{
    struct load l;
    uint64_t lsn, first = 0;

    if (!cut_at(s, back, &lsn) || !oracle_has_room(s->oracle, n))
        return TRIED_OK;
    load_make(s, &l, n, size);
    oracle_cut_after(s->oracle, lsn, l.ids, n, 0);
    int e = wal_replace_after(s->log, lsn, l.records, n, 0, &first);
    load_free(&l);
    if (e == 0 && first != lsn + 1)
        return session_wrong(s, "replace_after(%" PRIu64 ") gave LSN %" PRIu64, lsn, first);
    return cut_result(s, "replace_after", e);
}

static enum tried replace_one(struct session *s)
{
    return replace(s, 2, 1, SMALL);
}

static enum tried replace_batch(struct session *s)
{
    return replace(s, 3, 4, LARGE);
}

static enum tried reset_to(struct session *s, uint64_t next)
{
    oracle_cut_all(s->oracle, next);
    return cut_result(s, "reset", wal_reset(s->log, next));
}

static enum tried reset_back(struct session *s)
{
    return reset_to(s, 1);
}

static enum tried reset_on(struct session *s)
{
    return reset_to(s, oracle_next(s->oracle) + 3);
}

static enum tried meta_result(struct session *s, const char *what, int e)
{
    if (e == 0)
        oracle_meta_done(s->oracle);
    else if (e != WAL_E_INDOUBT)
        oracle_meta_undo(s->oracle);
    return e < 0 ? session_failed(s, what, e) : session_note(s, what, 0);
}

static enum tried meta_set(struct session *s)
{
    struct load l;
    load_make(s, &l, 0, 0);
    load_add_meta(s, &l);
    oracle_meta_try(s->oracle, l.meta);
    int e = wal_meta_set(s->log, LOOK_META_KEY, strlen(LOOK_META_KEY), l.value, l.value_size);
    load_free(&l);
    return meta_result(s, "meta_set", e);
}

static enum tried meta_delete(struct session *s)
{
    if (s->oracle->meta[0] == 0)
        return TRIED_OK;
    oracle_meta_try(s->oracle, 0);
    int e = wal_meta_delete(s->log, LOOK_META_KEY, strlen(LOOK_META_KEY));
    return meta_result(s, "meta_delete", e);
}

/* Batches with a tag and metadata */

enum with { TAG = 1, META = 2 };

static void make_batch(struct session *s, struct load *l, uint32_t n, size_t size, unsigned with)
{
    load_make(s, l, n, size);
    if (with & TAG)
        l->tag = s->next_number++;
    if (with & META)
        load_add_meta(s, l);
}

/* Handed in, and what came of it. */
static enum tried commit(struct session *s, uint32_t n, size_t size, unsigned with, uint32_t flags)
{
    struct load l;
    struct oracle *o = s->oracle;
    uint64_t expected = oracle_next(o), first = 0;

    if (!oracle_has_room(o, n))
        return TRIED_OK;
    make_batch(s, &l, n, size, with);
    if (n > 0)
        oracle_submit(o, l.ids, n, l.tag);
    if (with & META && n > 0)
        oracle_meta_with_records(o, l.meta, expected);
    else if (with & META)
        oracle_meta_with_tag(o, l.meta, l.tag);
    int e = load_append(s, &l, LOAD_BATCH, flags, &first);
    load_free(&l);
    if (e < 0 && e != WAL_E_INDOUBT)
        oracle_withdraw(o, expected);
    if (e == 0 && first != (n ? expected : 0))
        return session_wrong(s, "commit gave LSN %" PRIu64 ", expected %" PRIu64, first, expected);
    if (with & META)
        return meta_result(s, "commit", e);
    return e < 0 ? session_failed(s, "commit", e)
                 : session_note(s, "commit", waits(s, flags) ? first + n - 1 : 0);
}

static enum tried tagged(struct session *s)
{
    return commit(s, 3, SMALL, TAG, 0);
}

static enum tried tagged_async(struct session *s)
{
    return commit(s, 2, SMALL, TAG, WAL_APPEND_ASYNC);
}

static enum tried tagged_long(struct session *s)
{
    return commit(s, 5, LONG, TAG, 0);
}

static enum tried with_meta(struct session *s)
{
    return commit(s, 2, SMALL, TAG | META, WAL_APPEND_ASYNC);
}

static enum tried with_meta_long(struct session *s)
{
    return commit(s, 5, LONG, META, 0);
}

static enum tried only_meta(struct session *s)
{
    return commit(s, 0, 0, TAG | META, 0);
}

static enum tried replace_by_batch(struct session *s, uint64_t back, uint32_t n, size_t size)
{
    struct load l;
    uint64_t lsn, first = 0;

    if (!cut_at(s, back, &lsn) || !oracle_has_room(s->oracle, n))
        return TRIED_OK;
    make_batch(s, &l, n, size, TAG | META);
    oracle_cut_after(s->oracle, lsn, l.ids, n, l.tag);
    oracle_meta_with_cut(s->oracle, l.meta);
    int e = load_replace(s, &l, lsn, &first);
    load_free(&l);
    if (e == 0 && first != (n ? lsn + 1 : 0))
        return session_wrong(s, "replace_after(%" PRIu64 ") gave LSN %" PRIu64, lsn, first);
    if (e == 0)
        oracle_meta_done(s->oracle);
    else if (e != WAL_E_INDOUBT)
        oracle_meta_undo(s->oracle);
    return cut_result(s, "batch_replace_after", e);
}

static enum tried replace_two(struct session *s)
{
    return replace_by_batch(s, 2, 2, SMALL);
}

static enum tried replace_long(struct session *s)
{
    return replace_by_batch(s, 3, 5, LONG);
}

static enum tried replace_by_none(struct session *s)
{
    return replace_by_batch(s, 2, 0, 0);
}

static enum tried checkpoint(struct session *s)
{
    return checkpoint_take(s, 0, SMALL);
}

static enum tried checkpoint_of_groups(struct session *s)
{
    return checkpoint_take(s, 0, STATE);
}

static enum tried checkpoint_back(struct session *s)
{
    return checkpoint_take(s, 2, 0);
}

static enum tried reopen(struct session *s)
{
    enum tried t = session_close(s);
    return t == TRIED_OK ? session_open(s) : t;
}

static enum tried reopen_other(struct session *s)
{
    enum tried t = session_close(s);
    s->mode = s->mode == WAL_SYNC_NONE ? WAL_SYNC_DATA : WAL_SYNC_NONE;
    return t == TRIED_OK ? session_open(s) : t;
}

const struct op ops[] = {
    {'s', "append + sync", small, true},
    {'a', "append ASYNC", small_async, true},
    {'i', "append, another one while its sync runs", overtaken, true},
    {'l', "append several pages", large, true},
    {'e', "append zero bytes", empty, true},
    {'b', "batch of 3", many, true},
    {'B', "batch of 3 ASYNC", many_async, true},
    {'g', "batch longer than a group", batch, true},
    {'G', "batch longer than a group ASYNC", batch_async, true},
    {'u', "append SUBMIT, background runs", submit, true},
    {'w', "200 ms pass, background runs", let_time_pass, true},
    {'y', "sync", sync_all, true},
    {'f', "flush", flush, true},
    {'r', "rotate", rotate, true},
    {'t', "truncate_before(next - 1)", before_last, true},
    {'T', "truncate_before(next)", before_next, true},
    {'v', "drain all sealed segments", drain, true},
    {'V', "sync, rotate; retention leaves one segment", retain, true},
    {'c', "truncate_after(next - 2)", after_one, false},
    {'C', "truncate_after(next - 3)", after_two, false},
    {'p', "replace_after(next - 2, one)", replace_one, false},
    {'P', "replace_after(next - 3, four large ones)", replace_batch, false},
    {'z', "reset(1)", reset_back, false},
    {'Z', "reset(next + 3)", reset_on, false},
    {'m', "meta_set", meta_set, true},
    {'d', "meta_delete", meta_delete, true},
    {'k', "tagged batch of 3", tagged, true},
    {'K', "tagged batch of 2 ASYNC", tagged_async, true},
    {'j', "tagged batch longer than a group", tagged_long, true},
    {'M', "tagged batch of 2 with metadata", with_meta, true},
    {'L', "batch longer than a group, with metadata", with_meta_long, true},
    {'D', "batch of metadata and a tag alone", only_meta, true},
    {'x', "batch_replace_after(next - 2), 2 records, tag, metadata", replace_two, false},
    {'X', "batch_replace_after(next - 3), several groups", replace_long, false},
    {'o', "batch_replace_after(next - 2), tag and metadata alone", replace_by_none, false},
    {'h', "checkpoint of the durable LSN", checkpoint, false},
    {'H', "checkpoint of the durable LSN, several groups", checkpoint_of_groups, false},
    {'O', "checkpoint of the durable LSN - 2, no state", checkpoint_back, false},
    {'q', "close, open", reopen, true},
    {'n', "close, open in the other mode", reopen_other, false},
};
const uint32_t op_count = sizeof ops / sizeof *ops;

enum tried op_run(struct session *s, char letter)
{
    uint32_t k = 0;
    while (k < op_count && ops[k].letter != letter)
        k++;
    if (k == op_count) {
        fprintf(stderr, "no operation has the letter '%c'\n", letter);
        abort();
    }
    if (s->setup.machine && !ops[k].machine)
        return TRIED_OK;
    enum tried t = ops[k].run(s);
    if (t == TRIED_OK && s->setup.busy)
        simdisk_run_background(s->disk);
    return t;
}

enum tried op_window_batch(struct session *s)
{
    return append(s, LOAD_BATCH, 10, PROLOGUE, WAL_APPEND_SYNC);
}

enum tried op_prologue(struct session *s)
{
    if (!s->setup.large)
        return TRIED_OK;
    enum tried t = op_window_batch(s);
    return t == TRIED_OK ? op_run(s, 'b') : t;
}
