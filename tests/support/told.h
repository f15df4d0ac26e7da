/* SPDX-License-Identifier: Apache-2.0 */
/* What the callbacks of on_durable and of events were told, in order. Any thread may be told; the
 * test looks when it knows that all were. What may never be (two at once) stops the program. */
#ifndef WAL_TESTS_TOLD_H
#define WAL_TESTS_TOLD_H

#include <libwal/wal.h>
#include <pthread.h>
#include <stdatomic.h>

enum { TOLD_MAX = 4096 };

struct told {
    _Atomic uint32_t inside; /* callbacks under way */
    _Atomic uint32_t n, n_events;
    uint64_t lsn[TOLD_MAX];
    int result[TOLD_MAX];
    pthread_t thread[TOLD_MAX];
    wal_event_t event[TOLD_MAX];
    pthread_t event_thread[TOLD_MAX];
};

/* With a struct told as context. */
void told_durable(void *ctx, uint64_t lsn, int result);
void told_event(void *ctx, const wal_event_t *event);

/* Waits until so many calls of on_durable, or events, have come. */
void told_await(struct told *t, uint32_t calls);
void told_await_events(struct told *t, uint32_t events);
/* How many events of these kinds have come. */
uint32_t told_count(const struct told *t, uint32_t kinds);
/* The nth (from 0) of them; the program stops where there is none. */
const wal_event_t *told_nth(const struct told *t, uint32_t kinds, uint32_t nth);

#endif
