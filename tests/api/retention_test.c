/* SPDX-License-Identifier: Apache-2.0 */
/* Retention by options: what goes at a rotation and at open, what never goes, and what is told. */
#include "support/log_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "api/options.h"
#include "support/spy_os.h"
#include "support/told.h"

#define MS UINT64_C(1000000)

static struct told told;
static struct spy_os spy;
static struct os clock_os;
static uint64_t clock_ns;

static uint64_t clock_wall(void *ctx)
{
    (void)ctx;
    return clock_ns;
}

static void listen(struct log_fixture *f)
{
    memset(&told, 0, sizeof told);
    must(wal_options_set_events(f->options, WAL_EVENT_REMOVED | WAL_EVENT_TRUNCATED, told_event,
                                &told));
}

static void without(struct log_fixture *f, uint32_t option)
{
    fixture_close(f);
    fixture_set(f, option, 0);
    fixture_open(f);
}

static void test_by_segments(void **state)
{
    struct log_fixture *f = *state;

    listen(f);
    fixture_set(f, WAL_OPT_SEGMENT_RECORDS, 3);
    fixture_set(f, WAL_OPT_RETAIN_SEGMENTS, 2);
    fixture_open(f);
    fixture_fill(f, 9); /* two sealed, and a full one */
    expect_range(f->log, 1, 9, 10, 9);
    assert_int_equal(told.n_events, 0);
    fixture_append(f, "10"); /* rotates: at once */
    expect_range(f->log, 4, 10, 11, 10);
    assert_int_equal(fixture_segments(f->log), 3);
    assert_int_equal(fixture_segment(f->log, 0).number, 2);
    for (unsigned k = 11; k <= 31; k++)
        fixture_append(f, "more");
    expect_range(f->log, 25, 31, 32, 31);
    assert_int_equal(fixture_stat(f->log, WAL_STAT_TRUNCATED_FRONT), 24);
    fixture_close(f); /* by then, files are gone */
    for (uint64_t number = 1; number <= 11; number++)
        assert_int_equal(fixture_exists(fixture_segment_path(f, number)), number > 8);
    assert_int_equal(told_count(&told, WAL_EVENT_REMOVED), 8);
    assert_int_equal(told_nth(&told, WAL_EVENT_REMOVED, 7)->segment, 8);
    assert_int_equal(told_count(&told, WAL_EVENT_TRUNCATED), 8);
    assert_int_equal(told_nth(&told, WAL_EVENT_TRUNCATED, 7)->lsn, 25);
    fixture_open(f);
    expect_range(f->log, 25, 31, 32, 31);
}

static void test_by_rotate_and_crash(void **state)
{
    struct log_fixture *f = *state;

    fixture_set(f, WAL_OPT_RETAIN_SEGMENTS, 1);
    fixture_open(f);
    for (uint64_t k = 1; k <= 5; k++) {
        fixture_append(f, "a");
        must(wal_rotate(f->log));
        expect_range(f->log, k, k, k + 1, k);
        assert_int_equal(fixture_segments(f->log), 2);
    }
    fixture_append(f, "6");
    fixture_crash(f);
    fixture_open(f);
    assert_int_equal(wal_first_lsn(f->log), 5);
    expect_record(f->log, 6, "6");
}

static uint64_t used(struct log_fixture *f)
{
    uint64_t bytes = 0;
    for (size_t k = 0; k < fixture_segments(f->log); k++)
        bytes += fixture_segment(f->log, k).bytes;
    return bytes;
}

static void test_by_bytes(void **state)
{
    struct log_fixture *f = *state;
    const uint64_t limit = 300 * 1024, segment = 64 * 1024;

    fixture_set(f, WAL_OPT_SEGMENT_BYTES, segment);
    fixture_set(f, WAL_OPT_RETAIN_BYTES, limit);
    fixture_open(f);
    for (unsigned k = 0; k < 400; k++) {
        must(wal_append(f->log, fixture_bytes(3000, 'x'), 3000, NULL));
        assert_true(used(f) <= limit + segment);
    }
    assert_true(used(f) > limit - 2 * segment); /* no more than it has to */
    assert_true(wal_first_lsn(f->log) > 200);
    char buf[3000];
    wal_record_t r = {.size = sizeof r};
    must(wal_get(f->log, wal_first_lsn(f->log), buf, sizeof buf, &r));
}

static void test_by_age(void **state)
{
    struct log_fixture *f = *state;

    spy_init(&spy);
    clock_os = spy.os;
    clock_os.wall = clock_wall;
    clock_ns = 1000 * MS;
    options_set_os(f->options, &clock_os);
    fixture_set(f, WAL_OPT_BACKGROUND, 0);
    fixture_set(f, WAL_OPT_RETAIN_AGE_MS, 100);
    fixture_open(f);
    for (unsigned k = 1; k <= 3; k++) { /* ended at 1010, 1020, 1030 */
        fixture_append(f, "a");
        clock_ns += 10 * MS;
        must(wal_rotate(f->log));
    }
    fixture_append(f, "4");
    clock_ns = 1109 * MS;
    must(wal_rotate(f->log));
    assert_int_equal(wal_first_lsn(f->log), 1);
    fixture_append(f, "5");
    clock_ns = 1110 * MS;
    must(wal_rotate(f->log));
    assert_int_equal(wal_first_lsn(f->log), 2);
    clock_ns = 900 * MS; /* it was set back */
    fixture_append(f, "6");
    must(wal_rotate(f->log));
    assert_int_equal(wal_first_lsn(f->log), 2);
    clock_ns = 5000 * MS; /* time alone does nothing ... */
    assert_int_equal(wal_first_lsn(f->log), 2);
    fixture_reopen(f); /* ... an open does */
    expect_range(f->log, 7, 0, 7, 6);
    assert_int_equal(fixture_append(f, "7"), 7);
}

static void test_at_open(void **state)
{
    struct log_fixture *f = *state;
    wal_recovery_t report;

    fixture_set(f, WAL_OPT_SEGMENT_RECORDS, 2);
    fixture_open(f);
    fixture_fill(f, 11);
    fixture_close(f);
    fixture_set(f, WAL_OPT_RETAIN_SEGMENTS, 2);
    wal_t *reader = fixture_open_read_only(f); /* which removes nothing */
    assert_int_equal(wal_first_lsn(reader), 1);
    must(wal_close(reader));
    listen(f);
    fixture_open(f);
    assert_int_equal(told_nth(&told, WAL_EVENT_TRUNCATED, 0)->lsn, 7);
    expect_range(f->log, 7, 11, 12, 11);
    assert_int_equal(fixture_segments(f->log), 3);
    must(wal_recovery(f->log, &report, sizeof report));
    assert_int_equal(report.first_lsn, 7);
    fixture_close(f);
    assert_int_equal(told_count(&told, WAL_EVENT_REMOVED), 3);
    assert_false(fixture_exists(fixture_segment_path(f, 3)));
    fixture_open(f);
    expect_range(f->log, 7, 11, 12, 11);
    fixture_crash(f);
    fixture_set(f, WAL_OPT_RETAIN_SEGMENTS, 1);
    fixture_open(f);
    expect_range(f->log, 9, 11, 12, 11);
}

/* Control can't be written: the open fails, and leaves a log that the next one opens. */
static void test_an_open_that_fails(void **state)
{
    struct log_fixture *f = *state;

    spy_init(&spy);
    options_set_os(f->options, &spy.os);
    fixture_set(f, WAL_OPT_BACKGROUND, 0);
    fixture_set(f, WAL_OPT_SEGMENT_RECORDS, 2);
    fixture_open(f);
    fixture_fill(f, 7);
    fixture_close(f);
    fixture_set(f, WAL_OPT_RETAIN_SEGMENTS, 1);
    spy_clear(&spy);
    spy_fail(&spy, SPY_SYNC, 5, EIO); /* the second slot of the change */
    expect_error(WAL_E_IO, wal_open(f->dir, f->options, &f->log), "control");
    assert_null(f->log);
    assert_true(fixture_exists(fixture_segment_path(f, 1)));
    fixture_open(f);
    expect_range(f->log, 5, 7, 8, 7);
    fixture_append(f, "8");
    assert_false(fixture_exists(fixture_segment_path(f, 1)));
}

/* The first segment of a handle that goes on behind a large one is a rotation, too. */
static void test_at_the_first_append(void **state)
{
    struct log_fixture *f = *state;

    fixture_set(f, WAL_OPT_SEGMENT_RECORDS, 2);
    fixture_set(f, WAL_OPT_RETAIN_SEGMENTS, 1);
    fixture_open(f);
    fixture_fill(f, 4);
    assert_int_equal(wal_first_lsn(f->log), 1);
    fixture_reopen(f);
    assert_int_equal(wal_first_lsn(f->log), 1);
    fixture_append(f, "5"); /* the one before was full: it stays as a sealed one */
    expect_range(f->log, 3, 5, 6, 5);
    expect_record(f->log, 3, "3");
}

static void test_without_a_checkpoint(void **state)
{
    struct log_fixture *f = *state;

    fixture_set(f, WAL_OPT_SEGMENT_RECORDS, 2);
    fixture_set(f, WAL_OPT_RETAIN_FROM_CHECKPOINT, 1);
    fixture_open(f);
    fixture_fill(f, 9);
    fixture_reopen(f);
    expect_range(f->log, 1, 9, 10, 9); /* nothing goes by it */
    without(f, WAL_OPT_RETAIN_FROM_CHECKPOINT);
    expect_range(f->log, 1, 9, 10, 9);
}

/* What lies up to the checkpoint goes; the segment that has the checkpoint itself stays. */
static void test_from_checkpoint(void **state)
{
    struct log_fixture *f = *state;
    char buf[8];
    uint64_t lsn;
    size_t size;

    fixture_set(f, WAL_OPT_SEGMENT_RECORDS, 2);
    fixture_set(f, WAL_OPT_RETAIN_FROM_CHECKPOINT, 1);
    fixture_open(f);
    fixture_fill(f, 9);
    must(wal_checkpoint(f->log, 5, "state", 5));
    assert_int_equal(wal_first_lsn(f->log), 1);
    must(wal_rotate(f->log));
    expect_range(f->log, 5, 9, 10, 9); /* records 5 and 6 share a segment */
    must(wal_checkpoint(f->log, 9, "newer", 5));
    fixture_append(f, "10");
    must(wal_rotate(f->log));
    expect_range(f->log, 10, 10, 11, 10);
    fixture_reopen(f);
    expect_range(f->log, 10, 10, 11, 10);
    must(wal_checkpoint_get(f->log, buf, sizeof buf, &lsn, &size));
    assert_int_equal(lsn, 9);
    assert_memory_equal(buf, "newer", 5);
}

/* The newest checkpoint is a fence for every limit. */
static void test_never_above_a_checkpoint(void **state)
{
    struct log_fixture *f = *state;

    fixture_set(f, WAL_OPT_SEGMENT_RECORDS, 2);
    fixture_set(f, WAL_OPT_RETAIN_SEGMENTS, 1);
    fixture_open(f);
    fixture_fill(f, 2);
    must(wal_checkpoint(f->log, 1, "state", 5));
    for (int k = 0; k < 9; k++)
        fixture_append(f, "a");
    assert_int_equal(wal_first_lsn(f->log), 1);
    must(wal_checkpoint(f->log, 9, "state", 5));
    fixture_append(f, "a");
    fixture_append(f, "a");
    assert_int_equal(wal_first_lsn(f->log), 9);
}

/* Whatever was in what goes and is still needed is in a newer segment already. */
static void test_metadata_and_tag_stay(void **state)
{
    struct log_fixture *f = *state;
    wal_batch_t *b;
    char buf[16];
    size_t size;

    fixture_set(f, WAL_OPT_RETAIN_SEGMENTS, 1);
    fixture_open(f);
    must(wal_meta_set(f->log, "key", 3, "value", 5));
    must(wal_batch_new(f->log, &b));
    must(wal_batch_append(b, 0, "1", 1));
    must(wal_batch_set_tag(b, "tag", 3));
    must(wal_batch_commit(b, 0, NULL, NULL));
    wal_batch_free(b);
    for (int k = 0; k < 3; k++) {
        fixture_append(f, "a");
        must(wal_rotate(f->log));
    }
    assert_int_equal(wal_first_lsn(f->log), 4);
    fixture_reopen(f);
    must(wal_meta_get(f->log, "key", 3, buf, sizeof buf, &size));
    assert_memory_equal(buf, "value", 5);
    must(wal_last_tag(f->log, buf, sizeof buf, &size));
    assert_memory_equal(buf, "tag", 3);
}

/* Buffered logs rotate many times in one write; nothing of it is lost or kept too long. */
static void test_buffered(void **state)
{
    struct log_fixture *f = *state;

    fixture_set(f, WAL_OPT_SYNC, WAL_SYNC_NONE);
    fixture_set(f, WAL_OPT_SEGMENT_RECORDS, 5);
    fixture_set(f, WAL_OPT_RETAIN_SEGMENTS, 3);
    fixture_open(f);
    fixture_fill(f, 100);
    must(wal_sync(f->log, 0));
    expect_range(f->log, 81, 100, 101, 100);
    expect_record(f->log, 81, "81");
}

static void test_a_batch_longer_than_a_group(void **state)
{
    struct log_fixture *f = *state;
    const uint32_t sizes[] = {50000, 50000, 50000};

    fixture_set(f, WAL_OPT_SEGMENT_BYTES, 64 * 1024);
    fixture_set(f, WAL_OPT_GROUP_BYTES, 64 * 1024);
    fixture_set(f, WAL_OPT_RETAIN_SEGMENTS, 2);
    fixture_open(f);
    for (int k = 0; k < 6; k++)
        must(wal_append_packed(f->log, fixture_bytes(150000, 'b'), sizes, NULL, 3, 0, NULL));
    assert_int_equal(fixture_segments(f->log), 3);
    assert_int_equal(wal_first_lsn(f->log), 10);
}

/* Without a thread the one that rotates removes, when others can write again: control first. */
static void test_without_a_thread(void **state)
{
    struct log_fixture *f = *state;

    spy_init(&spy);
    options_set_os(f->options, &spy.os);
    fixture_set(f, WAL_OPT_BACKGROUND, 0);
    fixture_set(f, WAL_OPT_RETAIN_SEGMENTS, 1);
    fixture_set(f, WAL_OPT_SEGMENT_RECORDS, 2);
    fixture_open(f);
    fixture_fill(f, 4);
    spy_clear(&spy);
    fixture_append(f, "5");
    assert_false(fixture_exists(fixture_segment_path(f, 1)));
    const char *gone = strstr(spy.trace, "unlink 00000000000000000001");
    assert_non_null(gone);
    assert_null(strstr(gone, "sync")); /* behind everything that the append needs */
    assert_int_equal(fixture_stat(f->log, WAL_STAT_REMOVED_SEGMENTS), 1);
}

/* The change is part of the one that the rotation makes anyway. */
static void test_costs_no_sync(void **state)
{
    struct log_fixture *f = *state;
    unsigned syncs[2];

    for (uint64_t retain = 0; retain <= 1; retain++) {
        spy_init(&spy);
        options_set_os(f->options, &spy.os);
        fixture_set(f, WAL_OPT_BACKGROUND, 0);
        fixture_set(f, WAL_OPT_RETAIN_SEGMENTS, retain);
        fixture_open(f);
        for (int k = 0; k < 3; k++) {
            fixture_append(f, "a");
            spy_clear(&spy);
            must(wal_rotate(f->log));
        }
        syncs[retain] = spy.calls[SPY_SYNC];
        assert_int_equal(wal_first_lsn(f->log), retain ? 3 : 1);
        fixture_close(f);
        must(wal_destroy(f->dir));
    }
    assert_int_equal(syncs[0], syncs[1]);
}

static void test_files_that_stay(void **state)
{
    struct log_fixture *f = *state;

    spy_init(&spy);
    options_set_os(f->options, &spy.os);
    fixture_set(f, WAL_OPT_BACKGROUND, 0);
    fixture_set(f, WAL_OPT_RETAIN_SEGMENTS, 1);
    fixture_open(f);
    fixture_append(f, "1");
    must(wal_rotate(f->log));
    fixture_append(f, "2");
    spy_clear(&spy);
    spy_fail(&spy, SPY_UNLINK, 1, EIO);
    must(wal_rotate(f->log)); /* no error of it */
    expect_range(f->log, 2, 2, 3, 2);
    assert_true(fixture_exists(fixture_segment_path(f, 1)));
    fixture_reopen(f);
    expect_range(f->log, 2, 2, 3, 2);
    fixture_append(f, "3");
    assert_false(fixture_exists(fixture_segment_path(f, 1)));
}

/* A chain that is damaged in the middle: everything stays, appends go on, the reader is told. */
static void test_a_damaged_chain(void **state)
{
    struct log_fixture *f = *state;
    uint8_t bad[4096];

    memset(bad, 0xee, sizeof bad);
    fixture_set(f, WAL_OPT_SEGMENT_RECORDS, 2);
    fixture_open(f);
    fixture_fill(f, 13);
    fixture_close(f);
    fixture_write_file(fixture_segment_path(f, 3), 0, bad, sizeof bad);
    fixture_set(f, WAL_OPT_RETAIN_SEGMENTS, 1);
    fixture_open(f);
    assert_int_equal(wal_first_lsn(f->log), 1);
    for (int k = 0; k < 6; k++)
        fixture_append(f, "a");
    assert_int_equal(wal_first_lsn(f->log), 1);
    assert_true(fixture_stat(f->log, WAL_STAT_CORRUPTIONS) > 0);
    assert_true(fixture_exists(fixture_segment_path(f, 3)));
}

static void test_readers_are_told(void **state)
{
    struct log_fixture *f = *state;
    wal_record_t r = {.size = sizeof r};
    wal_reader_t *below, *above;

    fixture_set(f, WAL_OPT_SEGMENT_RECORDS, 2);
    fixture_set(f, WAL_OPT_RETAIN_SEGMENTS, 1);
    fixture_open(f);
    fixture_fill(f, 4);
    must(wal_reader_open(f->log, 1, 0, &below));
    must(wal_reader_open(f->log, 3, 0, &above));
    expect_next(below, 1, "1");
    fixture_append(f, "5");
    expect_error(WAL_E_TRIMMED, wal_reader_next(below, &r), "LSN 2");
    expect_error(WAL_E_TRIMMED, wal_reader_wait(below, 0), "LSN 2");
    expect_next(above, 3, "3");
    must(wal_reader_seek(below, 0));
    expect_next(below, 3, "3");
    wal_reader_close(below);
    wal_reader_close(above);
}

static void test_a_reader_in_another_process(void **state)
{
    struct log_fixture *f = *state;
    wal_record_t r = {.size = sizeof r};
    wal_reader_t *reader;

    fixture_set(f, WAL_OPT_SEGMENT_RECORDS, 2);
    fixture_set(f, WAL_OPT_RETAIN_SEGMENTS, 1);
    fixture_open(f);
    fixture_fill(f, 4);
    wal_t *w = fixture_open_read_only(f);
    must(wal_reader_open(w, 1, 0, &reader));
    fixture_append(f, "5");
    assert_int_equal(wal_first_lsn(w), 3);
    expect_error(WAL_E_TRIMMED, wal_reader_next(reader, &r), NULL);
    must(wal_reader_seek(reader, 0));
    expect_next(reader, 3, "3");
    wal_reader_close(reader);
    must(wal_close(w));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(test_by_segments),
        fixture_test(test_by_rotate_and_crash),
        fixture_test(test_by_bytes),
        fixture_test(test_by_age),
        fixture_test(test_at_open),
        fixture_test(test_an_open_that_fails),
        fixture_test(test_at_the_first_append),
        fixture_test(test_without_a_checkpoint),
        fixture_test(test_from_checkpoint),
        fixture_test(test_never_above_a_checkpoint),
        fixture_test(test_metadata_and_tag_stay),
        fixture_test(test_buffered),
        fixture_test(test_a_batch_longer_than_a_group),
        fixture_test(test_without_a_thread),
        fixture_test(test_costs_no_sync),
        fixture_test(test_files_that_stay),
        fixture_test(test_a_damaged_chain),
        fixture_test(test_readers_are_told),
        fixture_test(test_a_reader_in_another_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
