/* SPDX-License-Identifier: Apache-2.0 */
#include "walctl/bench.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "walctl/floor.h"
#include "walctl/message.h"
#include "walctl/signals.h"

enum { FLOOR_MIN = 8, FLOOR_MAX = 20000, FLOOR_ALIGN = 64, LOOK_EVERY = 1024 };
#define FLOOR_BYTES_MAX    (UINT64_C(64) << 20)
#define BUFFERED_BYTES_MAX (UINT64_C(256) << 20)

/* One thread that appends until time is up. */
struct worker {
    const struct bench_plan *plan;
    uint64_t end_ns;
    struct samples times;
    wal_error_t error; /* code 0: none */
    pthread_t thread;
};

static int said(const wal_error_t *e)
{
    message("%s", e->message);
    return code_of(e->code);
}

/* As much as a record takes in the log, with its group's header. */
int bench_floor(const struct bench_plan *p, const char *dir, struct bench *ret)
{
    size_t size = (p->size + 2 * FLOOR_ALIGN - 1) / FLOOR_ALIGN * FLOOR_ALIGN + FLOOR_ALIGN;
    uint64_t n = FLOOR_BYTES_MAX / size;

    n = n < FLOOR_MIN ? FLOOR_MIN : n > FLOOR_MAX ? FLOOR_MAX : n;
    int code = floor_measure(dir, n, p->limit_ns, size, &ret->times);

    *ret = (struct bench){.what = "floor", .threads = 1, .times = ret->times};
    ret->records = ret->times.n;
    ret->bytes = ret->records * p->size;
    for (size_t k = 0; k < ret->times.n; k++)
        ret->ns += samples_get(&ret->times, k);
    samples_sort(&ret->times);
    return code;
}

static void *work(void *ctx)
{
    struct worker *w = ctx;
    uint8_t *data = calloc(1, w->plan->size + 1);

    while (data && samples_now_ns() < w->end_ns && !signals_caught()) {
        uint64_t start = samples_now_ns();
        if (wal_append(w->plan->log, data, w->plan->size, NULL) < 0) {
            wal_last_error(&w->error, sizeof w->error);
            break;
        }
        samples_add(&w->times, samples_now_ns() - start);
    }
    free(data);
    return NULL;
}

static unsigned start_all(struct worker *list, unsigned n)
{
    unsigned started = 0;

    while (started < n && pthread_create(&list[started].thread, NULL, work, &list[started]) == 0)
        started++;
    return started;
}

int bench_durable(const struct bench_plan *p, unsigned threads, struct bench *ret)
{
    struct worker *list = calloc(threads, sizeof *list);
    uint64_t start = samples_now_ns();
    int code = CODE_FINE;

    *ret = (struct bench){.what = "durable", .threads = threads};
    for (unsigned k = 0; list && k < threads; k++)
        list[k] = (struct worker){.plan = p, .end_ns = start + p->limit_ns};
    unsigned started = list ? start_all(list, threads) : 0;
    for (unsigned k = 0; k < started; k++) {
        pthread_join(list[k].thread, NULL);
        if (list[k].error.code && code == CODE_FINE)
            code = said(&list[k].error);
        samples_add_all(&ret->times, &list[k].times);
        samples_free(&list[k].times);
    }
    ret->ns = samples_now_ns() - start;
    ret->records = ret->times.n;
    ret->bytes = ret->records * p->size;
    samples_sort(&ret->times);
    free(list);
    if (started == threads)
        return code;
    message("%u threads can't be started", threads);
    return CODE_FAILED;
}

static int append_many(const struct bench_plan *p, uint64_t start, const void *data,
                       struct bench *ret, uint64_t *ret_first)
{
    uint64_t lsn;

    while (ret->bytes < BUFFERED_BYTES_MAX) {
        if (ret->records % LOOK_EVERY == 0 &&
            (samples_now_ns() - start >= p->limit_ns || signals_caught()))
            break;
        if (wal_append_typed(p->log, 0, data, p->size, WAL_APPEND_ASYNC, &lsn) < 0)
            return failure();
        *ret_first = *ret_first ? *ret_first : lsn;
        ret->records++;
        ret->bytes += p->size;
    }
    return wal_sync(p->log, 0) < 0 ? failure() : CODE_FINE;
}

int bench_buffered(const struct bench_plan *p, struct bench *ret, uint64_t *ret_first)
{
    uint64_t start = samples_now_ns();
    struct bytes data = {0};

    *ret = (struct bench){.what = "buffered", .threads = 1};
    *ret_first = 0;
    memset(bytes_reserve(&data, p->size), 0, p->size);
    int code = append_many(p, start, data.data, ret, ret_first);
    ret->ns = samples_now_ns() - start;
    bytes_free(&data);
    return code;
}

static int count(void *ctx, const wal_record_t *record)
{
    struct bench *b = ctx;

    b->bytes += record->data_size;
    return ++b->records % LOOK_EVERY == 0 && signals_caught();
}

int bench_replay(const struct bench_plan *p, uint64_t first, struct bench *ret)
{
    uint64_t start = samples_now_ns();

    *ret = (struct bench){.what = "replay", .threads = 1};
    if (first > 0 && wal_replay(p->log, first, count, ret, NULL) < 0)
        return failure();
    ret->ns = samples_now_ns() - start;
    return CODE_FINE;
}
