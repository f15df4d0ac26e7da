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
    uint64_t position; /* LSN of the next record; 0: none (backward, at the beginning) */
    bool trimmed;

    _Atomic uint32_t stale;  /* the shape has changed: what was loaded may not count any more */
    atomic_bool interrupted; /* a wait is to return */
    uint64_t cut;            /* readers_mu: the lowest cut since the last look; UINT64_MAX: none */

    struct place place;
    bool loaded; /* `group` is the group that holds the position, or the one just walked through */
    struct group_view group;
    struct record_walk walk;
    struct record *steps; /* backward: the group's records */
    size_t n_steps, steps_room;
};

MUST_USE int reader_open(struct wal *w, uint64_t from, uint32_t flags, struct wal_reader **ret);
void reader_close(struct wal_reader *r);
/* 1, 0 or an error. The record's payload is valid until the next call. */
MUST_USE int reader_next(struct wal_reader *r, struct record *ret, bool *ret_durable);
/* 1: the record at the position is there, and the group that holds it is loaded. *ret: how far the
 * log can be read. */
MUST_USE int reader_ready(struct wal_reader *r, struct horizon *ret);
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
