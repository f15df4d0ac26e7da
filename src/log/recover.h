/* SPDX-License-Identifier: Apache-2.0 */
/* Recovery: from what is in the directory to a log that can be read, and the decision whether
 * anything must be written. Rules R0 to R6 of docs/format.md; nothing is written before the
 * verdict. */
#ifndef WAL_LOG_RECOVER_H
#define WAL_LOG_RECOVER_H

#include "base/attr.h"
#include "log/log.h"
#include "segment/tail.h"

/* R1: the chain of segments. w->control was read and names a newest one. Fills the catalog,
 * w->leftovers and w->next_number. */
MUST_USE int recover_chain(struct wal *w);

/* R3 for the newest segment: its facts and the verdict. CORRUPT and, for a strict open, TORN. */
struct ending {
    struct tail tail;
    struct boundary vouched; /* the end of the last batch wholly below D */
    uint32_t verdict;        /* WAL_RECOVERY_... */
    bool clean_close;        /* control vouches for all of it */
};
MUST_USE int recover_ending(struct wal *w, struct ending *ret);
/* R2, R3, R4: takes the ending over into the log's numbers. */
MUST_USE int recover_adopt(struct wal *w, const struct ending *end);

/* The metadata group of the newest segment. offset 0: none. */
MUST_USE int recover_meta(struct wal *w, const struct segment *s, uint64_t offset);

#endif
