/* SPDX-License-Identifier: Apache-2.0 */
#include "support/crew.h"

#include <inttypes.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/fault.h"

void crew_stop(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: %s (last error %d: %s)\n", file, line, what, fault_last()->code,
            fault_last()->text);
    abort();
}

void crew_compare(const char *file, int line, const char *what, int64_t actual, int64_t right)
{
    char text[256];
    if (actual == right)
        return;
    snprintf(text, sizeof text, "%s is %" PRId64 ", should be %" PRId64, what, actual, right);
    crew_stop(file, line, text);
}

static void *run(void *arg)
{
    struct crew_member *m = arg;
    m->crew->work(m->crew->arg, m->k);
    return NULL;
}

void crew_start(struct crew *c, unsigned n, void (*work)(void *arg, unsigned k), void *arg)
{
    MUST(n <= CREW_MAX);
    c->work = work;
    c->arg = arg;
    c->n = n;
    for (unsigned k = 0; k < n; k++) {
        c->members[k] = (struct crew_member){.crew = c, .k = k};
        MUST_BE(pthread_create(&c->members[k].thread, NULL, run, &c->members[k]), 0);
    }
}

void crew_join(struct crew *c)
{
    for (unsigned k = 0; k < c->n; k++)
        MUST_BE(pthread_join(c->members[k].thread, NULL), 0);
}

void crew_run(unsigned n, void (*work)(void *arg, unsigned k), void *arg)
{
    struct crew c;
    crew_start(&c, n, work, arg);
    crew_join(&c);
}

enum { PATIENCE_S = 60, LOOKS_PER_S = 20 };

static struct {
    pthread_t thread;
    _Atomic uint64_t meals;
    atomic_bool home;
} dog;

static void nap(long ns)
{
    struct timespec t = {.tv_nsec = ns};
    nanosleep(&t, NULL);
}

static void *watch(void *arg)
{
    uint64_t before = atomic_load(&dog.meals);
    unsigned hungry = 0;

    while (!atomic_load(&dog.home)) {
        nap(1000000000 / LOOKS_PER_S);
        uint64_t now = atomic_load(&dog.meals);
        hungry = now == before ? hungry + 1 : 0;
        before = now;
        if (hungry > PATIENCE_S * LOOKS_PER_S)
            crew_stop(__FILE__, __LINE__, "no progress for 60 seconds: somebody sleeps for ever");
    }
    return arg;
}

void dog_start(void)
{
    atomic_store(&dog.home, false);
    MUST_BE(pthread_create(&dog.thread, NULL, watch, NULL), 0);
}

void dog_feed(void)
{
    atomic_fetch_add_explicit(&dog.meals, 1, memory_order_relaxed);
}

void dog_stop(void)
{
    atomic_store(&dog.home, true);
    MUST_BE(pthread_join(dog.thread, NULL), 0);
}

void crew_pause(void)
{
    nap(50 * 1000);
}

void crew_await(_Atomic uint32_t *value, uint32_t least)
{
    while (atomic_load(value) < least)
        crew_pause();
}

uint32_t crew_random(uint64_t *seed)
{
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*seed >> 33);
}
