/* SPDX-License-Identifier: Apache-2.0 */
#include <libwal/wal.h>

#include <errno.h>

#include "api/call.h"
#include "api/sized.h"
#include "base/codes.h"
#include "log/follow.h"
#include "log/subscription.h"

enum { EVENT_SIZE_1_0 = SIZE_UP_TO(wal_event_t, dropped) };

int wal_subscribe(wal_t *w, uint32_t mask, wal_subscription_t **ret)
{
    struct call c;
    int e = call_begin(&c, w, CALL_ANY);
    if (e < 0)
        return e;
    if (mask == 0 || mask & ~(uint32_t)EVENT_KINDS)
        e = fault(WAL_E_INVAL, "kinds of events 0x%x: none, or unknown ones", mask);
    else
        e = ret ? subscription_new(w, mask, ret) : fault(WAL_E_INVAL, "ret is NULL");
    return call_end(&c, e);
}

static int check(const wal_subscription_t *s, int what)
{
    return s ? call_check(s->log, what) : fault(WAL_E_INVAL, "the subscription is NULL");
}

int wal_subscription_fd(const wal_subscription_t *s)
{
    int e = check(s, CALL_IN_CALLBACK);
    return e < 0 ? e : s->listener->signal.fd;
}

/* On a read-only log. Where that is being closed there is nothing more to see. */
static int look(wal_subscription_t *s)
{
    struct fault before = *fault_last();
    struct call c;

    if (!s->log->follower)
        return 0;
    if (call_begin(&c, s->log, CALL_ANY) == 0)
        return call_end(&c, follow_look(s->log));
    fault_put(&before);
    return 0;
}

static int next(wal_subscription_t *s, wal_event_t *ret)
{
    int e = subscription_take(s, ret);
    if (e != 0)
        return e;
    subscription_arm(s);
    e = look(s);
    return e < 0 ? e : subscription_take(s, ret);
}

int wal_subscription_next(wal_subscription_t *s, wal_event_t *ret)
{
    int saved = errno;
    wal_event_t event;

    int e = check(s, CALL_ANY);
    if (e < 0)
        return e;
    if (!sized_right(ret, EVENT_SIZE_1_0))
        return fault(WAL_E_INVAL, "ret is NULL, or its size is too small");
    e = next(s, &event);
    if (e == 1 && !sized_fill(ret, ret->size, &event, sizeof event, EVENT_SIZE_1_0))
        e = WAL_E_INVAL;
    errno = saved;
    return e;
}

void wal_unsubscribe(wal_subscription_t *s)
{
    if (s)
        subscription_free(s);
}
