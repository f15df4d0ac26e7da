/* SPDX-License-Identifier: Apache-2.0 */
/* Checkpoints: what may be one, that the newest is found whatever happens to the log around it, and
 * where a replay from 0 begins. */
#include "support/log_fixture.h"

#include <stdlib.h>
#include <string.h>

enum { MARK = 0x5a5a, MIB = 1 << 20 };

static void expect_checkpoint(wal_t *w, uint64_t lsn, const char *state)
{
    char buf[64];
    size_t size = MARK;
    uint64_t got = MARK;
    must(wal_checkpoint_get(w, buf, sizeof buf, &got, &size));
    assert_int_equal(got, lsn);
    assert_int_equal(size, strlen(state));
    assert_memory_equal(buf, state, size);
}

static void expect_none(wal_t *w)
{
    char buf[4] = "uuu";
    size_t size = MARK;
    uint64_t lsn = MARK;
    expect_error(WAL_E_NOTFOUND, wal_checkpoint_get(w, buf, sizeof buf, &lsn, &size),
                 "no checkpoint");
    assert_int_equal(size, MARK);
    assert_int_equal(lsn, MARK);
    assert_string_equal(buf, "uuu");
}

static void checkpoint(struct log_fixture *f, uint64_t lsn, const char *state)
{
    must(wal_checkpoint(f->log, lsn, state, strlen(state)));
    expect_checkpoint(f->log, lsn, state);
}

/* After a clean close, and after a crash, to a writer and to a reader. */
static void expect_kept(struct log_fixture *f, uint64_t lsn, const char *state)
{
    wal_t *reader = fixture_open_read_only(f);
    expect_checkpoint(f->log, lsn, state);
    expect_checkpoint(reader, lsn, state);
    must(wal_close(reader));
    fixture_crash(f);
    reader = fixture_open_read_only(f);
    expect_checkpoint(reader, lsn, state);
    must(wal_close(reader));
    fixture_open(f);
    expect_checkpoint(f->log, lsn, state);
    fixture_reopen(f);
    expect_checkpoint(f->log, lsn, state);
}

static void expect_gone(struct log_fixture *f)
{
    wal_t *reader = fixture_open_read_only(f);
    expect_none(f->log);
    expect_none(reader);
    must(wal_close(reader));
    fixture_crash(f);
    fixture_open(f);
    expect_none(f->log);
    fixture_reopen(f);
    expect_none(f->log);
}

static void test_the_newest_one_counts(void **state)
{
    struct log_fixture *f = *state;
    wal_recovery_t r;

    fixture_open(f);
    expect_none(f->log);
    fixture_fill(f, 5);
    checkpoint(f, 2, "two");
    checkpoint(f, 5, "five");
    checkpoint(f, 5, "five again");
    expect_range(f->log, 1, 5, 6, 5); /* it takes no LSNs */
    expect_kept(f, 5, "five again");
    must(wal_recovery(f->log, &r, sizeof r));
    assert_int_equal(r.checkpoint_lsn, 5);
    checkpoint(f, 5, "");
    expect_kept(f, 5, "");
}

static void test_what_can_be_one(void **state)
{
    struct log_fixture *f = *state;
    const struct {
        uint64_t lsn;
        const char *text;
    } wrong[] = {{0, "LSN 0"}, {2, "is of 3"}, {6, "durable is 5"}, {UINT64_MAX, "LSN 1844"}};

    fixture_set(f, WAL_OPT_CHECKPOINT_BYTES, 10);
    fixture_open(f);
    expect_error(WAL_E_RANGE, wal_checkpoint(f->log, 1, NULL, 0), "durable is 0");
    fixture_fill(f, 5);
    checkpoint(f, 3, "0123456789");
    for (size_t k = 0; k < sizeof wrong / sizeof wrong[0]; k++)
        expect_error(WAL_E_RANGE, wal_checkpoint(f->log, wrong[k].lsn, "x", 1), wrong[k].text);
    expect_error(WAL_E_TOOBIG, wal_checkpoint(f->log, 4, "01234567890", 11), "checkpoint_bytes");
    expect_error(WAL_E_INVAL, wal_checkpoint(f->log, 4, NULL, 1), "state is NULL");
    expect_error(WAL_E_INVAL, wal_checkpoint(NULL, 4, "x", 1), NULL);
    must(wal_append_typed(f->log, 0, "6", 1, WAL_APPEND_ASYNC, NULL));
    expect_error(WAL_E_RANGE, wal_checkpoint(f->log, 6, "x", 1), "durable is 5");
    expect_checkpoint(f->log, 3, "0123456789");
    wal_t *reader = fixture_open_read_only(f);
    expect_error(WAL_E_READONLY, wal_checkpoint(reader, 4, "x", 1), NULL);
    must(wal_close(reader));
}

static void test_get_says_how_large(void **state)
{
    struct log_fixture *f = *state;
    char buf[4] = "uuu";
    size_t size = MARK;
    uint64_t lsn = MARK;

    fixture_open(f);
    fixture_fill(f, 1);
    checkpoint(f, 1, "abcd");
    expect_error(WAL_E_TOOBIG, wal_checkpoint_get(f->log, buf, 3, &lsn, &size), "4 bytes");
    assert_int_equal(size, 4);
    assert_int_equal(lsn, MARK);
    assert_string_equal(buf, "uuu");
    expect_error(WAL_E_TOOBIG, wal_checkpoint_get(f->log, NULL, 0, NULL, NULL), NULL);
    expect_error(WAL_E_INVAL, wal_checkpoint_get(f->log, NULL, 1, NULL, NULL), "buf is NULL");
    must(wal_checkpoint_get(f->log, buf, sizeof buf, NULL, NULL));
    assert_memory_equal(buf, "abcd", 4);
}

/* In parts, over groups, and larger than a segment. */
static void test_large_states(void **state)
{
    struct log_fixture *f = *state;
    const size_t sizes[] = {65536 - 33, 65536 - 32, 65536 - 31, 65536, 3 * MIB + 5};
    char *buf = malloc(4 * MIB), *want = malloc(4 * MIB);
    size_t size;
    uint64_t lsn;

    assert_non_null(buf);
    assert_non_null(want);
    for (size_t k = 0; k < 4 * MIB; k++)
        want[k] = (char)(k * 7 + k / 251);
    fixture_set(f, WAL_OPT_GROUP_BYTES, 65536);
    fixture_set(f, WAL_OPT_SEGMENT_BYTES, MIB);
    fixture_open(f);
    fixture_fill(f, 1);
    for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
        must(wal_checkpoint(f->log, 1, want, sizes[k]));
        fixture_append(f, "behind");
        fixture_crash(f);
        fixture_open(f);
        must(wal_checkpoint_get(f->log, buf, 4 * MIB, &lsn, &size));
        assert_int_equal(size, sizes[k]);
        assert_memory_equal(buf, want, size);
        expect_error(WAL_E_TOOBIG, wal_checkpoint_get(f->log, buf, size - 1, &lsn, &size), NULL);
    }
    must(wal_truncate_before(f->log, wal_next_lsn(f->log)));
    must(wal_rotate(f->log));
    must(wal_checkpoint_get(f->log, buf, 4 * MIB, &lsn, &size));
    assert_memory_equal(buf, want, size);
    free(buf);
    free(want);
}

static void rotate_with(struct log_fixture *f, const char *text)
{
    fixture_append(f, text);
    must(wal_rotate(f->log));
}

static void test_it_stays_where_it_is(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    fixture_append(f, "1");
    checkpoint(f, 1, "one");
    rotate_with(f, "2");
    rotate_with(f, "3");
    expect_kept(f, 1, "one");
    uint64_t lsn = MARK;
    char buf[8];
    size_t size;
    must(wal_segment_checkpoint(f->log, 1, buf, sizeof buf, &lsn, &size));
    assert_int_equal(lsn, 1);
    assert_memory_equal(buf, "one", 3);
    assert_int_equal(fixture_segment(f->log, 0).checkpoint_lsn, 1);
    assert_int_equal(fixture_segment(f->log, 1).checkpoint_lsn, 0);
}

static void test_each_segment_has_its_own(void **state)
{
    struct log_fixture *f = *state;
    char buf[8];
    size_t size = MARK;
    uint64_t lsn = MARK;

    fixture_open(f);
    fixture_append(f, "1");
    must(wal_checkpoint(f->log, 1, "a", 1));
    fixture_append(f, "2");
    must(wal_checkpoint(f->log, 2, "bb", 2));
    must(wal_rotate(f->log));
    rotate_with(f, "3");
    fixture_append(f, "4");
    must(wal_checkpoint(f->log, 4, "dddd", 4));
    for (int pass = 0; pass < 2; pass++) {
        assert_int_equal(fixture_segments(f->log), 3);
        assert_int_equal(fixture_segment(f->log, 0).checkpoint_lsn, 2);
        assert_int_equal(fixture_segment(f->log, 1).checkpoint_lsn, 0);
        assert_int_equal(fixture_segment(f->log, 2).checkpoint_lsn, 4);
        uint64_t first = fixture_segment(f->log, 0).number;
        must(wal_segment_checkpoint(f->log, first, buf, sizeof buf, &lsn, &size));
        assert_int_equal(lsn, 2);
        assert_memory_equal(buf, "bb", 2);
        expect_error(WAL_E_TOOBIG, wal_segment_checkpoint(f->log, first, buf, 1, &lsn, &size),
                     NULL);
        assert_int_equal(size, 2);
        expect_error(WAL_E_NOTFOUND,
                     wal_segment_checkpoint(f->log, first + 1, buf, sizeof buf, &lsn, &size), NULL);
        expect_error(WAL_E_NOTFOUND, wal_segment_checkpoint(f->log, 99, buf, 1, &lsn, &size),
                     "segment 99");
        expect_error(WAL_E_NOTFOUND, wal_segment_checkpoint(f->log, 0, buf, 1, &lsn, &size), NULL);
        expect_error(WAL_E_INVAL, wal_segment_checkpoint(NULL, 0, buf, 1, &lsn, &size), "NULL");
        expect_error(WAL_E_INVAL, wal_segment_checkpoint(f->log, 0, NULL, 1, &lsn, &size), "NULL");
        fixture_reopen(f);
    }
}

static void test_it_survives_the_cut_of_its_segment(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    fixture_append(f, "1");
    checkpoint(f, 1, "one");
    rotate_with(f, "2");
    rotate_with(f, "3");
    must(wal_truncate_before(f->log, 3));
    assert_int_equal(fixture_exists(fixture_segment_path(f, 1)), 0);
    expect_kept(f, 1, "one");
    must(wal_truncate_before(f->log, 4));
    expect_kept(f, 1, "one");
    expect_range(f->log, 4, 0, 4, 3);
}

/* On a handle that has no segment of its own yet. */
static void test_it_survives_the_cut_after_an_open(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    fixture_append(f, "1");
    checkpoint(f, 1, "one");
    rotate_with(f, "2");
    rotate_with(f, "3");
    fixture_reopen(f);
    must(wal_truncate_before(f->log, 4));
    expect_kept(f, 1, "one");
}

static void test_cuts_at_the_end(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    fixture_fill(f, 6);
    checkpoint(f, 3, "three"); /* it lies behind record 6 */
    must(wal_truncate_after(f->log, 5));
    expect_kept(f, 3, "three");
    rotate_with(f, "6");
    fixture_append(f, "7");
    checkpoint(f, 4, "four"); /* in a segment that goes as a whole */
    must(wal_truncate_after(f->log, 4));
    expect_kept(f, 4, "four");
    wal_record_t record = {.size = sizeof record, .data = "new", .data_size = 3};
    must(wal_replace_after(f->log, 4, &record, 1, 0, NULL));
    expect_kept(f, 4, "four");
    must(wal_truncate_after(f->log, 3));
    expect_gone(f);
    expect_error(WAL_E_RANGE, wal_checkpoint(f->log, 4, "x", 1), NULL);
    checkpoint(f, 1, "lower than before");
    must(wal_reset(f->log, 100));
    expect_gone(f);
}

/* The groups of one that went over into the handle's segment lie in front of the cut. */
static void test_no_segment_has_one_that_was_cut_off(void **state)
{
    struct log_fixture *f = *state;
    uint64_t lsn = MARK;
    char buf[8];
    size_t size;

    fixture_open(f);
    fixture_append(f, "1");
    fixture_append(f, "2");
    checkpoint(f, 2, "two");
    fixture_reopen(f);
    fixture_append(f, "3");
    uint64_t number = fixture_segment(f->log, 0).number;
    assert_int_equal(fixture_segment(f->log, 0).checkpoint_lsn, 2);
    must(wal_truncate_after(f->log, 1));
    for (int pass = 0; pass < 3; pass++) {
        assert_int_equal(fixture_segment(f->log, 0).number, number);
        assert_int_equal(fixture_segment(f->log, 0).checkpoint_lsn, 0);
        expect_error(WAL_E_NOTFOUND,
                     wal_segment_checkpoint(f->log, number, buf, sizeof buf, &lsn, &size), NULL);
        if (pass == 0)
            fixture_fill(f, 4);
        else
            must(wal_rotate(f->log));
    }
}

/* Within the group that it is about: the records that stay go over, it stays where it is. */
static void test_a_cut_within_a_group_leaves_it(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    fixture_append(f, "1");
    const wal_record_t records[4] = {{.size = sizeof records[0], .data = "r", .data_size = 1}};
    must(wal_append_many(f->log, records, 4, 0, NULL));
    checkpoint(f, 2, "two");
    fixture_reopen(f);
    fixture_append(f, "6"); /* it went over, in front of the records */
    must(wal_truncate_after(f->log, 3));
    for (int pass = 0; pass < 2; pass++) {
        assert_int_equal(fixture_segment(f->log, 0).last_lsn, 1);
        assert_int_equal(fixture_segment(f->log, 0).checkpoint_lsn, 2);
        expect_checkpoint(f->log, 2, "two");
        fixture_reopen(f);
    }
    must(wal_truncate_after(f->log, 1));
    assert_int_equal(fixture_segment(f->log, 0).last_lsn, 1);
    assert_int_equal(fixture_segment(f->log, 0).checkpoint_lsn, 0);
    fixture_fill(f, 4);
    assert_int_equal(fixture_segment(f->log, 0).checkpoint_lsn, 0);
    expect_gone(f);
}

static int note(void *ctx, const wal_record_t *record)
{
    uint64_t *first = ctx;
    if (*first == 0)
        *first = record->lsn;
    return 0;
}

static uint64_t replayed_from(wal_t *w)
{
    uint64_t first = 0, last = 0;
    must(wal_replay(w, 0, note, &first, &last));
    return first;
}

static void test_replay_begins_behind_it(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    fixture_fill(f, 9);
    assert_int_equal(replayed_from(f->log), 1);
    must(wal_checkpoint(f->log, 4, NULL, 0));
    assert_int_equal(replayed_from(f->log), 5);
    wal_t *reader = fixture_open_read_only(f);
    assert_int_equal(replayed_from(reader), 5);
    must(wal_checkpoint(f->log, 6, NULL, 0));
    assert_int_equal(replayed_from(reader), 7);
    must(wal_close(reader));
    must(wal_truncate_before(f->log, 7));
    assert_int_equal(replayed_from(f->log), 7);
    must(wal_truncate_before(f->log, 8));
    uint64_t first = 0, last = MARK;
    expect_error(WAL_E_RANGE, wal_replay(f->log, 0, note, &first, &last), "LSN 6");
    assert_int_equal(last, MARK);
    must(wal_checkpoint(f->log, 9, NULL, 0));
    assert_int_equal(replayed_from(f->log), 0);
    must(wal_replay(f->log, 0, note, &first, &last));
    assert_int_equal(last, 0);
}

/* A reader in another handle sees it without a new open. */
static void test_a_follower_sees_the_newest(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    fixture_fill(f, 3);
    wal_t *reader = fixture_open_read_only(f);
    expect_none(reader);
    checkpoint(f, 1, "one");
    expect_checkpoint(reader, 1, "one");
    checkpoint(f, 3, "three");
    expect_checkpoint(reader, 3, "three");
    must(wal_rotate(f->log));
    expect_checkpoint(reader, 3, "three");
    assert_int_equal(fixture_segment(reader, 0).checkpoint_lsn, 3);
    rotate_with(f, "4");
    must(wal_truncate_before(f->log, 5));
    expect_checkpoint(reader, 3, "three");
    must(wal_truncate_after(f->log, 4));
    must(wal_reset(f->log, 50));
    expect_none(reader);
    must(wal_close(reader));
}

static void test_damage_is_found_when_it_is_read(void **state)
{
    struct log_fixture *f = *state;
    char buf[8];

    fixture_open(f);
    fixture_fill(f, 1);
    must(wal_checkpoint(f->log, 1, "state", 5));
    uint64_t end = fixture_segment(f->log, 0).bytes;
    must(wal_rotate(f->log));
    fixture_append(f, "2");
    fixture_close(f);
    fixture_write_file(fixture_segment_path(f, 1), end - 20, "!", 1);
    fixture_open(f);
    expect_error(WAL_E_CORRUPT, wal_checkpoint_get(f->log, buf, sizeof buf, NULL, NULL), "1.wal");
    assert_int_equal(fixture_stat(f->log, WAL_STAT_CORRUPTIONS), 1);
    expect_error(WAL_E_CORRUPT, wal_segment_checkpoint(f->log, 1, buf, sizeof buf, NULL, NULL),
                 "1.wal");
    expect_record(f->log, 2, "2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(test_the_newest_one_counts),
        fixture_test(test_what_can_be_one),
        fixture_test(test_get_says_how_large),
        fixture_test(test_large_states),
        fixture_test(test_it_stays_where_it_is),
        fixture_test(test_each_segment_has_its_own),
        fixture_test(test_it_survives_the_cut_of_its_segment),
        fixture_test(test_it_survives_the_cut_after_an_open),
        fixture_test(test_cuts_at_the_end),
        fixture_test(test_no_segment_has_one_that_was_cut_off),
        fixture_test(test_a_cut_within_a_group_leaves_it),
        fixture_test(test_replay_begins_behind_it),
        fixture_test(test_a_follower_sees_the_newest),
        fixture_test(test_damage_is_found_when_it_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
