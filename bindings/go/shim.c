/* SPDX-License-Identifier: Apache-2.0 */
#include "shim.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void gowal_free(void *p)
{
    free(p);
}

/* The last error, where it is the code's. */
static wal_error_t *last_error(int code)
{
    wal_error_t *error = calloc(1, sizeof *error);

    if (!error)
        return NULL;
    error->size = sizeof *error;
    if (wal_last_error(error, sizeof *error) < 0 || error->code != code) {
        memset(error, 0, sizeof *error);
        error->code = code;
        (void)snprintf(error->message, sizeof error->message, "%s", wal_strerror(code));
    }
    return error;
}

static gowal_result result_but(int code, int but, uint64_t a, uint64_t b)
{
    gowal_result r = {.code = code, .a = a, .b = b};

    if (code < 0 && code != but)
        r.error = last_error(code);
    return r;
}

static gowal_result result(int code)
{
    return result_but(code, 0, 0, 0);
}

gowal_result gowal_result_of(int code)
{
    return result(code);
}

static gowal_result result_handle(int code, void *handle)
{
    gowal_result r = result(code);
    r.handle = code < 0 ? NULL : handle;
    return r;
}

/* ---- options, life ---- */

gowal_result gowal_options_new(void)
{
    wal_options_t *o = NULL;
    int e = wal_options_new(&o);
    return result_handle(e, o);
}

gowal_result gowal_options_set(wal_options_t *o, uint32_t option, uint64_t value)
{
    return result(wal_options_set(o, option, value));
}

gowal_result gowal_options_set_string(wal_options_t *o, const char *name, const char *value)
{
    return result(wal_options_set_string(o, name, value));
}

gowal_result gowal_options_preset(wal_options_t *o, uint32_t preset)
{
    return result(wal_options_preset(o, preset));
}

gowal_result gowal_options_set_label(wal_options_t *o, const uint8_t *data, size_t size)
{
    return result(wal_options_set_label(o, data, size));
}

gowal_result gowal_options_set_lock(wal_options_t *o, wal_lock_t *lock)
{
    return result(wal_options_set_lock(o, lock));
}

gowal_result gowal_open(const char *dir, const wal_options_t *o)
{
    wal_t *w = NULL;
    int e = wal_version_check(WAL_VERSION_MAJOR, WAL_VERSION_MINOR);
    if (e == 0)
        e = wal_open(dir, o, &w);
    return result_handle(e, w);
}

gowal_result gowal_close(wal_t *w)
{
    return result(wal_close(w));
}

gowal_result gowal_lock_acquire(const char *dir)
{
    wal_lock_t *lock = NULL;
    int e = wal_lock_acquire(dir, &lock);
    return result_handle(e, lock);
}

gowal_result gowal_lock_holder(const char *dir)
{
    uint32_t pid = 0;
    int e = wal_lock_holder(dir, &pid);
    return result_but(e, 0, e > 0, pid);
}

gowal_result gowal_destroy(const char *dir)
{
    return result(wal_destroy(dir));
}

/* ---- append ---- */

gowal_result gowal_append(gowal_log w, uint32_t type, const uint8_t *data, size_t size,
                          uint32_t flags, int32_t but)
{
    uint64_t lsn = 0;
    int e = wal_append_typed((wal_t *)w, type, data, size, flags, &lsn);
    return result_but(e, but, lsn, 0);
}

gowal_result gowal_append_packed(gowal_log w, const uint8_t *payload, const uint32_t *sizes,
                                 const uint16_t *types, size_t n, uint32_t flags, int32_t but)
{
    uint64_t first = 0;
    int e = wal_append_packed((wal_t *)w, payload, sizes, types, n, flags, &first);
    return result_but(e, but, first, 0);
}

gowal_result gowal_replace_after(wal_t *w, uint64_t lsn, const uint8_t *payload,
                                 const uint32_t *sizes, const uint16_t *types, size_t n)
{
    wal_record_t *records = calloc(n ? n : 1, sizeof *records);
    uint64_t first = 0;

    if (!records)
        return (gowal_result){.code = WAL_E_NOMEM};
    for (size_t i = 0; i < n; i++) {
        records[i] = (wal_record_t){
            .size = sizeof *records, .type = types[i], .data = payload, .data_size = sizes[i]};
        payload += sizes[i];
    }
    int e = wal_replace_after(w, lsn, records, n, 0, &first);
    free(records);
    return result_but(e, 0, first, 0);
}

gowal_result gowal_flush(wal_t *w)
{
    return result(wal_flush(w));
}

gowal_result gowal_sync(wal_t *w, uint64_t lsn)
{
    return result(wal_sync(w, lsn));
}

gowal_result gowal_look(wal_t *w, uint64_t lsn)
{
    return result_but(wal_wait(w, lsn, 0), WAL_E_TIMEOUT, 0, 0);
}

/* ---- batch ---- */

gowal_result gowal_batch_new(wal_t *w)
{
    wal_batch_t *b = NULL;
    int e = wal_batch_new(w, &b);
    return result_handle(e, b);
}

gowal_result gowal_batch_append(wal_batch_t *b, uint32_t type, const uint8_t *data, size_t size)
{
    return result(wal_batch_append(b, type, data, size));
}

gowal_result gowal_batch_append_packed(wal_batch_t *b, const uint8_t *payload,
                                       const uint32_t *sizes, const uint16_t *types, size_t n)
{
    return result(wal_batch_append_packed(b, payload, sizes, types, n));
}

gowal_result gowal_batch_set_tag(wal_batch_t *b, const uint8_t *data, size_t size)
{
    return result(wal_batch_set_tag(b, data, size));
}

gowal_result gowal_batch_meta(wal_batch_t *b, const uint8_t *key, size_t klen, const uint8_t *value,
                              size_t vlen)
{
    return result(wal_batch_meta(b, key, klen, value, vlen));
}

gowal_result gowal_batch_commit(wal_batch_t *b, uint32_t flags)
{
    uint64_t first = 0, last = 0;
    int e = wal_batch_commit(b, flags, &first, &last);
    return result_but(e, 0, first, last);
}

gowal_result gowal_batch_replace_after(wal_batch_t *b, uint64_t lsn)
{
    uint64_t first = 0, last = 0;
    int e = wal_batch_replace_after(b, lsn, 0, &first, &last);
    return result_but(e, 0, first, last);
}

gowal_result gowal_batch_abort(wal_batch_t *b)
{
    return result(wal_batch_abort(b));
}

/* ---- read ---- */

gowal_result gowal_get(gowal_log w, uint64_t lsn, uint8_t *buf, size_t cap)
{
    wal_record_t record = {.size = sizeof record};
    int e = wal_get((wal_t *)w, lsn, buf, cap, &record);
    gowal_result r = result_but(e, WAL_E_TOOBIG, record.data_size, 0);
    r.type = record.type;
    r.flags = record.flags;
    return r;
}

struct gowal_reader {
    wal_reader_t *reader;
    size_t
        n; /* records that were fetched last; their data are valid until the next fetch or seek */
    wal_record_t records[GOWAL_FETCH];
};

gowal_result gowal_reader_open(wal_t *w, uint64_t from, uint32_t flags)
{
    gowal_reader *r = calloc(1, sizeof *r);

    if (!r)
        return (gowal_result){.code = WAL_E_NOMEM};
    gowal_result opened = result_handle(wal_reader_open(w, from, flags, &r->reader), r);
    if (!opened.handle)
        free(r);
    return opened;
}

/* Where everything lies when it is put one behind the other; records of one batch share its tag.
 * Both `to` and places may be NULL. Returns how many bytes that is. */
static uint64_t lay_out(const gowal_reader *r, uint8_t *to, gowal_place *places)
{
    const void *tag = NULL;
    uint64_t at = 0, tag_at = 0;

    for (size_t i = 0; i < r->n; i++) {
        const wal_record_t *from = &r->records[i];
        if (from->tag_size > 0 && from->tag != tag) {
            tag = from->tag;
            tag_at = at;
            if (to)
                memcpy(to + at, tag, from->tag_size);
            at += from->tag_size;
        }
        if (to && from->data_size > 0)
            memcpy(to + at, from->data, from->data_size);
        if (places)
            places[i] = (gowal_place){.lsn = from->lsn,
                                      .data_at = at,
                                      .data_size = from->data_size,
                                      .tag_at = tag_at,
                                      .tag_size = from->tag_size,
                                      .type = from->type,
                                      .flags = from->flags};
        at += from->data_size;
    }
    return at;
}

gowal_result gowal_reader_fetch(gowal_reader *r, size_t max, size_t max_bytes)
{
    r->n = 0;
    r->records[0].size = sizeof r->records[0];
    int e = wal_reader_next_many(r->reader, r->records, max < GOWAL_FETCH ? max : GOWAL_FETCH,
                                 max_bytes, &r->n);
    return e < 0 ? result(e) : result_but(e, 0, r->n, lay_out(r, NULL, NULL));
}

void gowal_reader_copy(gowal_reader *r, uint8_t *to, gowal_place *places)
{
    (void)lay_out(r, to, places);
}

gowal_result gowal_reader_seek(gowal_reader *r, uint64_t lsn)
{
    return result_but(wal_reader_seek(r->reader, lsn), WAL_E_RANGE, 0, 0);
}

uint64_t gowal_reader_position(const gowal_reader *r)
{
    return wal_reader_position(r->reader);
}

void gowal_reader_close(gowal_reader *r)
{
    wal_reader_close(r->reader);
    free(r);
}

/* ---- truncate ---- */

gowal_result gowal_truncate_before(wal_t *w, uint64_t lsn)
{
    return result(wal_truncate_before(w, lsn));
}

gowal_result gowal_truncate_after(wal_t *w, uint64_t lsn)
{
    return result(wal_truncate_after(w, lsn));
}

gowal_result gowal_reset(wal_t *w, uint64_t next)
{
    return result(wal_reset(w, next));
}

gowal_result gowal_rotate(wal_t *w)
{
    return result(wal_rotate(w));
}

/* ---- checkpoint, tag, metadata ---- */

gowal_result gowal_checkpoint(wal_t *w, uint64_t lsn, const uint8_t *state, size_t size)
{
    return result(wal_checkpoint(w, lsn, state, size));
}

gowal_result gowal_checkpoint_get(wal_t *w, uint8_t *buf, size_t cap)
{
    uint64_t lsn = 0;
    size_t size = 0;
    int e = wal_checkpoint_get(w, buf, cap, &lsn, &size);
    return result_but(e, WAL_E_TOOBIG, lsn, size);
}

gowal_result gowal_segment_checkpoint(wal_t *w, uint64_t segment, uint8_t *buf, size_t cap)
{
    uint64_t lsn = 0;
    size_t size = 0;
    int e = wal_segment_checkpoint(w, segment, buf, cap, &lsn, &size);
    return result_but(e, WAL_E_TOOBIG, lsn, size);
}

gowal_result gowal_last_tag(wal_t *w, uint8_t *buf, size_t cap)
{
    size_t size = 0;
    int e = wal_last_tag(w, buf, cap, &size);
    return result_but(e, WAL_E_TOOBIG, 0, size);
}

gowal_result gowal_meta_set(wal_t *w, const uint8_t *key, size_t klen, const uint8_t *value,
                            size_t vlen)
{
    return result(wal_meta_set(w, key, klen, value, vlen));
}

gowal_result gowal_meta_get(wal_t *w, const uint8_t *key, size_t klen, uint8_t *buf, size_t cap)
{
    size_t size = 0;
    int e = wal_meta_get(w, key, klen, buf, cap, &size);
    return result_but(e, WAL_E_TOOBIG, 0, size);
}

gowal_result gowal_meta_delete(wal_t *w, const uint8_t *key, size_t klen)
{
    return result(wal_meta_delete(w, key, klen));
}

struct pack {
    uint8_t *buf;
    size_t cap, at;
    uint64_t keys;
};

static bool pack_bytes(struct pack *p, const void *bytes, size_t size)
{
    uint16_t size16 = (uint16_t)size;

    if (p->cap - p->at < size + sizeof size16)
        return false;
    memcpy(p->buf + p->at, &size16, sizeof size16);
    if (size > 0)
        memcpy(p->buf + p->at + sizeof size16, bytes, size);
    p->at += sizeof size16 + size;
    return true;
}

static int pack_key(void *ctx, const void *key, size_t klen, const void *value, size_t vlen)
{
    struct pack *p = ctx;

    if (!pack_bytes(p, key, klen) || !pack_bytes(p, value, vlen))
        return WAL_E_TOOBIG;
    p->keys++;
    return 0;
}

gowal_result gowal_meta_all(wal_t *w, uint8_t *buf, size_t cap)
{
    struct pack p = {.buf = buf, .cap = cap};
    int e = wal_meta_each(w, pack_key, &p);
    return result_but(e, 0, p.keys, p.at);
}

/* ---- info ---- */

gowal_result gowal_recovery(wal_t *w, wal_recovery_t *ret)
{
    ret->size = sizeof *ret;
    return result(wal_recovery(w, ret, sizeof *ret));
}

gowal_result gowal_range(wal_t *w, uint64_t *ret)
{
    return result(wal_range(w, &ret[0], &ret[1], &ret[2], &ret[3]));
}

gowal_result gowal_info(wal_t *w, wal_info_t *ret)
{
    ret->size = sizeof *ret;
    return result(wal_info(w, ret, sizeof *ret));
}

gowal_result gowal_segments(wal_t *w, wal_segment_t *array, size_t n)
{
    if (n > 0)
        array[0].size = sizeof *array;
    int e = wal_segments(w, array, sizeof *array, &n);
    return result_but(e, 0, n, 0);
}

gowal_result gowal_stats(wal_t *w, uint64_t *values, uint32_t n)
{
    return result(wal_stats(w, values, n));
}

gowal_result gowal_histogram(wal_t *w, uint32_t which, uint64_t *buckets)
{
    return result(wal_histogram(w, which, buckets));
}

gowal_result gowal_failure(wal_t *w)
{
    wal_error_t *error = calloc(1, sizeof *error);

    if (!error)
        return (gowal_result){.code = WAL_E_NOMEM};
    error->size = sizeof *error;
    int e = wal_failure_error(w, error, sizeof *error);
    if (e == 0 && error->code < 0)
        return (gowal_result){.code = error->code, .error = error};
    free(error);
    return result(e);
}

/* ---- events ---- */

gowal_result gowal_subscribe(wal_t *w, uint32_t mask)
{
    wal_subscription_t *s = NULL;
    int e = wal_subscribe(w, mask, &s);
    return result_handle(e, s);
}

gowal_result gowal_subscription_next(wal_subscription_t *s, wal_event_t *ret)
{
    ret->size = sizeof *ret;
    return result(wal_subscription_next(s, ret));
}

/* ---- those that call back ---- */

static int progress(void *ctx, uint64_t done, uint64_t total)
{
    return gowalProgress((uintptr_t)ctx, done, total);
}

static int gap(void *ctx, uint64_t first, uint64_t last)
{
    return gowalGap((uintptr_t)ctx, first, last);
}

static int record(void *ctx, const wal_record_t *r)
{
    wal_record_t copy = *r;
    return gowalRecord((uintptr_t)ctx, &copy);
}

static int segment(void *ctx, const wal_segment_t *s)
{
    wal_segment_t copy = *s;
    return gowalSegment((uintptr_t)ctx, &copy);
}

gowal_result gowal_verify(const char *dir, const wal_options_t *o, uintptr_t call,
                          wal_verify_t *ret)
{
    ret->size = sizeof *ret;
    return result(wal_verify(dir, o, call ? progress : NULL, (void *)call, ret, sizeof *ret));
}

gowal_result gowal_repair(const char *dir, const wal_options_t *o, uint32_t flags,
                          wal_verify_t *ret)
{
    ret->size = sizeof *ret;
    return result(wal_repair(dir, o, flags, ret, sizeof *ret));
}

gowal_result gowal_salvage(const char *dir, const wal_options_t *o, uintptr_t call)
{
    return result(wal_salvage(dir, o, record, gap, (void *)call));
}

gowal_result gowal_copy(wal_t *w, const char *dest, uintptr_t call)
{
    return result(wal_copy(w, dest, call ? progress : NULL, (void *)call));
}

gowal_result gowal_drain(wal_t *w, uintptr_t call)
{
    size_t count = 0;
    int e = wal_drain(w, segment, (void *)call, &count);
    return result_but(e, 0, count, e < 0 ? 0 : wal_first_lsn(w));
}
