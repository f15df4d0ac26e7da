/* SPDX-License-Identifier: Apache-2.0 */
#include <libwal/wal.h>

#include "api/call.h"
#include "base/codes.h"
#include "log/append.h"

/* An append that doesn't wait is allowed inside callbacks of on_durable and events. */
static int where(uint32_t flags)
{
    bool waits = !(flags & (WAL_APPEND_ASYNC | WAL_APPEND_SUBMIT));
    return waits ? CALL_WRITES : CALL_WRITES | CALL_IN_NOTICE;
}

static int begin(struct call *c, wal_t *w, uint32_t flags)
{
    return call_begin(c, w, where(flags));
}

static int finish(struct call *c, struct source *s, int e, uint32_t flags, uint64_t *ret_first)
{
    uint64_t first;
    if (e == 0)
        e = append_source(c->log, s, flags, &first);
    if (e == 0 && ret_first)
        *ret_first = first;
    return call_end(c, e);
}

int wal_append_typed(wal_t *w, uint32_t type, const void *data, size_t size, uint32_t flags,
                     uint64_t *ret_lsn)
{
    struct call c;
    struct source s;
    uint64_t lsn;
    int e = call_check(w, where(flags));
    if (e < 0)
        return e;
    if (append_at_once(w, type, data, size, flags, ret_lsn ? ret_lsn : &lsn))
        return 0;
    e = begin(&c, w, flags);
    if (e < 0)
        return e;
    e = source_one(&s, type, data, size, w->config.max_record_bytes);
    return finish(&c, &s, e, flags, ret_lsn);
}

int wal_append(wal_t *w, const void *data, size_t size, uint64_t *ret_lsn)
{
    return wal_append_typed(w, 0, data, size, 0, ret_lsn);
}

int wal_append_many(wal_t *w, const wal_record_t *records, size_t n, uint32_t flags,
                    uint64_t *ret_first)
{
    struct call c;
    struct source s;
    int e = begin(&c, w, flags);
    if (e < 0)
        return e;
    e = source_array(&s, records, n, w->config.max_record_bytes);
    return finish(&c, &s, e, flags, ret_first);
}

int wal_append_packed(wal_t *w, const void *payload, const uint32_t *sizes, const uint16_t *types,
                      size_t n, uint32_t flags, uint64_t *ret_first)
{
    struct call c;
    struct source s;
    int e = begin(&c, w, flags);
    if (e < 0)
        return e;
    e = source_packed(&s, payload, sizes, types, n, w->config.max_record_bytes);
    return finish(&c, &s, e, flags, ret_first);
}

int wal_flush(wal_t *w)
{
    struct call c;
    int e = call_begin(&c, w, CALL_WRITES);
    return e < 0 ? e : call_end(&c, append_flush(w));
}

int wal_sync(wal_t *w, uint64_t lsn)
{
    struct call c;
    int e = call_begin(&c, w, CALL_WRITES);
    return e < 0 ? e : call_end(&c, append_sync(w, lsn));
}

int wal_on_durable(wal_t *w, uint64_t lsn, wal_durable_fn fn, void *ctx)
{
    struct call c;
    int e = call_begin(&c, w, CALL_WRITES);
    return e < 0 ? e : call_end(&c, notify_on_durable(w, lsn, fn, ctx));
}

int wal_wait(wal_t *w, uint64_t lsn, int timeout_ms)
{
    struct call c;
    int e = call_begin(&c, w, w && w->follower ? CALL_ANY : CALL_WRITES);
    return e < 0 ? e : call_end(&c, append_wait(w, lsn, timeout_ms));
}
