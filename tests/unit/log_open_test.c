/* SPDX-License-Identifier: Apache-2.0 */
/* Opening and closing: what is written then, what is given back when it fails. */
#include "spied_log.h"

#include <errno.h>

#include "log/open.h"

static void a_clean_log_is_opened_without_a_write(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    fixture_append(f, "a");
    fixture_close(f);
    for (int k = 0; k < 3; k++) {
        spy_clear(&spy);
        fixture_open(f);
        expect_record(f->log, 1, "a");
        assert_int_equal(f->log->report.verdict, WAL_RECOVERY_CLEAN);
        fixture_close(f);
        assert_int_equal(spy.calls[SPY_WRITE], 0);
        assert_int_equal(spy.calls[SPY_SYNC], 0);
        assert_int_equal(spy.calls[SPY_UNLINK], 0);
    }
}

/* What a killed process left in the page cache alone is durable before anybody can see it. */
static void after_a_crash_open_makes_it_durable(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    fixture_append(f, "a");
    fixture_append_flags(f, "b", WAL_APPEND_ASYNC);
    must(wal_flush(f->log));
    fixture_crash(f);
    spy_clear(&spy);
    fixture_open(f);
    assert_true(spy.calls[SPY_SYNC] > 0);
    assert_true(f->log->started);
    expect_range(f->log, 1, 2, 3, 2);
    fixture_crash(f);
    fixture_open(f);
    expect_range(f->log, 1, 2, 3, 2);
}

static void close_writes_syncs_seals_and_says_so(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    fixture_append_flags(f, "a", WAL_APPEND_ASYNC);
    spy_clear(&spy);
    fixture_close(f);
    int write = spied_at("write tmp-00000000000000000001", 1);
    int last_sync = spied_at("sync tmp-00000000000000000001", 2);
    int control = spied_at("write control", 1);
    assert_true(write >= 0 && last_sync > write);
    assert_true(spied_at("sync control", 1) > last_sync && control >= 0);
    fixture_open(f);
    assert_int_equal(f->log->control.now.flags & CONTROL_CLEAN, CONTROL_CLEAN);
    assert_int_equal(f->log->control.now.end_lsn, 1);
    expect_record(f->log, 1, "a");
}

static void close_returns_the_error_of_its_sync(void **state)
{
    struct log_fixture *f = *state;
    wal_t *w;

    fixture_open(f);
    fixture_append(f, "a");
    fixture_append_flags(f, "b", WAL_APPEND_ASYNC);
    spy_fail(&spy, SPY_SYNC, 1, EIO);
    w = f->log;
    f->log = NULL;
    assert_int_not_equal(wal_close(w), 0);
    spy_clear(&spy);
    fixture_open(f); /* the lock was given back all the same */
    assert_true(wal_last_lsn(f->log) >= 1);
    expect_record(f->log, 1, "a");
}

/* Every single call of open that can fail: an error, and nothing is held. */
static void failed_open_gives_everything_back(void **state)
{
    struct log_fixture *f = *state;
    const enum spy_call calls[] = {SPY_DIR_OPEN, SPY_LIST, SPY_OPEN, SPY_STAT,
                                   SPY_READ,     SPY_LOCK, SPY_SYNC, SPY_WRITE};

    fixture_open(f);
    fixture_append(f, "a");
    fixture_append(f, "b");
    fixture_crash(f);
    for (size_t c = 0; c < COUNT_OF(calls); c++) {
        unsigned failed = 0;
        for (unsigned at = 1; at < 12; at++) {
            spy_clear(&spy);
            spy_fail(&spy, calls[c], at, EIO);
            int e = wal_open(f->dir, f->options, &f->log);
            failed += e < 0;
            spy_clear(&spy);
            if (e < 0)
                fixture_open(f);
            expect_record(f->log, 2, "b");
            fixture_crash(f);
        }
        assert_true(failed > 0);
    }
}

static void the_report_is_of_that_open(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    assert_int_equal(f->log->report.next_lsn, 1);
    fixture_fill(f, 3);
    assert_int_equal(f->log->report.next_lsn, 1);
    must(wal_truncate_before(f->log, 2));
    fixture_reopen(f);
    const struct report *r = &f->log->report;
    assert_int_equal(r->first_lsn, 2);
    assert_int_equal(r->last_lsn, 3);
    assert_int_equal(r->next_lsn, 4);
    assert_int_equal(r->durable_lsn, 3);
    assert_true(r->duration_ns > 0);
}

static void exclusive_finds_a_log(void **state)
{
    struct log_fixture *f = *state;
    fixture_set(f, WAL_OPT_EXCLUSIVE, 1);
    fixture_open(f);
    fixture_close(f);
    expect_error(WAL_E_EXISTS, wal_open(f->dir, f->options, &f->log), f->dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        spied_test(a_clean_log_is_opened_without_a_write),
        spied_test(after_a_crash_open_makes_it_durable),
        spied_test(close_writes_syncs_seals_and_says_so),
        spied_test(close_returns_the_error_of_its_sync),
        spied_test(failed_open_gives_everything_back),
        spied_test(the_report_is_of_that_open),
        spied_test(exclusive_finds_a_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
