/* SPDX-License-Identifier: Apache-2.0 */
/* The log's directory: made, opened, checked for safety, listed. */
#ifndef WAL_LOG_DIRECTORY_H
#define WAL_LOG_DIRECTORY_H

#include <stdbool.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "segment/file.h"

struct names {
    uint64_t *segments; /* numbers in ascending order */
    size_t n;
    char (*temps)[NAME_BYTES];
    size_t n_temps;
    uint64_t strays; /* names that are none of the log's */
};

/* Makes the directory if it is missing; *ret_made tells. A missing parent: NOTFOUND. */
MUST_USE int directory_make(const struct os *os, const char *path, uint32_t mode, bool *ret_made);
/* Opens it. NOTFOUND, INVAL for a file, PERM when others than us and root could put files into it.
 */
MUST_USE int directory_open(struct folder *ret, const struct os *os, const char *path);
void directory_close(struct folder *f);
/* Makes the directory's own name durable: syncs its parent. */
MUST_USE int directory_sync_parent(const struct os *os, const char *path, const struct alloc *a,
                                   bool must);

MUST_USE int directory_names(const struct folder *f, const struct alloc *a, struct names *ret);
void names_free(struct names *names, const struct alloc *a);

#endif
