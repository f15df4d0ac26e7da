/* SPDX-License-Identifier: Apache-2.0 */
/* Tags of batches: readers give them, last_tag tells the newest, and it outlives what it must. */
#include "support/log_fixture.h"

#include <stdlib.h>
#include <string.h>

enum { MARK = 0x5a5a, TAG_LIMIT = 64, GROUP = 64 << 10 };

static void set_tag(wal_batch_t *b, const char *tag)
{
    must(wal_batch_set_tag(b, tag, strlen(tag)));
}

/* n records "x" with this tag; returns the first one's LSN. */
static uint64_t put(struct log_fixture *f, const char *tag, unsigned n, uint32_t flags)
{
    uint64_t first = 0;
    wal_batch_t *b = fixture_batch(f);
    for (unsigned k = 0; k < n; k++)
        must(wal_batch_append(b, 0, "x", 1));
    set_tag(b, tag);
    must(wal_batch_commit(b, flags, &first, NULL));
    wal_batch_free(b);
    return first;
}

static void expect_tag(const wal_record_t *r, const char *tag)
{
    assert_int_equal(r->tag_size, strlen(tag));
    if (tag[0] == '\0')
        assert_null(r->tag);
    else
        assert_memory_equal(r->tag, tag, r->tag_size);
}

/* The tags of the records from LSN `from` on, read in one direction, `max` with each call. */
static void expect_tags_by(wal_t *w, size_t max, uint64_t from, uint32_t flags,
                           const char *const *tags, size_t n)
{
    wal_record_t r[8];
    wal_reader_t *reader;
    size_t got = 1;

    assert_true(max <= COUNT_OF(r));
    must(wal_reader_open(w, from, flags, &reader));
    for (size_t k = 0; k < n; k += got) {
        r[0].size = sizeof r[0];
        int e = max == 1
                    ? wal_reader_next(reader, r)
                    : wal_reader_next_many(reader, r, max < n - k ? max : n - k, SIZE_MAX, &got);
        assert_int_equal(e, 1);
        for (size_t i = 0; i < got; i++) {
            assert_int_equal(r[i].lsn, flags & WAL_READ_REVERSE ? from - k - i : from + k + i);
            expect_tag(&r[i], tags[k + i]);
        }
    }
    wal_reader_close(reader);
}

static void expect_tags(wal_t *w, uint64_t from, uint32_t flags, const char *const *tags, size_t n)
{
    expect_tags_by(w, 1, from, flags, tags, n);
    expect_tags_by(w, 2, from, flags, tags, n);
    expect_tags_by(w, n, from, flags, tags, n);
}

static void test_readers_give_the_tag_of_the_batch(void **state)
{
    struct log_fixture *f = *state;
    static const char *const forth[] = {"", "txn 7", "txn 7", "txn 7", "", "8"};
    static const char *const back[] = {"8", "", "txn 7", "txn 7", "txn 7", ""};
    char buf[8];
    wal_record_t r = {.size = sizeof r, .tag = buf, .tag_size = 8};

    fixture_open(f);
    fixture_append(f, "before");
    assert_int_equal(put(f, "txn 7", 3, 0), 2);
    fixture_append(f, "between");
    assert_int_equal(put(f, "8", 1, 0), 6);
    for (int round = 0; round < 3; round++) {
        expect_tags(f->log, 1, 0, forth, 6);
        expect_tags(f->log, 1, WAL_READ_WRITTEN, forth, 6);
        expect_tags(f->log, 6, WAL_READ_REVERSE, back, 6);
        must(wal_get(f->log, 3, buf, sizeof buf, &r)); /* by its LSN a record comes without */
        assert_null(r.tag);
        assert_int_equal(r.tag_size, 0);
        expect_last_tag(f->log, "8");
        if (round == 0)
            fixture_crash(f);
        else
            fixture_close(f);
        fixture_open(f);
    }
}

struct seen {
    char tags[64];
    wal_t *log;
};

static int note_tag(void *ctx, const wal_record_t *r)
{
    struct seen *s = ctx;
    strncat(s->tags, r->tag_size ? r->tag : "-", r->tag_size ? r->tag_size : 1);
    expect_last_tag(s->log, "b"); /* also inside a callback */
    return 0;
}

static void test_replay_gives_it_too(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    fixture_append(f, "x");
    put(f, "a", 2, 0);
    put(f, "b", 1, 0);
    struct seen s = {.log = f->log};
    must(wal_replay(f->log, 0, note_tag, &s, NULL));
    assert_string_equal(s.tags, "-aab");
}

/* Sizes and bytes */

static void test_sizes(void **state)
{
    struct log_fixture *f = *state;
    static const char *const none[] = {""};
    char longest[TAG_LIMIT + 1], got[TAG_LIMIT];
    size_t size;

    memset(longest, 't', sizeof longest);
    longest[0] = longest[TAG_LIMIT - 1] = '\0';
    fixture_open(f);
    wal_batch_t *b = fixture_batch(f);
    for (size_t n = 1; n <= TAG_LIMIT; n++) {
        must(wal_batch_append(b, 0, "x", 1));
        must(wal_batch_set_tag(b, longest, n));
        must(wal_batch_commit(b, 0, NULL, NULL));
        must(wal_last_tag(f->log, got, n, &size));
        assert_int_equal(size, n);
        assert_memory_equal(got, longest, n);
    }
    expect_error(WAL_E_TOOBIG, wal_batch_set_tag(b, longest, TAG_LIMIT + 1), "65");
    expect_error(WAL_E_TOOBIG, wal_batch_set_tag(b, longest, SIZE_MAX), NULL);
    expect_error(WAL_E_INVAL, wal_batch_set_tag(b, NULL, 1), "NULL");
    expect_error(WAL_E_INVAL, wal_batch_set_tag(NULL, "t", 1), "batch");
    set_tag(b, "kept by a refusal");
    expect_error(WAL_E_TOOBIG, wal_batch_set_tag(b, longest, TAG_LIMIT + 1), "65");
    must(wal_batch_append(b, 0, "x", 1));
    must(wal_batch_commit(b, 0, NULL, NULL));
    expect_last_tag(f->log, "kept by a refusal");
    set_tag(b, "taken off");
    must(wal_batch_set_tag(b, NULL, 0));
    must(wal_batch_append(b, 0, "x", 1));
    must(wal_batch_commit(b, 0, NULL, NULL));
    expect_tags(f->log, TAG_LIMIT + 2, 0, none, 1);
    expect_last_tag(f->log, "kept by a refusal");
    wal_batch_free(b);
}

static void test_last_tag_s_arguments(void **state)
{
    struct log_fixture *f = *state;
    char buf[4] = "uuu";
    size_t size = MARK;

    fixture_open(f);
    must(wal_last_tag(f->log, NULL, 0, &size)); /* there never was one */
    assert_int_equal(size, 0);
    fixture_append(f, "x");
    must(wal_last_tag(f->log, buf, sizeof buf, &size));
    assert_int_equal(size, 0);
    put(f, "12345", 1, 0);
    size = MARK;
    expect_error(WAL_E_INVAL, wal_last_tag(f->log, NULL, 4, &size), "buf");
    expect_error(WAL_E_INVAL, wal_last_tag(f->log, buf, 4, NULL), "ret_size");
    expect_error(WAL_E_INVAL, wal_last_tag(NULL, buf, 4, &size), "NULL");
    assert_int_equal(size, MARK);
    expect_error(WAL_E_TOOBIG, wal_last_tag(f->log, buf, 4, &size), "5 bytes");
    assert_int_equal(size, 5);
    expect_error(WAL_E_TOOBIG, wal_last_tag(f->log, NULL, 0, &size), NULL);
    assert_string_equal(buf, "uuu");
}

/* When it goes off the batch */

static void test_commit_and_abort_clear_it(void **state)
{
    struct log_fixture *f = *state;
    uint64_t first = MARK, last = MARK;

    fixture_open(f);
    wal_batch_t *b = fixture_batch(f);
    set_tag(b, "a");
    must(wal_batch_append(b, 0, "x", 1));
    must(wal_batch_commit(b, 0, NULL, NULL));
    must(wal_batch_append(b, 0, "x", 1));
    must(wal_batch_commit(b, 0, NULL, NULL));
    expect_tags(f->log, 1, 0, (const char *const[]){"a", ""}, 2);
    set_tag(b, "b");
    must(wal_batch_abort(b));
    must(wal_batch_append(b, 0, "x", 1));
    must(wal_batch_commit(b, 0, NULL, NULL));
    set_tag(b, "c"); /* a tag alone is nothing to write */
    uint64_t written = fixture_stat(f->log, WAL_STAT_WRITTEN_BYTES);
    must(wal_batch_commit(b, 0, &first, &last));
    assert_true(first == 0 && last == 0);
    assert_int_equal(fixture_stat(f->log, WAL_STAT_WRITTEN_BYTES), written);
    must(wal_batch_append(b, 0, "x", 1));
    must(wal_batch_commit(b, 0, NULL, NULL));
    expect_tags(f->log, 3, 0, (const char *const[]){"", ""}, 2);
    expect_last_tag(f->log, "a");
    set_tag(b, "d"); /* a commit that is refused keeps it */
    must(wal_batch_append(b, 0, "x", 1));
    expect_error(WAL_E_INVAL, wal_batch_commit(b, 16, NULL, NULL), "flags");
    must(wal_batch_commit(b, 0, NULL, NULL));
    expect_last_tag(f->log, "d");
    wal_batch_free(b);
}

/* As wal_get, it sees what is buffered; a crash may take it, together with its records. */
static void test_buffered_batches(void **state)
{
    struct log_fixture *f = *state;
    const uint32_t flags[] = {0, WAL_APPEND_ASYNC};

    fixture_set(f, WAL_OPT_SYNC, WAL_SYNC_NONE);
    fixture_set(f, WAL_OPT_BACKGROUND, 0);
    fixture_open(f);
    put(f, "kept", 2, WAL_APPEND_SYNC);
    for (size_t k = 0; k < COUNT_OF(flags); k++) {
        put(f, "lost", 2, flags[k]);
        assert_true(wal_durable_lsn(f->log) < wal_last_lsn(f->log));
        expect_last_tag(f->log, "lost");
        fixture_append(f, "and more");
        expect_last_tag(f->log, "lost");
        fixture_crash(f);
        fixture_open(f);
        expect_last_tag(f->log, "kept");
        assert_int_equal(wal_last_lsn(f->log), 2);
    }
    put(f, "written", 2, 0);
    must(wal_flush(f->log));
    expect_last_tag(f->log, "written");
    put(f, "newer", 1, 0);
    expect_last_tag(f->log, "newer");
    must(wal_sync(f->log, 0));
    expect_last_tag(f->log, "newer");
    fixture_crash(f);
    fixture_open(f);
    expect_last_tag(f->log, "newer");
}

/* Groups */

static void test_a_tagged_batch_joins_no_group(void **state)
{
    struct log_fixture *f = *state;
    static const char *const tags[] = {"", "a", "a", "b", "", ""};
    uint64_t groups;

    fixture_set(f, WAL_OPT_SYNC, WAL_SYNC_NONE);
    fixture_open(f);
    groups = fixture_stat(f->log, WAL_STAT_GROUPS);
    fixture_append(f, "1");
    put(f, "a", 2, 0);
    put(f, "b", 1, 0);
    fixture_append(f, "2");
    fixture_append(f, "3");
    must(wal_sync(f->log, 0));
    assert_int_equal(fixture_stat(f->log, WAL_STAT_GROUPS) - groups, 4);
    expect_tags(f->log, 1, 0, tags, 6);
}

/* n records of these bytes, in one batch. */
static void put_large(struct log_fixture *f, const char *tag, unsigned n, size_t size)
{
    wal_batch_t *b = fixture_batch(f);
    for (unsigned k = 0; k < n; k++)
        must(wal_batch_append(b, 0, fixture_bytes(size, (int)k), size));
    set_tag(b, tag);
    must(wal_batch_commit(b, 0, NULL, NULL));
    wal_batch_free(b);
}

/* With its tag a batch may be more than a group holds; a long one has it in each of its groups. */
static void test_as_long_as_a_group_and_longer(void **state)
{
    struct log_fixture *f = *state;
    enum { HALF = GROUP / 2 - 16 };
    const char *longest = fixture_bytes(TAG_LIMIT, 't');
    char tag[TAG_LIMIT + 1] = {0};
    static char buf[GROUP * 2];
    wal_record_t r = {.size = sizeof r};

    memcpy(tag, longest, TAG_LIMIT);
    fixture_set(f, WAL_OPT_GROUP_BYTES, GROUP);
    fixture_set(f, WAL_OPT_MAX_RECORD_BYTES, GROUP + 8);
    fixture_open(f);
    put_large(f, tag, 2, HALF);      /* fills one without the tag */
    put_large(f, tag, 2, HALF - 64); /* just fits */
    put_large(f, tag, 1, GROUP + 8); /* the largest record there may be */
    put_large(f, tag, 3, GROUP + 8); /* spilled */
    put_large(f, tag, 40, 5000);
    for (int round = 0; round < 3; round++) {
        wal_reader_t *reader;
        must(wal_reader_open(f->log, 0, 0, &reader));
        for (unsigned k = 0; k < 48; k++) {
            assert_int_equal(wal_reader_next(reader, &r), 1);
            expect_tag(&r, tag);
        }
        wal_reader_close(reader);
        must(wal_get(f->log, 7, buf, sizeof buf, &r));
        assert_int_equal(r.data_size, GROUP + 8);
        expect_last_tag(f->log, tag);
        if (round == 0)
            fixture_crash(f);
        else
            fixture_close(f);
        fixture_open(f);
    }
}

/* What it outlives */

static void test_it_outlives_its_records(void **state)
{
    struct log_fixture *f = *state;

    fixture_set(f, WAL_OPT_SEGMENT_RECORDS, 4);
    fixture_open(f);
    put(f, "old", 1, 0);
    put(f, "txn", 2, 0);
    fixture_fill(f, 10); /* rotates by itself */
    expect_last_tag(f->log, "txn");
    must(wal_truncate_before(f->log, wal_last_lsn(f->log)));
    expect_last_tag(f->log, "txn");
    fixture_crash(f);
    fixture_open(f);
    expect_last_tag(f->log, "txn");
    must(wal_rotate(f->log));
    must(wal_truncate_before(f->log, wal_next_lsn(f->log))); /* nothing is left */
    for (int k = 0; k < 4; k++) {
        expect_last_tag(f->log, "txn");
        fixture_reopen(f);
        if (k % 2)
            fixture_append(f, "x");
        if (k == 2)
            must(wal_rotate(f->log));
    }
    expect_last_tag(f->log, "txn");
    put(f, "new", 1, 0);
    must(wal_rotate(f->log));
    fixture_crash(f);
    fixture_open(f);
    expect_last_tag(f->log, "new");
}

/* A last segment too large to be carried over whole: closed, its end is not read at open. */
static void test_a_large_last_segment(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    put_large(f, "large", 10, 60000);
    fixture_reopen(f);
    expect_last_tag(f->log, "large");
    fixture_append(f, "x");
    expect_last_tag(f->log, "large");
    fixture_append(f, "y");
    fixture_crash(f);
    fixture_open(f);
    expect_last_tag(f->log, "large");
    put_large(f, "larger", 10, 60000);
    fixture_crash(f);
    fixture_open(f);
    expect_last_tag(f->log, "larger");
}

/* What a cut does to it */

static void test_a_cut_takes_it_and_the_older_one_counts_again(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    fixture_append(f, "1");
    put(f, "a", 2, 0); /* 2 and 3 */
    put(f, "b", 2, 0); /* 4 and 5 */
    fixture_append(f, "6");
    put(f, "c", 1, 0); /* 7 */
    must(wal_truncate_after(f->log, 6));
    expect_last_tag(f->log, "b");
    must(wal_truncate_after(f->log, 5));
    expect_last_tag(f->log, "b");
    fixture_crash(f);
    fixture_open(f);
    must(wal_truncate_after(f->log, 4)); /* what is left of it still says so */
    expect_last_tag(f->log, "b");
    expect_tags(f->log, 3, 0, (const char *const[]){"a", "b"}, 2);
    must(wal_truncate_after(f->log, 3));
    expect_last_tag(f->log, "a");
    fixture_reopen(f);
    expect_last_tag(f->log, "a");
    must(wal_truncate_after(f->log, 1));
    expect_last_tag(f->log, "");
    fixture_reopen(f);
    expect_last_tag(f->log, "");
    must(wal_truncate_after(f->log, 0));
    expect_last_tag(f->log, "");
}

/* Over segments, and behind a truncated front. */
static void test_a_cut_far_back(void **state)
{
    struct log_fixture *f = *state;
    const wal_record_t r = {.size = sizeof r, .data = "new", .data_size = 3};

    fixture_open(f);
    put(f, "a", 2, 0);
    must(wal_rotate(f->log));
    put(f, "b", 2, 0);
    must(wal_rotate(f->log));
    put(f, "c", 2, 0);
    must(wal_rotate(f->log));
    fixture_append(f, "7");
    must(wal_truncate_before(f->log, 4)); /* the first segment is gone */
    must(wal_replace_after(f->log, 4, &r, 1, 0, NULL));
    expect_last_tag(f->log, "b");
    must(wal_truncate_after(f->log, 3)); /* empty */
    expect_last_tag(f->log, "b");        /* half of it was trimmed, but it was never cut off */
    fixture_crash(f);
    fixture_open(f);
    expect_last_tag(f->log, "b");
    fixture_append(f, "x");
    must(wal_truncate_after(f->log, 3));
    expect_last_tag(f->log, "b");
}

static void test_a_front_that_is_gone_keeps_its_tag_behind_a_cut(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    put(f, "a", 2, 0);
    must(wal_rotate(f->log));
    put(f, "b", 2, 0);
    must(wal_truncate_before(f->log, 3));
    must(wal_truncate_after(f->log, 2)); /* empty; a was applied, b was taken back */
    expect_range(f->log, 3, 0, 3, 2);
    expect_last_tag(f->log, "a");
    fixture_crash(f);
    fixture_open(f);
    expect_last_tag(f->log, "a");
}

static void test_reset_takes_all(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    put(f, "a", 2, 0);
    must(wal_rotate(f->log));
    put(f, "b", 2, 0);
    must(wal_reset(f->log, 10));
    expect_last_tag(f->log, "");
    fixture_crash(f);
    fixture_open(f);
    expect_last_tag(f->log, "");
    put(f, "c", 1, 0);
    expect_last_tag(f->log, "c");
}

static void test_a_long_batch_cut_between_its_groups(void **state)
{
    struct log_fixture *f = *state;
    fixture_set(f, WAL_OPT_GROUP_BYTES, GROUP);
    fixture_open(f);
    put(f, "a", 1, 0);
    put_large(f, "long", 40, 5000); /* 2 to 41, 12 or 13 to a group */
    for (uint64_t lsn = 40; lsn >= 2; lsn -= 2) {
        must(wal_truncate_after(f->log, lsn));
        expect_last_tag(f->log, "long");
    }
    must(wal_truncate_after(f->log, 1));
    expect_last_tag(f->log, "a");
}

/* Beside a writer */

static void test_a_follower_sees_durable_ones(void **state)
{
    struct log_fixture *f = *state;

    fixture_set(f, WAL_OPT_BACKGROUND, 0);
    fixture_open(f);
    wal_t *r = fixture_open_read_only(f);
    expect_last_tag(r, "");
    put(f, "a", 2, 0);
    expect_last_tag(r, "a");
    put(f, "b", 2, WAL_APPEND_ASYNC);
    must(wal_flush(f->log));
    expect_last_tag(f->log, "b");
    expect_last_tag(r, "a");
    must(wal_sync(f->log, 0));
    expect_last_tag(r, "b");
    expect_tags(r, 1, 0, (const char *const[]){"a", "a", "b", "b"}, 4);
    must(wal_rotate(f->log));
    must(wal_truncate_before(f->log, 5));
    expect_last_tag(r, "b");
    put(f, "c", 1, 0);
    expect_last_tag(r, "c");
    must(wal_truncate_after(f->log, 4));
    expect_last_tag(r, "b");
    must(wal_reset(f->log, 1));
    expect_last_tag(r, "");
    must(wal_close(r));
}

static void test_a_closed_log(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    wal_batch_t *b = fixture_batch(f);
    set_tag(b, "a");
    fixture_close(f);
    expect_error(WAL_E_CLOSED, wal_batch_set_tag(b, "b", 1), f->dir);
    wal_batch_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(test_readers_give_the_tag_of_the_batch),
        fixture_test(test_replay_gives_it_too),
        fixture_test(test_sizes),
        fixture_test(test_last_tag_s_arguments),
        fixture_test(test_commit_and_abort_clear_it),
        fixture_test(test_buffered_batches),
        fixture_test(test_a_tagged_batch_joins_no_group),
        fixture_test(test_as_long_as_a_group_and_longer),
        fixture_test(test_it_outlives_its_records),
        fixture_test(test_a_large_last_segment),
        fixture_test(test_a_cut_takes_it_and_the_older_one_counts_again),
        fixture_test(test_a_cut_far_back),
        fixture_test(test_a_front_that_is_gone_keeps_its_tag_behind_a_cut),
        fixture_test(test_reset_takes_all),
        fixture_test(test_a_long_batch_cut_between_its_groups),
        fixture_test(test_a_follower_sees_durable_ones),
        fixture_test(test_a_closed_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
