/* What every public function does first and last: the handle is checked, the call counted so that
 * close can wait for it, errno kept. */
#ifndef WAL_API_CALL_H
#define WAL_API_CALL_H

#include "base/attr.h"
#include "log/log.h"

struct call {
    struct wal *log;
    int saved_errno;
};

enum { CALL_ANY = 0, CALL_WRITES = 1, CALL_IN_CALLBACK = 2 };

/* what: CALL_WRITES: READONLY on a read-only log; CALL_IN_CALLBACK: allowed inside a callback of
 * this log, else BUSY there. INVAL for NULL, FORK, CLOSED. After 0 call_end is due. */
MUST_USE int call_begin(struct call *c, struct wal *w, int what);
/* Returns e. */
int call_end(struct call *c, int e);

/* Around a callback of the user, on this thread. */
struct in_callback {
    const struct wal *log;
    const struct in_callback *outer;
};
void callback_begin(struct in_callback *in, const struct wal *w);
void callback_end(const struct in_callback *in);
/* Closes the door: later calls get CLOSED; waits until those that are inside have left. BUSY from
 * inside a callback. */
MUST_USE int call_close(struct wal *w);

#endif
