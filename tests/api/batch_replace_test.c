/* SPDX-License-Identifier: Apache-2.0 */
/* wal_batch_replace_after: a cut and a batch's commit in one step. */
#include "support/log_fixture.h"

#include <errno.h>
#include <string.h>

#include "api/options.h"
#include "support/spy_os.h"

enum { MARK = 0x5a5a, GROUP = 64 << 10 };

static void test_all_in_one_step(void **state)
{
    struct log_fixture *f = *state;
    uint64_t first = MARK, last = MARK;

    fixture_open(f);
    fixture_fill(f, 5);
    must(wal_meta_set(f->log, "k", 1, "old", 3));
    wal_batch_t *b = fixture_batch(f);
    fixture_add(b, "new 3");
    fixture_add(b, "new 4");
    must(wal_batch_set_tag(b, "term 2", 6));
    must(wal_batch_meta(b, "k", 1, "new", 3));
    must(wal_batch_replace_after(b, 2, 0, &first, &last));
    assert_true(first == 3 && last == 4);
    assert_int_equal(wal_batch_count(b), 0); /* it can be filled again */
    for (int round = 0; round < 3; round++) {
        expect_range(f->log, 1, 4, 5, 4);
        expect_record(f->log, 2, "2");
        expect_record(f->log, 3, "new 3");
        expect_record(f->log, 4, "new 4");
        expect_meta(f->log, "k", "new");
        expect_last_tag(f->log, "term 2");
        if (round == 0)
            fixture_crash(f);
        else
            fixture_close(f);
        fixture_open(f);
    }
    wal_batch_free(b);
    b = fixture_batch(f);
    fixture_add(b, "plain");
    must(wal_batch_replace_after(b, 4, 0, NULL, NULL)); /* at the end it is a commit */
    expect_record(f->log, 5, "plain");
    expect_last_tag(f->log, "term 2");
    expect_meta(f->log, "k", "new");
    wal_batch_free(b);
}

static void test_where_it_may_cut(void **state)
{
    struct log_fixture *f = *state;
    uint64_t first = MARK, last = MARK;

    fixture_open(f);
    fixture_fill(f, 6);
    must(wal_truncate_before(f->log, 3));
    wal_batch_t *b = fixture_batch(f);
    fixture_add(b, "x");
    expect_error(WAL_E_RANGE, wal_batch_replace_after(b, 7, 0, &first, &last), "7");
    expect_error(WAL_E_RANGE, wal_batch_replace_after(b, UINT64_MAX, 0, &first, &last), NULL);
    expect_error(WAL_E_RANGE, wal_batch_replace_after(b, 1, 0, &first, &last), "1");
    expect_error(WAL_E_INVAL, wal_batch_replace_after(b, 4, 16, &first, &last), "flags");
    expect_error(WAL_E_INVAL, wal_batch_replace_after(NULL, 4, 0, &first, &last), "batch");
    assert_true(first == MARK && last == MARK);
    assert_int_equal(wal_batch_count(b), 1);
    expect_range(f->log, 3, 6, 7, 6);
    must(wal_batch_replace_after(b, 2, 0, &first, &last)); /* nothing of what was there is left */
    assert_true(first == 3 && last == 3);
    expect_range(f->log, 3, 3, 4, 3);
    expect_record(f->log, 3, "x");
    wal_batch_free(b);
}

/* What n = 0 is to wal_replace_after. */
static void test_without_records(void **state)
{
    struct log_fixture *f = *state;
    uint64_t first = MARK, last = MARK;

    fixture_open(f);
    fixture_fill(f, 5);
    wal_batch_t *b = fixture_batch(f);
    size_t segments = fixture_segments(f->log);
    must(wal_batch_replace_after(b, 5, 0, &first, &last)); /* nothing to do */
    must(wal_batch_replace_after(b, 99, 0, &first, &last));
    assert_true(first == 0 && last == 0);
    assert_int_equal(fixture_segments(f->log), segments);
    must(wal_batch_set_tag(b, "alone", 5)); /* a tag alone is nothing to write */
    must(wal_batch_replace_after(b, 4, 0, &first, &last));
    assert_true(first == 0 && last == 0);
    expect_range(f->log, 1, 4, 5, 4);
    expect_last_tag(f->log, "");
    must(wal_batch_meta(b, "k", 1, "v", 1));
    must(wal_batch_set_tag(b, "tag", 3));
    first = last = MARK;
    must(wal_batch_replace_after(b, 2, 0, &first, &last));
    assert_true(first == 0 && last == 0);
    expect_range(f->log, 1, 2, 3, 2);
    expect_meta(f->log, "k", "v");
    expect_last_tag(f->log, "tag");
    for (uint64_t lsn = 2; lsn < 9; lsn += 3) { /* nothing to cut, but metadata */
        must(wal_batch_meta(b, "k", 1, lsn == 2 ? "w" : "x", 1));
        must(wal_batch_replace_after(b, lsn, 0, NULL, NULL));
        expect_range(f->log, 1, 2, 3, 2);
        expect_meta(f->log, "k", lsn == 2 ? "w" : "x");
    }
    fixture_crash(f);
    fixture_open(f);
    expect_meta(f->log, "k", "x");
    wal_batch_free(b);
}

static void test_metadata_that_do_not_fit(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    fixture_fill(f, 3);
    wal_batch_t *b = fixture_batch(f);
    fixture_add(b, "new");
    must(wal_batch_meta(b, "k", 1, NULL, 0));
    expect_error(WAL_E_NOTFOUND, wal_batch_replace_after(b, 1, 0, NULL, NULL), "key");
    expect_range(f->log, 1, 3, 4, 3); /* nothing was cut */
    must(wal_meta_set(f->log, "k", 1, "v", 1));
    must(wal_batch_replace_after(b, 1, 0, NULL, NULL));
    expect_range(f->log, 1, 2, 3, 2);
    expect_record(f->log, 2, "new");
    expect_meta(f->log, "k", NULL);
    wal_batch_free(b);
}

/* Longer than a group, and kept in a file. */
static void test_a_long_batch(void **state)
{
    struct log_fixture *f = *state;
    enum { N = 300, SIZE = 1000 };
    static char buf[SIZE];
    wal_record_t r = {.size = sizeof r};
    uint64_t first, last;

    fixture_set(f, WAL_OPT_GROUP_BYTES, GROUP);
    fixture_open(f);
    fixture_fill(f, 5);
    wal_batch_t *b = fixture_batch(f);
    for (unsigned k = 0; k < N; k++)
        must(wal_batch_append(b, k, fixture_bytes(SIZE, (int)(k % 251)), SIZE));
    must(wal_batch_set_tag(b, "long", 4));
    must(wal_batch_meta(b, "k", 1, "v", 1));
    must(wal_batch_replace_after(b, 3, 0, &first, &last));
    assert_true(first == 4 && last == N + 3);
    wal_batch_free(b);
    for (int round = 0; round < 3; round++) {
        wal_reader_t *reader;
        must(wal_reader_open(f->log, first, 0, &reader));
        for (unsigned k = 0; k < N; k++) {
            assert_int_equal(wal_reader_next(reader, &r), 1);
            assert_int_equal(r.type, k);
            assert_memory_equal(r.data, fixture_bytes(SIZE, (int)(k % 251)), SIZE);
            assert_int_equal(r.tag_size, 4);
            assert_memory_equal(r.tag, "long", 4);
            assert_int_equal(r.flags & WAL_RECORD_BATCH_LAST,
                             k == N - 1 ? WAL_RECORD_BATCH_LAST : 0);
        }
        assert_int_equal(wal_reader_next(reader, &r), 0);
        wal_reader_close(reader);
        must(wal_get(f->log, last, buf, sizeof buf, &r));
        expect_meta(f->log, "k", "v");
        expect_last_tag(f->log, "long");
        if (round == 0)
            fixture_crash(f);
        else
            fixture_close(f);
        fixture_open(f);
    }
}

static void test_more_lsns_than_there_are(void **state)
{
    struct log_fixture *f = *state;
    fixture_set(f, WAL_OPT_FIRST_LSN, UINT64_MAX - 3);
    fixture_open(f);
    fixture_fill(f, 2);
    wal_batch_t *b = fixture_batch(f);
    for (int k = 0; k < 3; k++)
        fixture_add(b, "x");
    expect_error(WAL_E_FULL, wal_batch_replace_after(b, UINT64_MAX - 3, 0, NULL, NULL), NULL);
    expect_range(f->log, UINT64_MAX - 3, UINT64_MAX - 2, UINT64_MAX - 1, UINT64_MAX - 2);
    must(wal_batch_replace_after(b, UINT64_MAX - 4, 0, NULL, NULL));
    assert_int_equal(wal_last_lsn(f->log), UINT64_MAX - 1);
    wal_batch_free(b);
}

static struct spy_os spy;

static void test_failures(void **state)
{
    struct log_fixture *f = *state;

    spy_init(&spy);
    options_set_os(f->options, &spy.os);
    fixture_set(f, WAL_OPT_BACKGROUND, 0);
    fixture_open(f);
    fixture_fill(f, 3);
    wal_batch_t *b = fixture_batch(f);
    fixture_add(b, "new");
    must(wal_batch_meta(b, "k", 1, "v", 1));
    must(wal_batch_set_tag(b, "tag", 3));
    spy_fail(&spy, SPY_WRITE, 1, ENOSPC);
    spy_fail(&spy, SPY_WRITE, 2, ENOSPC);
    expect_error(WAL_E_NOSPC, wal_batch_replace_after(b, 1, 0, NULL, NULL), NULL);
    expect_range(f->log, 1, 3, 4, 3);
    expect_meta(f->log, "k", NULL);
    expect_last_tag(f->log, "");
    spy_clear(&spy);
    must(wal_batch_replace_after(b, 1, 0, NULL, NULL)); /* it kept everything */
    expect_range(f->log, 1, 2, 3, 2);
    expect_meta(f->log, "k", "v");
    expect_last_tag(f->log, "tag");
    fixture_add(b, "doubtful");
    spy_fail(&spy, SPY_SYNC, 2, EIO); /* the new segment is synced; its name isn't */
    expect_error(WAL_E_INDOUBT, wal_batch_replace_after(b, 1, 0, NULL, NULL), NULL);
    expect_error(WAL_E_FAILED, wal_batch_replace_after(b, 1, 0, NULL, NULL), "abort");
    must(wal_batch_abort(b));
    wal_batch_free(b);
    wal_t *w = f->log;
    f->log = NULL;
    expect_error(WAL_E_FAILED, wal_close(w), NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(test_all_in_one_step), fixture_test(test_where_it_may_cut),
        fixture_test(test_without_records), fixture_test(test_metadata_that_do_not_fit),
        fixture_test(test_a_long_batch),    fixture_test(test_more_lsns_than_there_are),
        fixture_test(test_failures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
