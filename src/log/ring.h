/* SPDX-License-Identifier: Apache-2.0 */
/* The newest events, on their way from the log to one who takes them.
 *
 * One side puts, one takes, each by one thread at a time; neither ever waits for the other. Who
 * puts writes over what is oldest; who takes finds out, skips what he has lost, and counts it.
 * DURABLE has a place of its own, where a later one goes over an earlier one. */
#ifndef WAL_LOG_RING_H
#define WAL_LOG_RING_H

#include <libwal/wal.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/alloc.h"
#include "base/attr.h"

enum { RING_WORDS = sizeof(wal_event_t) / sizeof(uint64_t) };

/* In words, since one side may read what the other is writing: it then sees that, and reads again.
 */
struct ring_slot {
    _Atomic uint64_t words[RING_WORDS];
};

struct ring {
    uint64_t room;             /* events that are kept */
    struct ring_slot *slots;   /* one more: the next one may be half written */
    _Atomic uint64_t put;      /* events so far */
    _Atomic uint64_t versions; /* of DURABLE, two for each; odd: being written */
    _Atomic uint64_t place;    /* it comes before the event of this number */
    struct ring_slot durable;
    _Atomic uint64_t taken_version;
    uint64_t taken, lost; /* of who takes */
};

MUST_USE int ring_init(struct ring *r, const struct alloc *a, uint32_t room);
void ring_free(struct ring *r, const struct alloc *a);

void ring_put(struct ring *r, const wal_event_t *e);
void ring_put_durable(struct ring *r, const wal_event_t *e);
/* A DURABLE that nobody has taken yet becomes this one. */
void ring_change_durable(struct ring *r, const wal_event_t *e);

/* How many wait to be taken, what is lost by now included. */
uint64_t ring_count(const struct ring *r);
bool ring_take(struct ring *r, wal_event_t *ret);

#endif
