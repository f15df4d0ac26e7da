#include "crash/ops.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "crash/look.h"
#include "crash/payload.h"

enum { BATCH_MAX = 16, SMALL = 40, LARGE = 20000, LONG = 15000, PROLOGUE = 30000 };

/* A batch to come: its ids, its bytes, its records. */
struct load {
    uint32_t n;
    uint64_t ids[BATCH_MAX];
    wal_record_t records[BATCH_MAX];
    uint8_t *bytes;
};

static void load_make(struct session *s, struct load *l, uint32_t n, size_t size)
{
    l->n = n;
    l->bytes = malloc(n * size + 1);
    if (l->bytes == NULL)
        abort();
    for (uint32_t k = 0; k < n; k++) {
        uint64_t id = payload_id(s->next_number++, size);
        uint8_t *at = l->bytes + k * size;
        payload_fill(id, at);
        l->ids[k] = id;
        l->records[k] = (wal_record_t){
            .size = sizeof l->records[k], .type = payload_type(id), .data = at, .data_size = size};
    }
}

/* Whether an append with these flags returns when it is durable. */
static bool waits(const struct session *s, uint32_t flags)
{
    bool buffered = s->mode == WAL_SYNC_NONE || s->mode == WAL_SYNC_INTERVAL;
    return (flags & WAL_APPEND_SYNC) ||
           (!(flags & WAL_APPEND_ASYNC) && !buffered && !(flags & WAL_APPEND_SUBMIT));
}

static int commit_batch(struct session *s, struct load *l, uint32_t flags, uint64_t *ret_first)
{
    wal_batch_t *b;
    uint64_t last;
    int e = wal_batch_new(s->log, &b);
    if (e < 0)
        return e;
    for (uint32_t k = 0; e == 0 && k < l->n; k++)
        e = wal_batch_append(b, l->records[k].type, l->records[k].data, l->records[k].data_size);
    if (e == 0)
        e = wal_batch_commit(b, flags, ret_first, &last);
    wal_batch_free(b);
    return e;
}

enum how { SINGLE, MANY, BATCH };

static enum tried append(struct session *s, enum how how, uint32_t n, size_t size, uint32_t flags)
{
    struct load l;
    uint64_t expected = oracle_next(s->oracle), lsn = 0;
    int e;

    if (!oracle_has_room(s->oracle, n))
        return TRIED_OK;
    load_make(s, &l, n, size);
    oracle_submit(s->oracle, l.ids, n);
    if (how == SINGLE)
        e = wal_append_typed(s->log, l.records[0].type, l.bytes, size, flags, &lsn);
    else if (how == MANY)
        e = wal_append_many(s->log, l.records, n, flags, &lsn);
    else
        e = commit_batch(s, &l, flags, &lsn);
    free(l.bytes);
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
    return append(s, SINGLE, 1, SMALL, WAL_APPEND_SYNC);
}

static enum tried small_async(struct session *s)
{
    return append(s, SINGLE, 1, SMALL, WAL_APPEND_ASYNC);
}

static enum tried large(struct session *s)
{
    return append(s, SINGLE, 1, LARGE, 0);
}

static enum tried empty(struct session *s)
{
    return append(s, SINGLE, 1, 0, 0);
}

static enum tried many(struct session *s)
{
    return append(s, MANY, 3, SMALL, 0);
}

static enum tried many_async(struct session *s)
{
    return append(s, MANY, 3, 2 * SMALL, WAL_APPEND_ASYNC);
}

static enum tried batch(struct session *s)
{
    return append(s, BATCH, 5, LONG, 0);
}

static enum tried batch_async(struct session *s)
{
    return append(s, BATCH, 5, LONG, WAL_APPEND_ASYNC);
}

static enum tried submit(struct session *s)
{
    bool threads = s->setup.background || s->mode == WAL_SYNC_INTERVAL;
    uint64_t lsn = oracle_next(s->oracle);
    if (!threads)
        return TRIED_OK;
    enum tried t = append(s, SINGLE, 1, SMALL, WAL_APPEND_SUBMIT);
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
    oracle_submit(s->oracle, l.ids, 1);
    int e = wal_append_typed(s->log, l.records[0].type, l.bytes, SMALL, WAL_APPEND_ASYNC, &lsn);
    free(l.bytes);
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

static enum tried rotate(struct session *s)
{
    uint64_t last = oracle_next(s->oracle) - 1;
    int e = wal_rotate(s->log);
    return e < 0 ? session_failed(s, "rotate", e) : session_note(s, "rotate", last);
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
    oracle_cut_after(s->oracle, lsn, NULL, 0);
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
    oracle_cut_after(s->oracle, lsn, l.ids, n);
    int e = wal_replace_after(s->log, lsn, l.records, n, 0, &first);
    free(l.bytes);
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
    uint8_t value[1024];
    uint64_t number = s->next_number++, id = payload_id(number, number * 37 % 500);

    memcpy(value, &number, sizeof number);
    payload_fill(id, value + sizeof number);
    oracle_meta_try(s->oracle, number);
    int e = wal_meta_set(s->log, LOOK_META_KEY, strlen(LOOK_META_KEY), value,
                         sizeof number + payload_size(id));
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
    {'s', "append + sync", small},
    {'a', "append ASYNC", small_async},
    {'i', "append, another one while its sync runs", overtaken},
    {'l', "append several pages", large},
    {'e', "append zero bytes", empty},
    {'b', "batch of 3", many},
    {'B', "batch of 3 ASYNC", many_async},
    {'g', "batch longer than a group", batch},
    {'G', "batch longer than a group ASYNC", batch_async},
    {'u', "append SUBMIT, background runs", submit},
    {'w', "200 ms pass, background runs", let_time_pass},
    {'y', "sync", sync_all},
    {'f', "flush", flush},
    {'r', "rotate", rotate},
    {'t', "truncate_before(next - 1)", before_last},
    {'T', "truncate_before(next)", before_next},
    {'c', "truncate_after(next - 2)", after_one},
    {'C', "truncate_after(next - 3)", after_two},
    {'p', "replace_after(next - 2, one)", replace_one},
    {'P', "replace_after(next - 3, four large ones)", replace_batch},
    {'z', "reset(1)", reset_back},
    {'Z', "reset(next + 3)", reset_on},
    {'m', "meta_set", meta_set},
    {'d', "meta_delete", meta_delete},
    {'q', "close, open", reopen},
    {'n', "close, open in the other mode", reopen_other},
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
    enum tried t = ops[k].run(s);
    if (t == TRIED_OK && s->setup.busy)
        simdisk_run_background(s->disk);
    return t;
}

enum tried op_window_batch(struct session *s)
{
    return append(s, BATCH, 10, PROLOGUE, WAL_APPEND_SYNC);
}

enum tried op_prologue(struct session *s)
{
    if (!s->setup.large)
        return TRIED_OK;
    enum tried t = op_window_batch(s);
    return t == TRIED_OK ? op_run(s, 'b') : t;
}
