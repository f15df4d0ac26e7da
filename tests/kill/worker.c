/* SPDX-License-Identifier: Apache-2.0 */
#include "kill/worker.h"

#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <libwal/wal.h>

enum { ACKS_PER_WRITE = PIPE_BUF / sizeof(struct ack), MAX_OPEN = 512 };

struct writer {
    const struct job *job;
    wal_t *log;
    wal_batch_t *batch;
    uint32_t thread;
    struct ack open[MAX_OPEN]; /* handed in, not yet known to be durable */
    uint32_t n_open;
    uint8_t payload[MAX_IN_CALL * MAX_PAYLOAD];
};

static void must(int e, const char *what)
{
    wal_error_t error = {0};

    if (e >= 0)
        return;
    wal_last_error(&error, sizeof error);
    fprintf(stderr, "%s: %s: %s\n", what, wal_error_name(e), error.message);
    _exit(3);
}

/* Each round has another mode. */
static uint32_t mode_of(const struct job *job)
{
    static const uint32_t modes[] = {WAL_SYNC_DATA, WAL_SYNC_FULL,     WAL_SYNC_DSYNC,
                                     WAL_SYNC_DATA, WAL_SYNC_INTERVAL, WAL_SYNC_NONE};
    return modes[job->round % 6];
}

static bool is_buffered(uint32_t mode)
{
    return mode == WAL_SYNC_INTERVAL || mode == WAL_SYNC_NONE;
}

static struct identity identity_of(const struct writer *w, uint32_t seq)
{
    return (struct identity){w->job->round, w->thread, seq};
}

/* The last durable record of a thread vouches for its earlier ones. */
static void acknowledge(struct writer *w)
{
    for (uint32_t at = 0; at < w->n_open;) {
        uint32_t n = w->n_open - at;
        if (n > ACKS_PER_WRITE)
            n = ACKS_PER_WRITE;
        if (write(w->job->pipe, w->open + at, n * sizeof *w->open) < 0)
            _exit(4);
        at += n;
    }
    w->n_open = 0;
}

static void handed_in(struct writer *w, uint64_t lsn, uint32_t seq)
{
    struct identity id = identity_of(w, seq);
    w->open[w->n_open++] =
        (struct ack){.lsn = lsn, .thread = w->thread, .seq = seq, .size = payload_size(&id)};
}

static uint64_t append_one(struct writer *w, uint32_t seq, uint32_t flags)
{
    struct identity id = identity_of(w, seq);
    uint64_t lsn;

    uint32_t size = payload_make(&id, w->payload);
    must(wal_append_typed(w->log, payload_type(&id), w->payload, size, flags, &lsn), "append");
    handed_in(w, lsn, seq);
    return lsn;
}

static uint64_t append_many(struct writer *w, const struct action *a)
{
    wal_record_t records[MAX_IN_CALL];
    uint64_t first;
    uint8_t *to = w->payload;

    for (uint32_t k = 0; k < a->n; k++) {
        struct identity id = identity_of(w, a->first + k);
        uint32_t size = payload_make(&id, to);
        records[k] = (wal_record_t){
            .size = sizeof *records, .type = payload_type(&id), .data = to, .data_size = size};
        to += size;
    }
    must(wal_append_many(w->log, records, a->n, WAL_APPEND_SYNC, &first), "append_many");
    return first;
}

static uint64_t append_packed(struct writer *w, const struct action *a)
{
    uint32_t sizes[MAX_IN_CALL];
    uint16_t types[MAX_IN_CALL];
    uint64_t first;
    uint8_t *to = w->payload;

    for (uint32_t k = 0; k < a->n; k++) {
        struct identity id = identity_of(w, a->first + k);
        types[k] = (uint16_t)payload_type(&id);
        sizes[k] = payload_make(&id, to);
        to += sizes[k];
    }
    must(wal_append_packed(w->log, w->payload, sizes, types, a->n, WAL_APPEND_SYNC, &first),
         "append_packed");
    return first;
}

static uint64_t append_batch(struct writer *w, const struct action *a)
{
    uint64_t first, last;

    for (uint32_t k = 0; k < a->n; k++) {
        struct identity id = identity_of(w, a->first + k);
        uint32_t size = payload_make(&id, w->payload);
        must(wal_batch_append(w->batch, payload_type(&id), w->payload, size), "batch_append");
    }
    must(wal_batch_commit(w->batch, WAL_APPEND_SYNC, &first, &last), "batch_commit");
    if (last - first + 1 != a->n)
        _exit(5);
    return first;
}

static void batch_of(struct writer *w, const struct action *a)
{
    uint64_t first = a->kind == ACT_MANY     ? append_many(w, a)
                     : a->kind == ACT_PACKED ? append_packed(w, a)
                                             : append_batch(w, a);
    for (uint32_t k = 0; k < a->n; k++)
        handed_in(w, first + k, a->first + k);
    acknowledge(w);
}

static void singles(struct writer *w, const struct action *a)
{
    uint32_t flags = a->kind == ACT_ASYNC ? WAL_APPEND_ASYNC : WAL_APPEND_SUBMIT;
    uint64_t lsn = 0;

    for (uint32_t k = 0; k < a->n; k++)
        lsn = append_one(w, a->first + k, flags);
    if (a->kind == ACT_SUBMIT)
        must(wal_wait(w->log, lsn, -1), "wait");
    else
        must(wal_sync(w->log, a->n % 2 ? lsn : 0), "sync");
    acknowledge(w);
}

static void act(struct writer *w, const struct action *a)
{
    atomic_store(&w->job->submitted->records[w->thread], a->first + a->n);
    if (action_is_atomic(a)) {
        batch_of(w, a);
    } else if (a->kind == ACT_ASYNC || a->kind == ACT_SUBMIT) {
        singles(w, a);
    } else if (a->kind == ACT_APPEND) {
        append_one(w, a->first, WAL_APPEND_SYNC);
        acknowledge(w);
    } else {
        uint64_t lsn = append_one(w, a->first, 0);
        if (!is_buffered(mode_of(w->job)) || wal_durable_lsn(w->log) >= lsn)
            acknowledge(w);
    }
}

static void *write_for_ever(void *arg)
{
    struct writer *w = arg;
    struct plan plan;

    plan_begin(&plan, w->job->seed, w->job->round, w->thread);
    for (;;) {
        struct action a = plan_next(&plan);
        if (w->n_open + a.n > MAX_OPEN) {
            must(wal_sync(w->log, 0), "sync");
            acknowledge(w);
        }
        act(w, &a);
    }
    return NULL;
}

/* Small segments, small groups. */
static wal_t *open_log(const struct job *job)
{
    uint64_t state = random_seed(job->seed, job->round, WRITERS);
    const struct {
        uint32_t option;
        uint64_t value;
    } set[] = {
        {WAL_OPT_SYNC, mode_of(job)},
        {WAL_OPT_INTERVAL_MS, random_from(&state, 1, 10)},
        {WAL_OPT_SEGMENT_BYTES, random_from(&state, 64 * 1024, 1024 * 1024)},
        {WAL_OPT_GROUP_BYTES, 64 * 1024},
        {WAL_OPT_GROUP_ALIGN, random_from(&state, 0, 3) ? 64 : 512},
        {WAL_OPT_ZERO_AHEAD_BYTES, random_from(&state, 0, 3) ? 256 * 1024 : 0},
        {WAL_OPT_MAX_RECORD_BYTES, MAX_PAYLOAD},
        {WAL_OPT_PENDING_BYTES, random_from(&state, 64 * 1024, 1024 * 1024)},
    };
    wal_options_t *o;
    wal_t *log;

    must(wal_options_new(&o), "options");
    for (size_t k = 0; k < sizeof set / sizeof *set; k++)
        must(wal_options_set(o, set[k].option, set[k].value), "options");
    must(wal_open(job->dir, o, &log), "open");
    wal_options_free(o);
    return log;
}

void worker_run(const struct job *job)
{
    wal_t *log = open_log(job);
    pthread_t threads[WRITERS];

    for (uint32_t k = 0; k < WRITERS; k++) {
        struct writer *w = calloc(1, sizeof *w);
        if (!w)
            _exit(6);
        w->job = job;
        w->log = log;
        w->thread = k;
        must(wal_batch_new(log, &w->batch), "batch_new");
        if (pthread_create(&threads[k], NULL, write_for_ever, w) != 0)
            _exit(6);
    }
    pthread_join(threads[0], NULL);
    _exit(7);
}
