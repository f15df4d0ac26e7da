/* SPDX-License-Identifier: Apache-2.0 */
/* What a log tells by itself: durable records, events by callback and from a queue. */
#include "program.h"

#include <string.h>

struct told {
    uint64_t lsn[3];
    int result[3], n;
};

static void tell(void *ctx, uint64_t lsn, int result)
{
    struct told *told = ctx;

    told->lsn[told->n] = lsn;
    told->result[told->n++] = result;
}

void use_durable_calls(void)
{
    wal_t *w = four_records("durable");
    struct told told = {{0}, {0}, 0};

    OK(wal_on_durable(w, 4, tell, &told));
    CHECK(told.n == 1 && told.lsn[0] == 4 && told.result[0] == WAL_OK);
    OK(wal_on_durable(w, 5, tell, &told));
    OK(wal_on_durable(w, 6, tell, &told));
    CHECK(told.n == 1);
    OK(wal_append(w, "five", 4, NULL));
    CHECK(told.n == 2 && told.lsn[1] == 5 && told.result[1] == WAL_OK);
    done_with(w, "durable");
    CHECK(told.n == 3 && told.lsn[2] == 6 && told.result[2] == WAL_E_CLOSED);
}

struct heard {
    uint32_t kinds;
    uint64_t synced_lsn;
};

static void hear(void *ctx, const wal_event_t *event)
{
    struct heard *heard = ctx;

    CHECK(event->size >= sizeof(*event) && event->code == WAL_OK && event->dropped == 0);
    CHECK(event->time_ns > 0);
    heard->kinds |= event->kind;
    if (event->kind == WAL_EVENT_SYNCED)
        heard->synced_lsn = event->lsn;
}

void use_event_calls(void)
{
    const uint32_t mask = WAL_EVENT_OPENED | WAL_EVENT_ROTATED | WAL_EVENT_SYNCED |
                          WAL_EVENT_PERSISTED | WAL_EVENT_REMOVED | WAL_EVENT_TRUNCATED |
                          WAL_EVENT_FAILED | WAL_EVENT_CORRUPT | WAL_EVENT_SLOW_SYNC |
                          WAL_EVENT_DURABLE | WAL_EVENT_WRITE_ERROR;
    const uint32_t expected = WAL_EVENT_OPENED | WAL_EVENT_ROTATED | WAL_EVENT_SYNCED |
                              WAL_EVENT_PERSISTED | WAL_EVENT_REMOVED | WAL_EVENT_TRUNCATED |
                              WAL_EVENT_DURABLE;
    struct heard heard = {0, 0};
    wal_options_t *o;
    wal_t *w;

    OK(wal_options_new(&o));
    OK(wal_options_set_events(o, mask, hear, &heard));
    OK(wal_open(path_of("events"), o, &w));
    wal_options_free(o);
    OK(wal_append(w, "one", 3, NULL));
    CHECK(heard.synced_lsn == 1);
    OK(wal_rotate(w));
    OK(wal_append(w, "two", 3, NULL));
    OK(wal_truncate_before(w, 2));
    done_with(w, "events");
    CHECK(heard.kinds == expected);
}

void use_subscriptions(void)
{
    wal_t *w = four_records("subscribe");
    wal_subscription_t *s;
    wal_event_t event;

    OK(wal_subscribe(w, WAL_EVENT_DURABLE, &s));
    CHECK(wal_subscription_fd(s) >= 0);
    memset(&event, 0, sizeof(event));
    event.size = sizeof(event);
    CHECK(wal_subscription_next(s, &event) == 0);
    OK(wal_append(w, "five", 4, NULL));
    OK(wal_append(w, "six", 3, NULL));
    CHECK(wal_subscription_next(s, &event) == 1);
    CHECK(event.size == sizeof(event) && event.kind == WAL_EVENT_DURABLE && event.lsn == 6);
    done_with(w, "subscribe");
    CHECK(wal_subscription_next(s, &event) == WAL_E_CLOSED);
    wal_unsubscribe(s);
}
