/* SPDX-License-Identifier: Apache-2.0 */
/* Readers: where they may stand, both directions, waiting, cuts, after close. */
#include "support/log_fixture.h"

#include <string.h>

enum { MARK = 0x5a5a };

static wal_reader_t *open_reader(wal_t *w, uint64_t from, uint32_t flags)
{
    wal_reader_t *r = NULL;
    must(wal_reader_open(w, from, flags, &r));
    return r;
}

static void expect_end(wal_reader_t *r)
{
    wal_record_t record = {.size = sizeof record, .lsn = 99};
    assert_int_equal(must(wal_reader_next(r, &record)), 0);
    assert_int_equal(record.lsn, 99);
}

static void expect_trimmed(wal_reader_t *r)
{
    wal_record_t record = {.size = sizeof record, .lsn = 99};
    for (int k = 0; k < 2; k++) { /* it says so until seek */
        expect_error(WAL_E_TRIMMED, wal_reader_next(r, &record), NULL);
        expect_error(WAL_E_TRIMMED, wal_reader_wait(r, -1), NULL);
    }
    assert_int_equal(record.lsn, 99);
}

static void test_forward(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    fixture_fill(f, 3);
    wal_reader_t *r = open_reader(f->log, 0, 0);
    assert_int_equal(wal_reader_position(r), 1);
    expect_next(r, 1, "1");
    assert_int_equal(wal_reader_position(r), 2);
    expect_next(r, 2, "2");
    expect_next(r, 3, "3");
    assert_int_equal(wal_reader_position(r), 4);
    expect_end(r);
    expect_end(r);
    fixture_append(f, "4");
    expect_next(r, 4, "4");
    must(wal_reader_seek(r, 2));
    expect_next(r, 2, "2");
    must(wal_reader_seek(r, 0));
    expect_next(r, 1, "1");
    wal_reader_close(r);
    wal_reader_close(NULL);
}

static void test_backward(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    wal_reader_t *r = open_reader(f->log, 0, WAL_READ_REVERSE);
    assert_int_equal(wal_reader_position(r), 0);
    expect_end(r);
    assert_int_equal(must(wal_reader_wait(r, -1)), 0); /* at the beginning: at once */
    fixture_fill(f, 5);
    must(wal_truncate_before(f->log, 2));
    must(wal_reader_seek(r, 0));
    assert_int_equal(wal_reader_position(r), 5);
    expect_next(r, 5, "5");
    expect_next(r, 4, "4");
    expect_next(r, 3, "3");
    assert_int_equal(must(wal_reader_wait(r, -1)), 1);
    expect_next(r, 2, "2");
    assert_int_equal(wal_reader_position(r), 0);
    expect_end(r);
    assert_int_equal(must(wal_reader_wait(r, -1)), 0);
    must(wal_reader_seek(r, 3));
    expect_next(r, 3, "3");
    wal_reader_close(r);
    r = open_reader(f->log, 4, WAL_READ_REVERSE);
    expect_next(r, 4, "4");
    expect_next(r, 3, "3");
    wal_reader_close(r);
}

static void test_where_a_reader_may_begin(void **state)
{
    struct log_fixture *f = *state;
    wal_reader_t *const mark = (wal_reader_t *)(uintptr_t)MARK;
    wal_reader_t *r = mark;
    const uint32_t flags[] = {0, WAL_READ_WRITTEN, WAL_READ_REVERSE};

    fixture_open(f);
    fixture_fill(f, 5);
    must(wal_truncate_before(f->log, 3));
    for (size_t k = 0; k < COUNT_OF(flags); k++) {
        expect_error(WAL_E_RANGE, wal_reader_open(f->log, 2, flags[k], &r), "3 .. 5");
        expect_error(WAL_E_RANGE, wal_reader_open(f->log, 7, flags[k], &r), "LSN 7");
        expect_error(WAL_E_RANGE, wal_reader_open(f->log, UINT64_MAX, flags[k], &r), NULL);
    }
    expect_error(WAL_E_INVAL, wal_reader_open(f->log, 3, 8, &r), "flags");
    expect_error(WAL_E_INVAL, wal_reader_open(f->log, 3, 0, NULL), "ret");
    expect_error(WAL_E_INVAL, wal_reader_open(NULL, 3, 0, &r), "NULL");
    assert_ptr_equal(r, mark);
    r = open_reader(f->log, 6, 0);
    expect_end(r);
    expect_error(WAL_E_RANGE, wal_reader_seek(r, 2), NULL);
    expect_error(WAL_E_RANGE, wal_reader_seek(r, 7), NULL);
    assert_int_equal(wal_reader_position(r), 6); /* where it was */
    fixture_append(f, "6");
    expect_next(r, 6, "6");
    wal_reader_close(r);
    expect_error(WAL_E_INVAL, wal_reader_seek(NULL, 1), "reader");
    expect_error(WAL_E_INVAL, wal_reader_wait(NULL, 0), "reader");
    expect_error(WAL_E_INVAL, wal_reader_next(NULL, &(wal_record_t){.size = 56}), "reader");
}

static void test_the_record_struct(void **state)
{
    struct log_fixture *f = *state;
    wal_record_t record = {.size = sizeof record - 1};

    fixture_open(f);
    must(wal_append_typed(f->log, 7, "x", 1, 0, NULL));
    wal_reader_t *r = open_reader(f->log, 0, 0);
    expect_error(WAL_E_INVAL, wal_reader_next(r, NULL), "ret");
    expect_error(WAL_E_INVAL, wal_reader_next(r, &record), "size");
    record.size = sizeof record;
    assert_int_equal(must(wal_reader_next(r, &record)), 1);
    assert_int_equal(record.type, 7);
    assert_int_equal(record.flags, WAL_RECORD_DURABLE | WAL_RECORD_BATCH_LAST);
    assert_null(record.tag);
    wal_reader_close(r);
}

static void test_durable_records_only_unless_asked(void **state)
{
    struct log_fixture *f = *state;
    wal_record_t record = {.size = sizeof record};

    fixture_set(f, WAL_OPT_SYNC, WAL_SYNC_NONE);
    fixture_open(f);
    fixture_append(f, "durable");
    must(wal_sync(f->log, 0));
    fixture_append(f, "written");
    must(wal_flush(f->log));
    wal_reader_t *r = open_reader(f->log, 0, 0), *w = open_reader(f->log, 0, WAL_READ_WRITTEN);
    expect_next(r, 1, "durable");
    expect_end(r);
    assert_int_equal(must(wal_reader_wait(r, 0)), 0);
    expect_next(w, 1, "durable");
    assert_int_equal(must(wal_reader_wait(w, -1)), 1);
    assert_int_equal(must(wal_reader_next(w, &record)), 1);
    assert_int_equal(record.lsn, 2);
    assert_int_equal(record.flags, WAL_RECORD_BATCH_LAST);
    expect_end(w);
    wal_reader_close(w);
    w = open_reader(f->log, 0, WAL_READ_WRITTEN | WAL_READ_REVERSE);
    expect_next(w, 2, "written");
    wal_reader_close(w);
    wal_reader_t *back = open_reader(f->log, 0, WAL_READ_REVERSE);
    expect_next(back, 1, "durable");
    wal_reader_close(back);
    must(wal_sync(f->log, 0));
    expect_next(r, 2, "written");
    wal_reader_close(r);
}

static void test_wait_with_a_limit(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    wal_reader_t *r = open_reader(f->log, 0, 0);
    assert_int_equal(must(wal_reader_wait(r, 0)), 0);
    assert_int_equal(must(wal_reader_wait(r, 1)), 0);
    fixture_append(f, "x");
    assert_int_equal(must(wal_reader_wait(r, 0)), 1);
    assert_int_equal(must(wal_reader_wait(r, -1)), 1);
    expect_next(r, 1, "x");
    assert_int_equal(must(wal_reader_wait(r, 1)), 0);
    wal_reader_close(r);
}

static void test_truncation_at_the_front_overtakes_a_reader(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    fixture_fill(f, 9);
    wal_reader_t *behind = open_reader(f->log, 2, 0), *at = open_reader(f->log, 5, 0);
    wal_reader_t *back = open_reader(f->log, 6, WAL_READ_REVERSE);
    expect_next(behind, 2, "2");
    must(wal_truncate_before(f->log, 5));
    expect_trimmed(behind);
    assert_int_equal(wal_reader_position(behind), 3);
    expect_error(WAL_E_RANGE, wal_reader_seek(behind, 4), NULL);
    expect_trimmed(behind);
    must(wal_reader_seek(behind, 5));
    expect_next(behind, 5, "5");
    expect_next(at, 5, "5");
    expect_next(back, 6, "6");
    expect_next(back, 5, "5");
    expect_end(back);
    must(wal_truncate_before(f->log, 10));
    expect_trimmed(at);
    must(wal_reader_seek(at, 0));
    expect_end(at);
    fixture_append(f, "10");
    expect_next(at, 10, "10");
    wal_reader_close(behind);
    wal_reader_close(at);
    wal_reader_close(back);
}

static void test_a_cut_at_the_end(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    fixture_fill(f, 9);
    wal_reader_t *below = open_reader(f->log, 3, 0), *at = open_reader(f->log, 6, 0);
    wal_reader_t *above = open_reader(f->log, 7, 0), *end = open_reader(f->log, 10, 0);
    expect_next(below, 3, "3"); /* its group is loaded */
    must(wal_truncate_after(f->log, 5));
    expect_next(below, 4, "4");
    expect_next(below, 5, "5");
    expect_end(below);
    expect_end(at);
    expect_trimmed(above);
    expect_trimmed(end);
    assert_int_equal(fixture_append(f, "new 6"), 6);
    assert_int_equal(fixture_append(f, "new 7"), 7);
    expect_next(below, 6, "new 6");
    expect_next(at, 6, "new 6");
    expect_next(at, 7, "new 7");
    expect_trimmed(above); /* its place is there again, with other content */
    must(wal_reader_seek(above, 7));
    expect_next(above, 7, "new 7");
    wal_reader_close(below);
    wal_reader_close(at);
    wal_reader_close(above);
    wal_reader_close(end);
}

static void test_a_cut_under_readers_that_walk_back(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    wal_reader_t *waits = open_reader(f->log, 1, WAL_READ_REVERSE); /* from = next */
    expect_end(waits);
    fixture_fill(f, 9);
    expect_next(waits, 1, "1");
    wal_reader_t *above = open_reader(f->log, 8, WAL_READ_REVERSE);
    wal_reader_t *below = open_reader(f->log, 5, WAL_READ_REVERSE);
    wal_reader_t *across = open_reader(f->log, 7, WAL_READ_REVERSE);
    expect_next(across, 7, "7"); /* 6, 5 and so on are loaded */
    expect_next(across, 6, "6");
    expect_next(across, 5, "5");
    must(wal_truncate_after(f->log, 5));
    fixture_append(f, "new 6");
    expect_trimmed(above);
    expect_next(below, 5, "5");
    expect_next(below, 4, "4");
    expect_next(across, 4, "4");
    must(wal_reader_seek(above, 0));
    expect_next(above, 6, "new 6");
    expect_next(above, 5, "5");
    wal_reader_close(waits);
    wal_reader_close(above);
    wal_reader_close(below);
    wal_reader_close(across);
}

static void test_replace_and_reset(void **state)
{
    struct log_fixture *f = *state;
    const wal_record_t x = {.size = sizeof x, .data = "x", .data_size = 1};

    fixture_open(f);
    fixture_fill(f, 5);
    wal_reader_t *a = open_reader(f->log, 4, 0), *b = open_reader(f->log, 5, 0);
    must(wal_replace_after(f->log, 3, &x, 1, 0, NULL));
    expect_next(a, 4, "x");
    expect_end(a);
    expect_trimmed(b);
    must(wal_reset(f->log, 100)); /* everything is above that cut or below the first */
    expect_trimmed(a);
    must(wal_reader_seek(a, 0));
    assert_int_equal(wal_reader_position(a), 100);
    assert_int_equal(fixture_append(f, "100"), 100);
    expect_next(a, 100, "100");
    must(wal_reset(f->log, 4)); /* backwards */
    expect_trimmed(a);
    must(wal_reader_seek(a, 4));
    fixture_append(f, "4");
    expect_next(a, 4, "4");
    wal_reader_close(a);
    wal_reader_close(b);
}

static void test_a_reader_crosses_segments(void **state)
{
    struct log_fixture *f = *state;
    char text[8];

    fixture_set(f, WAL_OPT_SEGMENT_RECORDS, 3);
    fixture_open(f);
    fixture_fill(f, 20);
    for (int round = 0; round < 2; round++) {
        wal_reader_t *r = open_reader(f->log, 0, 0), *back = open_reader(f->log, 0, 2);
        for (unsigned k = 1; k <= 20; k++) {
            snprintf(text, sizeof text, "%u", k);
            expect_next(r, k, text);
            snprintf(text, sizeof text, "%u", 21 - k);
            expect_next(back, 21 - k, text);
        }
        expect_end(r);
        expect_end(back);
        wal_reader_close(r);
        wal_reader_close(back);
        fixture_reopen(f);
    }
}

static void test_damage_stays_an_error_and_the_place_stays(void **state)
{
    struct log_fixture *f = *state;
    wal_record_t record = {.size = sizeof record, .lsn = 99};
    unsigned char byte;

    fixture_open(f);
    fixture_fill(f, 3);
    must(wal_rotate(f->log));
    fixture_append(f, "4");
    fixture_close(f);
    fixture_read_file(fixture_segment_path(f, 1), 4096 + 128 + 64 + 16, &byte, 1);
    byte ^= 0x80;
    fixture_write_file(fixture_segment_path(f, 1), 4096 + 128 + 64 + 16, &byte, 1);
    fixture_open(f);
    wal_reader_t *r = open_reader(f->log, 0, 0), *back = open_reader(f->log, 4, WAL_READ_REVERSE);
    expect_next(r, 1, "1");
    for (int k = 0; k < 2; k++) {
        expect_error(WAL_E_CORRUPT, wal_reader_next(r, &record), "00000000000000000001.wal");
        assert_int_equal(wal_reader_position(r), 2);
    }
    expect_next(back, 4, "4");
    expect_next(back, 3, "3");
    expect_error(WAL_E_CORRUPT, wal_reader_next(back, &record), "00000000000000000001.wal");
    assert_int_equal(record.lsn, 99);
    must(wal_reader_seek(r, 4)); /* behind it all is well */
    expect_next(r, 4, "4");
    wal_reader_close(r);
    wal_reader_close(back);
}

static void test_a_reader_outlives_its_log(void **state)
{
    struct log_fixture *f = *state;
    wal_record_t record = {.size = sizeof record, .lsn = 99};

    fixture_open(f);
    fixture_fill(f, 3);
    wal_reader_t *r = open_reader(f->log, 0, 0), *untouched = open_reader(f->log, 0, 0);
    expect_next(r, 1, "1");
    fixture_close(f);
    expect_error(WAL_E_CLOSED, wal_reader_next(r, &record), f->dir);
    expect_error(WAL_E_CLOSED, wal_reader_seek(r, 1), f->dir);
    expect_error(WAL_E_CLOSED, wal_reader_wait(r, -1), f->dir);
    assert_int_equal(record.lsn, 99);
    fixture_open(f);
    expect_error(WAL_E_CLOSED, wal_reader_next(r, &record), f->dir);
    wal_reader_close(untouched);
    wal_reader_close(r);
}

struct in_hand {
    wal_reader_t *reader;
    int code;
};

static int next_in_callback(void *ctx, const wal_record_t *record)
{
    struct in_hand *x = ctx;
    wal_record_t mine = {.size = sizeof mine};
    (void)record;
    x->code = wal_reader_next(x->reader, &mine);
    return 1;
}

static int next_in_child(void *ctx)
{
    struct in_hand *x = ctx;
    wal_record_t mine = {.size = sizeof mine};
    return wal_reader_next(x->reader, &mine) == WAL_E_FORK ? 0 : 1;
}

/* A record that the reader has in memory already is given where it may be given, and only there. */
static void test_a_record_at_hand(void **state)
{
    struct log_fixture *f = *state;
    wal_record_t record = {.size = sizeof record};
    struct in_hand x = {0};

    fixture_open(f);
    const wal_record_t five[5] = {{.size = sizeof *five, .data = "1", .data_size = 1},
                                  {.size = sizeof *five, .data = "2", .data_size = 1},
                                  {.size = sizeof *five, .data = "3", .data_size = 1},
                                  {.size = sizeof *five, .data = "4", .data_size = 1},
                                  {.size = sizeof *five, .data = "5", .data_size = 1}};
    must(wal_append_many(f->log, five, 5, 0, NULL));
    x.reader = open_reader(f->log, 0, 0);
    expect_next(x.reader, 1, "1");
    must(wal_replay(f->log, 0, next_in_callback, &x, NULL));
    assert_int_equal(x.code, WAL_E_BUSY);
    assert_int_equal(in_child(next_in_child, &x), 0);
    record.size = sizeof record - 1;
    expect_error(WAL_E_INVAL, wal_reader_next(x.reader, &record), "size");
    expect_error(WAL_E_INVAL, wal_reader_next(x.reader, NULL), NULL);
    expect_error(WAL_E_INVAL, wal_reader_next(NULL, &record), NULL);
    expect_next(x.reader, 2, "2");
    fixture_close(f);
    record.size = sizeof record;
    expect_error(WAL_E_CLOSED, wal_reader_next(x.reader, &record), f->dir);
    wal_reader_close(x.reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(test_forward),
        fixture_test(test_backward),
        fixture_test(test_where_a_reader_may_begin),
        fixture_test(test_the_record_struct),
        fixture_test(test_durable_records_only_unless_asked),
        fixture_test(test_wait_with_a_limit),
        fixture_test(test_truncation_at_the_front_overtakes_a_reader),
        fixture_test(test_a_cut_at_the_end),
        fixture_test(test_a_cut_under_readers_that_walk_back),
        fixture_test(test_replace_and_reset),
        fixture_test(test_a_reader_crosses_segments),
        fixture_test(test_damage_stays_an_error_and_the_place_stays),
        fixture_test(test_a_reader_outlives_its_log),
        fixture_test(test_a_record_at_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
