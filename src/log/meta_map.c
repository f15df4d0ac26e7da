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

/* The first entry that is not before the key; *ret_same: it is the key's. */
static int position(const struct meta_map *m, const void *key, size_t size, int *ret_same)
{
    int k = 0, c = 1;
    while (k < m->n && (c = compare(key, size, &m->entries[k])) > 0)
        k++;
    *ret_same = k < m->n && c == 0;
    return k;
}

const struct meta_entry *meta_map_find(const struct meta_map *m, const void *key, size_t size)
{
    int same, k = position(m, key, size, &same);
    return same ? &m->entries[k] : NULL;
}

int meta_map_with(const struct meta_map *m, const struct alloc *a, const struct meta_entry *change,
                  struct meta_map *ret)
{
    struct meta_entry entries[META_KEYS_MAX];
    int same, k = position(m, change->key, change->key_size, &same);
    int put = change->value != NULL, n = m->n - same + put;

    if (!put && !same)
        return fault(WAL_E_NOTFOUND, "no such key");
    if (n > META_KEYS_MAX)
        return fault(WAL_E_FULL, "there are %d keys already", META_KEYS_MAX);
    memcpy(entries, m->entries, (size_t)k * sizeof entries[0]);
    if (put)
        entries[k] = *change;
    memcpy(entries + k + put, m->entries + k + same, (size_t)(m->n - k - same) * sizeof entries[0]);

    size_t size = meta_body_bytes(entries, (size_t)n);
    uint8_t *body = mem_new(a, size);
    if (!body)
        return fault_nomem();
    meta_body_encode(body, entries, (size_t)n);
    *ret = (struct meta_map){.body = body, .size = size};
    ret->n = meta_body_decode(ret->entries, body, size);
    return 0;
}

void meta_map_free(struct meta_map *m, const struct alloc *a)
{
    mem_free(a, m->body);
    *m = (struct meta_map){0};
}
