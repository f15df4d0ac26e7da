/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of os.h for time, chance, identity, waiting and workers. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "support/simdisk_inner.h"

enum { NS_PER_READING = 1000, STEPS_MAX = 1000000 };
#define NEVER      UINT64_MAX
#define WALL_START UINT64_C(1700000000000000000)

static uint64_t now(void *ctx)
{
    struct simdisk *d = ctx;
    return d->clock += NS_PER_READING;
}

static uint64_t wall(void *ctx)
{
    return WALL_START + now(ctx);
}

static int random_bytes(void *ctx, void *buf, size_t size)
{
    struct simdisk *d = ctx;
    for (size_t at = 0; at < size; at += 8) {
        uint64_t word = sim_random(&d->random);
        memcpy((uint8_t *)buf + at, &word, min_u64(8, size - at));
    }
    return 0;
}

static uint32_t pid(void *ctx)
{
    const struct simdisk *d = ctx;
    return d->pid;
}

static uint32_t uid(void *ctx)
{
    (void)ctx;
    return SIMDISK_UID;
}

static uint32_t generation(void *ctx)
{
    (void)ctx;
    return 1;
}

/* Runs each worker that is due once; how many there were. A worker that waits within its own step
 * is not called again for that. */
static uint32_t run_due(struct simdisk *d)
{
    uint32_t ran = 0;
    for (uint32_t i = 0; i < d->thread_count; i++) {
        struct os_thread *t = d->threads[i];
        if (t->running || (!t->kicked && t->due > d->clock))
            continue;
        t->kicked = false;
        t->running = true;
        int64_t pause_ns = t->step(t->arg);
        t->running = false;
        t->due = pause_ns < 0 ? NEVER : d->clock + (uint64_t)pause_ns;
        ran++;
    }
    return ran;
}

static uint64_t next_due(const struct simdisk *d)
{
    uint64_t due = NEVER;
    for (uint32_t i = 0; i < d->thread_count; i++) {
        if (!d->threads[i]->running)
            due = min_u64(due, d->threads[i]->due);
    }
    return due;
}

void simdisk_run_background(struct simdisk *d)
{
    for (uint32_t i = 0; run_due(d) > 0; i++) {
        if (i == STEPS_MAX)
            sim_die("a worker never wants to sleep");
    }
}

void simdisk_advance(struct simdisk *d, uint64_t ns)
{
    d->clock += ns;
}

int sim_wait(struct simdisk *d, bool (*over)(const void *arg), const void *arg, int64_t timeout_ns)
{
    uint64_t end = timeout_ns < 0 ? NEVER : d->clock + (uint64_t)timeout_ns;
    for (uint32_t i = 0; i < STEPS_MAX; i++) {
        if (over(arg))
            return 0;
        if (run_due(d) > 0)
            continue;
        uint64_t due = next_due(d);
        if (due > end || due == NEVER) {
            if (timeout_ns < 0)
                sim_die("deadlock: a thread waits, and no worker is left that could wake it");
            d->clock = end;
            return -ETIMEDOUT;
        }
        d->clock = max_u64(d->clock, due);
    }
    sim_die("a thread waits, and the workers go on for ever");
}

struct parked {
    _Atomic uint32_t *word;
    uint32_t seen;
};

static bool has_changed(const void *arg)
{
    const struct parked *p = arg;
    return atomic_load(p->word) != p->seen;
}

static int park(void *ctx, _Atomic uint32_t *word, uint32_t seen, int64_t timeout_ns)
{
    return sim_wait(ctx, has_changed, &(struct parked){word, seen}, timeout_ns);
}

/* Whoever parks looks at the word itself before time passes. */
static void yield(void *ctx)
{
    (void)ctx;
}

static void wake(void *ctx, _Atomic uint32_t *word, int n)
{
    (void)ctx;
    (void)word;
    (void)n;
}

static int thread_start(void *ctx, os_step_fn step, void *arg, struct os_thread **ret)
{
    struct simdisk *d = ctx;
    struct os_thread *t = sim_alloc(sizeof *t);
    *t = (struct os_thread){.step = step, .arg = arg, .due = d->clock};
    d->threads = sim_grow(d->threads, sizeof *d->threads, d->thread_count, &d->thread_room);
    d->threads[d->thread_count++] = t;
    *ret = t;
    return 0;
}

static void thread_kick(void *ctx, struct os_thread *t)
{
    (void)ctx;
    t->kicked = true;
}

static void thread_stop(void *ctx, struct os_thread *t)
{
    struct simdisk *d = ctx;
    uint32_t at = 0;
    if (t->running)
        sim_die("deadlock: a worker is stopped from within its own step");
    while (d->threads[at] != t)
        at++;
    d->thread_count--;
    memmove(d->threads + at, d->threads + at + 1, (d->thread_count - at) * sizeof *d->threads);
    free(t);
}

void sim_host_functions(struct os *os)
{
    os->now = now;
    os->wall = wall;
    os->random = random_bytes;
    os->pid = pid;
    os->uid = uid;
    os->generation = generation;
    os->park = park;
    os->wake = wake;
    os->yield = yield;
    os->thread_start = thread_start;
    os->thread_kick = thread_kick;
    os->thread_stop = thread_stop;
}
