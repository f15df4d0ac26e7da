/* SPDX-License-Identifier: Apache-2.0 */
/* What retention finds in a log, and what holds while a plan is under way. */
#include "spied_log.h"

#include "log/retain.h"

static void segments(struct log_fixture *f, unsigned n)
{
    for (unsigned k = 0; k < n; k++) {
        fixture_append(f, "a");
        must(wal_rotate(f->log));
    }
}

static void what_is_off_lets_everything_stay(void **state)
{
    struct log_fixture *f = *state;
    struct retain_plan plan = {7, 7};

    fixture_open(f);
    segments(f, 3);
    assert_false(retain_is_on(f->log));
    assert_false(retain_begin(f->log, NULL, &plan));
    f->log->config.retain_segments = 3;
    assert_true(retain_is_on(f->log));
    assert_false(retain_begin(f->log, NULL, &plan)); /* no more than that */
    assert_int_equal(f->log->leaving_lsn, 0);
    assert_int_equal(plan.oldest, 7);
}

static void a_plan(void **state)
{
    struct log_fixture *f = *state;
    struct retain_plan plan;

    fixture_open(f);
    segments(f, 3);
    fixture_append(f, "4");
    f->log->config.retain_segments = 1;
    assert_true(retain_begin(f->log, NULL, &plan));
    assert_int_equal(plan.oldest, 3);
    assert_int_equal(plan.first_lsn, 3);
    assert_int_equal(f->log->leaving_lsn, 3);
    retain_over(f->log, 0);
    assert_int_equal(f->log->leaving_lsn, 0);
    assert_int_equal(fixture_stat(f->log, WAL_STAT_TRUNCATED_FRONT), 0);
    /* The active one is about to be sealed. */
    assert_true(retain_begin(f->log, &f->log->writer.end, &plan));
    assert_int_equal(plan.oldest, 4);
    assert_int_equal(plan.first_lsn, 4);
    retain_over(f->log, 3);
    assert_int_equal(fixture_stat(f->log, WAL_STAT_TRUNCATED_FRONT), 3);
    /* All go: the next one will be the oldest. */
    f->log->config.retain_segments = 0;
    f->log->config.retain_bytes = 1;
    assert_true(retain_begin(f->log, &f->log->writer.end, &plan));
    assert_int_equal(plan.oldest, 5);
    assert_int_equal(plan.first_lsn, 5);
    retain_over(f->log, 0);
    assert_true(retain_begin(f->log, NULL, &plan));
    assert_int_equal(plan.oldest, 4); /* the active one */
    assert_int_equal(plan.first_lsn, 4);
    retain_over(f->log, 0);
    must(wal_truncate_before(f->log, 2));
    f->log->config.retain_bytes = 0;
}

static void pins_hold_it_back(void **state)
{
    struct log_fixture *f = *state;
    struct retain_plan plan;
    wal_reader_t *r;

    fixture_open(f);
    segments(f, 4);
    uint64_t one = fixture_segment(f->log, 1).bytes;
    f->log->config.retain_segments = 1;
    must(wal_reader_open(f->log, 2, WAL_READ_PIN, &r));
    assert_int_equal(retain_pinned_bytes(f->log), 2 * one);
    assert_true(retain_begin(f->log, NULL, &plan));
    assert_int_equal(plan.oldest, 2);
    retain_over(f->log, 0);
    f->log->config.pin_limit_bytes = 2 * one - 1;
    assert_true(retain_begin(f->log, NULL, &plan));
    assert_int_equal(plan.oldest, 4);
    retain_over(f->log, 0);
    assert_int_equal(retain_pinned_bytes(f->log), 0);
    assert_int_equal(fixture_stat(f->log, WAL_STAT_BROKEN_PINS), 1);
    wal_reader_close(r);
}

/* Beside appends a bounded number leaves at a time. */
static void no_more_than_a_bound(void **state)
{
    struct log_fixture *f = *state;
    struct retain_plan plan;

    fixture_open(f);
    segments(f, 260);
    f->log->config.retain_segments = 1;
    assert_true(retain_begin(f->log, &f->log->writer.end, &plan));
    assert_int_equal(plan.oldest, 257);
    retain_over(f->log, 0);
    assert_true(retain_begin(f->log, NULL, &plan));
    assert_int_equal(plan.oldest, 260);
    retain_over(f->log, 0);
}

/* What can't be found out is no error. */
static void a_broken_chain(void **state)
{
    struct log_fixture *f = *state;
    struct retain_plan plan;

    fixture_open(f);
    segments(f, 4);
    fixture_reopen(f);
    fixture_remove_all(fixture_segment_path(f, 2));
    f->log->config.retain_segments = 1;
    fault(WAL_E_INVAL, "as it was");
    assert_false(retain_begin(f->log, NULL, &plan));
    assert_string_equal(fault_last()->text, "as it was");
    assert_int_equal(fixture_stat(f->log, WAL_STAT_CORRUPTIONS), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        spied_test(what_is_off_lets_everything_stay),
        spied_test(a_plan),
        spied_test(pins_hold_it_back),
        spied_test(no_more_than_a_bound),
        spied_test(a_broken_chain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
