/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "bench/base.h"
#include "bench/ops.h"

enum { OPENS = 5, CHECKED_GETS = 1000, GETS_PER_CLOCK = 256 };

static void check(void *ctx, uint64_t i, const void *data, size_t size)
{
    (void)ctx;
    payload_check(i, data, size);
}

static void must_be_all(const struct args *a, uint64_t n)
{
    if (n != a->count)
        die("%llu records were read, not %llu", (unsigned long long)n,
            (unsigned long long)a->count);
}

void op_replay(const struct engine *e, const struct args *a)
{
    uint64_t sum = 0;

    if (!e->scan)
        unsupported("there is no way to read everything");
    void *log = e->open(a, FOR_READING); /* checks the bytes, and warms the page cache */
    must_be_all(a, e->scan(log, check, NULL));
    e->close(log);

    uint64_t began = now_ns();
    log = e->open(a, FOR_READING);
    uint64_t opened = now_ns();
    must_be_all(a, e->scan(log, NULL, &sum));
    uint64_t ended = now_ns();
    e->close(log);
    if (sum == 0)
        die("the bytes that were read add up to nothing");
    double seconds = (double)(ended - began) / 1e9, reading = (double)(ended - opened) / 1e9;
    figure("rate", (double)a->count / seconds, "rec/s");
    figure("mb", (double)a->count * (double)a->size / seconds / 1e6, "MB/s");
    figure("rate_noopen", (double)a->count / reading, "rec/s");
}

static int by_size(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

double median_ms(uint64_t *ns, size_t n)
{
    qsort(ns, n, sizeof *ns, by_size);
    return (double)ns[n / 2] / 1e6;
}

void op_open(const struct engine *e, const struct args *a)
{
    uint64_t ns[OPENS];

    for (int k = 0; k < OPENS; k++) {
        uint64_t began = now_ns();
        void *log = e->open(a, FOR_NOTHING);
        ns[k] = now_ns() - began;
        e->close(log);
    }
    figure("ms", median_ms(ns, OPENS), "ms");
}

void op_get(const struct engine *e, const struct args *a)
{
    uint64_t state = UINT64_C(0x676574), limit = (uint64_t)(a->seconds * 1e9);
    uint64_t n = 0, sum = 0, ns;
    size_t size;

    if (!e->get)
        unsupported("there is no way to read one record");
    void *log = e->open(a, FOR_READING);
    for (int k = 0; k < CHECKED_GETS; k++) {
        uint64_t i = random_below(&state, a->count);
        const void *data = e->get(log, i, &size);
        payload_check(i, data, size);
    }
    uint64_t began = now_ns();
    do {
        for (int k = 0; k < GETS_PER_CLOCK; k++) {
            const void *data = e->get(log, random_below(&state, a->count), &size);
            sum += payload_sum(data, size);
        }
        n += GETS_PER_CLOCK;
        ns = now_ns() - began;
    } while (ns < limit);
    e->close(log);
    if (sum == 0)
        die("the bytes that were read add up to nothing");
    figure("ns", (double)ns / (double)n, "ns");
}
