#include <libwal/wal.h>

#include <errno.h>
#include <string.h>

#include "api/call.h"
#include "api/sized.h"
#include "base/codes.h"
#include "log/get.h"
#include "log/many.h"
#include "log/reader.h"

enum { RECORD_SIZE_1_0 = SIZE_UP_TO(wal_record_t, flags) };

static int bad_record(const wal_record_t *r)
{
    return r ? fault(WAL_E_INVAL, "the record's size is %u", r->size)
             : fault(WAL_E_INVAL, "ret is NULL");
}

/* The caller's struct, whose size was checked. r: the
 * reader whose record it is; NULL: none, and no tag. */
static void fill(wal_record_t *ret, uint64_t lsn, const void *data, const struct got *g,
                 const struct wal_reader *r)
{
    wal_record_t full = {
        .lsn = lsn, .type = g->type, .data = data, .data_size = g->size, .flags = g->flags};
    if (r)
        full.tag = reader_tag(r, &full.tag_size);
    bool fits = sized_fill(ret, ret->size, &full, sizeof full, RECORD_SIZE_1_0);
    (void)fits;
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

int wal_reader_next(wal_reader_t *r, wal_record_t *ret)
{
    struct call c;
    struct record x;
    bool durable;
    int e = begin(&c, r);
    if (e < 0)
        return e;
    if (!sized_right(ret, RECORD_SIZE_1_0))
        return call_end(&c, bad_record(ret));
    e = reader_next(r, &x, &durable);
    if (e == 1) {
        struct got got = {.size = x.size, .type = x.type};
        got.flags = (durable ? WAL_RECORD_DURABLE : 0u) |
                    (x.flags & RECORD_BATCH_LAST ? WAL_RECORD_BATCH_LAST : 0u);
        fill(ret, x.lsn, x.payload, &got, r);
    }
    return call_end(&c, e);
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

static int deliver(wal_t *w, struct wal_reader *r, wal_record_fn fn, void *ctx, uint64_t *ret_last)
{
    struct record x;
    struct in_callback in;
    bool durable;
    int e;

    while ((e = reader_next(r, &x, &durable)) == 1) {
        wal_record_t record = {.size = sizeof record,
                               .type = x.type,
                               .lsn = x.lsn,
                               .data = x.payload,
                               .data_size = x.size};
        record.tag = reader_tag(r, &record.tag_size);
        record.flags =
            WAL_RECORD_DURABLE | (x.flags & RECORD_BATCH_LAST ? WAL_RECORD_BATCH_LAST : 0u);
        callback_begin(&in, w);
        int answer = fn(ctx, &record);
        callback_end(&in);
        *ret_last = x.lsn;
        if (answer < 0)
            return fault_at(WAL_E_CALLBACK, x.lsn, 0, 0, "the callback returned %d for record %llu",
                            answer, (unsigned long long)x.lsn);
        if (answer > 0)
            return 0;
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
    e = reader_open(w, from, 0, &r);
    if (e < 0)
        return call_end(&c, e);
    e = deliver(w, r, fn, ctx, &last);
    reader_close(r);
    if (e == 0 && ret_last)
        *ret_last = last;
    return call_end(&c, e);
}
