/* SPDX-License-Identifier: Apache-2.0 */
/* What an append notices of the removal of many segments beside it. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "bench/base.h"
#include "bench/latency.h"
#include "bench/walbench.h"

enum { RECORDS_PER_SEGMENT = 100 };
enum phase { ALONE, BESIDE, PHASES, OVER };

struct writer {
    wal_t *log;
    const struct args *args;
    _Atomic uint32_t phase;
    _Atomic uint64_t appends[PHASES];
    struct latency latency[PHASES];
};

/* count records, closed: the sealed segments that are to go. */
static void make_segments(const struct args *a)
{
    wal_options_t *o = options_of(a);
    wal_t *w;

    clear_log(a);
    need(wal_options_set(o, WAL_OPT_SYNC, WAL_SYNC_NONE), "sync");
    need(wal_options_set(o, WAL_OPT_SEGMENT_RECORDS, RECORDS_PER_SEGMENT), "segment_records");
    need(wal_open(a->dir, o, &w), "open");
    for (uint64_t i = 0; i < a->count; i++)
        append_record(w, payload_at(i), a->size);
    need(wal_close(w), "close");
    wal_options_free(o);
}

/* An append belongs to the phase in which it began. */
static void *append_all_the_time(void *arg)
{
    struct writer *x = arg;
    uint32_t phase;

    for (uint64_t i = 0; (phase = atomic_load(&x->phase)) != OVER; i++) {
        uint64_t began = now_ns();
        need(wal_append_typed(x->log, 0, payload_at(i), x->args->size, WAL_APPEND_SYNC, NULL),
             "append");
        latency_add(&x->latency[phase], now_ns() - began);
        atomic_fetch_add(&x->appends[phase], 1);
    }
    return NULL;
}

static int drop(void *ctx, const wal_segment_t *segment)
{
    (void)ctx;
    (void)segment;
    return 1;
}

static void await(struct writer *x, enum phase phase, uint64_t ns)
{
    uint64_t end = now_ns() + ns;
    const struct timespec nap = {.tv_nsec = 1000 * 1000};

    while (now_ns() < end || atomic_load(&x->appends[phase]) == 0)
        nanosleep(&nap, NULL);
}

static void print(const struct writer *x, enum phase phase, const char *p50, const char *p99)
{
    figure(p50, latency_at(&x->latency[phase], 0.5) / 1e3, "us");
    figure(p99, latency_at(&x->latency[phase], 0.99) / 1e3, "us");
}

void op_drain(const struct engine *e, const struct args *a)
{
    struct writer *x = calloc(1, sizeof *x);
    pthread_t thread;
    size_t n;

    (void)e;
    if (!x)
        die("no memory");
    make_segments(a);
    x->log = open_log(a);
    x->args = a;
    if (pthread_create(&thread, NULL, append_all_the_time, x) != 0)
        die("a thread can't be started");
    await(x, ALONE, (uint64_t)(a->seconds * 1e9));
    atomic_store(&x->phase, BESIDE);
    uint64_t began = now_ns();
    need(wal_drain(x->log, drop, NULL, &n), "drain");
    uint64_t ns = now_ns() - began;
    await(x, BESIDE, 0);
    atomic_store(&x->phase, OVER);
    pthread_join(thread, NULL);
    print(x, ALONE, "p50", "p99");
    print(x, BESIDE, "p50_beside", "p99_beside");
    figure("appends", (double)atomic_load(&x->appends[BESIDE]), "rec");
    figure("segments", (double)n, "files");
    figure("drain", (double)ns / 1e6, "ms");
    need(wal_close(x->log), "close");
    free(x);
}
