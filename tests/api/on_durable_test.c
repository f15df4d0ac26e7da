/* SPDX-License-Identifier: Apache-2.0 */
/* wal_on_durable: called once when the record is durable or can't be, in order, on the right
 * thread; what it may do inside is in callbacks_test.c. */
#include "support/log_fixture.h"

#include <string.h>

#include "api/options.h"
#include "support/spy_os.h"
#include "support/told.h"

static struct told told;
static struct spy_os spy;

static int setup(void **state)
{
    memset(&told, 0, sizeof told);
    return fixture_setup(state);
}

#define durable_test(fn) cmocka_unit_test_setup_teardown(fn, setup, fixture_teardown)

static void on_durable(struct log_fixture *f, uint64_t lsn)
{
    must(wal_on_durable(f->log, lsn, told_durable, &told));
}

/* The nth call was this, on this thread. */
static void expect_call(uint32_t nth, uint64_t lsn, int result)
{
    assert_true(nth < told.n);
    assert_int_equal(told.lsn[nth], lsn);
    assert_int_equal(told.result[nth], result);
    assert_true(pthread_equal(told.thread[nth], pthread_self()));
}

static void spied_open(struct log_fixture *f)
{
    spy_init(&spy);
    options_set_os(f->options, &spy.os);
    fixture_set(f, WAL_OPT_BACKGROUND, 0);
    fixture_open(f);
}

static void test_already_durable(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    fixture_fill(f, 3);
    on_durable(f, 2);
    expect_call(0, 2, 0);
    on_durable(f, 3);
    on_durable(f, 1);
    assert_int_equal(told.n, 3);
    expect_call(2, 1, 0);
    must(wal_truncate_before(f->log, 3));
    on_durable(f, 1); /* it was */
    expect_call(3, 1, 0);
}

static void test_ahead(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    on_durable(f, 4);
    on_durable(f, 2);
    on_durable(f, 2);
    on_durable(f, 1);
    on_durable(f, UINT64_MAX);
    assert_int_equal(told.n, 0);
    fixture_append(f, "1");
    assert_int_equal(told.n, 1);
    expect_call(0, 1, 0);
    fixture_append(f, "2");
    assert_int_equal(told.n, 3);
    expect_call(1, 2, 0);
    expect_call(2, 2, 0);
    fixture_append(f, "3");
    assert_int_equal(told.n, 3);
    fixture_append(f, "4");
    expect_call(3, 4, 0);
    fixture_close(f);
    assert_int_equal(told.n, 5);
    expect_call(4, UINT64_MAX, WAL_E_CLOSED);
}

static void test_in_the_order_of_lsns(void **state)
{
    struct log_fixture *f = *state;
    uint64_t lsn = 1;

    fixture_open(f);
    for (unsigned k = 0; k < 500; k++)
        on_durable(f, 1 + k * 389 % 500);
    for (unsigned k = 0; k < 499; k++)
        fixture_append_flags(f, "x", WAL_APPEND_ASYNC);
    assert_int_equal(told.n, 0);
    fixture_append(f, "x"); /* all at once */
    assert_int_equal(told.n, 500);
    for (unsigned k = 0; k < 500; k++, lsn++)
        expect_call(k, lsn, 0);
}

static void test_drives_no_sync(void **state)
{
    struct log_fixture *f = *state;

    spied_open(f);
    fixture_append_flags(f, "1", WAL_APPEND_ASYNC);
    spy_clear(&spy);
    on_durable(f, 1);
    must(wal_flush(f->log));
    assert_int_equal(spy.calls[SPY_SYNC], 0);
    assert_int_equal(told.n, 0);
    must(wal_sync(f->log, 0));
    expect_call(0, 1, 0);
}

/* By the background thread. */
static void test_submitted(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    for (unsigned k = 1; k <= 100; k++) {
        on_durable(f, k);
        assert_int_equal(fixture_append_flags(f, "x", WAL_APPEND_SUBMIT), k);
    }
    told_await(&told, 100);
    for (unsigned k = 0; k < 100; k++) {
        assert_int_equal(told.lsn[k], k + 1);
        assert_int_equal(told.result[k], 0);
        assert_false(pthread_equal(told.thread[k], pthread_self()));
    }
}

static void test_by_the_timer(void **state)
{
    struct log_fixture *f = *state;

    fixture_set(f, WAL_OPT_SYNC, WAL_SYNC_INTERVAL);
    fixture_set(f, WAL_OPT_INTERVAL_MS, 5);
    fixture_open(f);
    on_durable(f, 2);
    fixture_fill(f, 2);
    told_await(&told, 1);
    assert_int_equal(told.lsn[0], 2);
    assert_int_equal(told.result[0], 0);
}

static void test_by_a_rotation(void **state)
{
    struct log_fixture *f = *state;

    fixture_set(f, WAL_OPT_SYNC, WAL_SYNC_NONE);
    fixture_open(f);
    on_durable(f, 2);
    fixture_fill(f, 2);
    assert_int_equal(told.n, 0);
    must(wal_rotate(f->log));
    expect_call(0, 2, 0);
}

static void test_by_batches_and_metadata(void **state)
{
    struct log_fixture *f = *state;
    const uint32_t sizes[] = {50000, 50000, 50000};

    fixture_set(f, WAL_OPT_GROUP_BYTES, 64 << 10);
    fixture_open(f);
    on_durable(f, 1);
    on_durable(f, 4);
    fixture_append_flags(f, "1", WAL_APPEND_ASYNC);
    must(wal_meta_set(f->log, "k", 1, "v", 1)); /* its sync is one for the record before it too */
    expect_call(0, 1, 0);
    must(wal_append_packed(f->log, fixture_bytes(150000, 'x'), sizes, NULL, 3, 0, NULL));
    expect_call(1, 4, 0);
}

static void test_over_a_truncation(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    fixture_fill(f, 3);
    fixture_append_flags(f, "4", WAL_APPEND_ASYNC);
    on_durable(f, 4);
    on_durable(f, 5);
    must(wal_truncate_after(f->log, 1)); /* 4 is made durable first; 5 was never handed out */
    assert_int_equal(told.n, 1);
    expect_call(0, 4, 0);
    for (uint64_t lsn = 2; lsn <= 4; lsn++)
        assert_int_equal(fixture_append(f, "again"), lsn);
    assert_int_equal(told.n, 1);
    assert_int_equal(fixture_append(f, "5"), 5);
    expect_call(1, 5, 0);
}

static void test_by_a_replacement(void **state)
{
    struct log_fixture *f = *state;
    wal_record_t r[4] = {{.size = sizeof r[0], .data = "r", .data_size = 1}};

    fixture_open(f);
    fixture_fill(f, 3);
    on_durable(f, 4);
    on_durable(f, 5);
    must(wal_replace_after(f->log, 1, r, 2, 0, NULL)); /* 2 and 3 */
    assert_int_equal(told.n, 0);
    must(wal_replace_after(f->log, 0, r, 4, 0, NULL)); /* 1 to 4 */
    assert_int_equal(told.n, 1);
    expect_call(0, 4, 0);
    fixture_append(f, "5");
    expect_call(1, 5, 0);
}

static void test_over_resets(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    fixture_fill(f, 3);
    on_durable(f, 50);
    on_durable(f, 101);
    must(wal_reset(f->log, 100)); /* there will be no 50 for now */
    assert_int_equal(fixture_append(f, "100"), 100);
    assert_int_equal(told.n, 0);
    fixture_append(f, "101");
    assert_int_equal(told.n, 1);
    expect_call(0, 101, 0);
    must(wal_reset(f->log, 49));
    fixture_append(f, "49");
    assert_int_equal(told.n, 1);
    fixture_append(f, "50");
    expect_call(1, 50, 0);
    on_durable(f, 51);
    must(wal_reset(f->log, 60));
    fixture_close(f);
    expect_call(2, 51, WAL_E_CLOSED);
}

static void test_close_answers_the_rest(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    fixture_append_flags(f, "1", WAL_APPEND_ASYNC);
    fixture_append_flags(f, "2", WAL_APPEND_ASYNC);
    on_durable(f, 3);
    on_durable(f, 2);
    on_durable(f, 1);
    fixture_close(f); /* which syncs */
    assert_int_equal(told.n, 3);
    expect_call(0, 1, 0);
    expect_call(1, 2, 0);
    expect_call(2, 3, WAL_E_CLOSED);
}

static void test_failed_sync(void **state)
{
    struct log_fixture *f = *state;
    wal_error_t error;

    spied_open(f);
    fixture_append(f, "1");
    on_durable(f, 2);
    on_durable(f, 3);
    on_durable(f, 4);
    fixture_append_flags(f, "2", WAL_APPEND_ASYNC);
    spy_fail(&spy, SPY_SYNC, 1, EIO);
    expect_error(WAL_E_INDOUBT, wal_append(f->log, "3", 1, NULL), ".wal");
    must(wal_last_error(&error, sizeof error));
    assert_int_equal(error.lsn, 3);
    assert_int_equal(told.n, 3);
    expect_call(0, 2, WAL_E_INDOUBT);
    expect_call(1, 3, WAL_E_INDOUBT);
    expect_call(2, 4, WAL_E_FAILED); /* nobody had that */
    on_durable(f, 4);
    on_durable(f, 3);
    on_durable(f, 1);
    assert_int_equal(told.n, 6);
    expect_call(3, 4, WAL_E_FAILED);
    expect_call(4, 3, WAL_E_INDOUBT);
    expect_call(5, 1, 0);
}

static void test_failure_at_close(void **state)
{
    struct log_fixture *f = *state;
    wal_t *w;

    spied_open(f);
    fixture_append_flags(f, "1", WAL_APPEND_ASYNC);
    on_durable(f, 1);
    on_durable(f, 2);
    spy_fail(&spy, SPY_SYNC, 1, EIO);
    w = f->log;
    f->log = NULL;
    expect_error(WAL_E_INDOUBT, wal_close(w), ".wal");
    expect_call(0, 1, WAL_E_INDOUBT);
    expect_call(1, 2, WAL_E_FAILED);
    fixture_open(f);
    uint64_t lsn = fixture_append_flags(f, "x", WAL_APPEND_ASYNC);
    on_durable(f, lsn);
    spy_fail(&spy, SPY_WRITE, 1, ENOSPC);
    w = f->log;
    f->log = NULL;
    expect_error(WAL_E_NOSPC, wal_close(w), ".wal"); /* it was never written */
    assert_int_equal(told.n, 3);
    expect_call(2, lsn, WAL_E_CLOSED);
}

static void test_withdrawn_ones_were_never_handed_out(void **state)
{
    struct log_fixture *f = *state;

    spied_open(f);
    fixture_append(f, "1");
    on_durable(f, 2);
    spy_fail(&spy, SPY_WRITE, 1, ENOSPC);
    expect_error(WAL_E_NOSPC, wal_append(f->log, "2", 1, NULL), NULL);
    assert_int_equal(told.n, 0);
    assert_int_equal(fixture_append(f, "again"), 2);
    expect_call(0, 2, 0);
}

/* Metadata that could not be written are set back, with a sync: what lies before is durable by it,
 * and is so for a cut and for close, too. */
static void test_by_what_sets_back_a_failed_write(void **state)
{
    struct log_fixture *f = *state;

    spied_open(f);
    fixture_append(f, "1");
    for (int closes = 0; closes < 2; closes++) {
        uint64_t lsn = fixture_append_flags(f, "x", WAL_APPEND_ASYNC);
        on_durable(f, lsn);
        spy_fail(&spy, SPY_WRITE, 2, ENOSPC);
        expect_error(WAL_E_NOSPC, wal_meta_set(f->log, "k", 1, "v", 1), ".wal");
        if (closes)
            fixture_close(f);
        else
            must(wal_truncate_after(f->log, 1));
        assert_int_equal(told.n, closes + 1);
        expect_call((uint32_t)closes, lsn, 0);
    }
}

static void test_what_is_buffered_waits_on(void **state)
{
    struct log_fixture *f = *state;

    spied_open(f);
    fixture_append_flags(f, "1", WAL_APPEND_ASYNC);
    on_durable(f, 1);
    spy_fail(&spy, SPY_WRITE, 1, ENOSPC);
    expect_error(WAL_E_NOSPC, wal_sync(f->log, 0), NULL);
    assert_int_equal(told.n, 0);
    must(wal_sync(f->log, 0));
    expect_call(0, 1, 0);
}

static void test_arguments(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    expect_error(WAL_E_INVAL, wal_on_durable(NULL, 1, told_durable, &told), NULL);
    expect_error(WAL_E_INVAL, wal_on_durable(f->log, 0, told_durable, &told), "LSN 0");
    expect_error(WAL_E_INVAL, wal_on_durable(f->log, 1, NULL, &told), "fn");
    wal_t *follower = fixture_open_read_only(f);
    expect_error(WAL_E_READONLY, wal_on_durable(follower, 1, told_durable, &told), f->dir);
    must(wal_close(follower));
    fixture_append(f, "1");
    fixture_close(f);
    assert_int_equal(told.n, 0);
}

/* What a callback does to errno and to the last error is nobody else's. */
static void spoil(void *ctx, uint64_t lsn, int result)
{
    told_durable(&told, lsn, result);
    errno = EDOM;
    if (wal_append(ctx, "x", 1, NULL) != WAL_E_BUSY)
        abort();
}

static void test_errno_and_last_error_stay(void **state)
{
    struct log_fixture *f = *state;
    wal_error_t error;

    fixture_open(f);
    expect_error(WAL_E_RANGE, wal_sync(f->log, 9), "LSN 9");
    must(wal_on_durable(f->log, 1, spoil, f->log));
    fixture_append(f, "1");
    must(wal_on_durable(f->log, 1, spoil, f->log));
    assert_int_equal(told.n, 2);
    must(wal_last_error(&error, sizeof error));
    assert_int_equal(error.code, WAL_E_RANGE);
    must(wal_on_durable(f->log, 2, spoil, f->log));
    fixture_close(f);
    assert_int_equal(told.n, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        durable_test(test_already_durable),
        durable_test(test_ahead),
        durable_test(test_in_the_order_of_lsns),
        durable_test(test_drives_no_sync),
        durable_test(test_submitted),
        durable_test(test_by_the_timer),
        durable_test(test_by_a_rotation),
        durable_test(test_by_batches_and_metadata),
        durable_test(test_over_a_truncation),
        durable_test(test_by_a_replacement),
        durable_test(test_over_resets),
        durable_test(test_close_answers_the_rest),
        durable_test(test_failed_sync),
        durable_test(test_failure_at_close),
        durable_test(test_withdrawn_ones_were_never_handed_out),
        durable_test(test_by_what_sets_back_a_failed_write),
        durable_test(test_what_is_buffered_waits_on),
        durable_test(test_arguments),
        durable_test(test_errno_and_last_error_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
