/* SPDX-License-Identifier: Apache-2.0 */
/* What the user cuts off: exactly that, durable on return, and files go when nothing is left. */
#include "spied_log.h"

#include <errno.h>

#include "log/truncate.h"

static void begin(struct log_fixture *f)
{
    fixture_open(f);
    for (unsigned k = 1; k <= 9; k++) {
        char text[16];
        snprintf(text, sizeof text, "%u", k);
        fixture_append_flags(f, text, k % 3 ? WAL_APPEND_ASYNC : 0);
        if (k == 3 || k == 6)
            must(wal_rotate(f->log));
    }
}

static void expect_numbers(struct log_fixture *f, uint64_t from, uint64_t to)
{
    expect_range(f->log, from, to < from ? 0 : to, to + 1, to);
    for (uint64_t lsn = from; lsn <= to; lsn++) {
        char text[16];
        snprintf(text, sizeof text, "%" PRIu64, lsn);
        expect_record(f->log, lsn, text);
    }
}

static void front_at_every_lsn(void **state)
{
    struct log_fixture *f = *state;
    const size_t segments[] = {3, 3, 3, 3, 2, 2, 2, 1, 1, 1, 1};

    begin(f);
    for (uint64_t lsn = 0; lsn <= 10; lsn++) {
        assert_int_equal(truncate_before(f->log, lsn), 0);
        assert_int_equal(fixture_segments(f->log), segments[lsn]);
        if (lsn > 0)
            expect_numbers(f, lsn, 9);
        fixture_reopen(f);
        expect_numbers(f, lsn ? lsn : 1, 9);
    }
    assert_int_equal(truncate_before(f->log, 11), WAL_E_RANGE);
    assert_int_equal(fault_last()->lsn, 11);
    assert_int_equal(fixture_append(f, "10"), 10); /* an empty log keeps its next LSN */
}

static void front_with_buffered_records(void **state)
{
    struct log_fixture *f = *state;
    begin(f);
    fixture_append_flags(f, "10", WAL_APPEND_ASYNC);
    fixture_append_flags(f, "11", WAL_APPEND_ASYNC);
    assert_int_equal(truncate_before(f->log, 11), 0);
    must(wal_sync(f->log, 0));
    expect_numbers(f, 11, 11);
}

/* Control says so before any file goes. */
static void the_statement_comes_before_the_removal(void **state)
{
    struct log_fixture *f = *state;
    begin(f);
    spy_clear(&spy);
    assert_int_equal(truncate_before(f->log, 7), 0);
    int stated = spied_at("sync control", 2), gone = spied_at("unlink 00000000000000000001", 1);
    assert_true(stated >= 0 && gone > stated);
    assert_false(fixture_exists(fixture_segment_path(f, 2)));
}

static void end_at_every_lsn(void **state)
{
    struct log_fixture *f = *state;
    uint64_t none = 7;

    begin(f);
    assert_int_equal(truncate_replace(f->log, 9, NULL, &none), 0); /* nothing to do */
    assert_int_equal(none, 0);
    assert_int_equal(truncate_replace(f->log, 100, NULL, &none), 0);
    for (uint64_t lsn = 8; lsn < 9; lsn--) {
        assert_int_equal(truncate_replace(f->log, lsn, NULL, &none), 0);
        expect_numbers(f, 1, lsn);
        fixture_reopen(f);
        expect_numbers(f, 1, lsn);
    }
    assert_int_equal(fixture_append(f, "1"), 1);
    must(wal_truncate_before(f->log, 2));
    assert_int_equal(truncate_replace(f->log, 0, NULL, &none), WAL_E_RANGE);
    assert_int_equal(truncate_replace(f->log, 1, NULL, &none), 0);
}

static void what_comes_instead(void **state)
{
    struct log_fixture *f = *state;
    struct source s;
    uint64_t first = 7;

    begin(f);
    assert_int_equal(source_one(&s, 0, "new", 3, 1024), 0);
    assert_int_equal(truncate_replace(f->log, 10, &s, &first), WAL_E_RANGE);
    assert_int_equal(first, 7);
    fixture_append_flags(f, "10", WAL_APPEND_ASYNC);
    assert_int_equal(truncate_replace(f->log, 4, &s, &first), 0);
    assert_int_equal(first, 5);
    expect_range(f->log, 1, 5, 6, 5);
    fixture_reopen(f);
    expect_record(f->log, 4, "4");
    expect_record(f->log, 5, "new");
    assert_int_equal(wal_last_lsn(f->log), 5);
}

static void reset_goes_anywhere(void **state)
{
    struct log_fixture *f = *state;
    const uint64_t places[] = {1, 5, 10, 1000000, UINT64_MAX - 1};

    begin(f);
    assert_int_equal(truncate_reset(f->log, 0), WAL_E_INVAL);
    assert_int_equal(truncate_reset(f->log, UINT64_MAX), WAL_E_INVAL);
    must(wal_meta_set(f->log, "k", 1, "v", 1));
    for (size_t k = 0; k < COUNT_OF(places); k++) {
        char value[8];
        size_t size = 0;
        assert_int_equal(truncate_reset(f->log, places[k]), 0);
        expect_range(f->log, places[k], 0, places[k], places[k] - 1);
        assert_int_equal(fixture_segments(f->log), 1);
        fixture_reopen(f);
        expect_range(f->log, places[k], 0, places[k], places[k] - 1);
        must(wal_meta_get(f->log, "k", 1, value, sizeof value, &size));
        assert_int_equal(size, 1);
    }
    assert_int_equal(fixture_append(f, "last"), UINT64_MAX - 1);
}

static void rotation_makes_no_empty_segments(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    assert_int_equal(truncate_rotate(f->log), 0);
    assert_int_equal(fixture_segments(f->log), 1);
    fixture_append_flags(f, "1", WAL_APPEND_ASYNC);
    assert_int_equal(truncate_rotate(f->log), 0);
    assert_int_equal(fixture_segments(f->log), 2);
    assert_int_equal(wal_durable_lsn(f->log), 1); /* made durable by it */
    assert_int_equal(truncate_rotate(f->log), 0);
    assert_int_equal(fixture_segments(f->log), 2);
    assert_int_equal(fixture_stat(f->log, WAL_STAT_ROTATIONS), 1);
}

static void failed_cut_changes_nothing_while_there_is_a_way_back(void **state)
{
    struct log_fixture *f = *state;
    uint64_t first;

    begin(f);
    spy_fail(&spy, SPY_WRITE, 1, ENOSPC); /* zeros in the new segment's file, */
    spy_fail(&spy, SPY_WRITE, 2, ENOSPC); /* what it is born with */
    assert_int_equal(truncate_replace(f->log, 4, NULL, &first), WAL_E_NOSPC);
    assert_int_equal(f->log->failure, 0);
    expect_numbers(f, 1, 9);
    assert_int_equal(truncate_replace(f->log, 4, NULL, &first), 0);
    expect_numbers(f, 1, 4);
}

static int randoms_left; /* then there are none */

static int few_randoms(void *ctx, void *buf, size_t size)
{
    (void)ctx;
    return randoms_left-- > 0 ? os_posix()->random(NULL, buf, size) : -EIO;
}

/* A handle's first segment is made, and then there is no salt for the next one. */
static void a_rotation_without_a_salt_fails_nothing(void **state)
{
    struct log_fixture *f = *state;
    for (randoms_left = 0; randoms_left < 4; randoms_left++) {
        int before = randoms_left;
        spy.os.random = os_posix()->random;
        if (f->log)
            fixture_reopen(f);
        else
            fixture_open(f);
        if (wal_last_lsn(f->log) == 0) {
            fixture_append(f, "1");
            fixture_reopen(f);
        }
        spy.os.random = few_randoms;
        assert_int_equal(truncate_rotate(f->log), WAL_E_IO);
        assert_int_equal(f->log->failure, 0);
        randoms_left = before;
        if (f->log->started)
            break;
    }
    assert_true(f->log->started);
    spy.os.random = os_posix()->random;
    expect_record(f->log, 1, "1");
    fixture_append(f, "2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        spied_test(front_at_every_lsn),
        spied_test(front_with_buffered_records),
        spied_test(the_statement_comes_before_the_removal),
        spied_test(end_at_every_lsn),
        spied_test(what_comes_instead),
        spied_test(reset_goes_anywhere),
        spied_test(rotation_makes_no_empty_segments),
        spied_test(a_rotation_without_a_salt_fails_nothing),
        spied_test(failed_cut_changes_nothing_while_there_is_a_way_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
