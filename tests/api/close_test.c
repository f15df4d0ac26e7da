/* SPDX-License-Identifier: Apache-2.0 */
/* Close while other threads wait inside: each is told, and what was acknowledged is there. */
#include "support/log_fixture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { THREADS = 4, ROUNDS = 20 };

static void pause_ms(int ms)
{
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000L}, NULL);
}

static void start(pthread_t *thread, void *(*fn)(void *arg), void *arg)
{
    assert_int_equal(pthread_create(thread, NULL, fn, arg), 0);
}

static int result_of(pthread_t thread)
{
    void *result = NULL;
    assert_int_equal(pthread_join(thread, &result), 0);
    return (int)(intptr_t)result;
}

/* A thread that has got so far is inside the call in a moment; close must not come before. */
struct waiting {
    wal_t *log;
    wal_reader_t *reader;
    int timeout_ms;
    atomic_int begun;
};

static void await_begun(struct waiting *w)
{
    while (!atomic_load(&w->begun))
        pause_ms(1);
    pause_ms(50);
}

static void *wait_ahead(void *arg)
{
    struct waiting *w = arg;
    atomic_store(&w->begun, 1);
    return (void *)(intptr_t)wal_wait(w->log, 1000, w->timeout_ms);
}

static void *wait_reader(void *arg)
{
    struct waiting *w = arg;
    atomic_store(&w->begun, 1);
    return (void *)(intptr_t)wal_reader_wait(w->reader, w->timeout_ms);
}

static void test_waiters_for_durability_get_closed(void **state)
{
    struct log_fixture *f = *state;
    const int timeouts[] = {-1, 3600000};
    const uint32_t modes[] = {WAL_SYNC_DATA, WAL_SYNC_INTERVAL};
    pthread_t thread;

    for (size_t k = 0; k < COUNT_OF(timeouts); k++) {
        fixture_set(f, WAL_OPT_SYNC, modes[k]);
        fixture_open(f);
        fixture_append(f, "x");
        struct waiting w = {.log = f->log, .timeout_ms = timeouts[k]};
        start(&thread, wait_ahead, &w);
        await_begun(&w);
        fixture_close(f);
        assert_int_equal(result_of(thread), WAL_E_CLOSED);
    }
}

static void test_waiting_readers_get_closed(void **state)
{
    struct log_fixture *f = *state;
    const int timeouts[] = {-1, 3600000};
    const uint32_t flags[] = {0, WAL_READ_WRITTEN};
    pthread_t thread;

    for (size_t k = 0; k < COUNT_OF(timeouts); k++) {
        fixture_open(f);
        struct waiting w = {.timeout_ms = timeouts[k]};
        must(wal_reader_open(f->log, 0, flags[k], &w.reader));
        start(&thread, wait_reader, &w);
        await_begun(&w);
        fixture_close(f);
        assert_int_equal(result_of(thread), WAL_E_CLOSED);
        wal_reader_close(w.reader);
    }
}

static void test_a_waiting_follower_gets_closed(void **state)
{
    struct log_fixture *f = *state;
    pthread_t thread;

    fixture_open(f);
    wal_t *follower = fixture_open_read_only(f);
    struct waiting w = {.timeout_ms = -1};
    must(wal_reader_open(follower, 0, 0, &w.reader));
    start(&thread, wait_reader, &w);
    await_begun(&w);
    must(wal_close(follower));
    assert_int_equal(result_of(thread), WAL_E_CLOSED);
    wal_reader_close(w.reader);
}

struct appender {
    wal_t *log;
    uint64_t lsn;
};

static void *append_one(void *arg)
{
    struct appender *a = arg;
    return (void *)(intptr_t)wal_append(a->log, "x", 1, &a->lsn);
}

/* Commits that wait for company when close comes. */
static void test_commits_that_are_under_way(void **state)
{
    struct log_fixture *f = *state;
    pthread_t threads[THREADS];
    struct appender a[THREADS];
    uint64_t done = 0;

    fixture_set(f, WAL_OPT_GROUP_WAIT_US, 300000);
    fixture_open(f);
    for (int k = 0; k < THREADS; k++) {
        a[k] = (struct appender){.log = f->log};
        start(&threads[k], append_one, &a[k]);
    }
    while (wal_next_lsn(f->log) < THREADS + 1) /* then all are inside */
        pause_ms(1);
    fixture_close(f);
    for (int k = 0; k < THREADS; k++) {
        int e = result_of(threads[k]);
        assert_true(e == 0 || e == WAL_E_CLOSED);
        done += e == 0;
    }
    fixture_open(f);
    assert_int_equal(wal_last_lsn(f->log), done);
}

/* Batches and readers may be used while the log closes under them, and after. */
struct worker {
    wal_batch_t *batch;
    wal_reader_t *reader;
    uint32_t flags;
    uint64_t done; /* records that were acknowledged */
};

static int commit_once(struct worker *x)
{
    wal_record_t r = {.size = sizeof r};

    int e = wal_batch_append(x->batch, 0, &x->done, sizeof x->done);
    if (e == 0)
        e = wal_batch_commit(x->batch, x->flags, NULL, NULL);
    if (e < 0)
        return e;
    x->done++;
    e = wal_reader_wait(x->reader, 0);
    if (e == 1)
        e = wal_reader_next(x->reader, &r);
    return e;
}

static void *work(void *arg)
{
    struct worker *x = arg;
    int e;

    do {
        e = commit_once(x);
    } while (e >= 0);
    return (void *)(intptr_t)e;
}

static void close_under(struct log_fixture *f, uint32_t flags, int ms)
{
    pthread_t threads[THREADS];
    struct worker x[THREADS];

    fixture_open(f);
    uint64_t before = wal_last_lsn(f->log), done = 0;
    for (int k = 0; k < THREADS; k++) {
        x[k] = (struct worker){.flags = flags};
        must(wal_batch_new(f->log, &x[k].batch));
        must(wal_reader_open(f->log, 0, 0, &x[k].reader));
        start(&threads[k], work, &x[k]);
    }
    pause_ms(ms);
    fixture_close(f);
    for (int k = 0; k < THREADS; k++) {
        assert_int_equal(result_of(threads[k]), WAL_E_CLOSED);
        done += x[k].done;
        wal_batch_free(x[k].batch);
        wal_reader_close(x[k].reader);
    }
    fixture_open(f);
    assert_int_equal(wal_last_lsn(f->log) - before, done); /* none lost, none invented */
    assert_int_equal(wal_durable_lsn(f->log), wal_last_lsn(f->log));
    fixture_close(f);
}

static void test_close_under_busy_threads(void **state)
{
    const uint32_t flags[] = {0, WAL_APPEND_ASYNC, WAL_APPEND_SUBMIT};

    for (int round = 0; round < ROUNDS; round++)
        close_under(*state, flags[round % 3], round % 7);
}

/* With so little room appends wait for each other's writes. */
static void test_close_under_backpressure(void **state)
{
    struct log_fixture *f = *state;

    fixture_set(f, WAL_OPT_MAX_RECORD_BYTES, 8);
    fixture_set(f, WAL_OPT_PENDING_BYTES, 1);
    fixture_set(f, WAL_OPT_SEGMENT_RECORDS, 50);
    for (int round = 0; round < ROUNDS; round++)
        close_under(f, round % 2 ? WAL_APPEND_ASYNC : 0, round % 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(test_waiters_for_durability_get_closed),
        fixture_test(test_waiting_readers_get_closed),
        fixture_test(test_a_waiting_follower_gets_closed),
        fixture_test(test_commits_that_are_under_way),
        fixture_test(test_close_under_busy_threads),
        fixture_test(test_close_under_backpressure),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
