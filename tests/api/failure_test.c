/* SPDX-License-Identifier: Apache-2.0 */
/* Failing writes and syncs as the caller meets them: what is withdrawn, what stays buffered, what
 * ends the handle. The system is the real one behind a spy. */
#include "support/log_fixture.h"

#include <pthread.h>
#include <string.h>

#include "api/options.h"
#include "support/spy_os.h"

enum { MARK = 0x5a5a };

static struct spy_os spy;

static int setup(void **state)
{
    int e = fixture_setup(state);
    if (e < 0)
        return e;
    struct log_fixture *f = *state;
    spy_init(&spy);
    options_set_os(f->options, &spy.os);
    e = wal_options_set(f->options, WAL_OPT_BACKGROUND, 0); /* the spy is for one thread */
    return e < 0 ? e : wal_open(f->dir, f->options, &f->log);
}

#define spied_test(fn) cmocka_unit_test_setup_teardown(fn, setup, fixture_teardown)

static wal_error_t last_error(void)
{
    wal_error_t e;
    must(wal_last_error(&e, sizeof e));
    return e;
}

/* Of the segment that is being written, with its path. */
static void expect_cause(struct log_fixture *f, int code, int sys_errno, uint64_t lsn)
{
    wal_error_t before = last_error(), cause;

    must(wal_failure_error(f->log, &cause, sizeof cause));
    assert_int_equal(cause.size, sizeof cause);
    assert_int_equal(cause.code, code);
    assert_int_equal(cause.sys_errno, sys_errno);
    assert_int_equal(cause.lsn, lsn);
    assert_int_equal(cause.segment, 1);
    assert_non_null(strstr(cause.message, fixture_segment_path(f, 1)));
    wal_error_t after = last_error();
    assert_memory_equal(&before, &after, sizeof after);
}

static void test_a_healthy_log_has_no_cause(void **state)
{
    struct log_fixture *f = *state;
    wal_error_t e, none = {.size = sizeof none};
    struct {
        wal_error_t e;
        char behind[8];
    } larger;

    spy_fail(&spy, SPY_WRITE, 1, ENOSPC);
    expect_error(WAL_E_NOSPC, wal_append(f->log, "1", 1, NULL), NULL); /* is none */
    memset(&e, 'x', sizeof e);
    must(wal_failure_error(f->log, &e, sizeof e));
    assert_memory_equal(&e, &none, sizeof e);
    memset(&larger, 'x', sizeof larger);
    must(wal_failure_error(f->log, &larger.e, sizeof larger));
    assert_int_equal(larger.e.size, sizeof larger);
    assert_memory_equal(larger.behind, "\0\0\0\0\0\0\0\0", 8);
    expect_error(WAL_E_INVAL, wal_failure_error(NULL, &e, sizeof e), NULL);
    expect_error(WAL_E_INVAL, wal_failure_error(f->log, NULL, sizeof e), NULL);
    expect_error(WAL_E_INVAL, wal_failure_error(f->log, &e, sizeof e - 1), "size");
    wal_t *follower = fixture_open_read_only(f);
    must(wal_failure_error(follower, &e, sizeof e));
    assert_int_equal(e.code, 0);
    must(wal_close(follower));
}

static void test_a_failed_sync_is_final(void **state)
{
    struct log_fixture *f = *state;
    uint64_t lsn = MARK;
    wal_batch_t *b;
    char buf[8];
    size_t n;

    must(wal_meta_set(f->log, "k", 1, "v", 1));
    fixture_append(f, "1");
    must(wal_batch_new(f->log, &b));
    must(wal_batch_meta(b, "k", 1, "w", 1));
    spy_fail(&spy, SPY_SYNC, 1, EIO);
    expect_error(WAL_E_INDOUBT, wal_append(f->log, "2", 1, &lsn), ".wal");
    assert_int_equal(lsn, MARK);
    assert_int_equal(last_error().lsn, 2); /* the error tells which */
    assert_int_equal(last_error().sys_errno, EIO);
    assert_int_equal(wal_failure(f->log), WAL_E_IO);
    expect_cause(f, WAL_E_IO, EIO, 2);
    spy_clear(&spy);
    expect_error(WAL_E_FAILED, wal_append(f->log, "3", 1, &lsn), "failed");
    expect_error(WAL_E_FAILED, wal_append_typed(f->log, 0, "3", 1, WAL_APPEND_ASYNC, &lsn), NULL);
    expect_error(WAL_E_FAILED, wal_flush(f->log), NULL);
    expect_error(WAL_E_FAILED, wal_sync(f->log, 0), NULL);
    expect_error(WAL_E_FAILED, wal_rotate(f->log), NULL);
    expect_error(WAL_E_FAILED, wal_truncate_before(f->log, 2), NULL);
    expect_error(WAL_E_FAILED, wal_truncate_after(f->log, 1), NULL);
    expect_error(WAL_E_FAILED, wal_reset(f->log, 9), NULL);
    expect_error(WAL_E_FAILED, wal_meta_set(f->log, "k", 1, "w", 1), NULL);
    expect_error(WAL_E_FAILED, wal_meta_delete(f->log, "k", 1), NULL);
    expect_error(WAL_E_FAILED, wal_batch_commit(b, 0, &lsn, NULL), NULL);
    expect_error(WAL_E_FAILED, wal_batch_replace_after(b, 1, 0, &lsn, NULL), NULL);
    expect_error(WAL_E_INDOUBT, wal_wait(f->log, 2, -1), NULL);
    expect_error(WAL_E_FAILED, wal_wait(f->log, 3, -1), NULL);
    must(wal_wait(f->log, 1, -1));
    assert_int_equal(lsn, MARK);
    assert_int_equal(spy.calls[SPY_SYNC], 0); /* never tried again */
    expect_cause(f, WAL_E_IO, EIO, 2);        /* and the cause stays the first one */
    assert_int_equal(wal_durable_lsn(f->log), 1);
    expect_record(f->log, 1, "1"); /* reading goes on */
    must(wal_meta_get(f->log, "k", 1, buf, sizeof buf, &n));
    must(wal_last_tag(f->log, buf, sizeof buf, &n));
    wal_batch_free(b);
    wal_t *w = f->log;
    f->log = NULL;
    expect_error(WAL_E_FAILED, wal_close(w), NULL);
    fixture_open(f); /* which decides by what is there */
    expect_record(f->log, 1, "1");
    assert_int_equal(wal_failure(f->log), 0);
    assert_true(wal_last_lsn(f->log) <= 2);
}

static void test_a_sync_that_fails_where_it_was_asked_for(void **state)
{
    struct log_fixture *f = *state;

    fixture_append_flags(f, "1", WAL_APPEND_ASYNC);
    fixture_append_flags(f, "2", WAL_APPEND_ASYNC);
    spy_fail(&spy, SPY_SYNC, 1, EINTR); /* as final as any */
    expect_error(WAL_E_INDOUBT, wal_sync(f->log, 0), NULL);
    expect_error(WAL_E_FAILED, wal_sync(f->log, 0), NULL);
    assert_int_equal(wal_failure(f->log), WAL_E_IO);
    expect_record(f->log, 2, "2");
    expect_error(WAL_E_INDOUBT, wal_wait(f->log, 1, 0), NULL);
}

static void test_a_write_that_fails_is_withdrawn(void **state)
{
    struct log_fixture *f = *state;
    const struct {
        int err, code;
    } cases[] = {
        {ENOSPC, WAL_E_NOSPC}, {EDQUOT, WAL_E_NOSPC}, {EFBIG, WAL_E_NOSPC}, {EIO, WAL_E_IO}};
    uint64_t lsn = MARK;

    fixture_append(f, "1");
    for (size_t k = 0; k < COUNT_OF(cases); k++) {
        spy_fail(&spy, SPY_WRITE, 1, cases[k].err);
        expect_error(cases[k].code, wal_append(f->log, "withdrawn", 9, &lsn), ".wal");
        assert_int_equal(last_error().sys_errno, cases[k].err);
        assert_int_equal(lsn, MARK);
        expect_range(f->log, 1, k + 1, k + 2, k + 1);
        assert_int_equal(fixture_append(f, "next"), k + 2); /* the same LSN */
    }
    assert_int_equal(wal_failure(f->log), 0);
    assert_int_equal(fixture_stat(f->log, WAL_STAT_WRITE_ERRORS), COUNT_OF(cases));
    fixture_crash(f);
    fixture_open(f);
    expect_range(f->log, 1, 5, 6, 5);
    expect_record(f->log, 5, "next");
}

static void test_what_is_buffered_stays_buffered(void **state)
{
    struct log_fixture *f = *state;

    fixture_append_flags(f, "1", WAL_APPEND_ASYNC);
    spy_fail(&spy, SPY_WRITE, 1, ENOSPC);
    expect_error(WAL_E_NOSPC, wal_flush(f->log), ".wal");
    spy_fail(&spy, SPY_WRITE, 1, ENOSPC);
    expect_error(WAL_E_NOSPC, wal_sync(f->log, 0), ".wal");
    expect_range(f->log, 1, 1, 2, 0);
    expect_record(f->log, 1, "1");
    assert_int_equal(fixture_append_flags(f, "2", WAL_APPEND_ASYNC), 2);
    must(wal_flush(f->log));
    must(wal_sync(f->log, 0));
    expect_range(f->log, 1, 2, 3, 2);
    assert_int_equal(wal_failure(f->log), 0);
}

/* What waits for space is told by appends once pending_bytes is reached. */
static void test_a_full_buffer_passes_the_error_on(void **state)
{
    struct log_fixture *f = *state;
    int e = 0, n = 0;

    fixture_set(f, WAL_OPT_SYNC, WAL_SYNC_NONE);
    fixture_set(f, WAL_OPT_MAX_RECORD_BYTES, 1000);
    fixture_set(f, WAL_OPT_PENDING_BYTES, 4096);
    fixture_reopen(f);
    fixture_append(f, "first");
    must(wal_sync(f->log, 0));
    for (unsigned k = 1; k <= 8; k++)
        spy_fail(&spy, SPY_WRITE, k, ENOSPC);
    while (e == 0 && n < 10) {
        e = wal_append(f->log, fixture_bytes(1000, n), 1000, NULL);
        n += e == 0;
    }
    assert_int_equal(e, WAL_E_NOSPC);
    assert_true(n >= 3 && n <= 4);
    assert_int_equal(wal_last_lsn(f->log), (uint64_t)n + 1);
    spy_clear(&spy);
    must(wal_sync(f->log, 0)); /* there is space again */
    fixture_reopen(f);
    assert_int_equal(wal_last_lsn(f->log), (uint64_t)n + 1);
}

static void test_metadata_that_could_not_be_written(void **state)
{
    struct log_fixture *f = *state;
    char buf[8];
    size_t n;

    must(wal_meta_set(f->log, "k", 1, "old", 3));
    spy_fail(&spy, SPY_WRITE, 1, ENOSPC);
    expect_error(WAL_E_NOSPC, wal_meta_set(f->log, "k", 1, "new", 3), ".wal");
    must(wal_meta_get(f->log, "k", 1, buf, sizeof buf, &n));
    assert_memory_equal(buf, "old", 3);
    must(wal_meta_set(f->log, "k", 1, "newer", 5));
    spy_fail(&spy, SPY_SYNC, 1, EIO);
    expect_error(WAL_E_INDOUBT, wal_meta_set(f->log, "k", 1, "x", 1), NULL);
    assert_int_equal(wal_failure(f->log), WAL_E_IO);
}

static void test_a_batch_that_could_not_spill(void **state)
{
    struct log_fixture *f = *state;
    wal_batch_t *b;
    int e, failed = 0;

    fixture_set(f, WAL_OPT_GROUP_BYTES, 64 << 10);
    fixture_reopen(f);
    fixture_append(f, "first");
    must(wal_batch_new(f->log, &b));
    while (wal_batch_count(b) < 200) {
        uint64_t count = wal_batch_count(b), bytes = wal_batch_bytes(b);
        if (!failed && count == 50)
            spy_fail(&spy, SPY_WRITE, 1, ENOSPC);
        e = wal_batch_append(b, 0, fixture_bytes(1000, (int)count), 1000);
        if (e == WAL_E_NOSPC) { /* as it was before; it works the next time */
            failed++;
            assert_int_equal(wal_batch_count(b), count);
            assert_int_equal(wal_batch_bytes(b), bytes);
        } else {
            must(e);
        }
    }
    assert_int_equal(failed, 1);
    spy_fail(&spy, SPY_WRITE, 2, ENOSPC);
    expect_error(WAL_E_NOSPC, wal_batch_commit(b, 0, NULL, NULL), ".wal");
    expect_range(f->log, 1, 1, 2, 1);
    assert_int_equal(wal_batch_count(b), 200); /* commit again */
    must(wal_batch_commit(b, 0, NULL, NULL));
    expect_range(f->log, 1, 201, 202, 201);
    must(wal_batch_append(b, 0, "x", 1));
    spy_fail(&spy, SPY_SYNC, 1, EIO);
    expect_error(WAL_E_INDOUBT, wal_batch_commit(b, 0, NULL, NULL), NULL);
    assert_true(wal_batch_commit(b, 0, NULL, NULL) < 0); /* only abort is left */
    must(wal_batch_abort(b));
    assert_int_equal(wal_batch_count(b), 0);
    wal_batch_free(b);
}

/* All of a flat buffer's records, or none: the file takes the first ones, and not the later. */
static void test_packed_records_that_could_not_spill(void **state)
{
    struct log_fixture *f = *state;
    enum { N = 300, SIZE = 1000 };
    static uint32_t sizes[N];
    static char buf[SIZE];
    wal_record_t r = {.size = sizeof r};
    wal_batch_t *b;

    for (int k = 0; k < N; k++)
        sizes[k] = SIZE;
    fixture_set(f, WAL_OPT_GROUP_BYTES, 64 << 10);
    fixture_reopen(f);
    must(wal_batch_new(f->log, &b));
    for (unsigned before = 10; before <= 110; before += 100) { /* without and with a file */
        while (wal_batch_count(b) < before)
            must(wal_batch_append(b, 7, "old", 3));
        uint64_t bytes = wal_batch_bytes(b);
        for (unsigned at = 1; at <= 4; at++) {
            spy_fail(&spy, SPY_WRITE, at, ENOSPC);
            expect_error(WAL_E_NOSPC,
                         wal_batch_append_packed(b, fixture_bytes(N * SIZE, 'p'), sizes, NULL, N),
                         NULL);
            assert_int_equal(wal_batch_count(b), before);
            assert_int_equal(wal_batch_bytes(b), bytes);
        }
        spy_clear(&spy);
        must(wal_batch_append(b, 8, "kept", 4));
        must(wal_batch_append_packed(b, fixture_bytes(N * SIZE, 'p'), sizes, NULL, N));
        uint64_t first = 0;
        must(wal_batch_commit(b, 0, &first, NULL));
        must(wal_get(f->log, first + before - 1, buf, sizeof buf, &r));
        assert_int_equal(r.type, 7);
        must(wal_get(f->log, first + before, buf, sizeof buf, &r));
        assert_int_equal(r.type, 8);
        assert_memory_equal(buf, "kept", 4);
        for (unsigned k = 1; k <= N; k++) {
            must(wal_get(f->log, first + before + k, buf, sizeof buf, &r));
            assert_int_equal(r.data_size, SIZE);
            assert_memory_equal(buf, fixture_bytes(SIZE, 'p'), SIZE);
        }
    }
    wal_batch_free(b);
}

static void test_close_says_what_its_sync_said(void **state)
{
    struct log_fixture *f = *state;
    const struct {
        enum spy_call call;
        int err, code;
    } cases[] = {{SPY_SYNC, EIO, WAL_E_INDOUBT},
                 {SPY_WRITE, ENOSPC, WAL_E_NOSPC},
                 {SPY_WRITE, EIO, WAL_E_IO}};

    for (size_t k = 0; k < COUNT_OF(cases); k++) {
        fixture_append(f, "durable");
        uint64_t lsn = fixture_append_flags(f, "buffered", WAL_APPEND_ASYNC);
        spy_fail(&spy, cases[k].call, 1, cases[k].err);
        wal_t *w = f->log;
        f->log = NULL;
        expect_error(cases[k].code, wal_close(w), ".wal");
        assert_int_equal(last_error().sys_errno, cases[k].err);
        spy_clear(&spy);
        fixture_open(f); /* the handle was freed, its lock given back */
        expect_record(f->log, lsn - 1, "durable");
        assert_true(wal_last_lsn(f->log) <= lsn);
    }
}

static void *wait_for_9(void *arg)
{
    return (void *)(intptr_t)wal_wait(arg, 9, -1);
}

static void test_who_waits_when_it_fails(void **state)
{
    struct log_fixture *f = *state;
    pthread_t thread;
    void *result;

    fixture_append(f, "1");
    assert_int_equal(pthread_create(&thread, NULL, wait_for_9, f->log), 0);
    spy_fail(&spy, SPY_SYNC, 1, EIO);
    expect_error(WAL_E_INDOUBT, wal_append(f->log, "2", 1, NULL), NULL);
    assert_int_equal(pthread_join(thread, &result), 0);
    assert_int_equal((intptr_t)result, WAL_E_FAILED); /* it was no part of that sync */
}

static void test_open_that_cannot_read(void **state)
{
    struct log_fixture *f = *state;
    wal_t *w = NULL;

    fixture_append(f, "1");
    fixture_close(f);
    for (unsigned at = 1; at <= 3; at++) {
        spy_clear(&spy);
        spy_fail(&spy, SPY_READ, at, EIO);
        expect_error(WAL_E_IO, wal_open(f->dir, f->options, &w), f->dir);
        assert_int_equal(last_error().sys_errno, EIO);
        assert_null(w);
    }
    spy_clear(&spy);
    fixture_open(f);
    expect_record(f->log, 1, "1");
}

/* Creation is cut short by an error anywhere; the next open makes the log. */
static void test_creation_cut_short(void **state)
{
    struct log_fixture *f = *state;
    const enum spy_call calls[] = {SPY_OPEN, SPY_WRITE, SPY_SYNC};
    wal_t *w = NULL;

    fixture_close(f);
    for (size_t k = 0; k < COUNT_OF(calls); k++) {
        for (unsigned at = 1; at <= 12; at++) {
            must(wal_destroy(f->dir));
            spy_clear(&spy);
            spy_fail(&spy, calls[k], at, EIO);
            int e = wal_open(f->dir, f->options, &w);
            assert_true(e == 0 || e == WAL_E_IO);
            must(e == 0 ? wal_close(w) : 0);
            spy_clear(&spy);
            fixture_open(f);
            expect_range(f->log, 1, 0, 1, 0);
            assert_int_equal(fixture_append(f, "1"), 1);
            fixture_reopen(f);
            expect_record(f->log, 1, "1");
            fixture_close(f);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        spied_test(test_a_healthy_log_has_no_cause),
        spied_test(test_a_failed_sync_is_final),
        spied_test(test_a_sync_that_fails_where_it_was_asked_for),
        spied_test(test_a_write_that_fails_is_withdrawn),
        spied_test(test_what_is_buffered_stays_buffered),
        spied_test(test_a_full_buffer_passes_the_error_on),
        spied_test(test_metadata_that_could_not_be_written),
        spied_test(test_a_batch_that_could_not_spill),
        spied_test(test_packed_records_that_could_not_spill),
        spied_test(test_close_says_what_its_sync_said),
        spied_test(test_who_waits_when_it_fails),
        spied_test(test_open_that_cannot_read),
        spied_test(test_creation_cut_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
