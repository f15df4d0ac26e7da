/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of what a repair is about to change or remove, in the directory `quarantine` of the log.
 * The library never looks at them. */
#ifndef WAL_LOG_QUARANTINE_H
#define WAL_LOG_QUARANTINE_H

#include "base/alloc.h"
#include "base/attr.h"
#include "segment/file.h"

struct quarantine {
    const struct folder *log; /* whose files are copied */
    const struct alloc *alloc;
    uint32_t file_mode;
    char *path;
    struct folder folder;
};

/* Makes the directory where it is missing. Ends with quarantine_close, also after an error. */
MUST_USE int quarantine_open(struct quarantine *q, const struct folder *log, const struct alloc *a,
                             uint32_t dir_mode, uint32_t file_mode);
/* Copies a file, under its own name or the first free one of NAME.1, NAME.2 ...; one that is not
 * there is fine. The copy is synced; its name counts once quarantine_sync has returned. */
MUST_USE int quarantine_put(struct quarantine *q, const char *name);
MUST_USE int quarantine_sync(const struct quarantine *q);
void quarantine_close(struct quarantine *q);

#endif
