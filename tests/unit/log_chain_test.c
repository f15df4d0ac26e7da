/* SPDX-License-Identifier: Apache-2.0 */
/* R1: which of the directory's segments make up the log; none may be missing, foreign or forgotten.
 */
#include "spied_log.h"

#include <unistd.h>

static void make(struct log_fixture *f, unsigned segments)
{
    fixture_open(f);
    for (unsigned k = 1; k < segments; k++) {
        fixture_fill(f, 2);
        must(wal_rotate(f->log));
    }
    fixture_fill(f, 2);
    fixture_close(f);
}

static int open_it(struct log_fixture *f)
{
    return wal_open(f->dir, f->options, &f->log);
}

static void copy_segment(struct log_fixture *f, uint64_t from, uint64_t to)
{
    static uint8_t bytes[8192];
    fixture_read_file(fixture_segment_path(f, from), 0, bytes, sizeof bytes);
    fixture_write_file(fixture_segment_path(f, to), 0, bytes, sizeof bytes);
}

static void missing_ones(void **state)
{
    struct log_fixture *f = *state;
    for (uint64_t gone = 1; gone <= 4; gone++) {
        char name[64];
        make(f, 4);
        snprintf(name, sizeof name, "%020d.wal", (int)gone);
        assert_int_equal(remove(fixture_segment_path(f, gone)), 0);
        expect_error(WAL_E_CORRUPT, open_it(f), name);
        must(wal_destroy(f->dir));
    }
}

static void a_copy_in_anothers_place(void **state)
{
    struct log_fixture *f = *state;
    make(f, 4);
    copy_segment(f, 1, 2);
    int e = open_it(f);
    if (e == 0) { /* what lies further back may be found when it is read */
        wal_record_t r = {.size = sizeof r};
        char buf[8];
        expect_error(WAL_E_CORRUPT, wal_get(f->log, 3, buf, sizeof buf, &r), NULL);
    } else {
        assert_int_equal(e, WAL_E_CORRUPT);
    }
}

static void a_segment_of_another_log(void **state)
{
    struct log_fixture *f = *state;
    static uint8_t bytes[8192];

    make(f, 7);
    fixture_read_file(fixture_segment_path(f, 7), 0, bytes, sizeof bytes);
    must(wal_destroy(f->dir));
    make(f, 3);
    /* above the newest: nobody's business, and left alone */
    fixture_write_file(fixture_segment_path(f, 7), 0, bytes, sizeof bytes);
    fixture_open(f);
    assert_int_equal(wal_last_lsn(f->log), 6);
    assert_int_equal(fixture_append(f, "a"), 7);
    assert_true(fixture_exists(fixture_segment_path(f, 7)));
    fixture_close(f);
    must(wal_destroy(f->dir));
    make(f, 7); /* as the newest: refused */
    fixture_write_file(fixture_segment_path(f, 7), 0, bytes, sizeof bytes);
    expect_error(WAL_E_CORRUPT, open_it(f), "another log");
}

/* Control is older than what is there: somebody put an old one back. */
static void a_newer_segment_that_was_in_use(void **state)
{
    struct log_fixture *f = *state;
    static uint8_t control[8192];

    make(f, 2);
    fixture_read_file(fixture_path(f, "control"), 0, control, sizeof control);
    fixture_open(f);
    fixture_append(f, "a");
    must(wal_rotate(f->log));
    fixture_append(f, "b");
    fixture_append(f, "c");
    fixture_close(f);
    fixture_write_file(fixture_path(f, "control"), 0, control, sizeof control);
    expect_error(WAL_E_CORRUPT, open_it(f), NULL);
    assert_true(fixture_exists(fixture_segment_path(f, 4)));
}

static void leftovers_are_told_from_members(void **state)
{
    struct log_fixture *f = *state;
    make(f, 3);
    fixture_write_file(fixture_segment_path(f, 20), 0, "no header", 9);
    fixture_write_file(fixture_path(f, "00000000000000000005.wal.bak"), 0, "x", 1);
    fixture_open(f);
    assert_int_equal(f->log->leftovers.n, 1);
    assert_int_equal(f->log->leftovers.segments[0], 20);
    assert_int_equal(f->log->next_number, 21);
    assert_int_equal(fixture_segments(f->log), 3);
    fixture_append(f, "a");
    assert_false(fixture_exists(fixture_segment_path(f, 20)));
    assert_true(fixture_exists(fixture_path(f, "00000000000000000005.wal.bak")));
}

static void a_segment_under_another_number_is_not_ours_to_remove(void **state)
{
    struct log_fixture *f = *state;
    make(f, 3);
    copy_segment(f, 2, 9);
    fixture_open(f);
    fixture_fill(f, 1); /* the first write removes leftovers */
    fixture_close(f);
    assert_int_equal(access(fixture_segment_path(f, 9), F_OK), 0);
    fixture_open(f);
    assert_int_equal(wal_last_lsn(f->log), 7);
    fixture_close(f);
}

/* With names in an unbroken row only the ends are read. */
static void a_long_chain_is_not_read_at_open(void **state)
{
    struct log_fixture *f = *state;
    make(f, 30);
    spy_clear(&spy);
    fixture_open(f);
    assert_true(spy.calls[SPY_OPEN] < 8);
    assert_int_equal(f->log->report.segments, 30);
    assert_int_equal(f->log->catalog.n, 1);
    expect_record(f->log, 1, "1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        spied_test(missing_ones),
        spied_test(a_copy_in_anothers_place),
        spied_test(a_segment_of_another_log),
        spied_test(a_newer_segment_that_was_in_use),
        spied_test(leftovers_are_told_from_members),
        spied_test(a_segment_under_another_number_is_not_ours_to_remove),
        spied_test(a_long_chain_is_not_read_at_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
