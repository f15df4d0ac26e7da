/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdlib.h>

#include "bench/base.h"
#include "bench/latency.h"
#include "bench/ops.h"

struct worker {
    pthread_t id;
    unsigned number;
    const struct engine *engine;
    const struct args *args;
    void *log;
    pthread_barrier_t *start;
    uint64_t first, n; /* its records */
    uint64_t end;      /* when it was through */
    struct latency latency;
};

static void *append_durably(void *arg)
{
    struct worker *w = arg;

    pthread_barrier_wait(w->start);
    uint64_t began = now_ns(), stop = began + (uint64_t)(w->args->seconds * 1e9);
    do {
        w->engine->durable(w->log, w->number, payload_at(w->first + w->n++));
        w->end = now_ns();
        latency_add(&w->latency, w->end - began);
        began = w->end;
    } while (began < stop);
    return NULL;
}

static void *append_buffered(void *arg)
{
    struct worker *w = arg;

    pthread_barrier_wait(w->start);
    for (uint64_t i = w->first; i < w->first + w->n; i++)
        w->engine->append(w->log, w->number, payload_at(i));
    if (w->engine->append_end)
        w->engine->append_end(w->log, w->number);
    w->end = now_ns();
    return NULL;
}

/* Runs `work` in all threads; returns how long it took until the last was through. */
static uint64_t run(struct worker *workers, unsigned n, void *(*work)(void *))
{
    pthread_barrier_t start;
    uint64_t end = 0;

    pthread_barrier_init(&start, NULL, n + 1);
    for (unsigned k = 0; k < n; k++) {
        workers[k].start = &start;
        if (pthread_create(&workers[k].id, NULL, work, &workers[k]) != 0)
            die("a thread can't be started");
    }
    uint64_t began = now_ns();
    pthread_barrier_wait(&start);
    for (unsigned k = 0; k < n; k++) {
        pthread_join(workers[k].id, NULL);
        end = workers[k].end > end ? workers[k].end : end;
    }
    pthread_barrier_destroy(&start);
    return end - began;
}

/* The threads share a->count records: each has a row of neighbours. */
static struct worker *workers_new(const struct engine *e, const struct args *a, void *log)
{
    struct worker *workers = calloc(a->threads, sizeof *workers);
    uint64_t next = 0;

    if (!workers)
        die("no memory for the threads");
    for (unsigned k = 0; k < a->threads; k++) {
        uint64_t end = a->count * (k + 1) / a->threads;
        workers[k] = (struct worker){.number = k, .engine = e, .args = a, .log = log};
        workers[k].first = next;
        workers[k].n = end - next;
        next = end;
    }
    return workers;
}

static double per_second(uint64_t n, uint64_t ns)
{
    return (double)n * 1e9 / (double)(ns ? ns : 1);
}

static void rate_and_mb(const struct args *a, uint64_t n, uint64_t ns)
{
    figure("rate", per_second(n, ns), "rec/s");
    figure("mb", per_second(n * a->size, ns) / 1e6, "MB/s");
}

void op_durable(const struct engine *e, const struct args *a)
{
    struct latency *all = calloc(1, sizeof *all);

    if (!e->durable)
        unsupported("there are no durable appends");
    if (!all)
        die("no memory for the latencies");
    e->clear(a);
    void *log = e->open(a, FOR_DURABLE);
    struct worker *workers = workers_new(e, a, log);
    for (unsigned k = 0; k < a->threads; k++)
        workers[k].n = 0;
    uint64_t ns = run(workers, a->threads, append_durably);
    e->close(log);
    for (unsigned k = 0; k < a->threads; k++)
        latency_merge(all, &workers[k].latency);
    figure("rate", per_second(all->n, ns), "rec/s");
    figure("p50", latency_at(all, 0.5) / 1e3, "us");
    figure("p99", latency_at(all, 0.99) / 1e3, "us");
    figure("p999", latency_at(all, 0.999) / 1e3, "us");
    free(workers);
    free(all);
}

void op_batch(const struct engine *e, const struct args *a)
{
    uint64_t n = 0, ns, limit = (uint64_t)(a->seconds * 1e9);

    if (!e->batch)
        unsupported("there are no batches");
    e->clear(a);
    void *log = e->open(a, FOR_BATCH);
    uint64_t began = now_ns();
    do {
        e->batch(log, n);
        n += a->batch;
        ns = now_ns() - began;
    } while (ns < limit);
    e->close(log);
    rate_and_mb(a, n, ns);
}

/* *ret_ns: up to the last append, *ret_synced_ns: and the sync behind it. */
static void append_all(const struct engine *e, const struct args *a, uint64_t *ret_ns,
                       uint64_t *ret_synced_ns)
{
    if (!e->append)
        unsupported("there are no buffered appends");
    e->clear(a);
    void *log = e->open(a, FOR_APPEND);
    struct worker *workers = workers_new(e, a, log);
    *ret_ns = run(workers, a->threads, append_buffered);
    uint64_t began = now_ns();
    e->sync(log);
    *ret_synced_ns = *ret_ns + (now_ns() - began);
    e->close(log);
    free(workers);
}

void op_append(const struct engine *e, const struct args *a)
{
    uint64_t ns, synced_ns;

    append_all(e, a, &ns, &synced_ns);
    rate_and_mb(a, a->count, synced_ns);
    figure("rate_nosync", per_second(a->count, ns), "rec/s");
}

void op_fill(const struct engine *e, const struct args *a)
{
    struct args one = *a;
    uint64_t ns, synced_ns;

    one.threads = 1; /* record i is payload i: replay can check it */
    append_all(e, &one, &ns, &synced_ns);
}
