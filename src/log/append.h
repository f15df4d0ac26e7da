/* SPDX-License-Identifier: Apache-2.0 */
/* Records in: reserve room, copy, wait as the mode says. Any thread. */
#ifndef WAL_LOG_APPEND_H
#define WAL_LOG_APPEND_H

#include "base/attr.h"
#include "log/log.h"
#include "log/source.h"

/* How an append returns, from the log's mode and the call's flags. */
enum append_how { APPEND_DURABLE, APPEND_BUFFERED, APPEND_SUBMITTED };

/* INVAL for flags that don't go together. */
MUST_USE int append_how(const struct wal *w, uint32_t flags, enum append_how *ret);
/* A short record that nobody waits for, while there is room in memory and nothing else to be done
 * or checked: nearly each append of a buffered log. False: it has to go the long way. The call need
 * not be counted among those inside the log: it doesn't sleep, and close has to get mu behind it.
 */
bool append_at_once(struct wal *w, uint32_t type, const void *data, size_t size, uint32_t flags,
                    uint64_t *ret_lsn);
/* Appends all of a source's records as one batch. */
MUST_USE int append_source(struct wal *w, struct source *s, uint32_t flags, uint64_t *ret_first);

/* Under mu: the records are in. */
void append_count(struct wal *w, const struct source *s);

MUST_USE int append_flush(struct wal *w);
/* lsn 0: everything. */
MUST_USE int append_sync(struct wal *w, uint64_t lsn);
MUST_USE int append_wait(struct wal *w, uint64_t lsn, int timeout_ms);

#endif
