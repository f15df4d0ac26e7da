/* SPDX-License-Identifier: Apache-2.0 */
/* Memory by way of the user's allocator (wal_options_set_allocator) or malloc. Every allocation of
 * a log goes through the log's `struct alloc`, so that a test can make the n-th one fail.
 * Thread-safe as far as the user's functions are. */
#ifndef WAL_BASE_ALLOC_H
#define WAL_BASE_ALLOC_H

#include <stddef.h>

#include "base/attr.h"

struct alloc {
    void *ctx;
    void *(*alloc)(void *ctx, size_t size);
    void *(*resize)(void *ctx, void *p, size_t size);
    void (*release)(void *ctx, void *p);
};

extern const struct alloc alloc_default; /* malloc, realloc, free */

/* NULL when there is no memory; sets no fault. size > 0. */
MUST_USE void *mem_new(const struct alloc *a, size_t size);
MUST_USE void *mem_new_zeroed(const struct alloc *a, size_t size);
/* The old block stays valid when NULL comes back. p may be NULL. */
MUST_USE void *mem_resize(const struct alloc *a, void *p, size_t size);
MUST_USE void *mem_copy(const struct alloc *a, const void *from, size_t size);
MUST_USE char *mem_copy_string(const struct alloc *a, const char *s);
/* p may be NULL. */
void mem_free(const struct alloc *a, void *p);

#endif
