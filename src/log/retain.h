/* SPDX-License-Identifier: Apache-2.0 */
/* Retention at work: looks at the log, its readers and the clock, and says where the log is to
 * begin from now on. With the write turn; a plan ends with retain_over, whether it was carried out
 * or not. */
#ifndef WAL_LOG_RETAIN_H
#define WAL_LOG_RETAIN_H

#include "base/attr.h"
#include "log/log.h"

/* What stays: from this segment on, which may be the next one that is made, and from this LSN on.
 */
struct retain_plan {
    uint64_t oldest, first_lsn;
};

bool retain_is_on(const struct wal *w);
/* end: where the newest segment ends, when it is about to be sealed; NULL: it stays the active one.
 * False: everything stays, also where there is no memory to find out, or the chain of segments is
 * damaged: retention never fails anything. Until retain_over no reader pins what is to go. */
bool retain_begin(struct wal *w, const struct boundary *end, struct retain_plan *ret);
/* removed: so many records went; 0: the plan came to nothing. */
void retain_over(struct wal *w, uint64_t removed);
/* Any thread, without mu: bytes of segments that would go if nobody pinned them. */
uint64_t retain_pinned_bytes(struct wal *w);

#endif
