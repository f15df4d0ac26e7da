/* SPDX-License-Identifier: Apache-2.0 */
/* Where the groups of one segment begin: a sparse table that thins itself out to stay small. Not
 * thread-safe. */
#ifndef WAL_LOG_INDEX_H
#define WAL_LOG_INDEX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/alloc.h"
#include "format/body.h"

enum { INDEX_LEAST = 16 /* entries that it always may have */ };

struct index {
    struct seal_entry *entries; /* ascending */
    uint32_t n, room;
    uint32_t most; /* entries; a power of two from INDEX_LEAST to SEAL_ENTRIES_MAX */
    uint32_t every,
        skipped; /* one group in `every` has an entry; how many went by since the last */
};

/* Notes a group with records. Without memory the entry is left out, which costs time only. */
void index_add(struct index *x, const struct alloc *a, uint64_t lsn, uint32_t place);
/* Adds what a seal's body lists. False: it isn't the body of one. */
bool index_add_seal(struct index *x, const struct alloc *a, const uint8_t *body, size_t size);
/* The last entry at or before the LSN; false: none. */
bool index_find(const struct index *x, uint64_t lsn, struct seal_entry *ret);
/* Forgets the entries above the LSN. */
void index_cut(struct index *x, uint64_t last_lsn);
void index_free(struct index *x, const struct alloc *a);
size_t index_bytes(const struct index *x);

#endif
