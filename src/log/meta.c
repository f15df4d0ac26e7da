/* SPDX-License-Identifier: Apache-2.0 */
#include "log/meta.h"

#include <string.h>

#include "base/codes.h"
#include "log/follow.h"
#include "log/long_batch.h"
#include "log/meta_changes.h"

int meta_set(struct wal *w, struct meta_change *change)
{
    struct meta_changes changes = {.list = change, .n = 1};
    struct source s;
    uint64_t none;

    source_none(&s);
    s.changes = &changes;
    return long_batch(w, &s, APPEND_DURABLE, 0, &none);
}

int meta_get(struct wal *w, const void *key, size_t klen, void *buf, size_t cap, size_t *ret_size)
{
    int e = follow_meta(w);
    if (e < 0)
        return e;
    pthread_mutex_lock(&w->mu);
    const struct meta_entry *m = meta_map_find(&w->meta, key, klen);
    if (!m)
        e = fault(WAL_E_NOTFOUND, "%s has no such key", w->path);
    else if (m->value_size > cap)
        e = fault(WAL_E_TOOBIG, "the value has %u bytes, the buffer %zu", m->value_size, cap);
    else if (m->value_size)
        memcpy(buf, m->value, m->value_size);
    if (m)
        *ret_size = m->value_size;
    pthread_mutex_unlock(&w->mu);
    return e;
}

int meta_snapshot(struct wal *w, struct meta_map *ret)
{
    int e = follow_meta(w);
    if (e < 0)
        return e;
    *ret = (struct meta_map){0};
    pthread_mutex_lock(&w->mu);
    if (w->meta.body)
        e = meta_map_load(ret, w->alloc, w->meta.body, w->meta.size);
    pthread_mutex_unlock(&w->mu);
    return e;
}
