/* SPDX-License-Identifier: Apache-2.0 */
/* Readers that pin: what retention leaves for them, how much at most, and what they are told. */
#include "support/log_fixture.h"

#include <string.h>

static wal_reader_t *pin(struct log_fixture *f, uint64_t from)
{
    wal_reader_t *r;
    must(wal_reader_open(f->log, from, WAL_READ_PIN, &r));
    return r;
}

/* Segments of one record; retention wants to keep one sealed segment. */
static void begin(struct log_fixture *f)
{
    fixture_set(f, WAL_OPT_SEGMENT_RECORDS, 1);
    fixture_set(f, WAL_OPT_RETAIN_SEGMENTS, 1);
    fixture_open(f);
}

static void more(struct log_fixture *f, unsigned n)
{
    for (unsigned k = 0; k < n; k++)
        fixture_append(f, "a");
}

static void test_what_was_not_read_stays(void **state)
{
    struct log_fixture *f = *state;

    begin(f);
    fixture_fill(f, 2);
    wal_reader_t *r = pin(f, 0), *other = pin(f, 2);
    more(f, 6);
    expect_range(f->log, 1, 8, 9, 8);
    expect_next(r, 1, "1");
    more(f, 1);
    assert_int_equal(wal_first_lsn(f->log), 2); /* the very next LSN is the first that stays */
    expect_next(r, 2, "2");
    more(f, 1);
    assert_int_equal(wal_first_lsn(f->log), 2); /* the lowest of all counts */
    expect_next(other, 2, "2");
    more(f, 1);
    assert_int_equal(wal_first_lsn(f->log), 3);
    wal_reader_close(other);
    for (uint64_t lsn = 3; lsn <= 11; lsn++)
        expect_next(r, lsn, "a");
    more(f, 1); /* at the end it holds back nothing */
    assert_int_equal(wal_first_lsn(f->log), 11);
    expect_next(r, 12, "a");
    wal_reader_close(r);
}

static void test_without_pin_nothing_stays(void **state)
{
    struct log_fixture *f = *state;
    wal_record_t x = {.size = sizeof x};
    wal_reader_t *r;

    begin(f);
    fixture_fill(f, 2);
    must(wal_reader_open(f->log, 0, 0, &r));
    more(f, 3);
    expect_error(WAL_E_TRIMMED, wal_reader_next(r, &x), "LSN 1");
    wal_reader_close(r);
}

static void test_a_closed_reader_pins_nothing(void **state)
{
    struct log_fixture *f = *state;

    begin(f);
    fixture_fill(f, 2);
    wal_reader_t *r = pin(f, 1);
    more(f, 3);
    assert_int_equal(wal_first_lsn(f->log), 1);
    assert_true(fixture_stat(f->log, WAL_STAT_PINNED_BYTES) >= 3 * 4096);
    wal_reader_close(r);
    assert_int_equal(fixture_stat(f->log, WAL_STAT_PINNED_BYTES), 0);
    assert_int_equal(wal_first_lsn(f->log), 1); /* until the next rotation */
    more(f, 1);
    assert_int_equal(wal_first_lsn(f->log), 5);
    assert_int_equal(fixture_stat(f->log, WAL_STAT_BROKEN_PINS), 0);
}

static void test_a_seek_moves_the_pin(void **state)
{
    struct log_fixture *f = *state;

    begin(f);
    fixture_fill(f, 2);
    wal_reader_t *r = pin(f, 2);
    expect_error(WAL_E_RANGE, wal_reader_seek(r, 4), "LSN 4"); /* which changes nothing */
    more(f, 3);
    assert_int_equal(wal_first_lsn(f->log), 2);
    must(wal_reader_seek(r, 4));
    more(f, 1);
    assert_int_equal(wal_first_lsn(f->log), 4);
    must(wal_reader_seek(r, 5));
    must(wal_reader_seek(r, 4)); /* and back */
    more(f, 4);
    assert_int_equal(wal_first_lsn(f->log), 4);
    wal_reader_close(r);
}

static void test_many_at_once_count_as_read(void **state)
{
    struct log_fixture *f = *state;
    wal_record_t x[4] = {{.size = sizeof *x}};
    size_t n, got = 0;

    begin(f);
    fixture_fill(f, 2);
    wal_reader_t *r = pin(f, 1);
    more(f, 2);
    while (got < 4) {
        assert_int_equal(wal_reader_next_many(r, x, 4, 1 << 20, &n), 1);
        got += n;
    }
    more(f, 1);
    assert_int_equal(wal_first_lsn(f->log), 4);
    wal_reader_close(r);
}

/* So many bytes are held back, and no more: the lowest pins are broken first. */
static void test_the_limit_breaks_the_lowest(void **state)
{
    struct log_fixture *f = *state;
    wal_record_t x = {.size = sizeof x};
    size_t one;

    begin(f);
    fixture_fill(f, 2);
    one = (size_t)fixture_segment(f->log, 0).bytes;
    fixture_close(f);
    fixture_set(f, WAL_OPT_PIN_LIMIT_BYTES, 2 * one);
    fixture_open(f);
    wal_reader_t *low = pin(f, 1), *high = pin(f, 2);
    more(f, 2);
    assert_int_equal(wal_first_lsn(f->log), 1);
    assert_int_equal(fixture_stat(f->log, WAL_STAT_PINNED_BYTES), 2 * one);
    assert_int_equal(fixture_stat(f->log, WAL_STAT_BROKEN_PINS), 0);
    more(f, 1); /* three would be held back */
    assert_int_equal(wal_first_lsn(f->log), 2);
    assert_int_equal(fixture_stat(f->log, WAL_STAT_BROKEN_PINS), 1);
    assert_int_equal(fixture_stat(f->log, WAL_STAT_PINNED_BYTES), 2 * one);
    expect_error(WAL_E_TRIMMED, wal_reader_next(low, &x), "LSN 1");
    expect_error(WAL_E_TRIMMED, wal_reader_wait(low, 0), "LSN 1");
    expect_next(high, 2, "2");
    more(f, 3);
    assert_int_equal(wal_first_lsn(f->log), 7); /* LSN 3 was not read, but is over the limit */
    assert_int_equal(fixture_stat(f->log, WAL_STAT_BROKEN_PINS), 2);
    must(wal_reader_seek(low, 0)); /* pins anew */
    more(f, 2);
    expect_next(low, 7, "a");
    wal_reader_close(low);
    wal_reader_close(high);
}

/* A broken pin's reader goes on as long as its place is there. */
static void test_a_broken_one_goes_on(void **state)
{
    struct log_fixture *f = *state;

    fixture_set(f, WAL_OPT_RETAIN_SEGMENTS, 1);
    fixture_set(f, WAL_OPT_PIN_LIMIT_BYTES, 0);
    fixture_open(f);
    fixture_fill(f, 2);
    wal_reader_t *r = pin(f, 1);
    must(wal_rotate(f->log));
    expect_next(r, 1, "1"); /* nothing wanted to go yet */
    assert_int_equal(fixture_stat(f->log, WAL_STAT_BROKEN_PINS), 0);
    expect_next(r, 2, "2");
    fixture_append(f, "3");
    must(wal_rotate(f->log)); /* the first goes: it was read */
    assert_int_equal(wal_first_lsn(f->log), 3);
    assert_int_equal(fixture_stat(f->log, WAL_STAT_BROKEN_PINS), 0);
    expect_next(r, 3, "3");
    wal_reader_close(r);
}

static void test_no_limit(void **state)
{
    struct log_fixture *f = *state;

    fixture_set(f, WAL_OPT_PIN_LIMIT_BYTES, UINT64_MAX);
    begin(f);
    fixture_fill(f, 1);
    wal_reader_t *r = pin(f, 1);
    more(f, 30);
    assert_int_equal(wal_first_lsn(f->log), 1);
    wal_reader_close(r);
}

static void test_a_limit_of_none(void **state)
{
    struct log_fixture *f = *state;
    wal_record_t x = {.size = sizeof x};

    fixture_set(f, WAL_OPT_PIN_LIMIT_BYTES, 0);
    begin(f);
    fixture_fill(f, 2);
    wal_reader_t *r = pin(f, 1);
    more(f, 1);
    assert_int_equal(wal_first_lsn(f->log), 2);
    assert_int_equal(fixture_stat(f->log, WAL_STAT_BROKEN_PINS), 1);
    expect_error(WAL_E_TRIMMED, wal_reader_next(r, &x), "LSN 1");
    wal_reader_close(r);
}

static void test_truncation_does_not_regard_them(void **state)
{
    struct log_fixture *f = *state;
    wal_record_t x = {.size = sizeof x};

    fixture_open(f);
    fixture_fill(f, 9);
    wal_reader_t *r = pin(f, 2), *at_end = pin(f, 10);
    must(wal_truncate_before(f->log, 5));
    expect_error(WAL_E_TRIMMED, wal_reader_next(r, &x), "LSN 2");
    must(wal_truncate_after(f->log, 6));
    expect_error(WAL_E_TRIMMED, wal_reader_next(at_end, &x), "LSN 10");
    must(wal_reader_seek(r, 5));
    must(wal_reset(f->log, 1));
    expect_error(WAL_E_TRIMMED, wal_reader_next(r, &x), "LSN 5");
    assert_int_equal(fixture_stat(f->log, WAL_STAT_BROKEN_PINS), 0);
    wal_reader_close(r);
    wal_reader_close(at_end);
}

/* A reader that lost its place pins nothing, though the log comes to its LSN again. */
static void test_a_lost_place_pins_nothing(void **state)
{
    struct log_fixture *f = *state;

    begin(f);
    fixture_fill(f, 3);
    wal_reader_t *above = pin(f, 3), *below = pin(f, 2);
    must(wal_truncate_after(f->log, 1));
    more(f, 8);
    assert_int_equal(wal_last_lsn(f->log), 9);
    assert_int_equal(wal_first_lsn(f->log), 2); /* the lower one stands right behind the cut */
    wal_reader_close(below);
    more(f, 1);
    assert_int_equal(wal_first_lsn(f->log), 9);
    wal_reader_close(above);
}

static void test_what_can_not_pin(void **state)
{
    struct log_fixture *f = *state;
    wal_reader_t *r = NULL;

    fixture_open(f);
    fixture_fill(f, 3);
    expect_error(WAL_E_INVAL, wal_reader_open(f->log, 0, WAL_READ_PIN | WAL_READ_REVERSE, &r),
                 "backward");
    expect_error(WAL_E_INVAL, wal_reader_open(f->log, 0, 8, &r), "0x8");
    wal_t *reader = fixture_open_read_only(f);
    expect_error(WAL_E_READONLY, wal_reader_open(reader, 0, WAL_READ_PIN, &r), NULL);
    must(wal_close(reader));
    assert_null(r);
    must(wal_reader_open(f->log, 0, WAL_READ_PIN | WAL_READ_WRITTEN, &r));
    expect_next(r, 1, "1");
    wal_reader_close(r);
    expect_error(WAL_E_RANGE, wal_reader_open(f->log, 5, WAL_READ_PIN, &r), "LSN 5");
}

static void test_statistics_without_retention(void **state)
{
    struct log_fixture *f = *state;

    fixture_set(f, WAL_OPT_SEGMENT_RECORDS, 1);
    fixture_open(f);
    fixture_fill(f, 5);
    wal_reader_t *r = pin(f, 1);
    assert_int_equal(fixture_stat(f->log, WAL_STAT_PINNED_BYTES), 0); /* nothing would go */
    wal_reader_close(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(test_what_was_not_read_stays),
        fixture_test(test_without_pin_nothing_stays),
        fixture_test(test_a_closed_reader_pins_nothing),
        fixture_test(test_a_seek_moves_the_pin),
        fixture_test(test_many_at_once_count_as_read),
        fixture_test(test_the_limit_breaks_the_lowest),
        fixture_test(test_a_broken_one_goes_on),
        fixture_test(test_no_limit),
        fixture_test(test_a_limit_of_none),
        fixture_test(test_truncation_does_not_regard_them),
        fixture_test(test_a_lost_place_pins_nothing),
        fixture_test(test_what_can_not_pin),
        fixture_test(test_statistics_without_retention),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
