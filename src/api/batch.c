/* SPDX-License-Identifier: Apache-2.0 */
#include <libwal/wal.h>

#include <string.h>

#include "api/call.h"
#include "base/codes.h"
#include "log/batch.h"

static int begin(struct call *c, wal_batch_t *b)
{
    return b ? call_begin(c, b->store.log, CALL_WRITES) : fault(WAL_E_INVAL, "the batch is NULL");
}

int wal_batch_new(wal_t *w, wal_batch_t **ret)
{
    struct call c;
    int e = call_begin(&c, w, CALL_WRITES);
    if (e < 0)
        return e;
    e = ret ? batch_new(w, ret) : fault(WAL_E_INVAL, "ret is NULL");
    return call_end(&c, e);
}

int wal_batch_append(wal_batch_t *b, uint32_t type, const void *data, size_t size)
{
    struct call c;
    int e = begin(&c, b);
    return e < 0 ? e : call_end(&c, batch_append(b, type, data, size));
}

int wal_batch_append_packed(wal_batch_t *b, const void *payload, const uint32_t *sizes,
                            const uint16_t *types, size_t n)
{
    struct call c;
    struct source s;
    int e = begin(&c, b);
    if (e < 0)
        return e;
    e = source_packed(&s, payload, sizes, types, n, c.log->config.max_record_bytes);
    if (e == 0)
        e = batch_append_source(b, &s);
    return call_end(&c, e);
}

int wal_batch_set_tag(wal_batch_t *b, const void *data, size_t size)
{
    struct call c;
    int e = begin(&c, b);
    return e < 0 ? e : call_end(&c, batch_set_tag(b, data, size));
}

int wal_batch_meta(wal_batch_t *b, const void *key, size_t klen, const void *value, size_t vlen)
{
    struct call c;
    struct meta_change change;
    int e = begin(&c, b);
    if (e < 0)
        return e;
    e = meta_change_make(&change, key, klen, value, vlen);
    if (e == 0)
        e = batch_meta(b, &change);
    return call_end(&c, e);
}

static int end(struct call *c, int e, uint64_t first, uint64_t last, uint64_t *ret_first,
               uint64_t *ret_last)
{
    if (e == 0 && ret_first)
        *ret_first = first;
    if (e == 0 && ret_last)
        *ret_last = last;
    return call_end(c, e);
}

int wal_batch_commit(wal_batch_t *b, uint32_t flags, uint64_t *ret_first, uint64_t *ret_last)
{
    struct call c;
    uint64_t first = 0, last = 0;
    int e = begin(&c, b);
    if (e < 0)
        return e;
    e = batch_commit(b, flags, &first, &last);
    return end(&c, e, first, last, ret_first, ret_last);
}

int wal_batch_replace_after(wal_batch_t *b, uint64_t lsn, uint32_t flags, uint64_t *ret_first,
                            uint64_t *ret_last)
{
    struct call c;
    uint64_t first = 0, last = 0;
    int e = begin(&c, b);
    if (e < 0)
        return e;
    e = batch_replace_after(b, lsn, flags, &first, &last);
    return end(&c, e, first, last, ret_first, ret_last);
}

int wal_batch_abort(wal_batch_t *b)
{
    struct call c;
    int e = begin(&c, b);
    if (e < 0)
        return e;
    batch_clear(b);
    return call_end(&c, 0);
}

void wal_batch_free(wal_batch_t *b)
{
    if (b)
        batch_free(b);
}

uint64_t wal_batch_count(const wal_batch_t *b)
{
    return b && wal_is_ours(b->store.log) ? b->store.records : 0;
}

uint64_t wal_batch_bytes(const wal_batch_t *b)
{
    return b && wal_is_ours(b->store.log) ? b->store.payload : 0;
}

int wal_last_tag(wal_t *w, void *buf, size_t cap, size_t *ret_size)
{
    struct call c;
    struct tag tag;
    int e = call_begin(&c, w, CALL_IN_CALLBACK);
    if (e < 0)
        return e;
    if ((!buf && cap) || !ret_size)
        e = fault(WAL_E_INVAL, "%s is NULL", ret_size ? "buf" : "ret_size");
    else
        e = tag_last(w, &tag);
    if (e == 0) {
        *ret_size = tag.size;
        if (tag.size > cap)
            e = fault(WAL_E_TOOBIG, "the tag has %u bytes, the buffer %zu", tag.size, cap);
        else if (tag.size)
            memcpy(buf, tag.bytes, tag.size);
    }
    return call_end(&c, e);
}
