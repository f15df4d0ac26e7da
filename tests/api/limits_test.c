/* SPDX-License-Identifier: Apache-2.0 */
/* Options that bound something: segments by records and bytes, groups, alignment, the smallest of
 * everything. */
#include "support/log_fixture.h"

#include <string.h>

enum { MIN_SEGMENT = 64 << 10 };

static void test_segment_records_is_exact(void **state)
{
    struct log_fixture *f = *state;
    const uint32_t modes[] = {WAL_SYNC_DATA, WAL_SYNC_NONE};
    const uint64_t limits[] = {1, 2, 7};

    for (size_t k = 0; k < COUNT_OF(modes) * COUNT_OF(limits); k++) {
        uint64_t limit = limits[k / 2];
        fixture_set(f, WAL_OPT_SYNC, modes[k % 2]);
        fixture_set(f, WAL_OPT_SEGMENT_RECORDS, limit);
        fixture_open(f);
        fixture_fill(f, (unsigned)(limit * 3));
        must(wal_sync(f->log, 0));
        assert_int_equal(fixture_segments(f->log), 3);
        fixture_append(f, "x");
        must(wal_sync(f->log, 0));
        assert_int_equal(fixture_segments(f->log), 4);
        for (size_t i = 0; i < 4; i++)
            assert_int_equal(fixture_segment(f->log, i).records, i < 3 ? limit : 1);
        fixture_close(f);
        must(wal_destroy(f->dir));
    }
}

/* The count goes on in the segment that takes over what a reopened log's last one held. */
static void test_segment_records_over_reopen(void **state)
{
    struct log_fixture *f = *state;

    fixture_set(f, WAL_OPT_SEGMENT_RECORDS, 5);
    fixture_open(f);
    for (int k = 0; k < 11; k++) {
        fixture_append(f, "x");
        fixture_reopen(f);
    }
    assert_int_equal(fixture_segments(f->log), 3);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(fixture_segment(f->log, i).records, i < 2 ? 5 : 1);
}

static void test_a_batch_is_not_torn_apart_by_segment_records(void **state)
{
    struct log_fixture *f = *state;
    const wal_record_t r[4] = {{.size = sizeof r[0]}, {0}, {0}, {0}};

    fixture_set(f, WAL_OPT_SEGMENT_RECORDS, 3);
    fixture_open(f);
    fixture_append(f, "1");
    must(wal_append_many(f->log, r, 4, 0, NULL));
    fixture_append(f, "6");
    size_t n = fixture_segments(f->log), whole = 0;
    for (size_t k = 0; k < n; k++) {
        wal_segment_t s = fixture_segment(f->log, k);
        whole += s.first_lsn <= 2 && s.last_lsn >= 5;
    }
    assert_int_equal(whole, 1);
    fixture_reopen(f);
    expect_record(f->log, 6, "6");
}

static void test_segment_bytes_is_a_soft_limit(void **state)
{
    struct log_fixture *f = *state;
    const uint32_t modes[] = {WAL_SYNC_DATA, WAL_SYNC_NONE};

    fixture_set(f, WAL_OPT_SEGMENT_BYTES, MIN_SEGMENT);
    for (size_t m = 0; m < COUNT_OF(modes); m++) {
        fixture_set(f, WAL_OPT_SYNC, modes[m]);
        fixture_open(f);
        for (int k = 0; k < 200; k++)
            must(wal_append(f->log, fixture_bytes(2000, k), 2000, NULL));
        must(wal_sync(f->log, 0));
        size_t n = fixture_segments(f->log);
        assert_true(n >= 200 * 2000 / MIN_SEGMENT && n <= 12);
        for (size_t k = 0; k < n; k++) /* the seal comes on top */
            assert_true(fixture_segment(f->log, k).bytes <= MIN_SEGMENT + 4096);
        fixture_close(f);
        must(wal_destroy(f->dir));
    }
}

static void test_a_record_larger_than_a_segment(void **state)
{
    struct log_fixture *f = *state;
    static char buf[1 << 20];
    wal_record_t r = {.size = sizeof r};

    fixture_set(f, WAL_OPT_SEGMENT_BYTES, MIN_SEGMENT);
    fixture_open(f);
    fixture_append(f, "before");
    must(wal_append(f->log, fixture_bytes(1 << 20, 7), 1 << 20, NULL));
    fixture_append(f, "behind");
    assert_true(fixture_segments(f->log) <= 3);
    for (int round = 0; round < 2; round++) {
        must(wal_get(f->log, 2, buf, sizeof buf, &r));
        assert_int_equal(r.data_size, 1 << 20);
        assert_memory_equal(buf, fixture_bytes(1 << 20, 7), 1 << 20);
        expect_record(f->log, 3, "behind");
        fixture_reopen(f);
    }
}

/* Reopened with a smaller limit, what is there stays. */
static void test_limits_are_for_new_records_only(void **state)
{
    struct log_fixture *f = *state;
    static char buf[200000];
    wal_record_t r = {.size = sizeof r};

    fixture_open(f);
    must(wal_append(f->log, fixture_bytes(sizeof buf, 7), sizeof buf, NULL));
    fixture_set(f, WAL_OPT_MAX_RECORD_BYTES, 100);
    fixture_set(f, WAL_OPT_GROUP_BYTES, 64 << 10);
    fixture_set(f, WAL_OPT_SEGMENT_BYTES, MIN_SEGMENT);
    for (int round = 0; round < 3; round++) {
        if (round == 1)
            fixture_crash(f);
        else
            fixture_close(f);
        fixture_open(f);
        must(wal_get(f->log, 1, buf, sizeof buf, &r));
        assert_int_equal(r.data_size, sizeof buf);
        assert_memory_equal(buf, fixture_bytes(sizeof buf, 7), sizeof buf);
        fixture_append(f, "small");
        expect_error(WAL_E_TOOBIG, wal_append(f->log, fixture_bytes(101, 1), 101, NULL), "100");
    }
    expect_range(f->log, 1, 4, 5, 4);
    must(wal_truncate_after(f->log, 2)); /* the large one is taken along, whatever the limit */
    must(wal_get(f->log, 1, buf, sizeof buf, &r));
    expect_record(f->log, 2, "small");
}

static void test_group_align(void **state)
{
    struct log_fixture *f = *state;
    const uint64_t aligns[] = {64, 512, 4096};

    for (size_t k = 0; k < COUNT_OF(aligns); k++) {
        fixture_set(f, WAL_OPT_GROUP_ALIGN, aligns[k]);
        fixture_open(f);
        for (uint64_t i = 1; i <= 5; i++) {
            fixture_append(f, "x");
            assert_int_equal(fixture_segment(f->log, 0).bytes % aligns[k], 0);
        }
        must(wal_meta_set(f->log, "k", 1, "v", 1));
        must(wal_truncate_after(f->log, 3));
        fixture_crash(f);
        fixture_open(f);
        expect_range(f->log, 1, 3, 4, 3);
        fixture_append(f, "4");
        fixture_reopen(f);
        expect_record(f->log, 4, "4");
        fixture_close(f);
        must(wal_destroy(f->dir));
    }
}

static void test_the_least_of_everything(void **state)
{
    struct log_fixture *f = *state;

    fixture_set(f, WAL_OPT_MAX_RECORD_BYTES, 1);
    fixture_set(f, WAL_OPT_SEGMENT_BYTES, MIN_SEGMENT);
    fixture_set(f, WAL_OPT_SEGMENT_RECORDS, 1);
    fixture_set(f, WAL_OPT_GROUP_BYTES, 64 << 10);
    fixture_set(f, WAL_OPT_PENDING_BYTES, 1);
    fixture_set(f, WAL_OPT_INDEX_BYTES, 4096);
    fixture_set(f, WAL_OPT_ZERO_AHEAD_BYTES, 0);
    fixture_set(f, WAL_OPT_BACKGROUND, 0);
    fixture_open(f);
    for (int k = 0; k < 20; k++)
        fixture_append_flags(f, k % 2 ? "x" : "", k % 3 ? WAL_APPEND_ASYNC : 0);
    must(wal_sync(f->log, 0));
    assert_int_equal(fixture_segments(f->log), 20);
    fixture_reopen(f);
    expect_range(f->log, 1, 20, 21, 20);
    expect_record(f->log, 20, "x");
    expect_record(f->log, 19, "");
}

static void test_waiting_for_company_is_bounded(void **state)
{
    struct log_fixture *f = *state;

    fixture_set(f, WAL_OPT_GROUP_WAIT_US, 1000);
    fixture_open(f);
    fixture_fill(f, 5);
    expect_range(f->log, 1, 5, 6, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(test_segment_records_is_exact),
        fixture_test(test_segment_records_over_reopen),
        fixture_test(test_a_batch_is_not_torn_apart_by_segment_records),
        fixture_test(test_segment_bytes_is_a_soft_limit),
        fixture_test(test_a_record_larger_than_a_segment),
        fixture_test(test_limits_are_for_new_records_only),
        fixture_test(test_group_align),
        fixture_test(test_the_least_of_everything),
        fixture_test(test_waiting_for_company_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
