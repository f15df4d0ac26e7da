/* SPDX-License-Identifier: Apache-2.0 */
#include "log/meta_changes.h"

#include <string.h>

#include "base/bytes.h"
#include "base/codes.h"
#include "base/fault.h"

enum { FIRST_ROOM = 8 };

int meta_key_check(const void *key, size_t klen)
{
    if (!key || klen == 0)
        return fault(WAL_E_INVAL, "the key is NULL or empty");
    if (klen > META_KEY_MAX)
        return fault(WAL_E_TOOBIG, "the key has %zu bytes, more than %d", klen, META_KEY_MAX);
    return 0;
}

int meta_change_make(struct meta_change *ret, const void *key, size_t klen, const void *value,
                     size_t vlen)
{
    int e = meta_key_check(key, klen);
    if (e < 0)
        return e;
    if (!value && vlen)
        return fault(WAL_E_INVAL, "value is NULL, but its size is %zu", vlen);
    if (vlen > META_VALUE_MAX)
        return fault(WAL_E_TOOBIG, "the value has %zu bytes, more than %d", vlen, META_VALUE_MAX);
    *ret = (struct meta_change){.entry = {.key = key,
                                          .key_size = (uint16_t)klen,
                                          .value = value,
                                          .value_size = (uint16_t)vlen},
                                .must_exist = !value};
    return 0;
}

static struct meta_change *find(const struct meta_changes *c, const struct meta_entry *e)
{
    for (size_t k = 0; k < c->n; k++) {
        const struct meta_entry *x = &c->list[k].entry;
        if (x->key_size == e->key_size && memcmp(x->key, e->key, e->key_size) == 0)
            return &c->list[k];
    }
    return NULL;
}

static int make_room(struct meta_changes *c, const struct alloc *a)
{
    if (c->n < c->room)
        return 0;
    if (c->n == META_CHANGES_MAX)
        return fault(WAL_E_FULL, "a batch can't change more than %d keys", META_CHANGES_MAX);
    size_t room = c->room ? 2 * c->room : FIRST_ROOM;
    struct meta_change *list = mem_resize(a, c->list, room * sizeof *list);
    if (!list)
        return fault_nomem();
    c->list = list;
    c->room = room;
    return 0;
}

static int copy(struct meta_change *ret, const struct alloc *a, const struct meta_change *from)
{
    const struct meta_entry *e = &from->entry;
    uint8_t *block = mem_new(a, (size_t)e->key_size + e->value_size);
    if (!block)
        return fault_nomem();
    memcpy(block, e->key, e->key_size);
    if (e->value_size)
        memcpy(block + e->key_size, e->value, e->value_size);
    *ret = *from;
    ret->entry.key = block;
    ret->entry.value = e->value ? block + e->key_size : NULL;
    return 0;
}

static void release(struct meta_change *change, const struct alloc *a)
{
    mem_free(a, (void *)(uintptr_t)change->entry.key);
}

int meta_changes_add(struct meta_changes *c, const struct alloc *a,
                     const struct meta_change *change)
{
    struct meta_change *before = find(c, &change->entry), new;

    if (before && !before->entry.value && change->must_exist)
        return fault(WAL_E_NOTFOUND, "the batch has removed this key already");
    int e = before ? 0 : make_room(c, a);
    if (e == 0)
        e = copy(&new, a, change);
    if (e < 0)
        return e;
    if (before) {
        new.must_exist = before->must_exist;
        release(before, a);
        *before = new;
    } else {
        c->list[c->n++] = new;
    }
    return 0;
}

void meta_changes_clear(struct meta_changes *c, const struct alloc *a)
{
    for (size_t k = 0; k < c->n; k++)
        release(&c->list[k], a);
    mem_free(a, c->list);
    *c = (struct meta_changes){0};
}
