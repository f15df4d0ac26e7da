/* SPDX-License-Identifier: Apache-2.0 */
/* Metadata that change together with a batch's records: limits, order, and never one without the
 * other. */
#include "support/log_fixture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/options.h"
#include "support/spy_os.h"

enum { MARK = 0x5a5a, KEYS = 64, KEY = 64, VALUE = 1024, CHANGES = 128, GROUP = 64 << 10 };

static int change(wal_batch_t *b, const char *key, const char *value)
{
    return wal_batch_meta(b, key, strlen(key), value, value ? strlen(value) : 0);
}

static void commit(wal_batch_t *b)
{
    must(wal_batch_commit(b, 0, NULL, NULL));
}

static void test_it_comes_with_the_records(void **state)
{
    struct log_fixture *f = *state;
    uint64_t first = MARK, last = MARK;

    fixture_open(f);
    must(wal_meta_set(f->log, "vote", 4, "1", 1));
    must(wal_meta_set(f->log, "gone", 4, "x", 1));
    wal_batch_t *b = fixture_batch(f);
    fixture_add(b, "one");
    must(change(b, "vote", "2"));
    must(change(b, "empty", "")); /* an empty value is a value */
    must(change(b, "gone", NULL));
    fixture_add(b, "two");
    assert_int_equal(wal_batch_count(b), 2);
    assert_int_equal(wal_batch_bytes(b), 6);
    expect_meta(f->log, "vote", "1"); /* nothing of it counts yet */
    expect_range(f->log, 1, 0, 1, 0);
    must(wal_batch_commit(b, 0, &first, &last));
    assert_true(first == 1 && last == 2);
    for (int round = 0; round < 3; round++) {
        expect_meta(f->log, "vote", "2");
        expect_meta(f->log, "empty", "");
        expect_meta(f->log, "gone", NULL);
        expect_record(f->log, 1, "one");
        expect_record(f->log, 2, "two");
        if (round == 0)
            fixture_crash(f);
        else
            fixture_close(f);
        fixture_open(f);
    }
    wal_batch_free(b);
    b = fixture_batch(f); /* the changes are gone from the batch */
    fixture_add(b, "three");
    commit(b);
    expect_meta(f->log, "vote", "2");
    must(change(b, "vote", "3"));
    must(wal_batch_abort(b));
    fixture_add(b, "four");
    commit(b);
    expect_meta(f->log, "vote", "2");
    wal_batch_free(b);
}

static void test_without_records(void **state)
{
    struct log_fixture *f = *state;
    uint64_t first = MARK, last = MARK;

    fixture_open(f);
    fixture_append(f, "1");
    wal_batch_t *b = fixture_batch(f);
    must(change(b, "a", "1"));
    must(wal_batch_commit(b, 0, &first, &last));
    assert_true(first == 0 && last == 0);
    expect_range(f->log, 1, 1, 2, 1);
    expect_meta(f->log, "a", "1");
    must(change(b, "a", "2"));
    must(wal_batch_set_tag(b, "txn", 3)); /* which has no records, and counts all the same */
    commit(b);
    expect_last_tag(f->log, "txn");
    for (int round = 0; round < 3; round++) {
        expect_meta(f->log, "a", "2");
        expect_last_tag(f->log, "txn");
        if (round == 0)
            fixture_crash(f);
        else
            must(wal_rotate(f->log));
        if (round == 0)
            fixture_open(f);
    }
    assert_int_equal(fixture_append(f, "2"), 2);
    fixture_crash(f);
    fixture_open(f);
    expect_meta(f->log, "a", "2");
    expect_last_tag(f->log, "txn");
    must(wal_truncate_after(f->log, 1)); /* it was there before record 2 was */
    expect_last_tag(f->log, "txn");
    must(wal_truncate_after(f->log, 0));
    expect_last_tag(f->log, "");
    expect_meta(f->log, "a", "2");
    wal_batch_free(b);
}

/* Limits */

static void test_limits(void **state)
{
    struct log_fixture *f = *state;
    char key[KEY + 1];
    const char *value = fixture_bytes(VALUE + 1, 'v');

    memset(key, 'k', sizeof key);
    fixture_open(f);
    wal_batch_t *b = fixture_batch(f);
    must(wal_batch_meta(b, key, KEY, value, VALUE));
    must(wal_batch_meta(b, key, 1, value, 0));
    expect_error(WAL_E_TOOBIG, wal_batch_meta(b, key, KEY + 1, value, 1), "65");
    expect_error(WAL_E_TOOBIG, wal_batch_meta(b, key, KEY, value, VALUE + 1), "1025");
    expect_error(WAL_E_TOOBIG, wal_batch_meta(b, key, KEY, value, SIZE_MAX), NULL);
    expect_error(WAL_E_TOOBIG, wal_batch_meta(b, key, SIZE_MAX, value, 1), NULL);
    expect_error(WAL_E_TOOBIG, wal_batch_meta(b, key, KEY + 1, NULL, 0), "65");
    expect_error(WAL_E_INVAL, wal_batch_meta(b, key, 0, value, 1), "key");
    expect_error(WAL_E_INVAL, wal_batch_meta(b, NULL, 1, value, 1), "key");
    expect_error(WAL_E_INVAL, wal_batch_meta(b, "a", 1, NULL, 1), "value");
    expect_error(WAL_E_INVAL, wal_batch_meta(NULL, "a", 1, value, 1), "batch");
    commit(b);
    fixture_reopen(f);
    char got[VALUE];
    size_t size;
    must(wal_meta_get(f->log, key, KEY, got, sizeof got, &size));
    assert_int_equal(size, VALUE);
    assert_memory_equal(got, value, VALUE);
    must(wal_meta_get(f->log, key, 1, got, sizeof got, &size));
    assert_int_equal(size, 0);
    wal_batch_free(b);
}

/* The batch is as it was, and may be committed once there is room. */
static void test_more_than_64_keys(void **state)
{
    struct log_fixture *f = *state;
    char key[16];
    uint64_t first = MARK, last = MARK;

    fixture_open(f);
    wal_batch_t *b = fixture_batch(f), *c = fixture_batch(f);
    for (int k = 0; k < KEYS; k++) {
        snprintf(key, sizeof key, "%03d", k);
        must(change(b, key, "old"));
    }
    must(change(b, "one more", "x"));
    fixture_add(b, "record");
    expect_error(WAL_E_FULL, wal_batch_commit(b, 0, &first, &last), "65");
    assert_true(first == MARK && last == MARK);
    expect_range(f->log, 1, 0, 1, 0);
    expect_meta(f->log, "000", NULL);
    must(change(b, "000", NULL)); /* it was not there, and will not be */
    commit(b);
    expect_record(f->log, 1, "record");
    expect_meta(f->log, "000", NULL);
    expect_meta(f->log, "001", "old");
    expect_meta(f->log, "one more", "x");
    must(change(c, "two more", "x"));
    expect_error(WAL_E_FULL, wal_batch_commit(c, 0, NULL, NULL), NULL);
    must(wal_meta_delete(f->log, "001", 3));
    commit(c);
    expect_meta(f->log, "two more", "x");
    wal_batch_free(b);
    wal_batch_free(c);
}

static void test_more_changes_than_can_succeed(void **state)
{
    struct log_fixture *f = *state;
    char key[16];

    fixture_open(f);
    wal_batch_t *b = fixture_batch(f);
    for (int round = 0; round < 2; round++) {
        for (int k = 0; k < CHANGES; k++) {
            snprintf(key, sizeof key, "%03d", k);
            must(change(b, key, round ? NULL : "v")); /* the second time it is the same keys */
        }
        expect_error(WAL_E_FULL, change(b, "one more", "v"), "128");
        expect_error(WAL_E_FULL, change(b, "one more", NULL), "128");
    }
    must(change(b, "127", "stays"));
    commit(b);
    expect_meta(f->log, "127", "stays");
    expect_meta(f->log, "126", NULL);
    wal_batch_free(b);
}

/* Order: changes are made one after the other, on the map as it is at the commit. */

static void test_keys_that_are_missing(void **state)
{
    struct log_fixture *f = *state;
    uint64_t first = MARK;

    fixture_open(f);
    wal_batch_t *b = fixture_batch(f), *c = fixture_batch(f);
    must(change(b, "k", NULL)); /* not yet known to be wrong */
    fixture_add(b, "record");
    must(wal_batch_set_tag(b, "tag", 3));
    expect_error(WAL_E_NOTFOUND, wal_batch_commit(b, 0, &first, NULL), "key");
    assert_int_equal(first, MARK);
    expect_range(f->log, 1, 0, 1, 0);
    expect_last_tag(f->log, "");
    assert_int_equal(wal_batch_count(b), 1);
    must(change(c, "k", "v")); /* another one brings it */
    commit(c);
    must(wal_batch_commit(b, 0, &first, NULL));
    assert_int_equal(first, 1);
    expect_meta(f->log, "k", NULL);
    expect_last_tag(f->log, "tag");

    must(change(b, "k", "1")); /* what the batch has set it may remove */
    must(change(b, "k", NULL));
    expect_error(WAL_E_NOTFOUND, change(b, "k", NULL), "removed");
    must(change(b, "k", "2"));
    commit(b);
    expect_meta(f->log, "k", "2");
    must(change(b, "k", NULL));
    must(change(b, "k", "3")); /* it had to be there, and was */
    commit(b);
    expect_meta(f->log, "k", "3");
    must(change(b, "l", NULL));
    must(change(b, "l", "1"));
    expect_error(WAL_E_NOTFOUND, wal_batch_commit(b, 0, NULL, NULL), NULL);
    must(wal_batch_abort(b));
    must(change(b, "l", "1"));
    must(change(b, "l", NULL));
    commit(b); /* neither there nor missed */
    expect_meta(f->log, "l", NULL);
    wal_batch_free(b);
    wal_batch_free(c);
}

static void test_the_caller_s_memory_is_copied(void **state)
{
    struct log_fixture *f = *state;
    char key[] = "key", value[] = "value";

    fixture_open(f);
    wal_batch_t *b = fixture_batch(f);
    must(change(b, key, value));
    memset(key, 'x', 3);
    memset(value, 'x', 5);
    commit(b);
    expect_meta(f->log, "key", "value");
    wal_batch_free(b);
}

/* Durability: what wal_meta_get shows no crash takes back. */

static void test_it_is_durable_in_every_mode(void **state)
{
    struct log_fixture *f = *state;
    const uint32_t modes[] = {WAL_SYNC_NONE, WAL_SYNC_INTERVAL, WAL_SYNC_DATA, WAL_SYNC_DSYNC};
    const uint32_t flags[] = {0, WAL_APPEND_ASYNC, WAL_APPEND_SUBMIT, WAL_APPEND_SYNC};
    char value[48];
    uint64_t last;

    for (size_t m = 0; m < COUNT_OF(modes); m++) {
        for (size_t k = 0; k < COUNT_OF(flags); k++) {
            fixture_set(f, WAL_OPT_SYNC, modes[m]);
            fixture_open(f);
            fixture_append_flags(f, "buffered", WAL_APPEND_ASYNC);
            wal_batch_t *b = fixture_batch(f);
            snprintf(value, sizeof value, "%zu%zu", m, k);
            must(change(b, "k", value));
            fixture_add(b, value);
            must(wal_batch_commit(b, flags[k], NULL, &last));
            assert_int_equal(wal_durable_lsn(f->log), last);
            expect_meta(f->log, "k", value);
            wal_batch_free(b);
            fixture_crash(f);
            fixture_open(f);
            expect_meta(f->log, "k", value);
            expect_record(f->log, last, value);
            fixture_close(f);
        }
    }
}

static void test_flags(void **state)
{
    struct log_fixture *f = *state;
    fixture_set(f, WAL_OPT_BACKGROUND, 0);
    fixture_open(f);
    wal_batch_t *b = fixture_batch(f);
    must(change(b, "k", "v"));
    expect_error(WAL_E_INVAL, wal_batch_commit(b, 16, NULL, NULL), "flags");
    expect_error(WAL_E_INVAL, wal_batch_commit(b, WAL_APPEND_SUBMIT, NULL, NULL), "background");
    must(wal_batch_commit(b, WAL_APPEND_NOWAIT, NULL, NULL));
    expect_meta(f->log, "k", "v");
    wal_batch_free(b);
}

static struct spy_os spy;

static void test_neither_after_a_failed_write(void **state)
{
    struct log_fixture *f = *state;

    spy_init(&spy);
    options_set_os(f->options, &spy.os);
    fixture_set(f, WAL_OPT_BACKGROUND, 0);
    fixture_open(f);
    must(wal_meta_set(f->log, "k", 1, "old", 3));
    wal_batch_t *b = fixture_batch(f);
    fixture_add(b, "record");
    must(change(b, "k", "new"));
    must(wal_batch_set_tag(b, "tag", 3));
    for (unsigned at = 1; at <= 2; at++) { /* the records, the map */
        spy_fail(&spy, SPY_WRITE, at, ENOSPC);
        expect_error(WAL_E_NOSPC, wal_batch_commit(b, 0, NULL, NULL), ".wal");
        expect_range(f->log, 1, 0, 1, 0);
        expect_meta(f->log, "k", "old");
        expect_last_tag(f->log, "");
    }
    must(wal_batch_commit(b, 0, NULL, NULL)); /* it kept everything */
    expect_record(f->log, 1, "record");
    expect_meta(f->log, "k", "new");
    expect_last_tag(f->log, "tag");
    fixture_add(b, "doubtful");
    must(change(b, "k", "newer"));
    spy_fail(&spy, SPY_SYNC, 1, EIO);
    expect_error(WAL_E_INDOUBT, wal_batch_commit(b, 0, NULL, NULL), NULL);
    expect_meta(f->log, "k", "new");
    expect_error(WAL_E_FAILED, wal_batch_commit(b, 0, NULL, NULL), "abort");
    must(wal_batch_abort(b));
    wal_batch_free(b);
    wal_t *w = f->log;
    f->log = NULL;
    expect_error(WAL_E_FAILED, wal_close(w), NULL);
    fixture_open(f);
    bool there = wal_last_lsn(f->log) == 2;
    expect_meta(f->log, "k", there ? "newer" : "new"); /* both or neither */
}

/* Long ones */

static void test_a_long_batch_with_metadata(void **state)
{
    struct log_fixture *f = *state;
    uint64_t first, last;

    fixture_set(f, WAL_OPT_GROUP_BYTES, GROUP);
    fixture_open(f);
    fixture_append(f, "before");
    wal_batch_t *b = fixture_batch(f);
    for (int k = 0; k < 200; k++)
        must(wal_batch_append(b, 0, fixture_bytes(1000, k), 1000));
    must(wal_batch_set_tag(b, "tag", 3));
    must(change(b, "k", "v"));
    must(wal_batch_commit(b, 0, &first, &last));
    assert_true(first == 2 && last == 201);
    wal_batch_free(b);
    for (int round = 0; round < 3; round++) {
        static char buf[1000];
        wal_record_t r = {.size = sizeof r};
        expect_meta(f->log, "k", "v");
        expect_last_tag(f->log, "tag");
        for (uint64_t lsn = first; lsn <= last; lsn++) {
            must(wal_get(f->log, lsn, buf, sizeof buf, &r));
            assert_int_equal(r.flags & WAL_RECORD_BATCH_LAST,
                             lsn == last ? WAL_RECORD_BATCH_LAST : 0);
        }
        if (round == 0)
            fixture_crash(f);
        else
            fixture_close(f);
        fixture_open(f);
    }
    must(wal_truncate_after(f->log, 100)); /* its records go, its metadata stay */
    expect_meta(f->log, "k", "v");
    must(wal_truncate_after(f->log, 1));
    expect_meta(f->log, "k", "v");
    expect_last_tag(f->log, "");
    fixture_reopen(f);
    expect_meta(f->log, "k", "v");
}

/* Segments: a log that only changes metadata goes on to the next one when one is full. */
static void test_small_segments(void **state)
{
    struct log_fixture *f = *state;
    const char *value = fixture_bytes(VALUE, 'v');
    char key[16];

    fixture_set(f, WAL_OPT_SEGMENT_BYTES, 64 << 10);
    fixture_open(f);
    wal_batch_t *b = fixture_batch(f);
    for (int k = 0; k < 200; k++) {
        snprintf(key, sizeof key, "%d", k % 8);
        must(wal_batch_meta(b, key, strlen(key), value, VALUE));
        must(wal_batch_set_tag(b, key, strlen(key)));
        commit(b);
    }
    wal_batch_free(b);
    assert_true(fixture_segments(f->log) > 10);
    for (size_t k = 0; k < fixture_segments(f->log); k++)
        assert_true(fixture_segment(f->log, k).bytes < 80 << 10);
    expect_last_tag(f->log, "7");
    fixture_reopen(f);
    expect_last_tag(f->log, "7");
}

/* Beside a writer: never one without the other. */
static void test_a_follower(void **state)
{
    struct log_fixture *f = *state;
    char value[16];

    fixture_open(f);
    wal_t *r = fixture_open_read_only(f);
    wal_batch_t *b = fixture_batch(f);
    for (uint64_t k = 1; k <= 20; k++) {
        snprintf(value, sizeof value, "%u", (unsigned)k);
        fixture_add(b, value);
        must(change(b, "k", value));
        if (k % 7 == 0)
            must(wal_batch_replace_after(b, k - 1, 0, NULL, NULL));
        else
            commit(b);
        if (k % 5 == 0)
            must(wal_rotate(f->log));
        expect_meta(r, "k", value);
        expect_record(r, k, value);
    }
    must(wal_close(r));
    wal_batch_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(test_it_comes_with_the_records),
        fixture_test(test_without_records),
        fixture_test(test_limits),
        fixture_test(test_more_than_64_keys),
        fixture_test(test_more_changes_than_can_succeed),
        fixture_test(test_keys_that_are_missing),
        fixture_test(test_the_caller_s_memory_is_copied),
        fixture_test(test_it_is_durable_in_every_mode),
        fixture_test(test_flags),
        fixture_test(test_neither_after_a_failed_write),
        fixture_test(test_a_long_batch_with_metadata),
        fixture_test(test_small_segments),
        fixture_test(test_a_follower),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
