/* SPDX-License-Identifier: Apache-2.0 */
/* Checkpoints of a log that is being tried: taking one, and looking for it in every way. */
#ifndef WAL_TESTS_CHECKPOINTS_H
#define WAL_TESTS_CHECKPOINTS_H

#include "crash/session.h"

/* Takes one of the durable LSN less `back`, with a state of `size` bytes; 0: none. Does nothing
 * where no record is so old; one that is too old to be the newest must be refused. */
enum tried checkpoint_take(struct session *s, uint64_t back, size_t size);
/* Fills in the view's checkpoint. The list of segments has to agree with it, and a replay from 0
 * to begin behind it. */
enum tried checkpoint_look(struct session *s, wal_t *log, struct view *v);

#endif
