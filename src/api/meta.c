#include <libwal/wal.h>

#include "api/call.h"
#include "base/codes.h"
#include "log/meta.h"

static int check_key(const void *key, size_t klen)
{
    if (!key || klen == 0)
        return fault(WAL_E_INVAL, "the key is NULL or empty");
    if (klen > META_KEY_MAX)
        return fault(WAL_E_TOOBIG, "the key has %zu bytes, more than %d", klen, META_KEY_MAX);
    return 0;
}

int wal_meta_set(wal_t *w, const void *key, size_t klen, const void *value, size_t vlen)
{
    struct call c;
    int e = call_begin(&c, w, CALL_WRITES);
    if (e < 0)
        return e;
    e = check_key(key, klen);
    if (e == 0 && !value && vlen)
        e = fault(WAL_E_INVAL, "value is NULL, but its size is %zu", vlen);
    if (e == 0 && vlen > META_VALUE_MAX)
        e = fault(WAL_E_TOOBIG, "the value has %zu bytes, more than %d", vlen, META_VALUE_MAX);
    if (e == 0) {
        struct meta_entry change = {.key = key,
                                    .key_size = (uint16_t)klen,
                                    .value = value ? value : "",
                                    .value_size = (uint16_t)vlen};
        e = meta_change(w, &change);
    }
    return call_end(&c, e);
}

int wal_meta_delete(wal_t *w, const void *key, size_t klen)
{
    struct call c;
    int e = call_begin(&c, w, CALL_WRITES);
    if (e < 0)
        return e;
    e = check_key(key, klen);
    if (e == 0) {
        struct meta_entry change = {.key = key, .key_size = (uint16_t)klen};
        e = meta_change(w, &change);
    }
    return call_end(&c, e);
}

int wal_meta_get(wal_t *w, const void *key, size_t klen, void *buf, size_t cap, size_t *ret_vlen)
{
    struct call c;
    size_t size;
    int e = call_begin(&c, w, CALL_IN_CALLBACK);
    if (e < 0)
        return e;
    e = check_key(key, klen);
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
