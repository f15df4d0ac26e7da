/* SPDX-License-Identifier: Apache-2.0 */
/* Batch objects: records that are gathered before they are appended, in memory and, what is more
 * than a group, in a file without a name in the log's directory. `struct wal_batch` is the public
 * wal_batch_t; used by one thread at a time. */
#ifndef WAL_LOG_BATCH_H
#define WAL_LOG_BATCH_H

#include "base/buffer.h"
#include "log/append.h"
#include "log/meta_changes.h"
#include "log/spill.h"
#include "log/tag.h"

struct batch_store {
    struct wal *log;
    struct buffer
        memory; /* records in the form of a group's body, LSN 0, each CRC over the payload alone */
    struct spill spill; /* what came before them, in the same form */
    uint64_t records, payload, body, largest;
    uint64_t at; /* place in spill + memory */
};

struct wal_batch {
    struct batch_store store;
    struct tag tag;
    struct meta_changes changes;
    bool doomed; /* after INDOUBT or FAILED only abort is left */
};

MUST_USE int batch_new(struct wal *w, struct wal_batch **ret);
MUST_USE int batch_append(struct wal_batch *b, uint32_t type, const void *data, size_t size);
/* All of a source's records, or none. */
MUST_USE int batch_append_source(struct wal_batch *b, struct source *from);
MUST_USE int batch_set_tag(struct wal_batch *b, const void *data, size_t size);
MUST_USE int batch_meta(struct wal_batch *b, const struct meta_change *change);
MUST_USE int batch_commit(struct wal_batch *b, uint32_t flags, uint64_t *ret_first,
                          uint64_t *ret_last);
/* In the place of everything above the LSN. */
MUST_USE int batch_replace_after(struct wal_batch *b, uint64_t lsn, uint32_t flags,
                                 uint64_t *ret_first, uint64_t *ret_last);
void batch_clear(struct wal_batch *b);
/* Also after the log was closed. */
void batch_free(struct wal_batch *b);

#endif
