/* SPDX-License-Identifier: Apache-2.0 */
/* The first moments of a log: control without a segment, segment 1, control with it. */
#include "spied_log.h"

#include <errno.h>
#include <sys/stat.h>

#include "log/create.h"

static void in_this_order(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    int tmp = spied_at("open tmp-00000000000000000001", 1);
    const int order[] = {
        spied_at("write control", 1), /* no segment yet */
        spied_at("sync control", 2),
        tmp, /* segment 1, whole and durable, */
        spied_at("sync tmp-00000000000000000001", 1),
        spied_behind("sync /log", tmp),     /* its name, */
        spied_behind("write control", tmp), /* and control says that it counts */
    };
    for (size_t k = 0; k < COUNT_OF(order); k++) {
        assert_true(order[k] >= 0);
        assert_true(k == 0 || order[k] > order[k - 1]);
    }
    assert_int_equal(f->log->report.verdict, WAL_RECOVERY_NEW);
    assert_int_equal(f->log->control.now.newest, 1);
    assert_int_equal(f->log->control.now.epoch, 1);
    assert_true(f->log->started);
}

static void first_lsn_is_as_asked(void **state)
{
    struct log_fixture *f = *state;
    fixture_set(f, WAL_OPT_FIRST_LSN, 1000);
    fixture_open(f);
    expect_range(f->log, 1000, 0, 1000, 999);
    fixture_set(f, WAL_OPT_FIRST_LSN, 5); /* of no interest any more */
    fixture_reopen(f);
    assert_int_equal(fixture_append(f, "a"), 1000);
}

static void none_without_create(void **state)
{
    struct log_fixture *f = *state;
    fixture_set(f, WAL_OPT_CREATE, 0);
    expect_error(WAL_E_NOTFOUND, wal_open(f->dir, f->options, &f->log), f->dir);
    assert_int_equal(mkdir(f->dir, 0700), 0);
    expect_error(WAL_E_NOTFOUND, wal_open(f->dir, f->options, &f->log), f->dir);
    assert_null(f->log);
}

/* Wherever it fails, the next open makes the log. */
static void it_begins_again_wherever_it_was_cut_short(void **state)
{
    struct log_fixture *f = *state;
    const enum spy_call calls[] = {SPY_WRITE, SPY_SYNC};

    for (size_t c = 0; c < COUNT_OF(calls); c++) {
        unsigned failed = 0;
        for (unsigned at = 1; at < 30; at++) {
            spy_clear(&spy);
            spy_fail(&spy, calls[c], at, ENOSPC);
            int e = wal_open(f->dir, f->options, &f->log);
            failed += e < 0;
            if (e < 0)
                assert_true(e == WAL_E_NOSPC || e == WAL_E_IO); /* a failed sync is IO */
            spy_clear(&spy);
            if (e < 0)
                fixture_open(f);
            expect_range(f->log, 1, 0, 1, 0);
            assert_int_equal(fixture_append(f, "a"), 1);
            fixture_reopen(f);
            expect_record(f->log, 1, "a");
            fixture_close(f);
            must(wal_destroy(f->dir));
        }
        assert_true(failed >= 3);
    }
}

/* A segment without a control that names it is a leftover only while nobody has used it. */
static void a_segment_in_use_is_never_taken_for_a_leftover(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    fixture_append(f, "a");
    fixture_append(f, "b");
    fixture_crash(f);
    assert_int_equal(remove(fixture_path(f, "control")), 0);
    expect_error(WAL_E_CORRUPT, wal_open(f->dir, f->options, &f->log), NULL);
    assert_true(fixture_exists(fixture_segment_path(f, 1)));
    assert_null(f->log);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        spied_test(in_this_order),
        spied_test(first_lsn_is_as_asked),
        spied_test(none_without_create),
        spied_test(it_begins_again_wherever_it_was_cut_short),
        spied_test(a_segment_in_use_is_never_taken_for_a_leftover),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
