/* SPDX-License-Identifier: Apache-2.0 */
/* Subscriptions, from inside: no event between a look and the arming is lost to who polls. */
#include "spied_log.h"

#include <errno.h>
#include <poll.h>

#include "log/subscription.h"
#include "support/poor_alloc.h"

static struct wal_subscription *subscribe(struct wal *w, uint32_t mask)
{
    struct wal_subscription *s;
    must(subscription_new(w, mask, &s));
    return s;
}

static bool readable(const struct wal_subscription *s)
{
    struct pollfd p = {.fd = s->listener->signal.fd, .events = POLLIN};
    return poll(&p, 1, 0) == 1;
}

static void test_it_holds_the_log(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    struct wal *w = f->log;
    struct wal_subscription *s = subscribe(w, WAL_EVENT_SYNCED);
    assert_int_equal(w->refs, 2);
    subscription_free(s);
    assert_int_equal(w->refs, 1);
    assert_null(w->events.listeners);
}

static void test_take_and_arm(void **state)
{
    struct log_fixture *f = *state;
    wal_event_t e;

    fixture_open(f);
    struct wal_subscription *s = subscribe(f->log, WAL_EVENT_SYNCED);
    assert_int_equal(subscription_take(s, &e), 0);
    fixture_append(f, "1");
    assert_true(readable(s));
    assert_int_equal(subscription_take(s, &e), 1);
    assert_int_equal(subscription_take(s, &e), 0);
    fixture_append(f, "2"); /* between the last look and the arming */
    subscription_arm(s);
    assert_true(readable(s));
    assert_int_equal(subscription_take(s, &e), 1);
    assert_int_equal(e.lsn, 2);
    subscription_arm(s);
    assert_false(readable(s));
    fixture_append(f, "3");
    assert_true(readable(s));
    subscription_free(s);
}

static void test_arm_after_the_end(void **state)
{
    struct log_fixture *f = *state;
    wal_event_t e;

    fixture_open(f);
    struct wal_subscription *s = subscribe(f->log, WAL_EVENT_FAILED);
    fixture_close(f);
    subscription_arm(s); /* of one who saw nothing just before */
    assert_true(readable(s));
    expect_error(WAL_E_CLOSED, subscription_take(s, &e), f->dir);
    subscription_free(s);
}

static int no_signal(void *ctx, int file, struct os_signal *ret)
{
    (void)ctx;
    (void)file;
    (void)ret;
    return -EMFILE;
}

static void test_no_descriptor(void **state)
{
    struct log_fixture *f = *state;
    struct wal_subscription *s = NULL;

    fixture_open(f);
    struct wal *w = f->log;
    spy.os.signal_open = no_signal;
    expect_error(WAL_E_IO, subscription_new(w, 1, &s), f->dir);
    assert_int_equal(w->refs, 1);
    assert_null(w->events.listeners);
}

static void test_no_memory(void **state)
{
    struct log_fixture *f = *state;
    struct poor_alloc poor;
    struct wal_subscription *s = NULL;

    fixture_open(f);
    struct wal *w = f->log;
    const struct alloc *before = w->alloc;
    w->alloc = &poor.alloc;
    for (unsigned left = 0; left < 3; left++) {
        poor_init(&poor, left);
        expect_error(WAL_E_NOMEM, subscription_new(w, 1, &s), NULL);
        assert_int_equal(poor.live, 0);
    }
    poor_init(&poor, 3);
    subscription_free(subscribe(w, 1));
    assert_int_equal(poor.live, 0);
    w->alloc = before;
}

/* A look that fails leaves nothing behind. */
static void test_a_follower_that_can_not_look(void **state)
{
    struct log_fixture *f = *state;
    struct wal_subscription *s = NULL;

    fixture_open(f);
    fixture_close(f);
    fixture_set(f, WAL_OPT_READ_ONLY, 1);
    fixture_open(f);
    struct wal *w = f->log;
    spy_fail(&spy, SPY_READ, 1, EIO);
    expect_error(WAL_E_IO, subscription_new(w, 1, &s), "control");
    assert_int_equal(w->refs, 1);
    assert_null(w->events.listeners);
    subscription_free(subscribe(w, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        spied_test(test_it_holds_the_log),  spied_test(test_take_and_arm),
        spied_test(test_arm_after_the_end), spied_test(test_no_descriptor),
        spied_test(test_no_memory),         spied_test(test_a_follower_that_can_not_look),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
