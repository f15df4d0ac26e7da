/* SPDX-License-Identifier: Apache-2.0 */
/* The next segment's file under its temporary name: made of zeros and synced before it is needed,
 * by the background thread or by a rotation, so that what may lack space does so while there is a
 * way back. With the write turn. */
#ifndef WAL_LOG_PREPARED_H
#define WAL_LOG_PREPARED_H

#include <stdint.h>

#include "base/attr.h"
#include "log/log.h"
#include "segment/writer.h"

/* Unless there is one: w->prepared, a durable file of zeros with room for what the segment is born
 * with. NOSPC and the like change nothing. */
MUST_USE int prepared_make(struct wal *w);
/* The same for the background thread, which has no turn: into *ret, of so many bytes. */
MUST_USE int prepared_zeros(struct wal *w, uint64_t bytes, struct file *ret);
/* Hands it over to the segment's writer; where there is none, a new and empty file. */
MUST_USE int prepared_take(struct wal *w, struct writer *n);
void prepared_discard(struct wal *w);

#endif
