/* SPDX-License-Identifier: Apache-2.0 */
/* Where a reader of groups begins and ends, and what it does when the system fails it. */
#include "groups_fixture.h"

/* Where the file ends */

static void a_file_that_ends_early_cuts_groups_off(void **state)
{
    (void)state;
    uint64_t first = put(&draft, 1, 8), at = put(&draft, 1, 100), end = draft.end.offset;

    for (uint64_t size = end; size >= at; size--) {
        resize(&draft, size);
        restart(BLOCK);
        expect_group(first);
        if (size == end)
            expect_group(at);
        else
            expect_stop(size < at + GROUP_HEADER_BYTES ? STOP_ABSENT : STOP_BODY);
    }
}

static void nothing_is_given_beyond_the_limit(void **state)
{
    (void)state;
    uint64_t a = put(&draft, 1, 8), b = put(&draft, 1, 2 * BLOCK), c = put(&draft, 1, 8);

    reader.limit = a;
    expect_stop(STOP_LIMIT);
    reader.limit = b;
    expect_group(a);
    const uint64_t within[] = {b, b + 1, b + GROUP_HEADER_BYTES - 1, b + GROUP_HEADER_BYTES, c - 1};
    for (size_t k = 0; k < 5; k++) {
        reader.limit = within[k];
        expect_stop(STOP_LIMIT);
    }
    reader.limit = c;
    expect_group(b);
    expect_stop(STOP_LIMIT);
    reader.limit = draft.end.offset;
    expect_group(c);
    expect_stop(STOP_LIMIT);
    reader.limit = UINT64_MAX;
    expect_stop(STOP_ABSENT);
}

static void no_more_is_read_than_the_limit_lets(void **state)
{
    struct group_view g;
    (void)state;

    put(&draft, 1, 8);
    uint64_t limit = draft.end.offset;
    put(&draft, 1, 8);
    poor_init(&poor, UINT32_MAX);
    group_reader_free(&reader);
    group_reader_init(&reader, &draft.segment, &poor.alloc, GROUP_BLOCK_BYTES);
    reader.limit = limit;
    assert_int_equal(group_reader_next(&reader, &g), 1);
    assert_int_equal(poor.largest, limit - SEGMENT_HEADER_BLOCK);
}

static void a_file_that_became_shorter_has_no_body(void **state)
{
    (void)state;
    put(&draft, 1, 2 * BLOCK);
    spy_short(&bench.spy, SPY_READ, 2, 0); /* after its size was looked at */
    struct group_view g;
    assert_int_equal(group_reader_next(&reader, &g), 0);
    assert_int_equal(reader.stop, STOP_BODY);
    expect_group(SEGMENT_HEADER_BLOCK);
}

/* Beginning in the middle */

static void a_boundary_is_gone_on_from(void **state)
{
    (void)state;
    put(&draft, 2, 8);
    struct boundary at = draft.end;
    uint64_t b = put(&draft, 2, 8), c = put(&draft, 1, 8);

    group_reader_resume(&reader, &at);
    expect_group(b);
    expect_group(c);
    struct boundary end = draft.end; /* outside of long batches */
    put_part(&draft, GROUP_LAST, 1, 8);
    group_reader_free(&reader);
    group_reader_resume(&reader, &end);
    expect_stop(STOP_CHAIN);
    at.link ^= 1;
    group_reader_resume(&reader, &at);
    expect_stop(STOP_CHAIN);
    at.link ^= 1;
    at.next_lsn++;
    group_reader_resume(&reader, &at);
    expect_stop(STOP_CHAIN);
}

static void a_known_place_is_gone_on_from(void **state)
{
    (void)state;
    uint64_t a = put(&draft, 2, 8), b = put(&draft, 2, 8), c = put(&draft, 1, 8);

    group_reader_seek(&reader, b, 102);
    expect_group(b);
    expect_group(c);
    expect_stop(STOP_ABSENT);
    group_reader_seek(&reader, a, 100); /* backward too */
    expect_group(a);
    expect_group(b);
    group_reader_seek(&reader, b, 103);
    expect_stop(STOP_CHAIN);
    group_reader_seek(&reader, b + 64, 102);
    expect_stop(STOP_ABSENT);
    group_reader_seek(&reader, b + 8, 102);
    expect_stop(STOP_ABSENT);

    struct group_header h = peek(&draft, c);
    h.link ^= 1;
    forge(&draft, c, &h);
    group_reader_free(&reader);
    group_reader_seek(&reader, b, 102);
    expect_group(b);
    expect_stop(STOP_CHAIN); /* from the second group on links count */
}

static void places_are_multiples_of_the_alignment(void **state)
{
    (void)state;
    start_aligned(512);
    uint64_t at = put(&draft, 1, 8);
    struct group_header h = peek(&draft, at);
    h.place++;
    forge(&draft, at + 64, &h); /* right, but no group can be there */
    group_reader_seek(&reader, at + 64, 100);
    expect_stop(STOP_ABSENT);
}

static void a_long_batch_can_be_entered_anywhere(void **state)
{
    uint64_t at[6];
    (void)state;

    at[0] = put_part(&draft, GROUP_FIRST, 1, 8);
    at[1] = put_part(&draft, 0, 1, 8);
    at[2] = put_part(&draft, 0, 1, 8);
    at[3] = put_part(&draft, GROUP_LAST, 1, 8);
    at[4] = put_part(&draft, GROUP_FIRST, 1, 8);
    at[5] = put_part(&draft, GROUP_LAST, 1, 8);
    for (size_t from = 0; from < 6; from++) {
        group_reader_seek(&reader, at[from], 100 + from);
        for (size_t k = from; k < 6; k++)
            expect_group(at[k]);
        expect_stop(STOP_ABSENT);
    }
}

static void one_that_was_entered_in_the_middle_ends_once(void **state)
{
    (void)state;
    put_part(&draft, GROUP_FIRST, 1, 8);
    uint64_t b = put_part(&draft, 0, 1, 8), c = put_part(&draft, GROUP_LAST, 1, 8);
    put_part(&draft, GROUP_LAST, 1, 8);

    group_reader_seek(&reader, b, 101);
    expect_group(b);
    expect_group(c);
    expect_stop(STOP_CHAIN);

    start_aligned(64);
    put_part(&draft, GROUP_FIRST, 1, 8);
    b = put_part(&draft, 0, 1, 8);
    c = put_part(&draft, GROUP_FIRST, 1, 8); /* may be: the one before could be whole batches */
    put_part(&draft, GROUP_FIRST, 1, 8);
    group_reader_seek(&reader, b, 101);
    expect_group(b);
    expect_group(c);
    expect_stop(STOP_CHAIN);
}

static void a_place_tells_its_own_lsn(void **state)
{
    (void)state;
    put(&draft, 5, 8);
    uint64_t b = put(&draft, 2, 8);

    assert_int_equal(group_reader_seek_place(&reader, b), 1);
    assert_int_equal(reader.lsn, 105);
    expect_group(b);
    assert_int_equal(group_reader_seek_place(&reader, b + 64), 0);
    assert_int_equal(reader.stop, STOP_ABSENT);
    assert_int_equal(group_reader_seek_place(&reader, DRAFT_ROOM), 0);
    spy_fail(&bench.spy, SPY_READ, 1, EIO);
    group_reader_free(&reader);
    assert_int_equal(group_reader_seek_place(&reader, b), WAL_E_IO);
}

/* Headers alone */

static void headers_are_walked_without_their_bodies(void **state)
{
    struct group_view g;
    (void)state;

    uint64_t a = put(&draft, 2, 8), b = put(&draft, 1, 100), c = put(&draft, 1, 8);
    damage(&draft, b + 80);
    assert_int_equal(group_reader_next_header(&reader, &g), 1);
    assert_int_equal(g.offset, a);
    assert_int_equal(group_reader_next_header(&reader, &g), 1);
    assert_int_equal(g.offset, b);
    assert_int_equal(g.end, c);
    expect_group(c);

    struct group_header h = peek(&draft, b);
    h.link ^= 1;
    forge(&draft, b, &h);
    restart(BLOCK);
    assert_int_equal(group_reader_next_header(&reader, &g), 1);
    assert_int_equal(group_reader_next_header(&reader, &g), 0);
    assert_int_equal(reader.stop, STOP_CHAIN);
}

/* Errors of the system */

/* Groups at hand need no read, and leave the bodies before them where they are. A block holds the
 * first three groups and a part of the fourth one. */
static void what_was_read_ahead_is_at_hand(void **state)
{
    const uint32_t aligns[] = {64, 512};
    (void)state;

    for (size_t k = 0; k < COUNT_OF(aligns); k++) {
        start_aligned(aligns[k]);
        for (int n = 0; n < 4; n++)
            put(&draft, 1, 1000);
        assert_false(group_reader_at_hand(&reader)); /* nothing was read yet */
        struct group_view first = expect_group(SEGMENT_HEADER_BLOCK);
        spy_clear(&bench.spy);
        for (int n = 1; n < (aligns[k] == 64 ? 3 : 2); n++) {
            assert_true(group_reader_at_hand(&reader));
            expect_group(SEGMENT_HEADER_BLOCK + (uint64_t)n * (first.end - first.offset));
            assert_records(&first);
        }
        assert_false(group_reader_at_hand(&reader));
        assert_int_equal(bench.spy.calls[SPY_READ] + bench.spy.calls[SPY_STAT], 0);
        group_reader_seek(&reader, SEGMENT_HEADER_BLOCK - 64, 100);
        assert_false(group_reader_at_hand(&reader)); /* before what was read */
        group_reader_seek(&reader, UINT64_C(1) << 40, 100);
        assert_false(group_reader_at_hand(&reader));
    }
}

static void nothing_is_at_hand_behind_a_full_block(void **state)
{
    (void)state;
    start_aligned(64);
    for (int n = 0; n < 5; n++)
        put(&draft, 1, BLOCK / 4 - 64 - 16);
    for (uint64_t n = 0; n < 4; n++)
        expect_group(SEGMENT_HEADER_BLOCK + n * (BLOCK / 4));
    assert_int_equal(reader.room, BLOCK); /* a sanitizer sees who looks behind it */
    assert_false(group_reader_at_hand(&reader));
}

static void a_read_error_is_no_end(void **state)
{
    struct group_view g;
    (void)state;

    uint64_t a = put(&draft, 1, 8), b = put(&draft, 1, 3 * BLOCK);
    spy_fail(&bench.spy, SPY_READ, 1, EIO);
    assert_int_equal(group_reader_next(&reader, &g), WAL_E_IO);
    expect_group(a);
    spy_fail(&bench.spy, SPY_READ, 1, EIO);
    assert_int_equal(group_reader_next(&reader, &g), WAL_E_IO);
    assert_int_equal(reader.offset, b);
    spy_fail(&bench.spy, SPY_STAT, 1, EIO);
    assert_int_equal(group_reader_next(&reader, &g), WAL_E_IO);
    expect_group(b);
}

static void without_memory_the_reader_stays(void **state)
{
    struct group_view g;
    (void)state;

    put(&draft, 1, 8);
    uint64_t b = put(&draft, 1, 3 * BLOCK);
    poor_init(&poor, 0);
    group_reader_free(&reader);
    group_reader_init(&reader, &draft.segment, &poor.alloc, BLOCK);
    assert_int_equal(group_reader_next(&reader, &g), WAL_E_NOMEM);
    poor.left = 1;
    assert_int_equal(group_reader_next(&reader, &g), 1);
    assert_int_equal(group_reader_next(&reader, &g), WAL_E_NOMEM);
    assert_int_equal(reader.offset, b);
    poor.left = 1;
    expect_group(b);
    group_reader_free(&reader);
    assert_int_equal(poor.live, 0);
}

static void what_is_missing_is_told_with_its_place(void **state)
{
    (void)state;
    put(&draft, 2, 8);
    uint64_t b = put(&draft, 1, 8);
    damage(&draft, b + 70);
    expect_group(SEGMENT_HEADER_BLOCK);
    expect_stop(STOP_BODY);
    assert_int_equal(group_reader_corrupt(&reader), WAL_E_CORRUPT);
    const struct fault *f = fault_last();
    assert_int_equal(f->lsn, 102);
    assert_int_equal(f->segment, 1);
    assert_int_equal(f->offset, b);
    assert_non_null(strstr(f->text, "00000000000000000001.wal"));
    assert_non_null(strstr(f->text, "body is damaged"));
    damage(&draft, b + 4);
    group_reader_free(&reader);
    expect_stop(STOP_ABSENT);
    assert_int_equal(group_reader_corrupt(&reader), WAL_E_CORRUPT);
    assert_non_null(strstr(fault_last()->text, "no valid group"));
    reader.stop = STOP_CHAIN;
    assert_int_equal(group_reader_corrupt(&reader), WAL_E_CORRUPT);
    assert_non_null(strstr(fault_last()->text, "follow"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_file_that_ends_early_cuts_groups_off),
        TEST(nothing_is_given_beyond_the_limit),
        TEST(no_more_is_read_than_the_limit_lets),
        TEST(a_file_that_became_shorter_has_no_body),
        TEST(a_boundary_is_gone_on_from),
        TEST(a_known_place_is_gone_on_from),
        TEST(places_are_multiples_of_the_alignment),
        TEST(a_long_batch_can_be_entered_anywhere),
        TEST(one_that_was_entered_in_the_middle_ends_once),
        TEST(a_place_tells_its_own_lsn),
        TEST(headers_are_walked_without_their_bodies),
        TEST(what_was_read_ahead_is_at_hand),
        TEST(nothing_is_at_hand_behind_a_full_block),
        TEST(a_read_error_is_no_end),
        TEST(without_memory_the_reader_stays),
        TEST(what_is_missing_is_told_with_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
