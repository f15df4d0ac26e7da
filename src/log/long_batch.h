/* SPDX-License-Identifier: Apache-2.0 */
/* Batches that one group doesn't hold: too long, or with changes of metadata. Contiguous groups
 * from FIRST to LAST, which count only together. Written straight to the segment, with the write
 * turn and no appends beside. */
#ifndef WAL_LOG_LONG_BATCH_H
#define WAL_LOG_LONG_BATCH_H

#include "base/attr.h"
#include "log/append.h"

/* With changes of metadata it is durable on return, however it was asked for: then the map counts,
 * together with the records. *ret_first is 0 where there are none. */
MUST_USE int long_batch(struct wal *w, struct source *s, enum append_how how, uint32_t flags,
                        uint64_t *ret_first);

#endif
