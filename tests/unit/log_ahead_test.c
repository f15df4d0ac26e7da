/* SPDX-License-Identifier: Apache-2.0 */
/* Reading ahead: when a thread is started for it, and what becomes of a replay when it can't be, or
 * has no memory. tests/api/replay_ahead_test.c shows that nothing else changes. */
#include <pthread.h>
#include <stdlib.h>

#include "api/options.h"
#include "base/codes.h"
#include "support/log_fixture.h"

enum { SIZE = 1000 };

static struct os os;
static unsigned started, stopped;
static bool refuse;

static int count_start(void *ctx, os_step_fn step, void *arg, struct os_thread **ret)
{
    started++;
    return refuse ? -EAGAIN : os_posix()->thread_start(ctx, step, arg, ret);
}

static void count_stop(void *ctx, struct os_thread *t)
{
    stopped++;
    os_posix()->thread_stop(ctx, t);
}

static void open_counting(struct log_fixture *f, uint64_t threads)
{
    started = stopped = 0;
    refuse = false;
    os = *os_posix();
    os.thread_start = count_start;
    os.thread_stop = count_stop;
    options_set_os(f->options, &os);
    fixture_set(f, WAL_OPT_BACKGROUND, 0);
    fixture_set(f, WAL_OPT_READ_THREADS, threads);
    fixture_set(f, WAL_OPT_SYNC, WAL_SYNC_NONE);
    fixture_set(f, WAL_OPT_GROUP_BYTES, 64 << 10);
    fixture_open(f);
}

static void fill(struct log_fixture *f, unsigned n)
{
    for (unsigned k = 0; k < n; k++)
        must(wal_append(f->log, fixture_bytes(SIZE, 'a'), SIZE, NULL));
    must(wal_sync(f->log, 0));
}

static int count(void *ctx, const wal_record_t *r)
{
    (void)r;
    ++*(unsigned *)ctx;
    return 0;
}

static void expect_replay(struct log_fixture *f, unsigned n)
{
    unsigned got = 0;
    must(wal_replay(f->log, 0, count, &got, NULL));
    assert_int_equal(got, n);
}

static void a_thread_for_more_than_a_block(void **state)
{
    struct log_fixture *f = *state;
    open_counting(f, 2);
    fill(f, 100);
    expect_replay(f, 100);
    assert_int_equal(started, 0);
    fill(f, 1900);
    expect_replay(f, 2000);
    assert_int_equal(started, 1);
    assert_int_equal(stopped, 1);
    must(wal_rotate(f->log));
    fill(f, 2000);
    expect_replay(f, 4000);
    assert_int_equal(started, 2); /* one for both segments */
    assert_int_equal(stopped, 2);
}

static void none_with_one_thread(void **state)
{
    struct log_fixture *f = *state;
    open_counting(f, 1);
    fill(f, 2000);
    expect_replay(f, 2000);
    assert_int_equal(started, 0);
}

static void none_that_can_be_had(void **state)
{
    struct log_fixture *f = *state;
    open_counting(f, 2);
    fill(f, 3000);
    refuse = true;
    expect_replay(f, 3000);
    assert_int_equal(started, 1); /* it isn't tried again and again */
    assert_int_equal(stopped, 0);
}

struct stinted {
    pthread_mutex_t mu;
    unsigned left;
};

static void *stint_alloc(void *ctx, size_t size)
{
    struct stinted *s = ctx;
    pthread_mutex_lock(&s->mu);
    bool can = s->left > 0;
    s->left -= can;
    pthread_mutex_unlock(&s->mu);
    return can ? malloc(size) : NULL;
}

static void *stint_resize(void *ctx, void *p, size_t size)
{
    struct stinted *s = ctx;
    pthread_mutex_lock(&s->mu);
    bool can = s->left > 0;
    s->left -= can;
    pthread_mutex_unlock(&s->mu);
    return can ? realloc(p, size) : NULL;
}

static void stint_release(void *ctx, void *p)
{
    (void)ctx;
    free(p);
}

/* Whatever the thread lacks, the replay itself gets on, or says NOMEM. */
static void without_memory(void **state)
{
    struct log_fixture *f = *state;
    static struct stinted s = {.mu = PTHREAD_MUTEX_INITIALIZER, .left = UINT32_MAX};
    const wal_allocator_t a = {.size = sizeof a,
                               .ctx = &s,
                               .alloc = stint_alloc,
                               .resize = stint_resize,
                               .release = stint_release};
    must(wal_options_set_allocator(f->options, &a));
    open_counting(f, 2);
    fill(f, 3000);
    unsigned whole = 0;
    for (unsigned n = 0; n < 20; n++) {
        unsigned got = 0;
        s.left = n;
        int e = wal_replay(f->log, 0, count, &got, NULL);
        assert_true((e == 0 && got == 3000) || e == WAL_E_NOMEM);
        whole += e == 0;
    }
    s.left = UINT32_MAX;
    assert_true(whole > 5);
    assert_int_equal(started, stopped);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(a_thread_for_more_than_a_block),
        fixture_test(none_with_one_thread),
        fixture_test(none_that_can_be_had),
        fixture_test(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
