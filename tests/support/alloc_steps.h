/* SPDX-License-Identifier: Apache-2.0 */
/* Steps of a log's life of which each allocation fails once: the call says NOMEM, has done nothing,
 * and works the next time. For the api_alloc_* tests. */
#ifndef WAL_TESTS_ALLOC_STEPS_H
#define WAL_TESTS_ALLOC_STEPS_H

#include "support/log_fixture.h"
#include "support/pace.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

struct poor {
    pthread_mutex_t mu;
    uint64_t calls, fail_at; /* 0: never */
    int64_t live;
    bool struck, bad_size;
};

static bool strikes(struct poor *p, size_t size)
{
    bool strike = ++p->calls == p->fail_at;
    p->struck |= strike;
    p->bad_size |= size == 0;
    return strike;
}

static void *poor_alloc_one(void *ctx, size_t size)
{
    struct poor *p = ctx;
    pthread_mutex_lock(&p->mu);
    void *block = strikes(p, size) ? NULL : malloc(size);
    p->live += block != NULL;
    pthread_mutex_unlock(&p->mu);
    return block;
}

static void *poor_resize_one(void *ctx, void *block, size_t size)
{
    struct poor *p = ctx;
    pthread_mutex_lock(&p->mu);
    p->bad_size |= block == NULL; /* p is never NULL, says the header */
    void *moved = strikes(p, size) ? NULL : realloc(block, size);
    pthread_mutex_unlock(&p->mu);
    return moved;
}

static void poor_release_one(void *ctx, void *block)
{
    struct poor *p = ctx;
    pthread_mutex_lock(&p->mu);
    p->live--;
    p->bad_size |= block == NULL;
    pthread_mutex_unlock(&p->mu);
    free(block);
}

struct world {
    struct log_fixture *f;
    wal_options_t *read_only;
    wal_t *follower;
    wal_batch_t *batch;
    wal_reader_t *reader;
    wal_subscription_t *subscription;
    uint64_t step;
    uint64_t called; /* callbacks of on_durable */
};

typedef int step_fn(struct world *x);

/* Steps that more than one life has. */

static void no_event(void *ctx, const wal_event_t *event)
{
    (void)ctx;
    (void)event;
}

static int nothing(void *ctx, const wal_record_t *record)
{
    (void)record;
    ++*(uint64_t *)ctx;
    return 0;
}

/* One step each; they are repeated until they succeed. */
static int do_open(struct world *x)
{
    return x->f->log ? 0 : wal_open(x->f->dir, x->f->options, &x->f->log);
}

static int do_append(struct world *x)
{
    uint64_t lsn = 0;
    int e = wal_append(x->f->log, "sync", 4, &lsn);
    if (e == 0)
        assert_int_equal(lsn, 1);
    return e;
}

static int do_buffer(struct world *x)
{
    uint64_t lsn = 0;
    int e = wal_append_typed(x->f->log, 5, "async", 5, WAL_APPEND_ASYNC, &lsn);
    if (e == 0)
        assert_int_equal(lsn, 2);
    return e;
}

static int do_many(struct world *x)
{
    static const wal_record_t r[3] = {{.size = sizeof r[0], .data = "m", .data_size = 1}, {0}, {0}};
    uint64_t lsn = 0;
    int e = wal_append_many(x->f->log, r, 3, 0, &lsn);
    if (e == 0)
        assert_int_equal(lsn, 3);
    return e;
}

static int do_rotate(struct world *x)
{
    return wal_rotate(x->f->log);
}

static int do_follow(struct world *x)
{
    return wal_open(x->f->dir, x->read_only, &x->follower);
}

static int do_follower_close(struct world *x)
{
    return wal_close(x->follower);
}

/* Close frees the handle in any case; what was acknowledged must be there. */
static int do_close(struct world *x)
{
    wal_t *w = x->f->log;
    int e = w ? wal_close(w) : 0;
    x->f->log = NULL;
    return e;
}

static int do_crash(struct world *x)
{
    if (x->f->log)
        fixture_crash(x->f);
    return 0;
}

struct plan {
    step_fn *const *steps;
    size_t n;
};

static void take_step(struct world *x, const struct plan *plan, struct poor *p, uint64_t n)
{
    bool struck = p->struck;
    int e = plan->steps[x->step](x);

    if (e == WAL_E_NOMEM && !struck && p->struck) {
        struck = true;
        e = plan->steps[x->step](x);
    }
    if (e < 0) {
        wal_error_t last;
        (void)wal_last_error(&last, sizeof last);
        print_error("allocation %d, step %d: %s, not NOMEM: %s\n", (int)n, (int)x->step,
                    wal_error_name(e), last.message);
    }
    assert_true(e >= 0);
}

static bool run(struct log_fixture *f, const struct plan *plan, uint64_t n,
                wal_options_t *read_only)
{
    struct poor p = {.fail_at = n};
    struct world x = {.f = f, .read_only = read_only};
    const wal_allocator_t a = {.size = sizeof a,
                               .ctx = &p,
                               .alloc = poor_alloc_one,
                               .resize = poor_resize_one,
                               .release = poor_release_one};

    assert_int_equal(pthread_mutex_init(&p.mu, NULL), 0);
    must(wal_options_set_allocator(f->options, &a));
    must(wal_options_set_allocator(read_only, &a));
    for (; x.step < plan->n; x.step++)
        take_step(&x, plan, &p, n);
    if (p.live != 0)
        print_error("allocation %d: %d blocks leaked\n", (int)n, (int)p.live);
    assert_int_equal(p.live, 0);
    assert_false(p.bad_size);
    must(wal_destroy(f->dir));
    return p.struck;
}

static void fail_each_once(struct log_fixture *f, const struct plan *plan)
{
    wal_options_t *read_only;
    uint64_t n = 1;

    must(wal_options_new(&read_only));
    must(wal_options_set(read_only, WAL_OPT_READ_ONLY, 1));
    fixture_set(f, WAL_OPT_BACKGROUND, 0); /* so that every run makes the same allocations */
    must(wal_options_set_events(f->options, WAL_EVENT_SYNCED, no_event, NULL));
    fixture_set(f, WAL_OPT_GROUP_BYTES, 64 << 10);
    fixture_set(f, WAL_OPT_MAX_RECORD_BYTES, 1 << 20);
    fixture_set(f, WAL_OPT_ZERO_AHEAD_BYTES, 1 << 16);
    fixture_set(f, WAL_OPT_SEGMENT_BYTES, 1 << 20);
    assert_false(run(f, plan, 0, read_only));
    while (run(f, plan, n, read_only))
        n += PACE;
    assert_true(n > 50);
    print_message("%d allocations\n", (int)n - 1);
    if (PACE > 1)
        print_message("note: one allocation in %d failed\n", PACE);
    wal_options_free(read_only);
}

#endif
