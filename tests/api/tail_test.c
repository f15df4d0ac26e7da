/* SPDX-License-Identifier: Apache-2.0 */
/* A read-only handle beside a live writer: it follows what is durable, through rotation, cuts and
 * metadata, in one process and from another one. */
#include "support/log_fixture.h"

#include <pthread.h>
#include <string.h>
#include <unistd.h>

enum { MARK = 0x5a5a };

static wal_reader_t *open_reader(wal_t *w, uint64_t from, uint32_t flags)
{
    wal_reader_t *r = NULL;
    must(wal_reader_open(w, from, flags, &r));
    return r;
}

static void expect_end(wal_reader_t *r)
{
    wal_record_t record = {.size = sizeof record};
    assert_int_equal(must(wal_reader_next(r, &record)), 0);
}

static void test_it_sees_what_is_durable_at_once(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    fixture_append(f, "1");
    wal_t *w = fixture_open_read_only(f);
    wal_reader_t *r = open_reader(w, 0, 0);
    expect_next(r, 1, "1");
    for (uint64_t k = 2; k < 50; k++) {
        expect_end(r);
        assert_int_equal(must(wal_reader_wait(r, 0)), 0);
        fixture_append(f, "x");
        expect_range(w, 1, k, k + 1, k);
        assert_int_equal(must(wal_reader_wait(r, -1)), 1);
        expect_next(r, k, "x");
        expect_record(w, k, "x");
    }
    wal_reader_close(r);
    must(wal_close(w));
}

static void test_not_what_is_only_written(void **state)
{
    struct log_fixture *f = *state;
    wal_record_t record = {.size = sizeof record};

    fixture_set(f, WAL_OPT_SYNC, WAL_SYNC_NONE);
    fixture_open(f);
    fixture_append(f, "durable");
    must(wal_sync(f->log, 0));
    fixture_append(f, "written");
    must(wal_flush(f->log));
    wal_t *w = fixture_open_read_only(f);
    expect_range(w, 1, 1, 2, 1);
    expect_error(WAL_E_RANGE, wal_get(w, 2, NULL, 0, &record), "LSN 2");
    wal_reader_t *r = open_reader(w, 0, 0), *ahead = open_reader(w, 0, WAL_READ_WRITTEN);
    expect_next(r, 1, "durable");
    expect_end(r);
    expect_next(ahead, 1, "durable");
    assert_int_equal(must(wal_reader_next(ahead, &record)), 1);
    assert_int_equal(record.lsn, 2);
    assert_int_equal(record.flags, WAL_RECORD_BATCH_LAST);
    must(wal_sync(f->log, 0));
    expect_next(r, 2, "written");
    wal_reader_close(r);
    wal_reader_close(ahead);
    must(wal_close(w));
}

/* From where a reader may start that sees what is written: up to behind that, not only up to behind
 * what is durable. */
static void test_a_start_in_what_is_only_written(void **state)
{
    struct log_fixture *f = *state;
    wal_reader_t *r = NULL;

    fixture_set(f, WAL_OPT_SYNC, WAL_SYNC_NONE);
    fixture_open(f);
    fixture_append(f, "durable");
    must(wal_sync(f->log, 0));
    fixture_append(f, "written");
    fixture_append(f, "written too");
    must(wal_flush(f->log));
    wal_t *w = fixture_open_read_only(f);
    expect_error(WAL_E_RANGE, wal_reader_open(w, 3, 0, &r), "1 .. 1");
    expect_error(WAL_E_RANGE, wal_reader_open(w, 5, WAL_READ_WRITTEN, &r), "1 .. 3");
    r = open_reader(w, 3, WAL_READ_WRITTEN);
    expect_next(r, 3, "written too");
    must(wal_reader_seek(r, 2));
    expect_next(r, 2, "written");
    expect_error(WAL_E_RANGE, wal_reader_seek(r, 5), "1 .. 3");
    must(wal_reader_seek(r, 4));
    expect_end(r);
    fixture_append(f, "to come");
    must(wal_flush(f->log));
    expect_next(r, 4, "to come");
    expect_range(w, 1, 1, 2, 1);
    wal_reader_close(r);
    r = open_reader(w, 3, WAL_READ_WRITTEN | WAL_READ_REVERSE);
    expect_next(r, 3, "written too");
    expect_next(r, 2, "written");
    wal_reader_close(r);
    must(wal_close(w));
}

static void test_it_never_writes(void **state)
{
    struct log_fixture *f = *state;
    const wal_record_t x = {.size = sizeof x};
    uint64_t lsn = MARK;
    wal_batch_t *b = NULL;

    fixture_open(f);
    fixture_append(f, "x");
    wal_t *w = fixture_open_read_only(f);
    expect_error(WAL_E_READONLY, wal_append(w, "x", 1, &lsn), f->dir);
    expect_error(WAL_E_READONLY, wal_append_typed(w, 0, "x", 1, 0, &lsn), f->dir);
    expect_error(WAL_E_READONLY, wal_append_many(w, &x, 1, 0, &lsn), f->dir);
    expect_error(WAL_E_READONLY, wal_append_packed(w, "x", (const uint32_t[]){1}, NULL, 1, 0, &lsn),
                 f->dir);
    expect_error(WAL_E_READONLY, wal_batch_new(w, &b), f->dir);
    expect_error(WAL_E_READONLY, wal_truncate_before(w, 1), f->dir);
    expect_error(WAL_E_READONLY, wal_truncate_after(w, 1), f->dir);
    expect_error(WAL_E_READONLY, wal_replace_after(w, 1, &x, 1, 0, &lsn), f->dir);
    expect_error(WAL_E_READONLY, wal_reset(w, 1), f->dir);
    expect_error(WAL_E_READONLY, wal_rotate(w), f->dir);
    expect_error(WAL_E_READONLY, wal_meta_set(w, "k", 1, "v", 1), f->dir);
    expect_error(WAL_E_READONLY, wal_meta_delete(w, "k", 1), f->dir);
    assert_int_equal(lsn, MARK);
    assert_null(b);
    assert_int_equal(wal_failure(w), 0);
    must(wal_close(w));
}

static void test_it_follows_rotation(void **state)
{
    struct log_fixture *f = *state;
    char text[8];

    fixture_set(f, WAL_OPT_SEGMENT_RECORDS, 3);
    fixture_open(f);
    wal_t *w = fixture_open_read_only(f);
    wal_reader_t *r = open_reader(w, 0, 0);
    for (unsigned k = 1; k <= 30; k++) {
        snprintf(text, sizeof text, "%u", k);
        fixture_append(f, text);
        expect_next(r, k, text);
        expect_end(r);
    }
    assert_int_equal(fixture_segments(w), 10);
    wal_reader_t *back = open_reader(w, 0, WAL_READ_REVERSE);
    for (unsigned k = 30; k >= 1; k--) {
        snprintf(text, sizeof text, "%u", k);
        expect_next(back, k, text);
        expect_record(w, k, text);
    }
    wal_reader_close(r);
    wal_reader_close(back);
    must(wal_close(w));
}

static void test_it_follows_the_writer_over_reopen(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    fixture_append(f, "1");
    wal_t *w = fixture_open_read_only(f);
    wal_reader_t *r = open_reader(w, 0, 0);
    expect_next(r, 1, "1");
    for (uint64_t k = 2; k < 20; k += 2) {
        fixture_close(f);
        expect_range(w, 1, k - 1, k, k - 1);
        fixture_open(f);
        expect_range(w, 1, k - 1, k, k - 1);
        fixture_append(f, "even");
        expect_next(r, k, "even");
        fixture_append(f, "odd");
        expect_next(r, k + 1, "odd");
        expect_end(r);
    }
    wal_reader_close(r);
    must(wal_close(w));
}

static void test_it_follows_cuts(void **state)
{
    struct log_fixture *f = *state;
    wal_record_t record = {.size = sizeof record};
    const wal_record_t new = {.size = sizeof new, .data = "new", .data_size = 3};

    fixture_open(f);
    fixture_fill(f, 9);
    wal_t *w = fixture_open_read_only(f);
    wal_reader_t *low = open_reader(w, 3, 0), *high = open_reader(w, 8, 0);
    expect_next(low, 3, "3");
    expect_next(high, 8, "8");
    must(wal_replace_after(f->log, 5, &new, 1, 0, NULL));
    expect_range(w, 1, 6, 7, 6);
    expect_error(WAL_E_TRIMMED, wal_reader_next(high, &record), NULL);
    expect_next(low, 4, "4");
    expect_next(low, 5, "5");
    expect_next(low, 6, "new");
    must(wal_reader_seek(high, 6));
    expect_next(high, 6, "new");
    must(wal_truncate_before(f->log, 5));
    expect_range(w, 5, 6, 7, 6);
    must(wal_reader_seek(low, 0));
    expect_next(low, 5, "5");
    must(wal_truncate_before(f->log, 7));
    expect_range(w, 7, 0, 7, 6); /* a new look */
    expect_error(WAL_E_TRIMMED, wal_reader_next(low, &record), NULL);
    must(wal_reset(f->log, 100));
    expect_range(w, 100, 0, 100, 99);
    expect_error(WAL_E_TRIMMED, wal_reader_wait(high, -1), NULL);
    must(wal_reader_seek(high, 100));
    fixture_append(f, "100");
    expect_next(high, 100, "100");
    wal_reader_close(low);
    wal_reader_close(high);
    must(wal_close(w));
}

/* Cut back, filled again, and dropped at the front up to where the reader stands: of the segment
 * that would tell of the cut nothing is left. */
static void test_a_cut_that_nothing_is_left_of(void **state)
{
    struct log_fixture *f = *state;
    wal_record_t record = {.size = sizeof record};

    fixture_open(f);
    fixture_fill(f, 8);
    wal_t *w = fixture_open_read_only(f);
    wal_reader_t *r = open_reader(w, 4, 0), *end = open_reader(w, 9, 0);
    wal_reader_t *back = open_reader(w, 6, WAL_READ_REVERSE);
    expect_next(r, 4, "4");
    must(wal_truncate_after(f->log, 2));
    fixture_append(f, "new 3");
    fixture_append(f, "new 4");
    must(wal_rotate(f->log));
    for (int k = 5; k <= 8; k++)
        fixture_append(f, "new");
    must(wal_truncate_before(f->log, 5));
    expect_range(w, 5, 8, 9, 8);
    expect_error(WAL_E_TRIMMED, wal_reader_next(r, &record), f->dir);
    expect_error(WAL_E_TRIMMED, wal_reader_next(end, &record), f->dir);
    expect_error(WAL_E_TRIMMED, wal_reader_next(back, &record), f->dir);
    must(wal_reader_seek(r, 5));
    expect_next(r, 5, "new");
    wal_reader_close(r);
    wal_reader_close(end);
    wal_reader_close(back);
    must(wal_close(w));
}

static void test_it_sees_metadata(void **state)
{
    struct log_fixture *f = *state;
    char buf[4];
    size_t n = MARK;

    fixture_open(f);
    wal_t *w = fixture_open_read_only(f);
    expect_error(WAL_E_NOTFOUND, wal_meta_get(w, "k", 1, buf, sizeof buf, &n), NULL);
    assert_int_equal(n, MARK);
    must(wal_meta_set(f->log, "k", 1, "one", 3));
    expect_meta(w, "k", "one");
    must(wal_meta_set(f->log, "k", 1, "two", 3));
    expect_meta(w, "k", "two");
    fixture_append(f, "x");
    must(wal_rotate(f->log));
    expect_meta(w, "k", "two");
    must(wal_meta_set(f->log, "k", 1, "three", 5));
    fixture_reopen(f);
    expect_meta(w, "k", "three");
    must(wal_meta_delete(f->log, "k", 1));
    expect_error(WAL_E_NOTFOUND, wal_meta_get(w, "k", 1, buf, sizeof buf, &n), NULL);
    must(wal_close(w));
}

static void test_it_reads_a_log_without_a_writer(void **state)
{
    struct log_fixture *f = *state;
    wal_recovery_t report;

    fixture_open(f);
    fixture_fill(f, 3);
    fixture_close(f);
    wal_t *w = fixture_open_read_only(f);
    expect_range(w, 1, 3, 4, 3);
    must(wal_recovery(w, &report, sizeof report));
    assert_int_equal(report.verdict, WAL_RECOVERY_CLEAN);
    assert_int_equal(report.last_lsn, 3);
    wal_reader_t *r = open_reader(w, 4, 0);
    assert_int_equal(must(wal_reader_wait(r, 1)), 0);
    fixture_open(f); /* a writer comes */
    fixture_append(f, "4");
    expect_next(r, 4, "4");
    wal_reader_close(r);
    must(wal_close(w));
}

static void test_another_log_under_its_feet(void **state)
{
    struct log_fixture *f = *state;
    wal_record_t record = {.size = sizeof record};
    char buf[8];

    fixture_open(f);
    fixture_append(f, "1");
    fixture_close(f);
    wal_t *w = fixture_open_read_only(f);
    must(wal_destroy(f->dir));
    fixture_open(f);
    fixture_append(f, "other");
    int e = wal_get(w, 1, buf, sizeof buf, &record); /* its own files, or none: never the other's */
    assert_true(e < 0 || memcmp(buf, "1", 1) == 0);
    must(wal_close(w));
}

struct tailing {
    const char *dir;
    uint64_t n;
};

/* Reads records 1 .. n as they come, and checks that each holds its LSN. */
static int tail(void *arg)
{
    const struct tailing *t = arg;
    wal_options_t *o = NULL;
    wal_t *w = NULL;
    wal_reader_t *r = NULL;
    wal_record_t record = {.size = sizeof record};
    int e = wal_options_new(&o);

    if (e == 0)
        e = wal_options_set(o, WAL_OPT_READ_ONLY, 1);
    if (e == 0)
        e = wal_open(t->dir, o, &w);
    if (e == 0)
        e = wal_reader_open(w, 1, 0, &r);
    for (uint64_t lsn = 1; e >= 0 && lsn <= t->n; lsn++) {
        e = wal_reader_wait(r, -1);
        if (e == 1)
            e = wal_reader_next(r, &record);
        if (e != 1 || record.lsn != lsn || record.data_size != sizeof lsn ||
            memcmp(record.data, &lsn, sizeof lsn) != 0)
            e = -100;
    }
    wal_reader_close(r);
    if (wal_close(w) < 0)
        e = -101;
    wal_options_free(o);
    return e < 0 ? -e : 0;
}

static void write_numbers(wal_t *w, uint64_t n)
{
    for (uint64_t lsn = 1; lsn <= n; lsn++)
        must(wal_append(w, &lsn, sizeof lsn, NULL));
}

static void test_from_another_process(void **state)
{
    struct log_fixture *f = *state;
    struct tailing t = {.dir = f->dir, .n = 1000};

    fixture_set(f, WAL_OPT_SEGMENT_RECORDS, 37);
    fixture_open(f);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        _exit(tail(&t));
    write_numbers(f->log, t.n);
    assert_int_equal(child_result(pid), 0);
}

static void *tail_thread(void *arg)
{
    return (void *)(intptr_t)tail(arg);
}

static void test_from_other_threads(void **state)
{
    struct log_fixture *f = *state;
    struct tailing t = {.dir = f->dir, .n = 500};
    pthread_t threads[2];
    void *result;

    fixture_set(f, WAL_OPT_SEGMENT_RECORDS, 37);
    fixture_open(f);
    for (int k = 0; k < 2; k++)
        assert_int_equal(pthread_create(&threads[k], NULL, tail_thread, &t), 0);
    write_numbers(f->log, t.n);
    for (int k = 0; k < 2; k++) {
        assert_int_equal(pthread_join(threads[k], &result), 0);
        assert_ptr_equal(result, NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(test_it_sees_what_is_durable_at_once),
        fixture_test(test_not_what_is_only_written),
        fixture_test(test_a_start_in_what_is_only_written),
        fixture_test(test_it_never_writes),
        fixture_test(test_it_follows_rotation),
        fixture_test(test_it_follows_the_writer_over_reopen),
        fixture_test(test_it_follows_cuts),
        fixture_test(test_a_cut_that_nothing_is_left_of),
        fixture_test(test_it_sees_metadata),
        fixture_test(test_it_reads_a_log_without_a_writer),
        fixture_test(test_another_log_under_its_feet),
        fixture_test(test_from_another_process),
        fixture_test(test_from_other_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
