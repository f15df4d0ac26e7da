/* SPDX-License-Identifier: Apache-2.0 */
#include <libwal/wal.h>

#include "api/call.h"
#include "api/segment.h"
#include "base/codes.h"
#include "log/append.h"
#include "log/truncate.h"

int wal_truncate_before(wal_t *w, uint64_t lsn)
{
    struct call c;
    int e = call_begin(&c, w, CALL_WRITES);
    return e < 0 ? e : call_end(&c, truncate_before(w, lsn));
}

int wal_truncate_after(wal_t *w, uint64_t lsn)
{
    struct call c;
    uint64_t first;
    int e = call_begin(&c, w, CALL_WRITES);
    return e < 0 ? e : call_end(&c, truncate_replace(w, lsn, NULL, &first));
}

int wal_replace_after(wal_t *w, uint64_t lsn, const wal_record_t *records, size_t n, uint32_t flags,
                      uint64_t *ret_first)
{
    struct call c;
    struct source s;
    enum append_how how;
    uint64_t first;
    int e = call_begin(&c, w, CALL_WRITES);
    if (e < 0)
        return e;
    e = append_how(w, flags, &how);
    if (e == 0 && n > 0)
        e = source_array(&s, records, n, w->config.max_record_bytes);
    if (e == 0)
        e = truncate_replace(w, lsn, n > 0 ? &s : NULL, &first);
    if (e == 0 && ret_first)
        *ret_first = first;
    return call_end(&c, e);
}

int wal_reset(wal_t *w, uint64_t next)
{
    struct call c;
    int e = call_begin(&c, w, CALL_WRITES);
    return e < 0 ? e : call_end(&c, truncate_reset(w, next));
}

int wal_rotate(wal_t *w)
{
    struct call c;
    int e = call_begin(&c, w, CALL_WRITES);
    return e < 0 ? e : call_end(&c, truncate_rotate(w));
}

/* How many of the segments, oldest first, are to go; none when the predicate fails. */
static int ask(wal_t *w, const struct segment_info *list, size_t n, wal_segment_fn pred, void *ctx,
               size_t *ret)
{
    struct in_callback in;
    int answer = 1;
    size_t k = 0;

    callback_begin(&in, w);
    while (k < n && !list[k].active) {
        wal_segment_t shown = segment_shown(&list[k]);
        answer = pred(ctx, &shown);
        if (answer <= 0)
            break;
        k++;
    }
    callback_end(&in);
    if (answer < 0)
        return fault_at(WAL_E_CALLBACK, list[k].first_lsn, list[k].number, 0,
                        "the callback returned %d for segment %llu", answer,
                        (unsigned long long)list[k].number);
    *ret = k;
    return 0;
}

int wal_drain(wal_t *w, wal_segment_fn pred, void *ctx, size_t *ret_count)
{
    struct call c;
    struct segment_info *list;
    size_t n, count = 0;
    int e = call_begin(&c, w, CALL_WRITES);
    if (e < 0)
        return e;
    if (!pred)
        return call_end(&c, fault(WAL_E_INVAL, "pred is NULL"));
    e = info_segments(w, &list, &n);
    if (e < 0)
        return call_end(&c, e);
    e = ask(w, list, n, pred, ctx, &count);
    if (e == 0)
        e = truncate_segments(w, count ? list[count - 1].number : 0, &count);
    mem_free(w->alloc, list);
    if (e == 0 && ret_count)
        *ret_count = count;
    return call_end(&c, e);
}
