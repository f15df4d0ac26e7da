/* SPDX-License-Identifier: Apache-2.0 */
/* The background thread: there when there is work, gone when told, done without where it can't be.
 */
#include "spied_log.h"

#include <errno.h>

#include "log/background.h"
#include "support/crew.h"
#include "support/simdisk.h"
#include "support/told.h"

static struct os counting;
static unsigned starts, stops;
static int refusal;

static int start(void *ctx, os_step_fn step, void *arg, struct os_thread **ret)
{
    starts++;
    return refusal ? refusal : os_posix()->thread_start(ctx, step, arg, ret);
}

static void stop(void *ctx, struct os_thread *t)
{
    stops++;
    os_posix()->thread_stop(ctx, t);
}

static int setup(void **state)
{
    if (fixture_setup(state) != 0)
        return -1;
    struct log_fixture *f = *state;
    starts = stops = 0;
    refusal = 0;
    counting = *os_posix();
    counting.thread_start = start;
    counting.thread_stop = stop;
    options_set_os(f->options, &counting);
    fixture_set(f, WAL_OPT_ZERO_AHEAD_BYTES, 0); /* no other work for it */
    return 0;
}

static void await_durable(struct log_fixture *f, uint64_t lsn)
{
    while (wal_durable_lsn(f->log) < lsn)
        crew_pause();
}

static void a_log_of_blocking_calls_has_none(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    fixture_append(f, "a");
    fixture_append_flags(f, "b", WAL_APPEND_ASYNC);
    must(wal_sync(f->log, 0));
    fixture_close(f);
    assert_int_equal(starts, 0);
    assert_int_equal(stops, 0);
}

static void it_commits_what_was_submitted(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    for (uint64_t k = 1; k <= 50; k++) {
        assert_int_equal(fixture_append_flags(f, "a", WAL_APPEND_SUBMIT), k);
        await_durable(f, k); /* nobody else would do it */
    }
    fixture_close(f);
    assert_int_equal(starts, 1);
    assert_int_equal(stops, 1);
}

static void it_syncs_interval_logs_in_time_and_by_bytes(void **state)
{
    struct log_fixture *f = *state;
    fixture_set(f, WAL_OPT_SYNC, WAL_SYNC_INTERVAL);
    fixture_set(f, WAL_OPT_INTERVAL_MS, 1);
    fixture_open(f);
    for (uint64_t k = 1; k <= 20; k++) {
        fixture_append(f, "a");
        await_durable(f, k);
    }
    fixture_close(f);
    fixture_set(f, WAL_OPT_INTERVAL_MS, 3600000);
    fixture_set(f, WAL_OPT_INTERVAL_BYTES, 1000);
    fixture_open(f);
    uint64_t before = wal_durable_lsn(f->log);
    fixture_append(f, "a");
    must(wal_append(f->log, fixture_bytes(1000, 'b'), 1000, NULL));
    await_durable(f, before + 2);
}

static void errors_of_its_writes_are_tried_again(void **state)
{
    struct log_fixture *f = *state;
    static struct spy_os slow; /* only the thread writes while it strikes */

    spy_init(&slow);
    slow.os.thread_start = start;
    slow.os.thread_stop = stop;
    options_set_os(f->options, &slow.os);
    fixture_open(f);
    fixture_append(f, "first");
    spy_fail(&slow, SPY_WRITE, 1, ENOSPC);
    fixture_append_flags(f, "a", WAL_APPEND_SUBMIT);
    await_durable(f, 2);
    assert_int_equal(slow.faults[0].at, 0);
    assert_int_equal(wal_failure(f->log), 0);
    fixture_close(f);
    options_set_os(f->options, &counting);
    fixture_open(f);
    expect_record(f->log, 2, "a");
}

/* Between two attempts it sleeps, also where it was asked for zeros meanwhile. */
static void a_full_disk_does_not_keep_it_busy(void **state)
{
    struct log_fixture *f = *state;
    struct simdisk *d = simdisk_new(1);
    wal_t *w;

    options_set_os(f->options, simdisk_os(d));
    fixture_set(f, WAL_OPT_ZERO_AHEAD_BYTES, 8192);
    must(wal_open("/log", f->options, &w));
    for (int k = 0; k < 4; k++)
        must(wal_append(w, fixture_bytes(1500, 'x'), 1500, NULL));
    simdisk_set_full(d, 1, ENOSPC);
    must(wal_append_typed(w, 0, fixture_bytes(6000, 'x'), 6000, WAL_APPEND_SUBMIT, NULL));
    uint64_t calls = simdisk_calls(d, SIMDISK_ANY);
    simdisk_run_background(d);
    assert_true(wal_durable_lsn(w) == 4);
    assert_true(simdisk_calls(d, SIMDISK_ANY) - calls < 50);
    simdisk_set_full(d, 1, 0); /* there is room again */
    simdisk_advance(d, UINT64_C(1000000000));
    simdisk_run_background(d);
    assert_true(wal_durable_lsn(w) == 5);
    must(wal_close(w));
    simdisk_free(d);
}

static void callers_do_without_where_there_can_be_none(void **state)
{
    struct log_fixture *f = *state;

    refusal = -EAGAIN;
    fixture_open(f);
    fixture_append_flags(f, "a", WAL_APPEND_SUBMIT);
    fixture_append_flags(f, "b", WAL_APPEND_SUBMIT);
    assert_int_equal(starts, 1); /* asked for once */
    must(wal_wait(f->log, 2, -1));
    fixture_close(f);
    fixture_set(f, WAL_OPT_SYNC, WAL_SYNC_INTERVAL);
    fixture_open(f);
    fixture_append(f, "c");
    must(wal_wait(f->log, 3, -1)); /* no timer will come to it */
    fixture_close(f);
    assert_int_equal(stops, 0);
}

/* Its own syncs, of zeros ahead, fail the log: it tells so itself, since nobody else may come. */
static pthread_t main_thread;
static _Atomic uint32_t there, go; /* the thread is at its sync; nobody else is inside */

static int fail_elsewhere(void *ctx, int fd, enum os_sync how)
{
    if (pthread_equal(main_thread, pthread_self()))
        return os_posix()->sync(ctx, fd, how);
    atomic_store(&there, 1);
    crew_await(&go, 1);
    return -EIO;
}

static struct told told;

static void a_failed_sync_of_its_own_is_told(void **state)
{
    struct log_fixture *f = *state;

    memset(&told, 0, sizeof told);
    main_thread = pthread_self();
    counting.sync = fail_elsewhere;
    fixture_set(f, WAL_OPT_ZERO_AHEAD_BYTES, 1 << 20);
    must(wal_options_set_events(f->options, WAL_EVENT_FAILED, told_event, &told));
    fixture_open(f);
    must(wal_on_durable(f->log, 1000000, told_durable, &told));
    while (!atomic_load(&there)) /* until it has zeros to write */
        must(wal_append(f->log, fixture_bytes(60000, 'x'), 60000, NULL));
    atomic_store(&go, 1);
    told_await(&told, 1);
    told_await_events(&told, 1);
    assert_int_equal(told.result[0], WAL_E_FAILED);
    assert_int_equal(told.event[0].code, WAL_E_IO);
}

#define background_test(fn) cmocka_unit_test_setup_teardown(fn, setup, fixture_teardown)

/* The last of them, too, behind which it has nothing to do: the program hears of it at once. */
static void it_tells_of_what_it_has_removed(void **state)
{
    struct log_fixture *f = *state;

    memset(&told, 0, sizeof told);
    fixture_set(f, WAL_OPT_SEGMENT_RECORDS, 1);
    fixture_set(f, WAL_OPT_RETAIN_SEGMENTS, 1);
    must(wal_options_set_events(f->options, WAL_EVENT_REMOVED, told_event, &told));
    fixture_open(f);
    for (uint32_t k = 1; k <= 20; k++) {
        fixture_append_flags(f, "a", WAL_APPEND_SUBMIT);
        await_durable(f, k);
        told_await_events(&told, k < 3 ? 0 : k - 2);
    }
    fixture_close(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        background_test(a_log_of_blocking_calls_has_none),
        background_test(it_commits_what_was_submitted),
        background_test(it_syncs_interval_logs_in_time_and_by_bytes),
        background_test(errors_of_its_writes_are_tried_again),
        background_test(a_full_disk_does_not_keep_it_busy),
        background_test(callers_do_without_where_there_can_be_none),
        background_test(a_failed_sync_of_its_own_is_told),
        background_test(it_tells_of_what_it_has_removed),
    };
    dog_start();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    dog_stop();
    return failed;
}
