/* Batches that don't fit one group: contiguous groups from FIRST to LAST, which count only
 * together. Written straight to the segment, with the write turn and no appends beside. */
#ifndef WAL_LOG_LONG_BATCH_H
#define WAL_LOG_LONG_BATCH_H

#include "base/attr.h"
#include "log/append.h"

MUST_USE int long_batch(struct wal *w, struct source *s, enum append_how how, uint32_t flags,
                        uint64_t *ret_first);

#endif
