/* SPDX-License-Identifier: Apache-2.0 */
/* The write turn: one at a time, kept for those that asked for it, and nobody sleeps on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <errno.h>

#include "base/codes.h"
#include "log/commit.h"
#include "log/turn.h"
#include "support/yard.h"

static struct yard yard;

static int setup(void **state)
{
    (void)state;
    yard_make(&yard);
    yard_set(&yard, WAL_OPT_BACKGROUND, 0);
    yard_open(&yard);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    yard_remove(&yard);
    return 0;
}

static void test_one_at_a_time(void **state)
{
    struct wal *w = yard.log;

    (void)state;
    pthread_mutex_lock(&w->mu);
    assert_true(turn_try(w));
    assert_false(turn_try(w));
    turn_give(w);
    turn_take(w);
    assert_false(turn_try(w));
    turn_give(w);
    assert_true(turn_try(w));
    turn_give(w);
    pthread_mutex_unlock(&w->mu);
}

static _Atomic uint32_t taken;

static void take(void *arg, unsigned who)
{
    struct wal *w = arg;
    (void)who;
    pthread_mutex_lock(&w->mu);
    turn_take(w);
    atomic_fetch_add(&taken, 1);
    turn_give(w);
    pthread_mutex_unlock(&w->mu);
}

static void await_wanted(struct wal *w, uint32_t n)
{
    pthread_mutex_lock(&w->mu);
    while (w->turn.wanted < n || w->turn.sleepers < n) {
        pthread_mutex_unlock(&w->mu);
        crew_pause();
        pthread_mutex_lock(&w->mu);
    }
    pthread_mutex_unlock(&w->mu);
}

/* A commit can't snatch the turn from under one who asked for it before. */
static void test_kept_for_who_wants_it(void **state)
{
    struct wal *w = yard.log;
    struct crew c;

    (void)state;
    pthread_mutex_lock(&w->mu);
    turn_take(w);
    pthread_mutex_unlock(&w->mu);
    crew_start(&c, 3, take, w);
    await_wanted(w, 3);
    pthread_mutex_lock(&w->mu);
    turn_give(w);
    assert_false(turn_try(w));
    pthread_mutex_unlock(&w->mu);
    crew_join(&c);
    assert_int_equal(atomic_load(&taken), 3);
    pthread_mutex_lock(&w->mu);
    assert_true(turn_try(w));
    turn_give(w);
    pthread_mutex_unlock(&w->mu);
}

/* Other work that follows on other work lets a round in between. */
static void test_rounds_and_other_work_alternate(void **state)
{
    struct wal *w = yard.log;
    struct waiter me;
    struct crew c;

    (void)state;
    atomic_store(&taken, 0);
    pthread_mutex_lock(&w->mu);
    turn_take(w);
    pthread_mutex_unlock(&w->mu);
    crew_start(&c, 2, take, w);
    await_wanted(w, 2);
    pthread_mutex_lock(&w->mu);
    waiter_add(w, &me, 1);
    turn_give(w);
    assert_int_equal(w->turn.kept, KEPT_FOR_A_ROUND);
    assert_true(turn_try(w));
    turn_give(w);
    assert_int_equal(w->turn.kept, KEPT_FOR_WORK);
    pthread_mutex_unlock(&w->mu);
    crew_await(&taken, 1);
    pthread_mutex_lock(&w->mu);
    assert_int_equal(atomic_load(&taken), 1); /* the second one lets the waiter lead, and ... */
    waiter_remove(w, &me);                    /* ... goes on as soon as there is none */
    pthread_mutex_unlock(&w->mu);
    crew_join(&c);
    assert_int_equal(w->turn.kept, KEPT_FOR_NOBODY);
}

static void test_sleep_ends_in_time(void **state)
{
    struct wal *w = yard.log;
    int r = 0;

    (void)state;
    pthread_mutex_lock(&w->mu);
    while (r == 0) /* 0 may come for no reason */
        r = turn_sleep(w, 1000);
    pthread_mutex_unlock(&w->mu);
    assert_int_equal(r, -ETIMEDOUT);
}

static void test_answers_go_to_their_range_once(void **state)
{
    struct wal *w = yard.log;
    struct waiter x[4];
    struct fault first = {.code = WAL_E_IO}, second = {.code = WAL_E_NOSPC}, fine = {.code = 0};

    (void)state;
    pthread_mutex_lock(&w->mu);
    for (unsigned k = 0; k < 4; k++)
        waiter_add(w, &x[k], 10 + k);
    waiters_answer(w, 11, 12, &first);
    waiters_answer(w, 12, 13, &second);
    waiters_answer(w, 10, 10, &fine);
    assert_true(x[0].done && x[0].error.code == 0);
    assert_true(x[1].done && x[1].error.code == WAL_E_IO && x[1].error.lsn == 11);
    assert_true(x[2].done && x[2].error.code == WAL_E_IO && x[2].error.lsn == 12);
    assert_true(x[3].done && x[3].error.code == WAL_E_NOSPC && x[3].error.lsn == 13);
    waiter_remove(w, &x[1]); /* from the middle, the end, the beginning */
    waiter_remove(w, &x[0]);
    waiter_remove(w, &x[3]);
    assert_ptr_equal(w->turn.waiters, &x[2]);
    waiter_remove(w, &x[2]);
    assert_null(w->turn.waiters);
    pthread_mutex_unlock(&w->mu);
}

static _Atomic uint32_t waiting;

static void wait_for_one(void *arg, unsigned who)
{
    struct wal *w = arg;
    struct waiter me;

    (void)who;
    pthread_mutex_lock(&w->mu);
    waiter_add(w, &me, 1);
    atomic_store(&waiting, 1);
    MUST_BE(commit_wait(w, &me, -1), 0);
    pthread_mutex_unlock(&w->mu);
}

/* A round that ended without an answer for one of its waiters (its record was buffered, and could
 * not be written): the next time that the turn is free it leads, whichever word it slept on. */
static void test_waiter_of_a_round_that_is_over_leads(void **state)
{
    struct wal *w = yard.log;
    struct crew c;

    (void)state;
    assert_int_equal(wal_append_typed(w, 0, "x", 1, WAL_APPEND_ASYNC, NULL), 0);
    pthread_mutex_lock(&w->mu);
    turn_take(w);
    pthread_mutex_unlock(&w->mu);
    crew_start(&c, 1, wait_for_one, w);
    crew_await(&waiting, 1);
    pthread_mutex_lock(&w->mu); /* its round comes to its end, and others have the turn at once */
    w->turn.finished[w->turn.round & 1] = true;
    w->turn.over = ++w->turn.round;
    turn_give(w);
    assert_true(turn_try(w));
    pthread_mutex_unlock(&w->mu);
    for (int k = 0; k < 100;
         k++) /* long enough to fall asleep again; too short only lets it pass */
        crew_pause();
    pthread_mutex_lock(&w->mu);
    turn_give(w);
    pthread_mutex_unlock(&w->mu);
    crew_join(&c);
    assert_int_equal(wal_durable_lsn(w), 1);
}

static _Atomic uint32_t admitted;

static void append(void *arg, unsigned who)
{
    (void)who;
    MUST_BE(wal_append(arg, "y", 1, NULL), 0);
    atomic_fetch_add(&admitted, 1);
}

static void test_closed_gate_lets_no_append_in(void **state)
{
    struct wal *w = yard.log;
    struct crew c;

    (void)state;
    pthread_mutex_lock(&w->mu);
    gate_close(w);
    gate_close(w);
    pthread_mutex_unlock(&w->mu);
    assert_int_equal(wal_append_typed(w, 0, "z", 1, WAL_APPEND_NOWAIT, NULL), WAL_E_BUSY);
    crew_start(&c, 2, append, w);
    pthread_mutex_lock(&w->mu);
    while (w->turn.sleepers < 2) {
        pthread_mutex_unlock(&w->mu);
        crew_pause();
        pthread_mutex_lock(&w->mu);
    }
    gate_open(w);
    assert_int_equal(w->next_lsn, 1); /* it was closed twice */
    assert_int_equal(w->turn.held, 2);
    gate_open(w);
    assert_int_equal(w->turn.let_in, 2); /* it won't close again before these have looked */
    pthread_mutex_unlock(&w->mu);
    crew_join(&c);
    assert_int_equal(atomic_load(&admitted), 2);
    assert_int_equal(w->turn.held, 0);
    assert_int_equal(w->turn.let_in, 0);
}

static _Atomic bool closed_again;

static void close_again(void *arg, unsigned who)
{
    struct wal *w = arg;
    (void)who;
    pthread_mutex_lock(&w->mu);
    gate_close(w);
    atomic_store(&closed_again, true);
    gate_open(w);
    pthread_mutex_unlock(&w->mu);
}

/* Two that a gate held up have to look again before it closes. */
static void test_gate_closes_behind_those_it_held_up(void **state)
{
    struct wal *w = yard.log;
    struct crew c;

    (void)state;
    pthread_mutex_lock(&w->mu);
    w->turn.let_in = 2;
    pthread_mutex_unlock(&w->mu);
    crew_start(&c, 1, close_again, w);
    for (int left = 1; left >= 0; left--) {
        pthread_mutex_lock(&w->mu);
        while (w->turn.sleepers < 1) {
            pthread_mutex_unlock(&w->mu);
            crew_pause();
            pthread_mutex_lock(&w->mu);
        }
        assert_false(atomic_load(&closed_again));
        w->turn.let_in = (uint32_t)left;
        turn_changed(w);
        pthread_mutex_unlock(&w->mu);
    }
    crew_join(&c);
    assert_true(atomic_load(&closed_again));
}

#define turn_test(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

static void poll_signal(void *arg, unsigned who)
{
    struct wal *w = yard.log;
    (void)who;
    pthread_mutex_lock(&w->mu);
    MUST_BE(turn_poll(w, arg, -1), 0);
    MUST(!w->turn.polled);
    pthread_mutex_unlock(&w->mu);
}

/* Who polls is woken as who sleeps, and by the signal itself; it is used up by that. */
static void test_poll_ends_by_a_change_too(void **state)
{
    struct wal *w = yard.log;
    struct os_signal s;
    struct crew c;
    bool polls = false;

    (void)state;
    assert_int_equal(w->os->signal_open(w->os->ctx, -1, &s), 0);
    crew_start(&c, 1, poll_signal, &s);
    while (!polls) {
        pthread_mutex_lock(&w->mu);
        polls = w->turn.polled == &s;
        if (polls)
            turn_changed(w);
        pthread_mutex_unlock(&w->mu);
        crew_pause();
    }
    crew_join(&c);
    w->os->signal_set(w->os->ctx, &s);
    poll_signal(&s, 0);
    pthread_mutex_lock(&w->mu);
    turn_changed(w); /* nobody is there */
    assert_int_equal(turn_poll(w, &s, 1000), -ETIMEDOUT);
    pthread_mutex_unlock(&w->mu);
    w->os->signal_close(w->os->ctx, &s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        turn_test(test_one_at_a_time),
        turn_test(test_kept_for_who_wants_it),
        turn_test(test_rounds_and_other_work_alternate),
        turn_test(test_sleep_ends_in_time),
        turn_test(test_poll_ends_by_a_change_too),
        turn_test(test_answers_go_to_their_range_once),
        turn_test(test_waiter_of_a_round_that_is_over_leads),
        turn_test(test_closed_gate_lets_no_append_in),
        turn_test(test_gate_closes_behind_those_it_held_up),
    };
    dog_start();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    dog_stop();
    return failed;
}
