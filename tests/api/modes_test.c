/* SPDX-License-Identifier: Apache-2.0 */
/* When an append returns, what is durable then, and who makes it durable: modes, flags, flush, sync
 * and wait. */
#include "support/log_fixture.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

static void open_in(struct log_fixture *f, uint32_t mode)
{
    fixture_set(f, WAL_OPT_SYNC, mode);
    fixture_open(f);
}

static void test_durable_modes_return_when_durable(void **state)
{
    struct log_fixture *f = *state;
    const uint32_t modes[] = {WAL_SYNC_DATA, WAL_SYNC_FULL, WAL_SYNC_DSYNC};

    for (uint32_t k = 0; k < COUNT_OF(modes); k++) {
        open_in(f, modes[k]);
        uint64_t syncs = fixture_stat(f->log, WAL_STAT_SYNCS);
        assert_int_equal(fixture_append(f, "x"), 2 * k + 1);
        assert_int_equal(wal_durable_lsn(f->log), 2 * k + 1);
        assert_int_equal(fixture_stat(f->log, WAL_STAT_SYNCS), syncs + 1);
        fixture_append(f, "y");
        assert_int_equal(wal_durable_lsn(f->log), 2 * k + 2);
        fixture_crash(f);
        fixture_open(f);
        expect_record(f->log, 2 * k + 2, "y");
        fixture_close(f);
    }
}

static void test_async_returns_when_buffered(void **state)
{
    struct log_fixture *f = *state;
    char buf[8];
    wal_record_t r = {.size = sizeof r};

    open_in(f, WAL_SYNC_DATA);
    assert_int_equal(fixture_append_flags(f, "a", WAL_APPEND_ASYNC), 1);
    assert_int_equal(fixture_append_flags(f, "b", WAL_APPEND_ASYNC), 2);
    expect_range(f->log, 1, 2, 3, 0);
    assert_true(fixture_stat(f->log, WAL_STAT_PENDING_BYTES) > 0);
    assert_int_equal(fixture_stat(f->log, WAL_STAT_SYNCS), 0);
    must(wal_get(f->log, 2, buf, sizeof buf, &r));
    assert_int_equal(r.flags, WAL_RECORD_BATCH_LAST);
    assert_int_equal(fixture_append(f, "c"), 3); /* takes them along */
    expect_range(f->log, 1, 3, 4, 3);
    assert_int_equal(fixture_stat(f->log, WAL_STAT_SYNCS), 1);
    must(wal_get(f->log, 2, buf, sizeof buf, &r));
    assert_int_equal(r.flags, WAL_RECORD_BATCH_LAST | WAL_RECORD_DURABLE);
    assert_int_equal(fixture_stat(f->log, WAL_STAT_PENDING_BYTES), 0);
}

static void test_close_makes_buffered_records_durable(void **state)
{
    struct log_fixture *f = *state;
    const uint32_t modes[] = {WAL_SYNC_NONE, WAL_SYNC_INTERVAL, WAL_SYNC_DATA};

    fixture_set(f, WAL_OPT_INTERVAL_MS, 3600000);
    for (uint64_t k = 0; k < COUNT_OF(modes); k++) {
        open_in(f, modes[k]);
        fixture_append_flags(f, "x", WAL_APPEND_ASYNC);
        assert_int_equal(wal_durable_lsn(f->log), k);
        fixture_reopen(f);
        expect_range(f->log, 1, k + 1, k + 2, k + 1);
        fixture_close(f);
    }
}

static void test_buffered_records_of_a_killed_process_are_gone(void **state)
{
    struct log_fixture *f = *state;

    open_in(f, WAL_SYNC_NONE);
    fixture_append(f, "kept");
    must(wal_flush(f->log));
    fixture_append(f, "lost");
    expect_range(f->log, 1, 2, 3, 0);
    fixture_crash(f);
    fixture_open(f);
    expect_range(f->log, 1, 1, 2, 1); /* and what open shows it has made durable */
    assert_int_equal(fixture_append(f, "new"), 2);
    expect_record(f->log, 2, "new");
}

static void test_none_syncs_only_when_asked(void **state)
{
    struct log_fixture *f = *state;

    open_in(f, WAL_SYNC_NONE);
    fixture_fill(f, 100);
    expect_range(f->log, 1, 100, 101, 0);
    must(wal_flush(f->log));
    assert_int_equal(wal_durable_lsn(f->log), 0);
    assert_int_equal(fixture_stat(f->log, WAL_STAT_PENDING_BYTES), 0);
    assert_int_equal(fixture_stat(f->log, WAL_STAT_SYNCS), 0);
    must(wal_sync(f->log, 40));
    uint64_t durable = wal_durable_lsn(f->log);
    assert_true(durable >= 40 && durable <= 100);
    fixture_append(f, "x");
    assert_true(wal_durable_lsn(f->log) <= 100);
    must(wal_sync(f->log, 0));
    assert_int_equal(wal_durable_lsn(f->log), 101);
    fixture_append(f, "y");
    must(wal_rotate(f->log)); /* syncs too */
    assert_int_equal(wal_durable_lsn(f->log), 102);
    assert_int_equal(fixture_append_flags(f, "z", WAL_APPEND_SYNC), 103);
    assert_int_equal(wal_durable_lsn(f->log), 103);
}

static void test_interval_syncs_by_itself(void **state)
{
    struct log_fixture *f = *state;

    fixture_set(f, WAL_OPT_INTERVAL_MS, 1);
    open_in(f, WAL_SYNC_INTERVAL);
    assert_int_equal(fixture_append(f, "x"), 1);
    must(wal_wait(f->log, 1, -1)); /* leaves it to the timer */
    assert_int_equal(wal_durable_lsn(f->log), 1);
    fixture_append(f, "y");
    must(wal_wait(f->log, 2, -1));
}

static void test_interval_by_bytes(void **state)
{
    struct log_fixture *f = *state;

    fixture_set(f, WAL_OPT_INTERVAL_MS, 3600000);
    fixture_set(f, WAL_OPT_INTERVAL_BYTES, 1000);
    open_in(f, WAL_SYNC_INTERVAL);
    fixture_append(f, "x");
    expect_error(WAL_E_TIMEOUT, wal_wait(f->log, 1, 1), "1");
    assert_int_equal(wal_durable_lsn(f->log), 0);
    must(wal_append(f->log, fixture_bytes(1000, 1), 1000, NULL));
    must(wal_wait(f->log, 2, -1));
    fixture_append(f, "y");
    expect_error(WAL_E_TIMEOUT, wal_wait(f->log, 3, 0), NULL);
    must(wal_sync(f->log, 3)); /* drives it */
    assert_int_equal(wal_durable_lsn(f->log), 3);
    assert_int_equal(fixture_append_flags(f, "z", WAL_APPEND_SYNC), 4);
    assert_int_equal(wal_durable_lsn(f->log), 4);
}

static void test_submit_is_committed_by_the_log_itself(void **state)
{
    struct log_fixture *f = *state;
    wal_reader_t *r;

    open_in(f, WAL_SYNC_DATA);
    for (uint64_t k = 1; k <= 10; k++)
        assert_int_equal(fixture_append_flags(f, "s", WAL_APPEND_SUBMIT), k);
    must(wal_reader_open(f->log, 11, 0, &r));
    assert_int_equal(fixture_append_flags(f, "t", WAL_APPEND_SUBMIT), 11);
    assert_int_equal(must(wal_reader_wait(r, -1)), 1); /* drives no sync */
    expect_next(r, 11, "t");
    wal_reader_close(r);
    assert_int_equal(wal_durable_lsn(f->log), 11);
}

static void test_sync_takes_an_lsn(void **state)
{
    struct log_fixture *f = *state;

    open_in(f, WAL_SYNC_NONE);
    must(wal_sync(f->log, 0)); /* an empty log */
    expect_error(WAL_E_RANGE, wal_sync(f->log, 1), "LSN 1");
    fixture_fill(f, 2);
    expect_error(WAL_E_RANGE, wal_sync(f->log, 3), "LSN 3");
    expect_error(WAL_E_RANGE, wal_sync(f->log, UINT64_MAX), NULL);
    assert_int_equal(wal_durable_lsn(f->log), 0);
    must(wal_sync(f->log, 2));
    must(wal_sync(f->log, 1));
    assert_int_equal(wal_durable_lsn(f->log), 2);
}

static void test_wait_drives_the_sync(void **state)
{
    struct log_fixture *f = *state;
    const uint32_t modes[] = {WAL_SYNC_NONE, WAL_SYNC_DATA};

    for (uint64_t k = 0; k < COUNT_OF(modes); k++) {
        open_in(f, modes[k]);
        uint64_t lsn = fixture_append_flags(f, "x", WAL_APPEND_ASYNC);
        expect_error(WAL_E_TIMEOUT, wal_wait(f->log, lsn, 0), NULL); /* only a look */
        assert_int_equal(wal_durable_lsn(f->log), lsn - 1);
        must(wal_wait(f->log, lsn, -1));
        assert_int_equal(wal_durable_lsn(f->log), lsn);
        must(wal_wait(f->log, lsn, 0));
        fixture_close(f);
    }
}

static void test_wait_for_what_is_not_there_yet(void **state)
{
    struct log_fixture *f = *state;
    wal_error_t e;

    open_in(f, WAL_SYNC_DATA);
    expect_error(WAL_E_INVAL, wal_wait(f->log, 0, -1), "LSN 0");
    expect_error(WAL_E_TIMEOUT, wal_wait(f->log, 1, 0), NULL);
    expect_error(WAL_E_TIMEOUT, wal_wait(f->log, 7, 1), "7");
    must(wal_last_error(&e, sizeof e));
    assert_int_equal(e.lsn, 7);
    fixture_append(f, "x");
    must(wal_wait(f->log, 1, 0));
    expect_error(WAL_E_TIMEOUT, wal_wait(f->log, UINT64_MAX, 1), NULL);
}

static void *wait_for_5(void *arg)
{
    struct log_fixture *f = arg;
    return (void *)(intptr_t)wal_wait(f->log, 5, -1);
}

static void test_wait_ahead_is_answered_when_it_comes(void **state)
{
    struct log_fixture *f = *state;
    pthread_t thread;
    void *result = NULL;

    open_in(f, WAL_SYNC_DATA);
    assert_int_equal(pthread_create(&thread, NULL, wait_for_5, f), 0);
    fixture_fill(f, 5);
    assert_int_equal(pthread_join(thread, &result), 0);
    assert_ptr_equal(result, NULL);
}

/* Nobody else drives a sync: a waiter ahead has to once its record is there. */
static void test_wait_ahead_drives_the_sync_of_async_records(void **state)
{
    struct log_fixture *f = *state;
    pthread_t thread;
    void *result = NULL;

    open_in(f, WAL_SYNC_NONE);
    assert_int_equal(pthread_create(&thread, NULL, wait_for_5, f), 0);
    nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL); /* let it fall asleep first */
    fixture_fill(f, 5);
    assert_int_equal(pthread_join(thread, &result), 0);
    assert_ptr_equal(result, NULL);
    assert_true(wal_durable_lsn(f->log) >= 5);
}

static void test_pending_bytes_hold_appends_back(void **state)
{
    struct log_fixture *f = *state;
    uint64_t lsn = 99;
    unsigned n = 0;
    int e;

    fixture_set(f, WAL_OPT_MAX_RECORD_BYTES, 4096);
    fixture_set(f, WAL_OPT_PENDING_BYTES, 16384);
    fixture_set(f, WAL_OPT_INTERVAL_MS, 3600000);
    open_in(f, WAL_SYNC_NONE);
    while ((e = wal_append_typed(f->log, 0, fixture_bytes(1000, 1), 1000,
                                 WAL_APPEND_ASYNC | WAL_APPEND_NOWAIT, NULL)) == 0)
        n++;
    assert_true(n >= 14 && n <= 16);
    expect_error(WAL_E_BUSY,
                 wal_append_typed(f->log, 0, fixture_bytes(1000, 1), 1000,
                                  WAL_APPEND_ASYNC | WAL_APPEND_NOWAIT, &lsn),
                 f->dir);
    assert_int_equal(lsn, 99);
    assert_int_equal(wal_last_lsn(f->log), n); /* no LSN was burnt */
    assert_true(fixture_stat(f->log, WAL_STAT_PENDING_BYTES) <= 16384);
    must(wal_append(f->log, fixture_bytes(1000, 2), 1000, &lsn)); /* writes, then goes on */
    assert_int_equal(lsn, n + 1);
    assert_true(fixture_stat(f->log, WAL_STAT_PENDING_BYTES) <= 16384);
    must(wal_flush(f->log));
    must(wal_append_typed(f->log, 0, "x", 1, WAL_APPEND_NOWAIT, &lsn));
    assert_int_equal(lsn, n + 2);
}

static void test_pending_bytes_hold_one_largest_record(void **state)
{
    struct log_fixture *f = *state;

    fixture_set(f, WAL_OPT_MAX_RECORD_BYTES, 1 << 20);
    fixture_set(f, WAL_OPT_PENDING_BYTES, 1);
    open_in(f, WAL_SYNC_DATA);
    must(wal_append_typed(f->log, 0, fixture_bytes(1 << 20, 1), 1 << 20, WAL_APPEND_NOWAIT, NULL));
    must(wal_append_typed(f->log, 0, fixture_bytes(1 << 20, 1), 1 << 20,
                          WAL_APPEND_NOWAIT | WAL_APPEND_ASYNC, NULL));
    must(wal_append(f->log, fixture_bytes(1 << 20, 1), 1 << 20, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(test_durable_modes_return_when_durable),
        fixture_test(test_async_returns_when_buffered),
        fixture_test(test_close_makes_buffered_records_durable),
        fixture_test(test_buffered_records_of_a_killed_process_are_gone),
        fixture_test(test_none_syncs_only_when_asked),
        fixture_test(test_interval_syncs_by_itself),
        fixture_test(test_interval_by_bytes),
        fixture_test(test_submit_is_committed_by_the_log_itself),
        fixture_test(test_sync_takes_an_lsn),
        fixture_test(test_wait_drives_the_sync),
        fixture_test(test_wait_for_what_is_not_there_yet),
        fixture_test(test_wait_ahead_is_answered_when_it_comes),
        fixture_test(test_wait_ahead_drives_the_sync_of_async_records),
        fixture_test(test_pending_bytes_hold_appends_back),
        fixture_test(test_pending_bytes_hold_one_largest_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
