/* SPDX-License-Identifier: Apache-2.0 */
/* Subscriptions: events pulled from a queue, with a descriptor to poll. `struct wal_subscription`
 * is the public wal_subscription_t; used by one thread at a time. */
#ifndef WAL_LOG_SUBSCRIPTION_H
#define WAL_LOG_SUBSCRIPTION_H

#include "base/attr.h"
#include "log/log.h"

struct wal_subscription {
    struct wal *log; /* referred to */
    struct listener *listener;
};

MUST_USE int subscription_new(struct wal *w, uint32_t mask, struct wal_subscription **ret);
void subscription_free(struct wal_subscription *s);
/* 1, 0, or CLOSED once the log's close is over and everything was taken. */
MUST_USE int subscription_take(struct wal_subscription *s, wal_event_t *ret);
/* Nothing was there: what comes from now on makes the descriptor readable. What came in between has
 * done so already, and can be taken. */
void subscription_arm(struct wal_subscription *s);

#endif
