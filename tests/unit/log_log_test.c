/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of a log share: who keeps it alive, and what a failure does to those who wait. */
#include "spied_log.h"

#include "log/turn.h"
#include "support/poor_alloc.h"

static struct poor_alloc poor;

static void *pool_alloc(void *ctx, size_t size)
{
    return poor_new(ctx, size);
}

static void *pool_resize(void *ctx, void *p, size_t size)
{
    return poor_resize(ctx, p, size);
}

static void pool_release(void *ctx, void *p)
{
    poor_release(ctx, p);
}

static void the_last_reference_frees_it(void **state)
{
    struct log_fixture *f = *state;
    const wal_allocator_t a = {.size = sizeof a,
                               .ctx = &poor,
                               .alloc = pool_alloc,
                               .resize = pool_resize,
                               .release = pool_release};

    poor_init(&poor, UINT32_MAX);
    must(wal_options_set_allocator(f->options, &a));
    fixture_open(f);
    fixture_append_flags(f, "buffered", WAL_APPEND_ASYNC);
    struct wal *w = f->log;
    wal_ref(w);
    wal_ref(w);
    fixture_close(f);
    assert_true(poor.live > 0);
    wal_unref(w);
    assert_true(poor.live > 0);
    wal_unref(w);
    assert_int_equal(poor.live, 0);
}

static void fail_log(struct wal *w, const char *why)
{
    fault_at(WAL_E_IO, 5, 6, 7, "%s", why);
    pthread_mutex_lock(&w->mu);
    wal_fail(w);
    pthread_mutex_unlock(&w->mu);
}

static void waiters_are_in_doubt_and_durable_ones_are_not(void **state)
{
    struct log_fixture *f = *state;
    struct waiter durable, buffered;

    fixture_open(f);
    fixture_append(f, "a");
    fixture_append_flags(f, "b", WAL_APPEND_ASYNC);
    pthread_mutex_lock(&f->log->mu);
    waiter_add(f->log, &durable, 1);
    waiter_add(f->log, &buffered, 2);
    pthread_mutex_unlock(&f->log->mu);
    fail_log(f->log, "the disk is gone");
    assert_false(durable.done);
    assert_true(buffered.done);
    assert_int_equal(buffered.error.code, WAL_E_INDOUBT);
    assert_int_equal(buffered.error.lsn, 2);
    assert_non_null(strstr(buffered.error.text, "the disk is gone"));
    pthread_mutex_lock(&f->log->mu);
    waiter_remove(f->log, &durable);
    waiter_remove(f->log, &buffered);
    pthread_mutex_unlock(&f->log->mu);
}

static void the_first_cause_is_kept(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    fail_log(f->log, "the first");
    fail_log(f->log, "the second");
    assert_int_equal(wal_failure(f->log), WAL_E_IO);
    assert_int_equal(wal_failed_fault(f->log), WAL_E_FAILED);
    const struct fault *x = fault_last();
    assert_non_null(strstr(x->text, "the first"));
    assert_true(x->lsn == 5 && x->segment == 6 && x->offset == 7);
    assert_int_equal(wal_indoubt_fault(f->log, 9), WAL_E_INDOUBT);
    assert_non_null(strstr(fault_last()->text, "the first"));
    assert_int_equal(fault_last()->lsn, 9);
}

/* The child of a fork is another process: nothing there is its own. */
static void it_belongs_to_the_process_that_opened_it(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    assert_true(wal_is_ours(f->log));
    spy.forks++;
    assert_false(wal_is_ours(f->log));
    expect_error(WAL_E_FORK, wal_append(f->log, "a", 1, NULL), NULL);
    spy.forks--;
    assert_int_equal(fixture_append(f, "a"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        spied_test(the_last_reference_frees_it),
        spied_test(waiters_are_in_doubt_and_durable_ones_are_not),
        spied_test(the_first_cause_is_kept),
        spied_test(it_belongs_to_the_process_that_opened_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
