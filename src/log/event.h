/* SPDX-License-Identifier: Apache-2.0 */
/* Events: who listens, and what he is told.
 *
 * Emitting never waits for a listener, allocates nothing, and where nobody listens for the kind is
 * one branch. Any thread, with or without the log's mutex or the write turn. */
#ifndef WAL_LOG_EVENT_H
#define WAL_LOG_EVENT_H

#include <libwal/wal.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/attr.h"
#include "log/ring.h"
#include "os/os.h"

struct wal;

enum { EVENT_KINDS = 2 * WAL_EVENT_WRITE_ERROR - 1 };

/* One who listens: a subscription, or on the user's behalf the log itself, for the callback. */
struct listener {
    struct listener *prev, *next; /* in the log's list */
    uint32_t mask;
    struct ring ring;
    struct os_signal signal; /* fd -1: none */
    _Atomic uint32_t armed;  /* the next event sets the signal */
};

struct events {
    _Atomic uint32_t mask; /* what anybody listens for */
    _Atomic uint32_t ended;
    pthread_mutex_t mu; /* one event at a time is told; protects the list. A leaf: taken with or
                           without the log's mutex, never held while a ring is read */
    struct listener *listeners;
    struct listener *own; /* for the callback; NULL: there is none. notify.h takes from it */
};

/* Before anybody else knows the log. For the callback of its options, if they have one. */
MUST_USE int events_init(struct wal *w);
void events_free(struct wal *w);
/* The log is open: the callback is told, and whatever comes. */
void events_open(struct wal *w);
/* Nothing more will come: who polls is woken. */
void events_end(struct wal *w);

MUST_USE int listener_new(struct wal *w, uint32_t mask, struct listener **ret);
void listener_free(struct wal *w, struct listener *l);
void listener_add(struct wal *w, struct listener *l);
void listener_remove(struct wal *w, struct listener *l);

/* Whether anybody listens for one of these kinds; for places that are passed often. */
static inline bool event_wanted(const struct events *v, uint32_t kinds)
{
    return atomic_load_explicit(&v->mask, memory_order_relaxed) & kinds;
}
/* Tells those that listen for its kind. The time is filled in here. */
void event_tell(struct wal *w, const wal_event_t *e);
/* Under the log's mutex: the durable LSN is this now. It has grown, or a cut has set it back. */
void event_durable(struct wal *w, uint64_t lsn, bool grown);

#endif
