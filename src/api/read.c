/* SPDX-License-Identifier: Apache-2.0 */
#include <libwal/wal.h>

#include <errno.h>
#include <string.h>

#include "api/call.h"
#include "api/sized.h"
#include "base/codes.h"
#include "log/ahead.h"
#include "log/checkpoint.h"
#include "log/get.h"
#include "log/many.h"
#include "log/reader.h"

enum { RECORD_SIZE_1_0 = SIZE_UP_TO(wal_record_t, flags) };

static int bad_record(const wal_record_t *r)
{
    return r ? fault(WAL_E_INVAL, "the record's size is %u", r->size)
             : fault(WAL_E_INVAL, "ret is NULL");
}

/* The caller's struct, whose size was checked: field by field where it is as we know it, since a
 * struct that was put together in memory can't be copied before its parts have got there. r: the
 * reader whose record it is; NULL: none, and no tag. */
static void fill(wal_record_t *ret, uint64_t lsn, const void *data, const struct got *g,
                 const struct wal_reader *r)
{
    wal_record_t full;
    bool as_ours = ret->size == sizeof full;
    wal_record_t *to = as_ours ? ret : &full;

    to->type = g->type;
    to->lsn = lsn;
    to->data = data;
    to->data_size = g->size;
    to->tag = NULL;
    to->tag_size = 0;
    if (r)
        to->tag = reader_tag(r, &to->tag_size);
    to->flags = g->flags;
    if (UNLIKELY(!as_ours) && !sized_fill(ret, ret->size, &full, sizeof full, RECORD_SIZE_1_0))
        return;
}

int wal_get(wal_t *w, uint64_t lsn, void *buf, size_t cap, wal_record_t *ret)
{
    struct call c;
    struct got got;
    int e = call_begin(&c, w, CALL_IN_CALLBACK);
    if (e < 0)
        return e;
    if (!sized_right(ret, RECORD_SIZE_1_0))
        e = bad_record(ret);
    else if (!buf && cap)
        e = fault(WAL_E_INVAL, "buf is NULL, but cap is %zu", cap);
    else
        e = get_record(w, lsn, buf, cap, &got);
    if (e == 0)
        fill(ret, lsn, buf, &got, NULL);
    else if (e == WAL_E_TOOBIG)
        ret->data_size = got.size;
    return call_end(&c, e);
}

static int begin(struct call *c, const wal_reader_t *r)
{
    return r ? call_begin(c, r->log, CALL_ANY) : fault(WAL_E_INVAL, "the reader is NULL");
}

int wal_reader_open(wal_t *w, uint64_t from, uint32_t flags, wal_reader_t **ret)
{
    struct call c;
    int e = call_begin(&c, w, CALL_ANY);
    if (e < 0)
        return e;
    e = ret ? reader_open(w, from, flags, ret) : fault(WAL_E_INVAL, "ret is NULL");
    return call_end(&c, e);
}

static int look_further(wal_reader_t *r, const wal_record_t *ret, struct record *x, bool *durable)
{
    struct call c;
    int e = begin(&c, r);
    if (e < 0)
        return e;
    return call_end(&c, sized_right(ret, RECORD_SIZE_1_0) ? reader_next(r, x, durable)
                                                          : bad_record(ret));
}

int wal_reader_next(wal_reader_t *r, wal_record_t *ret)
{
    struct record x;
    bool durable;
    bool at_hand = r && sized_right(ret, RECORD_SIZE_1_0) && call_is_free(r->log) &&
                   reader_next_at_hand(r, &x, &durable);
    int e = LIKELY(at_hand) ? 1 : look_further(r, ret, &x, &durable);

    if (e == 1) {
        struct got got = {.size = x.size, .type = x.type};
        got.flags = (durable ? WAL_RECORD_DURABLE : 0u) |
                    (x.flags & RECORD_BATCH_LAST ? WAL_RECORD_BATCH_LAST : 0u);
        fill(ret, x.lsn, x.payload, &got, r);
    }
    return e;
}

static int check_array(const wal_record_t *records, size_t max, const size_t *ret_n)
{
    if (!records || !ret_n)
        return fault(WAL_E_INVAL, "%s is NULL", records ? "ret_n" : "records");
    if (max == 0)
        return fault(WAL_E_INVAL, "max is 0");
    if (records[0].size < RECORD_SIZE_1_0 || records[0].size % 8)
        return fault(WAL_E_INVAL, "records[0].size is %u", records[0].size);
    return 0;
}

int wal_reader_next_many(wal_reader_t *r, wal_record_t *records, size_t max, size_t max_bytes,
                         size_t *ret_n)
{
    struct call c;
    int e = begin(&c, r);
    if (e < 0)
        return e;
    e = check_array(records, max, ret_n);
    if (e < 0)
        return call_end(&c, e);
    e = reader_next_many(r, records, max, max_bytes, ret_n);
    if (e == 0)
        *ret_n = 0;
    return call_end(&c, e);
}

int wal_reader_seek(wal_reader_t *r, uint64_t lsn)
{
    struct call c;
    int e = begin(&c, r);
    return e < 0 ? e : call_end(&c, reader_seek(r, lsn));
}

int wal_reader_wait(wal_reader_t *r, int timeout_ms)
{
    struct call c;
    int e = begin(&c, r);
    return e < 0 ? e : call_end(&c, reader_wait(r, timeout_ms));
}

void wal_reader_interrupt(wal_reader_t *r)
{
    int saved = errno;
    if (r && wal_is_ours(r->log))
        reader_interrupt(r);
    errno = saved;
}

uint64_t wal_reader_position(const wal_reader_t *r)
{
    return r && wal_is_ours(r->log) ? r->position : 0;
}

void wal_reader_close(wal_reader_t *r)
{
    if (r)
        reader_close(r);
}

/* One record. 1: go on. */
static int hand_out(struct wal_reader *r, const struct record *x, wal_record_fn fn, void *ctx)
{
    wal_record_t record = {.size = sizeof record,
                           .type = x->type,
                           .lsn = x->lsn,
                           .data = x->payload,
                           .data_size = x->size};
    record.tag = reader_tag(r, &record.tag_size);
    record.flags = WAL_RECORD_DURABLE | (x->flags & RECORD_BATCH_LAST ? WAL_RECORD_BATCH_LAST : 0u);
    int answer = fn(ctx, &record);
    if (UNLIKELY(answer < 0))
        return fault_at(WAL_E_CALLBACK, x->lsn, 0, 0, "the callback returned %d for record %llu",
                        answer, (unsigned long long)x->lsn);
    return answer == 0;
}

static int deliver(struct wal_reader *r, struct ahead *a, wal_record_fn fn, void *ctx,
                   uint64_t *ret_last)
{
    struct record x;
    struct in_callback in;
    bool durable;
    int e;

    while (ahead_load(a, r), (e = reader_next(r, &x, &durable)) == 1) {
        callback_begin(&in,
                       r->log); /* once for all that are at hand: it costs as much as finding one */
        do {
            *ret_last = x.lsn;
            e = hand_out(r, &x, fn, ctx);
        } while (e == 1 && reader_next_at_hand(r, &x, &durable));
        callback_end(&in);
        if (e != 1)
            break;
    }
    return e;
}

int wal_replay(wal_t *w, uint64_t from, wal_record_fn fn, void *ctx, uint64_t *ret_last)
{
    struct call c;
    struct wal_reader *r;
    uint64_t last = 0;
    int e = call_begin(&c, w, CALL_ANY);
    if (e < 0)
        return e;
    if (!fn)
        return call_end(&c, fault(WAL_E_INVAL, "fn is NULL"));
    if (from == 0)
        e = checkpoint_replay_from(w, &from);
    if (e == 0)
        e = reader_open(w, from, 0, &r);
    if (e < 0)
        return call_end(&c, e);
    struct ahead *a = w->config.read_threads > 1 ? ahead_new(w) : NULL;
    e = deliver(r, a, fn, ctx, &last);
    ahead_free(a);
    reader_close(r);
    if (e == 0 && ret_last)
        *ret_last = last;
    return call_end(&c, e);
}
