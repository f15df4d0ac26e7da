/* SPDX-License-Identifier: Apache-2.0 */
/* Waiting on a read-only handle: who watches control, and who sleeps beside. */
#include "spied_log.h"

#include "log/follow.h"
#include "support/listen_os.h"

static struct listen_os ears;
static struct wal *follower;

static void follow(struct log_fixture *f, enum hearing hearing)
{
    wal_options_t *o;

    fixture_open(f);
    listen_init(&ears, hearing);
    must(wal_options_new(&o));
    must(wal_options_set(o, WAL_OPT_READ_ONLY, 1));
    options_set_os(o, &ears.os);
    must(wal_open(f->dir, o, &follower));
    wal_options_free(o);
}

static int teardown(void **state)
{
    must(wal_close(follower));
    follower = NULL;
    return fixture_teardown(state);
}

static void sleep_under_mu(bool *watches, int64_t timeout_ns)
{
    pthread_mutex_lock(&follower->mu);
    watch_sleep(follower, watches, timeout_ns);
    pthread_mutex_unlock(&follower->mu);
}

static void change(void)
{
    pthread_mutex_lock(&follower->mu);
    turn_changed(follower);
    pthread_mutex_unlock(&follower->mu);
}

static void expect_quiet(void)
{
    pthread_mutex_lock(&follower->mu);
    assert_int_equal(turn_poll(follower, &follower->follower->watch.signal, 0), -ETIMEDOUT);
    assert_null(follower->turn.polled);
    pthread_mutex_unlock(&follower->mu);
}

static void it_is_opened_by_the_first_who_waits(void **state)
{
    bool watches = false;

    follow(*state, HEARS_WRITES);
    watch_end(follower, false); /* of a wait that never slept */
    assert_int_equal(follower->follower->watch.signal.fd, -1);
    sleep_under_mu(&watches, -1); /* what came before isn't told: look first */
    assert_true(watches && follower->follower->watch.taken);
    assert_true(follower->follower->watch.signal.fd >= 0);
    assert_int_equal(ears.sleeps, 0);
    watch_end(follower, watches);
    assert_false(follower->follower->watch.taken);
    watches = false;
    sleep_under_mu(&watches, -1);
    assert_true(watches);
    assert_int_equal(ears.opens, 1);
    watch_end(follower, watches);
}

static void a_write_wakes_it_once(void **state)
{
    struct log_fixture *f = *state;
    bool watches = false;

    follow(f, HEARS_WRITES);
    sleep_under_mu(&watches, -1);
    for (int k = 0; k < 3; k++) {
        fixture_append(f, "x");
        sleep_under_mu(&watches, -1);
        expect_quiet();
    }
    fixture_append(f, "x");
    watch_end(follower, watches);
    watches = false;
    sleep_under_mu(&watches, -1); /* the next one begins anew, with a look of his own */
    expect_quiet();
    assert_int_equal(ears.sleeps, 3 * 2 + 1);
    watch_end(follower, watches);
}

/* Who sleeps beside the one who watches sleeps as on a log that writes. */
static void the_second_one_does_not_watch(void **state)
{
    bool watches = false, second = false;

    follow(*state, HEARS_WRITES);
    sleep_under_mu(&watches, -1);
    sleep_under_mu(&second, 1000);
    assert_false(second);
    watch_end(follower, second);
    assert_true(follower->follower->watch.taken);
    watch_end(follower, watches);
    sleep_under_mu(&second, -1);
    assert_true(second);
    watch_end(follower, second);
}

/* What is set before anybody polls isn't told to him who begins. */
static void nobody_is_woken_for_nothing(void **state)
{
    bool watches = false;

    follow(*state, HEARS_WRITES);
    sleep_under_mu(&watches, -1);
    change();
    expect_quiet();
    watch_end(follower, watches);
}

static void without_a_signal_it_sleeps_briefly(void **state)
{
    bool watches = false;

    follow(*state, HEARS_NOTHING);
    sleep_under_mu(&watches, -1);
    assert_true(watches);
    assert_int_equal(follower->follower->watch.signal.fd, -1);
    for (int k = 0; k < 3; k++)
        sleep_under_mu(&watches, k == 0 ? -1 : INT64_MAX); /* hangs if there is no limit */
    watch_end(follower, watches);
    watches = false;
    sleep_under_mu(&watches, -1); /* perhaps there is one by now */
    assert_int_equal(ears.opens, 2);
    watch_end(follower, watches);
}

static void the_limit(void **state)
{
    (void)state;
    int64_t most = watch_limit(-1);
    assert_true(most > 0 && most <= 10 * 1000 * 1000);
    assert_int_equal(watch_limit(INT64_MAX), most);
    assert_int_equal(watch_limit(most - 1), most - 1);
    assert_int_equal(watch_limit(0), 0);
}

static void in_the_child_of_a_fork_it_has_none(void **state)
{
    bool watches = false;

    follow(*state, HEARS_WRITES);
    sleep_under_mu(&watches, -1);
    watch_end(follower, watches);
    struct os_signal open = follower->follower->watch.signal;
    watch_disown(&follower->follower->watch);
    watch_free(follower);
    assert_int_equal(ears.os.signal_wait(&ears, &open, 0), -ETIMEDOUT); /* it was left alone */
    follower->follower->watch.signal = open;
}

#define watch_test(fn) cmocka_unit_test_setup_teardown(fn, spied_setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        watch_test(it_is_opened_by_the_first_who_waits), watch_test(a_write_wakes_it_once),
        watch_test(the_second_one_does_not_watch),       watch_test(nobody_is_woken_for_nothing),
        watch_test(without_a_signal_it_sleeps_briefly),  cmocka_unit_test(the_limit),
        watch_test(in_the_child_of_a_fork_it_has_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
