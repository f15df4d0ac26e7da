/* SPDX-License-Identifier: Apache-2.0 */
/* wal_drain: what the predicate is asked, what goes, and that it stays gone. */
#include "support/log_fixture.h"

#include <string.h>

#include "api/options.h"
#include "support/spy_os.h"
#include "support/told.h"

enum { MARK = 0x5a5a, ALL = 100 };

static struct told told;
static struct spy_os spy;

/* A predicate that lets `drop` segments go, then answers `answer`. */
struct judge {
    wal_t *log;
    size_t drop, asked;
    int answer;
    wal_segment_t seen[ALL];
    void (*inside)(struct judge *j);
};

static int judge(void *ctx, const wal_segment_t *segment)
{
    struct judge *j = ctx;
    j->seen[j->asked++] = *segment;
    if (j->inside)
        j->inside(j);
    return j->asked <= j->drop ? 1 : j->answer;
}

/* Four sealed segments of three records, one in the active one. */
static void begin(struct log_fixture *f)
{
    memset(&told, 0, sizeof told);
    must(wal_options_set_events(f->options, WAL_EVENT_REMOVED | WAL_EVENT_TRUNCATED, told_event,
                                &told));
    fixture_set(f, WAL_OPT_SEGMENT_RECORDS, 3);
    fixture_open(f);
    fixture_fill(f, 13);
}

static void expect_lasting(struct log_fixture *f, uint64_t first, size_t segments)
{
    for (int k = 0; k < 3; k++) {
        expect_range(f->log, first, 13, 14, 13);
        assert_int_equal(fixture_segments(f->log), segments);
        expect_record(f->log, 13, "13");
        if (k == 0)
            fixture_crash(f);
        if (k < 2)
            k == 0 ? fixture_open(f) : fixture_reopen(f);
    }
}

static void test_the_oldest_go_as_long_as_it_says_so(void **state)
{
    struct log_fixture *f = *state;
    struct judge j = {.drop = 2};
    size_t count = MARK;

    begin(f);
    must(wal_drain(f->log, judge, &j, &count));
    assert_int_equal(count, 2);
    assert_int_equal(j.asked, 3);
    for (size_t k = 0; k < 3; k++) {
        assert_int_equal(j.seen[k].size, sizeof *j.seen);
        assert_int_equal(j.seen[k].flags, WAL_SEGMENT_SEALED);
        assert_int_equal(j.seen[k].number, k + 1);
        assert_int_equal(j.seen[k].first_lsn, 3 * k + 1);
        assert_int_equal(j.seen[k].last_lsn, 3 * k + 3);
        assert_int_equal(j.seen[k].records, 3);
        assert_true(j.seen[k].bytes > 4096 && j.seen[k].created_ns > 0);
        assert_int_equal(j.seen[k].checkpoint_lsn, 0);
    }
    assert_int_equal(fixture_stat(f->log, WAL_STAT_REMOVED_SEGMENTS), 2);
    assert_int_equal(fixture_stat(f->log, WAL_STAT_TRUNCATED_FRONT), 6);
    assert_false(fixture_exists(fixture_segment_path(f, 2)));
    assert_true(fixture_exists(fixture_segment_path(f, 3)));
    assert_int_equal(told_count(&told, WAL_EVENT_TRUNCATED), 1);
    assert_int_equal(told_nth(&told, WAL_EVENT_TRUNCATED, 0)->lsn, 7);
    assert_int_equal(told_nth(&told, WAL_EVENT_TRUNCATED, 0)->segment, 0);
    assert_int_equal(told_count(&told, WAL_EVENT_REMOVED), 2);
    assert_int_equal(told_nth(&told, WAL_EVENT_REMOVED, 1)->segment, 2);
    expect_lasting(f, 7, 3);
}

static void test_never_the_active_one(void **state)
{
    struct log_fixture *f = *state;
    struct judge j = {.drop = ALL};
    size_t count = MARK;

    begin(f);
    must(wal_drain(f->log, judge, &j, &count));
    assert_int_equal(count, 4);
    assert_int_equal(j.asked, 4);
    expect_lasting(f, 13, 1);
    must(wal_drain(f->log, judge, &j, &count)); /* there is nothing to ask about */
    assert_int_equal(count, 0);
    assert_int_equal(j.asked, 4);
}

static void test_nothing_goes(void **state)
{
    struct log_fixture *f = *state;
    struct judge j = {.drop = 0};
    size_t count = MARK;

    begin(f);
    must(wal_drain(f->log, judge, &j, &count));
    assert_int_equal(count, 0);
    assert_int_equal(j.asked, 1);
    assert_int_equal(told.n_events, 0);
    expect_lasting(f, 1, 5);
    j.drop = 2;
    must(wal_drain(f->log, judge, &j, NULL)); /* nobody wants to know how many */
}

static void test_a_failing_predicate_keeps_all(void **state)
{
    struct log_fixture *f = *state;
    struct judge j = {.drop = 2, .answer = -77};
    wal_error_t error;
    size_t count = MARK;

    begin(f);
    expect_error(WAL_E_CALLBACK, wal_drain(f->log, judge, &j, &count), "-77");
    must(wal_last_error(&error, sizeof error));
    assert_int_equal(error.segment, 3);
    assert_int_equal(count, MARK);
    assert_int_equal(told.n_events, 0);
    expect_lasting(f, 1, 5);
}

static void look_around(struct judge *j)
{
    wal_record_t r = {.size = sizeof r};
    uint64_t stats[1];
    char buf[8];
    size_t n = 0;

    must(wal_get(j->log, 1, buf, sizeof buf, &r));
    must(wal_stats(j->log, stats, 1));
    must(wal_segments(j->log, NULL, sizeof(wal_segment_t), &n));
    assert_int_equal(wal_first_lsn(j->log), 1); /* not one by one */
    expect_error(WAL_E_BUSY, wal_append(j->log, "x", 1, NULL), NULL);
    expect_error(WAL_E_BUSY, wal_truncate_before(j->log, 2), NULL);
    expect_error(WAL_E_BUSY, wal_drain(j->log, judge, j, NULL), NULL);
    expect_error(WAL_E_BUSY, wal_close(j->log), NULL);
}

static void test_inside_the_predicate(void **state)
{
    struct log_fixture *f = *state;
    struct judge j = {.drop = 2, .inside = look_around};

    begin(f);
    j.log = f->log;
    must(wal_drain(f->log, judge, &j, NULL));
    expect_lasting(f, 7, 3);
}

static void test_arguments(void **state)
{
    struct log_fixture *f = *state;
    struct judge j = {.drop = ALL};
    size_t count = MARK;

    begin(f);
    expect_error(WAL_E_INVAL, wal_drain(NULL, judge, &j, &count), "NULL");
    expect_error(WAL_E_INVAL, wal_drain(f->log, NULL, &j, &count), "NULL");
    wal_t *reader = fixture_open_read_only(f);
    expect_error(WAL_E_READONLY, wal_drain(reader, judge, &j, &count), NULL);
    must(wal_close(reader));
    assert_int_equal(j.asked, 0);
    assert_int_equal(count, MARK);
}

/* The first LSN lies inside the oldest segment: it is asked about as it is. */
static void test_a_segment_that_was_cut(void **state)
{
    struct log_fixture *f = *state;
    struct judge j = {.drop = 1};

    begin(f);
    must(wal_truncate_before(f->log, 3));
    must(wal_drain(f->log, judge, &j, NULL));
    assert_int_equal(j.seen[0].first_lsn, 3);
    assert_int_equal(j.seen[0].records, 1);
    assert_int_equal(fixture_stat(f->log, WAL_STAT_TRUNCATED_FRONT), 3);
    expect_lasting(f, 4, 4);
}

/* A segment without records lies between: it is asked about, and counts. */
static void test_an_empty_segment(void **state)
{
    struct log_fixture *f = *state;
    struct judge j = {.drop = 2};
    size_t count;

    begin(f);
    must(wal_truncate_after(f->log, 6)); /* segments 1, 2, and a new one without records */
    must(wal_truncate_after(f->log, 6));
    must(wal_replace_after(f->log, 6, (const wal_record_t[]){{.size = sizeof(wal_record_t)}}, 1, 0,
                           NULL));
    size_t segments = fixture_segments(f->log);
    assert_true(segments >= 3);
    must(wal_drain(f->log, judge, &j, &count));
    assert_int_equal(count, 2);
    assert_int_equal(wal_first_lsn(f->log), 7);
    assert_int_equal(fixture_segments(f->log), segments - 2);
    fixture_reopen(f);
    expect_range(f->log, 7, 7, 8, 7);
}

/* A handle that has written nothing yet: control alone says so. */
static void test_after_a_reopen(void **state)
{
    struct log_fixture *f = *state;
    struct judge j = {.drop = ALL};
    size_t count;

    begin(f);
    fixture_reopen(f);
    must(wal_drain(f->log, judge, &j, &count));
    assert_int_equal(count, 4);
    expect_lasting(f, 13, 1);
}

static void test_buffered_records(void **state)
{
    struct log_fixture *f = *state;
    struct judge j = {.drop = ALL};

    fixture_set(f, WAL_OPT_SYNC, WAL_SYNC_NONE);
    begin(f);
    must(wal_flush(f->log));
    fixture_append(f, "14");
    must(wal_drain(f->log, judge, &j, NULL));
    expect_range(f->log, 13, 14, 15, 12); /* what is sealed is durable */
    must(wal_truncate_after(f->log, 13));
    expect_lasting(f, 13, 2);
}

/* One statement for all, before any file goes. */
static void test_one_change_of_control(void **state)
{
    struct log_fixture *f = *state;
    struct judge j = {.drop = 4};

    spy_init(&spy);
    options_set_os(f->options, &spy.os);
    fixture_set(f, WAL_OPT_BACKGROUND, 0);
    begin(f);
    spy_clear(&spy);
    must(wal_drain(f->log, judge, &j, NULL));
    assert_int_equal(spy.calls[SPY_SYNC], 2);
    assert_int_equal(spy.calls[SPY_UNLINK], 4);
    assert_true(strstr(strstr(spy.trace, "sync control"), "unlink") != NULL);
    assert_true(strrchr(spy.trace, 'y') < strstr(spy.trace, "unlink") ||
                !strstr(strstr(spy.trace, "unlink"), "sync"));
}

static void test_a_control_that_fails(void **state)
{
    struct log_fixture *f = *state;
    struct judge j = {.drop = 2};

    spy_init(&spy);
    options_set_os(f->options, &spy.os);
    fixture_set(f, WAL_OPT_BACKGROUND, 0);
    begin(f);
    spy_clear(&spy);
    spy_fail(&spy, SPY_SYNC, 2, EIO);
    expect_error(WAL_E_INDOUBT, wal_drain(f->log, judge, &j, NULL), NULL);
    assert_int_equal(wal_failure(f->log), WAL_E_IO);
    expect_error(WAL_E_FAILED, wal_drain(f->log, judge, &j, NULL), NULL);
    assert_true(fixture_exists(fixture_segment_path(f, 1)));
    (void)wal_close(f->log);
    f->log = NULL;
    fixture_open(f);
    assert_true(wal_first_lsn(f->log) == 1 || wal_first_lsn(f->log) == 7);
}

/* The predicate may ask for a segment's checkpoint; the newest one outlives its segment. */
static int with_checkpoint(void *ctx, const wal_segment_t *segment)
{
    wal_t *w = ctx;
    char buf[8];
    uint64_t lsn = 0;
    size_t size;

    int e = wal_segment_checkpoint(w, segment->number, buf, sizeof buf, &lsn, &size);
    if (segment->number == 2)
        assert_true(e == 0 && lsn == 4 && segment->checkpoint_lsn == 4);
    else
        assert_int_equal(e, WAL_E_NOTFOUND);
    return segment->number <= 2;
}

static void test_a_checkpoint_outlives_its_segment(void **state)
{
    struct log_fixture *f = *state;
    char buf[8];
    uint64_t lsn;
    size_t size, count;

    fixture_set(f, WAL_OPT_SEGMENT_RECORDS, 3);
    fixture_open(f);
    fixture_fill(f, 4);
    must(wal_checkpoint(f->log, 4, "state", 5));
    for (int k = 5; k <= 10; k++)
        fixture_append(f, "a");
    must(wal_drain(f->log, with_checkpoint, f->log, &count));
    assert_int_equal(count, 2);
    assert_int_equal(wal_first_lsn(f->log), 7);
    for (int k = 0; k < 2; k++) {
        must(wal_checkpoint_get(f->log, buf, sizeof buf, &lsn, &size));
        assert_int_equal(lsn, 4);
        assert_memory_equal(buf, "state", 5);
        fixture_reopen(f);
    }
}

/* Files that can't be removed now are left to the next handle. */
static void test_files_that_stay(void **state)
{
    struct log_fixture *f = *state;
    struct judge j = {.drop = 2};
    size_t count;

    spy_init(&spy);
    options_set_os(f->options, &spy.os);
    fixture_set(f, WAL_OPT_BACKGROUND, 0);
    begin(f);
    spy_clear(&spy);
    spy_fail(&spy, SPY_UNLINK, 1, EIO);
    must(wal_drain(f->log, judge, &j, &count));
    assert_int_equal(count, 2);
    assert_true(fixture_exists(fixture_segment_path(f, 1)));
    assert_false(fixture_exists(fixture_segment_path(f, 2)));
    expect_lasting(f, 7, 3);
    assert_int_equal(fixture_append(f, "14"), 14);
    assert_false(fixture_exists(fixture_segment_path(f, 1)));
}

static void test_readers_are_told(void **state)
{
    struct log_fixture *f = *state;
    struct judge j = {.drop = 2};
    wal_record_t r = {.size = sizeof r};
    wal_reader_t *below, *pinned, *above;

    begin(f);
    must(wal_reader_open(f->log, 2, 0, &below));
    must(wal_reader_open(f->log, 2, WAL_READ_PIN, &pinned)); /* drain doesn't regard it */
    must(wal_reader_open(f->log, 7, 0, &above));
    expect_next(pinned, 2, "2");
    must(wal_drain(f->log, judge, &j, NULL));
    expect_error(WAL_E_TRIMMED, wal_reader_next(below, &r), "LSN 2");
    expect_error(WAL_E_TRIMMED, wal_reader_next(pinned, &r), "LSN 3");
    expect_error(WAL_E_TRIMMED, wal_reader_wait(pinned, 0), "LSN 3");
    expect_next(above, 7, "7");
    must(wal_reader_seek(pinned, 0));
    expect_next(pinned, 7, "7");
    assert_int_equal(fixture_stat(f->log, WAL_STAT_BROKEN_PINS), 0);
    wal_reader_close(below);
    wal_reader_close(pinned);
    wal_reader_close(above);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(test_the_oldest_go_as_long_as_it_says_so),
        fixture_test(test_never_the_active_one),
        fixture_test(test_nothing_goes),
        fixture_test(test_a_failing_predicate_keeps_all),
        fixture_test(test_inside_the_predicate),
        fixture_test(test_arguments),
        fixture_test(test_a_segment_that_was_cut),
        fixture_test(test_an_empty_segment),
        fixture_test(test_after_a_reopen),
        fixture_test(test_buffered_records),
        fixture_test(test_one_change_of_control),
        fixture_test(test_a_control_that_fails),
        fixture_test(test_a_checkpoint_outlives_its_segment),
        fixture_test(test_files_that_stay),
        fixture_test(test_readers_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
