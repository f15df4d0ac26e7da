/* SPDX-License-Identifier: Apache-2.0 */
/* What every public function does first and last: the handle is checked, the call counted so that
 * close can wait for it, errno kept. */
#ifndef WAL_API_CALL_H
#define WAL_API_CALL_H

#include "base/attr.h"
#include "log/callback.h"
#include "log/log.h"

struct call {
    struct wal *log;
    int saved_errno;
};

enum { CALL_ANY = 0, CALL_WRITES = 1, CALL_IN_CALLBACK = 2, CALL_IN_NOTICE = 4 };

/* what: CALL_WRITES: READONLY on a read-only log; CALL_IN_CALLBACK: allowed inside a callback of
 * this log, CALL_IN_NOTICE: inside those of on_durable and events, else BUSY there. INVAL for NULL,
 * FORK, CLOSED. After 0 call_end is due. */
MUST_USE int call_begin(struct call *c, struct wal *w, int what);
/* Returns e. */
int call_end(struct call *c, int e);
/* INVAL, FORK and BUSY alone, for calls that close need not wait for. */
MUST_USE int call_check(const struct wal *w, int what);

/* Whether call_begin would let any call pass. For one that touches nothing which close frees, and
 * doesn't fail: it needs no counting. */
bool call_is_free(const struct wal *w);

/* Closes the door: later calls get CLOSED; waits until those that are inside have left. BUSY from
 * inside a callback. */
MUST_USE int call_close(struct wal *w);

#endif
