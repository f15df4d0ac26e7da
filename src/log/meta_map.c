/* SPDX-License-Identifier: Apache-2.0 */
#include "log/meta_map.h"

#include <string.h>

#include "base/bytes.h"
#include "base/codes.h"
#include "base/fault.h"

int meta_map_load(struct meta_map *m, const struct alloc *a, const uint8_t *body, size_t size)
{
    struct meta_map new = {.size = size};

    if (meta_body_decode(new.entries, body, size) < 0)
        return fault(WAL_E_CORRUPT,
                     "a metadata group has a right checksum and a body that isn't one");
    new.body = mem_copy(a, body, size);
    if (!new.body)
        return fault_nomem();
    new.n = meta_body_decode(new.entries, new.body, size);
    meta_map_free(m, a);
    *m = new;
    return 0;
}

static int compare(const void *key, size_t size, const struct meta_entry *e)
{
    size_t common = (size_t)min_u64(size, e->key_size);
    int c = common ? memcmp(key, e->key, common) : 0;
    return c ? c : (size > e->key_size) - (size < e->key_size);
}

/* The first of n entries that is not before the key; *ret_same: it is the key's. */
static size_t position(const struct meta_entry *entries, size_t n, const void *key, size_t size,
                       bool *ret_same)
{
    size_t k = 0;
    int c = 1;
    while (k < n && (c = compare(key, size, &entries[k])) > 0)
        k++;
    *ret_same = k < n && c == 0;
    return k;
}

const struct meta_entry *meta_map_find(const struct meta_map *m, const void *key, size_t size)
{
    bool same;
    size_t k = position(m->entries, (size_t)m->n, key, size, &same);
    return same ? &m->entries[k] : NULL;
}

static int apply(struct meta_entry *entries, size_t *n, const struct meta_change *change)
{
    const struct meta_entry *e = &change->entry;
    bool same, put = e->value != NULL;
    size_t k = position(entries, *n, e->key, e->key_size, &same);

    if (change->must_exist && !same)
        return fault(WAL_E_NOTFOUND, "no such key");
    memmove(entries + k + put, entries + k + same, (*n - k - same) * sizeof entries[0]);
    if (put)
        entries[k] = *e;
    *n = *n + put - same;
    return 0;
}

int meta_map_with(const struct meta_map *m, const struct alloc *a,
                  const struct meta_change *changes, size_t n, struct meta_map *ret)
{
    struct meta_entry entries[META_KEYS_MAX + META_CHANGES_MAX];
    size_t keys = (size_t)m->n;

    memcpy(entries, m->entries, keys * sizeof entries[0]);
    for (size_t k = 0; k < n; k++) {
        int e = apply(entries, &keys, &changes[k]);
        if (e < 0)
            return e;
    }
    if (keys > META_KEYS_MAX)
        return fault(WAL_E_FULL, "%zu keys are more than %d", keys, META_KEYS_MAX);
    size_t size = meta_body_bytes(entries, keys);
    uint8_t *body = mem_new(a, size);
    if (!body)
        return fault_nomem();
    meta_body_encode(body, entries, keys);
    *ret = (struct meta_map){.body = body, .size = size};
    ret->n = meta_body_decode(ret->entries, body, size);
    return 0;
}

void meta_map_swap(struct meta_map *a, struct meta_map *b)
{
    struct meta_map was = *a;
    *a = *b;
    *b = was;
}

void meta_map_free(struct meta_map *m, const struct alloc *a)
{
    mem_free(a, m->body);
    *m = (struct meta_map){0};
}
