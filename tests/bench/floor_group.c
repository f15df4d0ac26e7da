/* SPDX-License-Identifier: Apache-2.0 */
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench/base.h"
#include "bench/floor.h"

enum { SIDE_BYTES = 4 << 20, COMPANY_NS = 250 * 1000, PENALTY_MAX = 64, EVERYBODY = 1 << 20 };

/* One of the two buffers, and who has records in it. */
struct side {
    uint8_t *bytes;
    size_t used;
    unsigned members;
    _Alignas(64) _Atomic uint32_t changed; /* they sleep on it */
};

struct floor_group {
    struct floor_file *file;
    pthread_mutex_t mu; /* everything below */
    struct side sides[2];
    uint64_t round;   /* that gathers now, in side round & 1 */
    uint64_t durable; /* the last round that is on the disk */
    uint64_t number;  /* of the next record */
    bool leading;     /* somebody writes, or is about to */

    /* How long a leader waits for company. */
    unsigned expected, skip, penalty;
    uint64_t mean_ns; /* of a write with its sync */
};

struct floor_group *floor_group_new(struct floor_file *f)
{
    struct floor_group *g = aligned_alloc(64, sizeof *g);

    if (!g)
        die("no memory for the group commit");
    *g = (struct floor_group){.file = f, .round = 1};
    pthread_mutex_init(&g->mu, NULL);
    for (int k = 0; k < 2; k++) {
        g->sides[k].bytes = calloc(1, SIDE_BYTES);
        if (!g->sides[k].bytes)
            die("no memory for the group commit");
    }
    return g;
}

void floor_group_free(struct floor_group *g)
{
    for (int k = 0; g && k < 2; k++)
        free(g->sides[k].bytes);
    free(g);
}

static struct side *side_of(struct floor_group *g, uint64_t round)
{
    return &g->sides[round & 1];
}

static void wake(struct side *s, int n)
{
    syscall(SYS_futex, &s->changed, FUTEX_WAKE_PRIVATE, n, NULL, NULL, 0);
}

static void sleep_in(struct floor_group *g, struct side *s)
{
    uint32_t seen = atomic_load(&s->changed);
    pthread_mutex_unlock(&g->mu);
    syscall(SYS_futex, &s->changed, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
    pthread_mutex_lock(&g->mu);
}

static void let_others(struct floor_group *g)
{
    pthread_mutex_unlock(&g->mu);
    sched_yield();
    pthread_mutex_lock(&g->mu);
}

/* Threads that the last sync has set free are about to append again. Without a short wait for them
 * two halves of the threads would take turns. Where it didn't pay, the next rounds go without. */
static void wait_for_company(struct floor_group *g)
{
    const struct side *s = side_of(g, g->round);
    uint64_t limit = g->mean_ns / 4 < COMPANY_NS ? g->mean_ns / 4 : COMPANY_NS;

    if (s->members >= g->expected)
        return;
    if (g->skip > 0) {
        g->skip--;
        return;
    }
    uint64_t began = now_ns();
    while (s->members < g->expected && now_ns() - began < limit)
        let_others(g);
    bool paid = s->members >= g->expected;
    g->penalty = paid ? 0 : g->penalty == 0 ? 1 : g->penalty * 2;
    g->penalty = g->penalty > PENALTY_MAX ? PENALTY_MAX : g->penalty;
    g->skip = g->penalty;
}

/* With the mutex. Who leads next is woken before those who are through. */
static void lead(struct floor_group *g)
{
    g->leading = true;
    wait_for_company(g);
    struct side *mine = side_of(g, g->round), *next = side_of(g, g->round + 1);
    uint64_t round = g->round++;
    pthread_mutex_unlock(&g->mu);

    uint64_t began = now_ns();
    floor_commit(g->file, mine->bytes, mine->used);
    uint64_t ns = now_ns() - began;

    pthread_mutex_lock(&g->mu);
    g->mean_ns = g->mean_ns ? (g->mean_ns * 9 + ns) / 10 : ns;
    g->expected = mine->members + next->members;
    mine->used = mine->members = 0;
    g->durable = round;
    g->leading = false;
    bool waiting = next->members > 0;
    atomic_fetch_add(&mine->changed, 1);
    atomic_fetch_add(&next->changed, waiting);
    pthread_mutex_unlock(&g->mu);
    if (waiting)
        wake(next, 1);
    wake(mine, EVERYBODY);
    pthread_mutex_lock(&g->mu);
}

void floor_group_append(struct floor_group *g, const void *data, size_t size)
{
    pthread_mutex_lock(&g->mu);
    while (side_of(g, g->round)->used + RECORD_FRONT_BYTES + size > SIDE_BYTES)
        let_others(g);
    uint64_t round = g->round;
    struct side *s = side_of(g, round);
    s->used += floor_encode(s->bytes + s->used, g->number++, data, size);
    s->members++;
    while (g->durable < round) {
        if (g->leading)
            sleep_in(g, s);
        else
            lead(g);
    }
    pthread_mutex_unlock(&g->mu);
}
