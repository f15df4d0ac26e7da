/* SPDX-License-Identifier: Apache-2.0 */
/* Truncation at both ends, replacement, reset, rotation: exactly what goes, and that it stays gone.
 */
#include "support/log_fixture.h"

#include <string.h>

#define LAST_LSN (UINT64_MAX - 1)
enum { MARK = 0x5a5a };

/* The range, right away, after a crash, and after a clean reopen. */
static void expect_lasting(struct log_fixture *f, uint64_t first, uint64_t next)
{
    uint64_t last = next > first ? next - 1 : 0;

    expect_range(f->log, first, last, next, next - 1);
    fixture_crash(f);
    fixture_open(f);
    expect_range(f->log, first, last, next, next - 1);
    fixture_reopen(f);
    expect_range(f->log, first, last, next, next - 1);
    for (uint64_t lsn = first; lsn < next; lsn++) {
        char text[24];
        snprintf(text, sizeof text, "%llu", (unsigned long long)lsn);
        expect_record(f->log, lsn, text);
    }
}

static void test_before_removes_exactly_what_is_below(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    fixture_fill(f, 9);
    must(wal_truncate_before(f->log, 0));
    must(wal_truncate_before(f->log, 1)); /* at or below the first: nothing */
    expect_lasting(f, 1, 10);
    must(wal_truncate_before(f->log, 4));
    assert_int_equal(fixture_stat(f->log, WAL_STAT_TRUNCATED_FRONT), 3);
    expect_lasting(f, 4, 10);
    must(wal_truncate_before(f->log, 2));
    assert_int_equal(fixture_stat(f->log, WAL_STAT_TRUNCATED_FRONT), 0);
    expect_error(WAL_E_RANGE, wal_truncate_before(f->log, 11), "LSN 11");
    expect_error(WAL_E_RANGE, wal_truncate_before(f->log, UINT64_MAX), NULL);
    expect_lasting(f, 4, 10);
    must(wal_truncate_before(f->log, 10)); /* up to next: empty */
    expect_lasting(f, 10, 10);
    assert_int_equal(fixture_append(f, "10"), 10);
    expect_lasting(f, 10, 11);
    expect_error(WAL_E_INVAL, wal_truncate_before(NULL, 1), "NULL");
}

static void test_before_takes_buffered_records_too(void **state)
{
    struct log_fixture *f = *state;

    fixture_set(f, WAL_OPT_SYNC, WAL_SYNC_NONE);
    fixture_open(f);
    fixture_fill(f, 9);
    must(wal_truncate_before(f->log, 5));
    assert_true(wal_durable_lsn(f->log) >= 4);
    fixture_append(f, "10");
    must(wal_truncate_before(f->log, 11));
    expect_lasting(f, 11, 11);
}

static void test_before_removes_files(void **state)
{
    struct log_fixture *f = *state;

    fixture_set(f, WAL_OPT_SEGMENT_RECORDS, 3);
    fixture_open(f);
    fixture_fill(f, 10);
    assert_int_equal(fixture_segments(f->log), 4);
    must(wal_truncate_before(f->log, 6)); /* the second one still has LSN 6 */
    assert_int_equal(fixture_segments(f->log), 3);
    assert_false(fixture_exists(fixture_segment_path(f, 1)));
    assert_true(fixture_exists(fixture_segment_path(f, 2)));
    wal_segment_t s = fixture_segment(f->log, 0);
    assert_int_equal(s.number, 2);
    assert_int_equal(s.first_lsn, 6);
    assert_int_equal(s.last_lsn, 6);
    assert_int_equal(s.records, 1);
    must(wal_truncate_before(f->log, 7));
    assert_int_equal(fixture_segments(f->log), 2);
    assert_int_equal(fixture_stat(f->log, WAL_STAT_REMOVED_SEGMENTS), 2);
    assert_int_equal(fixture_stat(f->log, WAL_STAT_TRUNCATED_FRONT), 6);
    expect_lasting(f, 7, 11);
}

static void test_after_removes_exactly_what_is_above(void **state)
{
    struct log_fixture *f = *state;

    fixture_set(f, WAL_OPT_SEGMENT_RECORDS, 4);
    fixture_open(f);
    fixture_fill(f, 20);
    must(wal_truncate_before(f->log, 3));
    uint64_t written = fixture_stat(f->log, WAL_STAT_WRITTEN_BYTES);
    uint64_t syncs = fixture_stat(f->log, WAL_STAT_SYNCS);
    must(wal_truncate_after(f->log, 20)); /* at or above the last: nothing */
    must(wal_truncate_after(f->log, 21));
    must(wal_truncate_after(f->log, UINT64_MAX));
    assert_int_equal(fixture_stat(f->log, WAL_STAT_WRITTEN_BYTES), written);
    assert_int_equal(fixture_stat(f->log, WAL_STAT_SYNCS), syncs);
    assert_int_equal(fixture_segments(f->log), 5);
    expect_lasting(f, 3, 21);
    must(wal_truncate_after(f->log, 18));
    assert_int_equal(fixture_stat(f->log, WAL_STAT_TRUNCATED_BACK), 2);
    expect_lasting(f, 3, 19);
    must(wal_truncate_after(f->log, 12)); /* the end of a segment */
    expect_lasting(f, 3, 13);
    must(wal_truncate_after(f->log, 5));
    expect_lasting(f, 3, 6);
    expect_error(WAL_E_RANGE, wal_truncate_after(f->log, 1), "LSN 1");
    expect_error(WAL_E_RANGE, wal_truncate_after(f->log, 0), "LSN 0");
    assert_int_equal(fixture_append(f, "6"), 6);
    expect_lasting(f, 3, 7);
    must(wal_truncate_after(f->log, 2)); /* the first - 1: empty */
    expect_lasting(f, 3, 3);
    must(wal_truncate_after(f->log, 2)); /* nothing */
    assert_int_equal(fixture_append(f, "3"), 3);
    expect_lasting(f, 3, 4);
    expect_error(WAL_E_INVAL, wal_truncate_after(NULL, 1), "NULL");
}

static void test_after_cuts_inside_groups_and_batches(void **state)
{
    struct log_fixture *f = *state;

    for (uint64_t cut = 0; cut <= 8; cut++) {
        fixture_set(f, WAL_OPT_SYNC, WAL_SYNC_NONE);
        fixture_open(f);
        fixture_fill(f, 4);
        must(wal_sync(f->log, 0)); /* one group */
        must(wal_append_packed(f->log, "5678", (const uint32_t[]){1, 1, 1, 1}, NULL, 4, 0, NULL));
        must(wal_truncate_after(f->log, cut));
        expect_lasting(f, 1, cut + 1);
        fixture_close(f);
        must(wal_destroy(f->dir));
    }
}

static void test_after_lowers_the_durable_lsn(void **state)
{
    struct log_fixture *f = *state;

    fixture_set(f, WAL_OPT_SYNC, WAL_SYNC_NONE);
    fixture_open(f);
    fixture_fill(f, 9);
    assert_int_equal(wal_durable_lsn(f->log), 0);
    must(wal_truncate_after(f->log, 5));
    expect_range(f->log, 1, 5, 6, 5);
    fixture_append(f, "6");
    expect_range(f->log, 1, 6, 7, 5);
    expect_error(WAL_E_TIMEOUT, wal_wait(f->log, 6, 0), NULL);
    must(wal_sync(f->log, 0));
    expect_range(f->log, 1, 6, 7, 6);
}

static void test_replace_cuts_and_appends_in_one_step(void **state)
{
    struct log_fixture *f = *state;
    const wal_record_t r[2] = {{.size = sizeof r[0], .data = "4", .data_size = 1},
                               {.data = "5", .data_size = 1, .type = 9}};
    uint64_t first = MARK;

    fixture_open(f);
    for (int k = 0; k < 7; k++)
        fixture_append(f, k < 3 ? (const char *[]){"1", "2", "3"}[k] : "old");
    must(wal_replace_after(f->log, 3, r, 2, 0, &first));
    assert_int_equal(first, 4);
    expect_lasting(f, 1, 6);
    must(wal_replace_after(f->log, 5,
                           (const wal_record_t[]){{.size = sizeof *r, .data = "6", .data_size = 1}},
                           1, 0, NULL)); /* behind the last: only an append */
    expect_lasting(f, 1, 7);
    must(wal_replace_after(f->log, 4, NULL, 0, 0, &first)); /* only a cut */
    assert_int_equal(first, 0);
    expect_lasting(f, 1, 5);
    must(wal_truncate_before(f->log, 4));
    must(wal_replace_after(f->log, 3, r, 1, WAL_APPEND_SYNC, &first)); /* all of it */
    assert_int_equal(first, 4);
    expect_lasting(f, 4, 5);
}

static void test_arguments_of_replace(void **state)
{
    struct log_fixture *f = *state;
    wal_record_t r = {.size = sizeof r, .data = "x", .data_size = 1};
    uint64_t first = MARK;

    fixture_set(f, WAL_OPT_MAX_RECORD_BYTES, 100);
    fixture_open(f);
    fixture_fill(f, 5);
    must(wal_truncate_before(f->log, 3));
    expect_error(WAL_E_RANGE, wal_replace_after(f->log, 6, &r, 1, 0, &first), "LSN 6");
    expect_error(WAL_E_RANGE, wal_replace_after(f->log, UINT64_MAX, &r, 1, 0, &first), NULL);
    expect_error(WAL_E_RANGE, wal_replace_after(f->log, 1, &r, 1, 0, &first), "LSN 1");
    expect_error(WAL_E_RANGE, wal_replace_after(f->log, 1, NULL, 0, 0, &first), "LSN 1");
    expect_error(WAL_E_INVAL, wal_replace_after(f->log, 4, NULL, 1, 0, &first), "NULL");
    expect_error(WAL_E_INVAL, wal_replace_after(NULL, 4, &r, 1, 0, &first), "NULL");
    r.type = 65536;
    expect_error(WAL_E_INVAL, wal_replace_after(f->log, 4, &r, 1, 0, &first), "65536");
    r.type = 0;
    r.data = fixture_bytes(101, 1);
    r.data_size = 101;
    expect_error(WAL_E_TOOBIG, wal_replace_after(f->log, 4, &r, 1, 0, &first), "101");
    assert_int_equal(first, MARK);
    expect_lasting(f, 3, 6);
}

static void test_reset_goes_on_anywhere(void **state)
{
    struct log_fixture *f = *state;
    const uint64_t next[] = {1000, 5, 1, 6, LAST_LSN, 2};

    fixture_open(f);
    fixture_fill(f, 5);
    expect_error(WAL_E_INVAL, wal_reset(f->log, 0), "LSN 0");
    expect_error(WAL_E_INVAL, wal_reset(f->log, UINT64_MAX), NULL);
    expect_error(WAL_E_INVAL, wal_reset(NULL, 1), "NULL");
    expect_lasting(f, 1, 6);
    for (size_t k = 0; k < COUNT_OF(next); k++) {
        char text[24];
        must(wal_reset(f->log, next[k]));
        expect_lasting(f, next[k], next[k]);
        snprintf(text, sizeof text, "%llu", (unsigned long long)next[k]);
        assert_int_equal(fixture_append(f, text), next[k]);
        expect_lasting(f, next[k], next[k] + 1);
        assert_int_equal(fixture_segments(f->log), 1);
    }
}

static void test_rotate(void **state)
{
    struct log_fixture *f = *state;

    fixture_set(f, WAL_OPT_SYNC, WAL_SYNC_NONE);
    fixture_open(f);
    must(wal_rotate(f->log)); /* no records: nothing to do */
    assert_int_equal(fixture_segments(f->log), 1);
    assert_int_equal(fixture_stat(f->log, WAL_STAT_ROTATIONS), 0);
    fixture_fill(f, 3);
    must(wal_rotate(f->log));
    assert_int_equal(wal_durable_lsn(f->log), 3);
    assert_int_equal(fixture_stat(f->log, WAL_STAT_ROTATIONS), 1);
    assert_int_equal(fixture_segments(f->log), 2); /* shown at once */
    wal_segment_t sealed = fixture_segment(f->log, 0), active = fixture_segment(f->log, 1);
    assert_int_equal(sealed.flags, WAL_SEGMENT_SEALED);
    assert_int_equal(sealed.records, 3);
    assert_int_equal(active.flags, WAL_SEGMENT_ACTIVE);
    assert_int_equal(active.first_lsn, 4);
    assert_int_equal(active.last_lsn, 3);
    assert_int_equal(active.records, 0);
    must(wal_rotate(f->log));
    assert_int_equal(fixture_segments(f->log), 2);
    fixture_append(f, "4");
    must(wal_sync(f->log, 0));
    expect_lasting(f, 1, 5);
    expect_error(WAL_E_INVAL, wal_rotate(NULL), "NULL");
}

/* The first change after a clean open has to begin a segment of its own. */
static void test_each_as_the_first_change_after_open(void **state)
{
    struct log_fixture *f = *state;
    const wal_record_t r = {.size = sizeof r, .data = "5", .data_size = 1};

    fixture_open(f);
    fixture_fill(f, 9);
    fixture_reopen(f);
    must(wal_truncate_after(f->log, 7));
    expect_lasting(f, 1, 8);
    must(wal_truncate_before(f->log, 2));
    expect_lasting(f, 2, 8);
    must(wal_replace_after(f->log, 4, &r, 1, 0, NULL));
    expect_lasting(f, 2, 6);
    must(wal_rotate(f->log));
    expect_lasting(f, 2, 6);
    must(wal_truncate_before(f->log, 6));
    expect_lasting(f, 6, 6);
    must(wal_reset(f->log, 3));
    expect_lasting(f, 3, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(test_before_removes_exactly_what_is_below),
        fixture_test(test_before_takes_buffered_records_too),
        fixture_test(test_before_removes_files),
        fixture_test(test_after_removes_exactly_what_is_above),
        fixture_test(test_after_cuts_inside_groups_and_batches),
        fixture_test(test_after_lowers_the_durable_lsn),
        fixture_test(test_replace_cuts_and_appends_in_one_step),
        fixture_test(test_arguments_of_replace),
        fixture_test(test_reset_goes_on_anywhere),
        fixture_test(test_rotate),
        fixture_test(test_each_as_the_first_change_after_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
