/* SPDX-License-Identifier: Apache-2.0 */
/* What a writer thread of the kill test does, and the bytes of each record: all of it follows from
 * seed, round and thread, so that a reader can tell for every record that it finds who wrote it and
 * what belongs to it, without having talked to the writer.
 *
 * A record's type holds the thread and the low bits of its number; its payload, where there is
 * room, begins with round, thread, number and size, and goes on with bytes that follow from these.
 */
#ifndef WAL_TESTS_KILL_PLAN_H
#define WAL_TESTS_KILL_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WRITERS = 4, MAX_PAYLOAD = 20 * 1024, MAX_IN_CALL = 8, MAX_IN_BATCH = 400 };

/* A stream of numbers: equal seeds give equal streams. */
uint64_t random_next(uint64_t *state);
/* From low to high, both included. */
uint32_t random_from(uint64_t *state, uint32_t low, uint32_t high);
uint64_t random_seed(uint64_t seed, uint32_t round, uint32_t thread);

enum action_kind {
    ACT_APPEND, /* one record, durable when the call returns */
    ACT_PLAIN,  /* one record, as the log's mode says */
    ACT_MANY,   /* MAX_IN_CALL records at most */
    ACT_PACKED, /* the same */
    ACT_BATCH,  /* by wal_batch, sometimes so long that it needs several groups and syncs */
    ACT_ASYNC,  /* single records, then wal_sync */
    ACT_SUBMIT  /* single records, then wal_wait */
};

/* Records first .. first + n - 1 of the thread. */
struct action {
    enum action_kind kind;
    uint32_t first, n;
};

struct plan {
    uint64_t state;
    uint32_t next;
};

void plan_begin(struct plan *p, uint64_t seed, uint32_t round, uint32_t thread);
struct action plan_next(struct plan *p);
/* Whether the action's records are there after a crash all or none. */
bool action_is_atomic(const struct action *a);

struct identity {
    uint32_t round, thread, seq;
};

/* At most MAX_PAYLOAD. */
uint32_t payload_size(const struct identity *id);
uint32_t payload_type(const struct identity *id);
/* Writes payload_size() bytes and returns that. */
uint32_t payload_make(const struct identity *id, uint8_t *to);
/* The thread that a type names. */
uint32_t payload_thread(uint32_t type);
bool payload_is(const struct identity *id, uint32_t type, const void *data, uint64_t size);

#endif
