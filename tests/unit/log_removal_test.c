/* SPDX-License-Identifier: Apache-2.0 */
/* Files that have left the log: who removes them, and when. */
#include "spied_log.h"

#include <errno.h>

#include "log/removal.h"
#include "support/crew.h"

enum { MANY = 40, FIRST = 100 };

/* Files that look like segments, and the list of them. */
static struct numbers litter(struct log_fixture *f, size_t n)
{
    struct numbers list = {.v = mem_new(f->log->alloc, n * sizeof *list.v), .n = n};
    for (size_t k = 0; k < n; k++) {
        list.v[k] = FIRST + k;
        fixture_write_file(fixture_segment_path(f, FIRST + k), 0, "x", 1);
    }
    return list;
}

static size_t left(struct log_fixture *f)
{
    size_t n = 0;
    for (size_t k = 0; k < MANY; k++)
        n += fixture_exists(fixture_segment_path(f, FIRST + k)) != 0;
    return n;
}

static void what_can_not_be_removed_is_a_leftover(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    fixture_fill(f, 3);
    spy_fail(&spy, SPY_UNLINK, 1, EIO);
    must(wal_reset(f->log, 10));
    assert_true(fixture_exists(fixture_segment_path(f, 1)));
    fixture_reopen(f);
    expect_range(f->log, 10, 0, 10, 9);
    fixture_append(f, "a");
    assert_false(fixture_exists(fixture_segment_path(f, 1)));
}

static void the_fault_stays(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    fault(WAL_E_RANGE, "what came before");
    spy_fail(&spy, SPY_UNLINK, 1, EIO);
    remove_quietly(f->log, "tmp-00000000000000000007");
    remove_quietly(f->log, "tmp-00000000000000000007"); /* which is not there */
    assert_string_equal(fault_last()->text, "what came before");
}

static void now(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    struct numbers list = litter(f, 3);
    fixture_remove_all(fixture_segment_path(f, FIRST + 1)); /* one is gone already */
    fault(WAL_E_INVAL, "as it was");
    remove_segments(f->log, &list);
    assert_string_equal(fault_last()->text, "as it was");
    assert_int_equal(left(f), 0);
    assert_null(list.v);
    assert_int_equal(fixture_stat(f->log, WAL_STAT_REMOVED_SEGMENTS), 3);
    remove_segments(f->log, &list); /* nothing */
    assert_int_equal(fixture_stat(f->log, WAL_STAT_REMOVED_SEGMENTS), 3);
}

static void later(struct log_fixture *f, struct numbers list)
{
    pthread_mutex_lock(&f->log->mu);
    removal_later(f->log, &list);
    pthread_mutex_unlock(&f->log->mu);
    assert_null(list.v);
}

static void begin_removal(struct log_fixture *f)
{
    pthread_mutex_lock(&f->log->mu);
    removal_begin(f->log);
    pthread_mutex_unlock(&f->log->mu);
}

/* Without a thread: as the turn is given back, not before. */
static void with_the_turn(void **state)
{
    struct log_fixture *f = *state;
    struct wal *w;

    fixture_open(f);
    w = f->log;
    struct numbers list = litter(f, MANY);
    pthread_mutex_lock(&w->mu);
    turn_take(w);
    pthread_mutex_unlock(&w->mu);
    later(f, list);
    assert_int_equal(left(f), MANY);
    pthread_mutex_lock(&w->mu);
    turn_give(w);
    assert_false(w->turn.busy);
    pthread_mutex_unlock(&w->mu);
    assert_int_equal(left(f), 0);
}

static void by_the_thread(void **state)
{
    struct log_fixture *f = *state;

    fixture_set(f, WAL_OPT_BACKGROUND, 1);
    fixture_open(f);
    for (int k = 0; k < 2; k++) { /* it hears of later ones, too */
        later(f, litter(f, MANY));
        begin_removal(f);
        fixture_append_flags(f, "a", WAL_APPEND_SUBMIT); /* it has other work, too */
        while (left(f) > 0)
            crew_pause();
    }
    must(wal_wait(f->log, 2, -1));
}

static void one_at_a_time(void **state)
{
    struct log_fixture *f = *state;
    struct wal *w;

    fixture_open(f);
    w = f->log;
    later(f, litter(f, MANY));
    later(f, (struct numbers){0});
    pthread_mutex_lock(&w->mu);
    bool worked = removal_work(w);
    pthread_mutex_unlock(&w->mu);
    assert_true(worked);
    assert_int_equal(left(f), MANY - 1);
    assert_false(fixture_exists(fixture_segment_path(f, FIRST))); /* the oldest first */
    pthread_mutex_lock(&w->mu);
    while (removal_work(w))
        ;
    pthread_mutex_unlock(&w->mu);
    assert_int_equal(left(f), 0);
}

static void the_rest_at_close(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    later(f, litter(f, MANY));
    assert_int_equal(left(f), MANY);
    fixture_close(f);
    assert_int_equal(left(f), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        spied_test(what_can_not_be_removed_is_a_leftover),
        spied_test(the_fault_stays),
        spied_test(now),
        spied_test(with_the_turn),
        spied_test(by_the_thread),
        spied_test(one_at_a_time),
        spied_test(the_rest_at_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
