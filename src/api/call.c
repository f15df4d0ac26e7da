/* SPDX-License-Identifier: Apache-2.0 */
#include "api/call.h"

#include <errno.h>

#include "base/codes.h"
#include "base/plant.h"

enum { LOOK_NS = 1000 * 1000 };

bool call_is_free(const struct wal *w)
{
    return wal_is_ours(w) && !callback_any() && !atomic_load(&w->closed);
}

/* Nothing of the log may be touched behind the count: close frees it. So where it is closing
 * already the count goes down under mu, with a wake; else without, and close looks for that from
 * time to time. */
static void leave(struct wal *w)
{
    if (!atomic_load(&w->closed)) {
        atomic_fetch_sub(&w->inside, 1);
        return;
    }
    pthread_mutex_lock(&w->mu);
    atomic_fetch_sub(&w->inside, 1);
    turn_changed(w);
    pthread_mutex_unlock(&w->mu);
}

static bool allowed(const struct wal *w, int what)
{
    switch (callback_inside(w)) {
    case CALLBACK_NONE:
        return true;
    case CALLBACK_NOTICE:
        return what & (CALL_IN_CALLBACK | CALL_IN_NOTICE);
    default:
        return what & CALL_IN_CALLBACK;
    }
}

int call_check(const struct wal *w, int what)
{
    if (!w)
        return fault(WAL_E_INVAL, "the handle is NULL");
    if (!wal_is_ours(w))
        return fault(WAL_E_FORK, "%s was opened by the parent of this process", w->path);
    if (!allowed(w, what))
        return fault(WAL_E_BUSY, "%s: not from inside a callback of this log", w->path);
    return 0;
}

int call_begin(struct call *c, struct wal *w, int what)
{
    int e = call_check(w, what);
    if (e < 0)
        return e;
    *c = (struct call){.log = w, .saved_errno = errno};
    atomic_fetch_add(&w->inside, 1);
    if (atomic_load(&w->closed)) {
        leave(w);
        return fault(WAL_E_CLOSED, "%s was closed", w->path);
    }
    if ((what & CALL_WRITES) && w->follower) {
        leave(w);
        return fault(WAL_E_READONLY, "%s is open read-only", w->path);
    }
    return 0;
}

int call_end(struct call *c, int e)
{
    leave(c->log);
    errno = c->saved_errno;
    return e;
}

int call_close(struct wal *w)
{
    int e = call_check(w, CALL_ANY);
    if (e < 0)
        return e;
    pthread_mutex_lock(&w->mu);
    atomic_store(&w->closed, 1);
    waiters_wake_all(w);
    turn_changed(w);
    while (atomic_load(&w->inside) > 0 && !PLANTED(26))
        (void)turn_sleep(w, LOOK_NS);
    pthread_mutex_unlock(&w->mu);
    return 0;
}
