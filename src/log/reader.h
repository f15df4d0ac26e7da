/* SPDX-License-Identifier: Apache-2.0 */
/* Readers: a place in the log that walks. `struct wal_reader` is the public wal_reader_t; used by
 * one thread at a time, but for reader_interrupt. */
#ifndef WAL_LOG_READER_H
#define WAL_LOG_READER_H

#include <libwal/wal.h>

#include "base/attr.h"
#include "log/place.h"

struct wal_reader {
    struct wal *log;
    struct wal_reader *prev, *next; /* in the log's list, under readers_mu */
    uint32_t flags;                 /* WAL_READ_... */
    /* LSN of the next record; 0: none (backward, at the beginning). Its own thread changes it. */
    _Atomic uint64_t position;
    bool walks; /* it has given the record before that one */
    bool trimmed;

    _Atomic uint32_t stale;  /* the shape has changed: what was loaded may not count any more */
    atomic_bool interrupted; /* a wait is to return */
    uint64_t cut;            /* readers_mu: the lowest cut since the last look; UINT64_MAX: none */
    bool pins;               /* readers_mu: retention keeps what is at or above the position ... */
    uint64_t
        claimed; /* readers_mu: ... and this LSN, where it is about to stand; UINT64_MAX: none */

    struct place place;
    struct group_view group; /* the group that was loaded last ... */
    uint64_t low, high; /* ... and those of its records that may be handed out; none: low > high */
    uint64_t shape;     /* ... as long as w->shape is this */
    struct record_walk walk; /* forward: stands before the position */
    struct record *steps;    /* backward: the group's records */
    size_t n_steps, steps_room;
};

/* The way that most records take, inline: a replay takes some 30 ns for a small one. */

static inline bool reader_backward(const struct wal_reader *r)
{
    return r->flags & WAL_READ_REVERSE;
}

/* Others look at it for what is pinned: no order with anything else is needed. */
static inline uint64_t reader_at(const struct wal_reader *r)
{
    return atomic_load_explicit(&r->position, memory_order_relaxed);
}
static inline void reader_move(struct wal_reader *r, uint64_t lsn)
{
    atomic_store_explicit(&r->position, lsn, memory_order_relaxed);
}

/* Whether the record at the position can be handed out without another look: nothing but growth
 * has happened to the log since the last one. */
static inline bool reader_at_hand(const struct wal_reader *r)
{
    return reader_at(r) >= r->low && reader_at(r) <= r->high &&
           atomic_load_explicit(&r->log->shape, memory_order_acquire) == r->shape;
}

/* The record at the position out of the group at hand. 0, and nothing has changed: it is not right.
 */
ALWAYS_INLINE int reader_take(struct wal_reader *r, struct record *ret, bool *ret_durable)
{
    uint64_t at = reader_at(r);

    *ret_durable = at <= atomic_load_explicit(&r->log->durable_lsn, memory_order_acquire);
    if (reader_backward(r)) {
        *ret = r->steps[at - r->group.header.first_lsn];
        reader_move(r, at > atomic_load(&r->log->first_lsn) ? at - 1 : 0);
        return 1;
    }
    if (UNLIKELY(record_next(&r->walk, ret) != 1))
        return 0;
    reader_move(r, at + 1);
    r->walks = true;
    return 1;
}

/* 1: reader_next's answer, for a record that the reader has in its own memory; 0: it hasn't. Takes
 * no lock, sets no fault, and touches nothing that a close frees. */
ALWAYS_INLINE int reader_next_at_hand(struct wal_reader *r, struct record *ret, bool *ret_durable)
{
    return LIKELY(reader_at_hand(r)) ? reader_take(r, ret, ret_durable) : 0;
}

MUST_USE int reader_open(struct wal *w, uint64_t from, uint32_t flags, struct wal_reader **ret);
void reader_close(struct wal_reader *r);
/* 1, 0 or an error. The record's payload is valid until the next call. */
MUST_USE int reader_next(struct wal_reader *r, struct record *ret, bool *ret_durable);
/* The record at the position is not right in a group that is: CORRUPT, and the next look reads the
 * group anew. */
MUST_USE int reader_bad_record(struct wal_reader *r);
/* 1: the record at the position is there, and the group that holds it is loaded. *ret: how far the
 * log can be read. */
MUST_USE int reader_ready(struct wal_reader *r, struct horizon *ret);
/* Forward: the next group of its segment, verified, which holds its position and stays in memory.
 */
void reader_enter(struct wal_reader *r, const struct group_view *g, const struct horizon *h);
/* The tag of the batch of the record that was given last, valid as long as its payload; NULL and 0:
 * none. */
const uint8_t *reader_tag(const struct wal_reader *r, uint32_t *ret_size);
MUST_USE int reader_seek(struct wal_reader *r, uint64_t lsn);
MUST_USE int reader_wait(struct wal_reader *r, int timeout_ms);
/* From any thread: the present or next wait returns 0, once. */
void reader_interrupt(struct wal_reader *r);

/* Under mu: everything above the LSN has gone. */
void readers_cut(struct wal *w, uint64_t cut_lsn);

#endif
