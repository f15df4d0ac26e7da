/* SPDX-License-Identifier: Apache-2.0 */
/* Changes of metadata that a batch has gathered, one per key: what was said last about it, and
 * whether it has to be there before. They are held against the map only when the batch is
 * committed. Not thread-safe. */
#ifndef WAL_LOG_META_CHANGES_H
#define WAL_LOG_META_CHANGES_H

#include "log/meta_map.h"

struct meta_changes {
    struct meta_change *list; /* each has its key and value in one block of its own */
    size_t n, room;
};

/* What a caller says about a key: value NULL with size 0: it goes. INVAL: no key, or no value but a
 * size; TOOBIG. */
MUST_USE int meta_change_make(struct meta_change *ret, const void *key, size_t klen,
                              const void *value, size_t vlen);
MUST_USE int meta_key_check(const void *key, size_t klen);

/* Adds a copy. NOTFOUND: the batch itself has removed the key; FULL: more keys than can change at
 * once. Nothing has changed then. */
MUST_USE int meta_changes_add(struct meta_changes *c, const struct alloc *a,
                              const struct meta_change *change);
void meta_changes_clear(struct meta_changes *c, const struct alloc *a);

#endif
