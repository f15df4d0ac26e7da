/* SPDX-License-Identifier: Apache-2.0 */
/* Changes of the log's shape that the user asks for: what is cut off at the front or the end, new
 * segments. Crash-atomic, durable on return. */
#ifndef WAL_LOG_TRUNCATE_H
#define WAL_LOG_TRUNCATE_H

#include "base/attr.h"
#include "log/log.h"
#include "log/source.h"

MUST_USE int truncate_before(struct wal *w, uint64_t lsn);
/* Sealed segments up to this number go, the active one never. *ret_count: how many there were.
 * catalog_walk was called. */
MUST_USE int truncate_segments(struct wal *w, uint64_t through, size_t *ret_count);
/* What retention lets go, at open, while nobody else has the log. An error ends the open. Events
 * and removal_begin are left to the caller. */
MUST_USE int truncate_retain(struct wal *w);
/* Everything above the LSN goes, and the source's batch comes in the same step, with its tag and
 * metadata; it may be without records. source NULL: nothing comes instead. *ret_first: the first
 * new record's LSN, or 0. */
MUST_USE int truncate_replace(struct wal *w, uint64_t lsn, struct source *source,
                              uint64_t *ret_first);
MUST_USE int truncate_reset(struct wal *w, uint64_t next);
MUST_USE int truncate_rotate(struct wal *w);

#endif
