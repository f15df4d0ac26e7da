/* SPDX-License-Identifier: Apache-2.0 */
/* The metadata in memory: up to 64 keys in the order of their bytes, in the very form of a metadata
 * group's body. Not thread-safe. */
#ifndef WAL_LOG_META_MAP_H
#define WAL_LOG_META_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "format/body.h"

struct meta_map {
    uint8_t *body; /* NULL: there never was any metadata */
    size_t size;
    struct meta_entry entries[META_KEYS_MAX]; /* point into body */
    int n;
};

/* Takes a group's body over by copying it. CORRUPT when it isn't one. */
MUST_USE int meta_map_load(struct meta_map *m, const struct alloc *a, const uint8_t *body,
                           size_t size);
/* What is to become of one key. */
struct meta_change {
    struct meta_entry entry; /* value NULL: it goes */
    bool must_exist;         /* else NOTFOUND */
};
enum { META_CHANGES_MAX = 2 * META_KEYS_MAX }; /* every key goes, as many come */

/* The map with these changes, at most META_CHANGES_MAX, no key twice, as a new map. FULL, NOTFOUND.
 * The old one stays. */
MUST_USE int meta_map_with(const struct meta_map *m, const struct alloc *a,
                           const struct meta_change *changes, size_t n, struct meta_map *ret);
void meta_map_swap(struct meta_map *a, struct meta_map *b);
/* The entry; NULL: none. */
const struct meta_entry *meta_map_find(const struct meta_map *m, const void *key, size_t size);
void meta_map_free(struct meta_map *m, const struct alloc *a);

#endif
