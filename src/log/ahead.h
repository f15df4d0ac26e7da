/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and verifies ahead of a reader, on a thread of its own: for wal_replay. It only ever gives
 * what the reader would find next by itself, group by group within one segment, while the log
 * changes in no other way than by growing; whatever else comes, damage, a segment's end, a cut, the
 * reader meets by itself, as if nobody had been ahead. Used by the reader's thread. There has to be
 * more than a block to read in a segment. Memory: four blocks of 512 KiB, each as large as the
 * largest group where that is more, and some 100 bytes for each group in them. */
#ifndef WAL_LOG_AHEAD_H
#define WAL_LOG_AHEAD_H

#include "log/reader.h"

struct ahead;

/* NULL without memory: then nobody is ahead. The thread starts when there is enough to read. */
struct ahead *ahead_new(struct wal *w);
/* Its thread ends first. NULL is fine. The reader may not be asked for records any more. */
void ahead_free(struct ahead *a);
/* Before the reader is asked for its next record: gives it the next group if that was read ahead.
 * The reader walks forward, over what is durable. a: NULL: nothing is done. */
void ahead_load(struct ahead *a, struct wal_reader *r);

#endif
