/* SPDX-License-Identifier: Apache-2.0 */
/* Checkpoints: the newest one is the log's, and older ones stay in their segments until those go.
 *
 * The newest one's place is w->checkpoint. It lies in some segment of the chain, and whoever makes
 * an end of that segment, or a part of it, takes it over first. */
#ifndef WAL_LOG_CHECKPOINT_H
#define WAL_LOG_CHECKPOINT_H

#include "base/attr.h"
#include "log/births.h"
#include "log/log.h"
#include "segment/checkpoint.h"

/* Writes one, durable when it returns. RANGE: above what is durable, or below the newest one;
 * TOOBIG. Any thread. */
MUST_USE int checkpoint_put(struct wal *w, const struct checkpoint_state *s);
/* The newest one. NOTFOUND: none; TOOBIG: *ret says how large it is. Any thread. */
MUST_USE int checkpoint_get(struct wal *w, void *buf, size_t cap, struct checkpoint_state *ret);
/* The same whole, in memory of its own, which the caller frees, also after an error. */
MUST_USE int checkpoint_read_whole(struct wal *w, uint8_t **ret_bytes,
                                   struct checkpoint_state *ret);
/* The newest one that lies in a segment. Any thread. */
MUST_USE int checkpoint_in_segment(struct wal *w, uint64_t number, void *buf, size_t cap,
                                   struct checkpoint_state *ret);
/* Its LSN, 0: none. Any thread. */
MUST_USE int checkpoint_lsn_in_segment(struct wal *w, uint64_t number, uint64_t *ret);
/* The LSN behind the newest one, where a replay begins; RANGE: records behind it are missing. The
 * first LSN where there is none. */
MUST_USE int checkpoint_replay_from(struct wal *w, uint64_t *ret);

/* Under mu, with the turn: whether a checkpoint can be of this LSN. */
MUST_USE int checkpoint_check(const struct wal *w, uint64_t lsn);
/* The same: the one that was just written is the newest. */
void checkpoint_written(struct wal *w);

/* With the turn: has the births carry the newest one over where it lies in what is about to end:
 * behind this offset of this segment. *ret is held for that, NULL: nothing. */
MUST_USE int checkpoint_carry(struct wal *w, uint64_t segment, uint64_t offset, struct births *b,
                              struct member **ret);
/* Without the turn: writes the newest one once more, or that of the machine's present state, into
 * the newest segment. */
MUST_USE int checkpoint_forward(struct wal *w);

#endif
