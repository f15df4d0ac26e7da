/* SPDX-License-Identifier: Apache-2.0 */
#include <libwal/wal.h>

#include "api/call.h"
#include "base/codes.h"
#include "log/meta.h"
#include "log/meta_changes.h"

static int change(wal_t *w, const void *key, size_t klen, const void *value, size_t vlen)
{
    struct call c;
    struct meta_change change;
    int e = call_begin(&c, w, CALL_WRITES);
    if (e < 0)
        return e;
    e = meta_change_make(&change, key, klen, value, vlen);
    if (e == 0)
        e = meta_set(w, &change);
    return call_end(&c, e);
}

int wal_meta_set(wal_t *w, const void *key, size_t klen, const void *value, size_t vlen)
{
    return change(w, key, klen, value || vlen ? value : "", vlen);
}

int wal_meta_delete(wal_t *w, const void *key, size_t klen)
{
    return change(w, key, klen, NULL, 0);
}

int wal_meta_get(wal_t *w, const void *key, size_t klen, void *buf, size_t cap, size_t *ret_vlen)
{
    struct call c;
    size_t size;
    int e = call_begin(&c, w, CALL_IN_CALLBACK);
    if (e < 0)
        return e;
    e = meta_key_check(key, klen);
    if (e == 0 && ((!buf && cap) || !ret_vlen))
        e = fault(WAL_E_INVAL, "%s is NULL", ret_vlen ? "buf" : "ret_vlen");
    if (e == 0) {
        e = meta_get(w, key, klen, buf, cap, &size);
        if (e == 0 || e == WAL_E_TOOBIG)
            *ret_vlen = size;
    }
    return call_end(&c, e);
}

static int each(wal_t *w, const struct meta_map *m, wal_meta_fn fn, void *ctx)
{
    struct in_callback in;
    for (int k = 0; k < m->n; k++) {
        const struct meta_entry *x = &m->entries[k];
        callback_begin(&in, w);
        int answer = fn(ctx, x->key, x->key_size, x->value, x->value_size);
        callback_end(&in);
        if (answer < 0)
            return fault(WAL_E_CALLBACK, "the callback returned %d", answer);
        if (answer > 0)
            return 0;
    }
    return 0;
}

int wal_meta_each(wal_t *w, wal_meta_fn fn, void *ctx)
{
    struct call c;
    struct meta_map m;
    int e = call_begin(&c, w, CALL_ANY);
    if (e < 0)
        return e;
    if (!fn)
        return call_end(&c, fault(WAL_E_INVAL, "fn is NULL"));
    e = meta_snapshot(w, &m);
    if (e == 0) {
        e = each(w, &m, fn, ctx);
        meta_map_free(&m, w->alloc);
    }
    return call_end(&c, e);
}
