/* SPDX-License-Identifier: Apache-2.0 */
/* Scans of the last segment where the window, the file or the system ends. */
#include "tail_fixture.h"

/* The window */

static void bytes_at_or_beyond_the_window(void **state)
{
    (void)state;
    begin_another();
    draft.header.window = 1;
    draft_open(&draft);
    put(&draft, 1, 8);
    uint64_t end = draft.end.offset;

    damage(&draft, end + WINDOW_UNIT - 1);
    expect_facts(ROOM | BYTES, VERDICT_TORN);
    damage(&draft, end + WINDOW_UNIT);
    expect_facts(ROOM | BYTES | WINDOW, VERDICT_CORRUPT);
    damage(&draft, end + WINDOW_UNIT - 1);
    expect_facts(ROOM | BYTES | WINDOW, VERDICT_CORRUPT);
    damage(&draft, end + WINDOW_UNIT);
    damage(&draft, DRAFT_ROOM - 1);
    expect_facts(ROOM | BYTES | WINDOW, VERDICT_CORRUPT);
}

static void a_right_header_and_bytes_beyond_the_window(void **state)
{
    (void)state;
    begin_another();
    draft.header.window = 1;
    draft_open(&draft);
    uint64_t at = put(&draft, 1, 8);

    damage(&draft, at + 70);
    damage(&draft, at + WINDOW_UNIT);
    expect_facts(ROOM | BYTES | HEADER | WINDOW, VERDICT_CORRUPT);
}

static void large_windows_do_not_wrap(void **state)
{
    const uint32_t windows[] = {1 << 20, UINT32_MAX}; /* 4 GiB and more */
    (void)state;

    for (size_t k = 0; k < 2; k++) {
        begin_another();
        draft.header.window = windows[k];
        draft_open(&draft);
        wipe(&draft, SEGMENT_HEADER_BLOCK, DRAFT_ROOM);
        damage(&draft, DRAFT_ROOM - 1);
        expect_facts(ROOM | BYTES, VERDICT_TORN);
    }
}

/* Room */

static void a_file_that_ends_with_its_last_group_was_cut(void **state)
{
    (void)state;
    put(&draft, 1, 8);
    uint64_t end = draft.end.offset;

    resize(&draft, end);
    expect_facts(0, VERDICT_TORN);
    resize(&draft, end + 63);
    expect_facts(0, VERDICT_TORN);
    resize(&draft, end + 64);
    expect_facts(ROOM, VERDICT_CLEAN);
    damage(&draft, end + 3);
    resize(&draft, end + 63);
    expect_facts(BYTES, VERDICT_TORN);
}

static void a_file_cut_in_a_durable_group(void **state)
{
    (void)state;
    put(&draft, 1, 8);
    uint64_t b = put(&draft, 1, 200);
    draft_synced(&draft);
    uint64_t c = put(&draft, 1, 8);

    resize(&draft, c + 64); /* the header that vouches is still there */
    damage(&draft, b + 70);
    expect_facts(ROOM | BYTES | HEADER | D, VERDICT_CORRUPT);
    damage(&draft, b + 70);
    resize(&draft, b + 10); /* gone with the file's end: only others can tell */
    expect_facts(BYTES, VERDICT_TORN);
    scan_with(c);
    assert_int_equal(tail.facts, BYTES | D);
    assert_int_equal(verdict(), VERDICT_CORRUPT);
}

static void no_cut_of_the_file_gives_facts_that_contradict(void **state)
{
    (void)state;
    put(&draft, 1, 8);
    put(&draft, 2, 30);
    put_part(&draft, GROUP_FIRST, 1, 100);
    put_part(&draft, GROUP_LAST, 1, 100);

    for (uint64_t size = draft.end.offset + 64; size >= SEGMENT_HEADER_BLOCK; size--) {
        resize(&draft, size);
        scan_with(0);
        assert_in_range(verdict(), VERDICT_CLEAN, VERDICT_AMBIGUOUS);
        scan_with(draft.end.offset);
        if (size < draft.end.offset)
            assert_int_equal(verdict(), VERDICT_CORRUPT);
    }
}

static void every_damaged_byte_is_met(void **state)
{
    (void)state;
    put(&draft, 1, 8);
    put(&draft, 2, 30);
    draft_synced(&draft);
    uint64_t durable = draft.end.offset;
    put(&draft, 1, 60);

    for (uint64_t at = SEGMENT_HEADER_BLOCK; at < draft.end.offset; at++) {
        damage(&draft, at);
        scan_with(0);
        if (at < durable)
            assert_int_equal(verdict(), VERDICT_CORRUPT);
        else
            assert_in_range(verdict(), VERDICT_TORN, VERDICT_AMBIGUOUS);
        damage(&draft, at);
    }
}

/* Hostile files */

static void a_huge_file_of_holes_is_quickly_seen_through(void **state)
{
    (void)state;
    put(&draft, 1, 8);
    resize(&draft, SEGMENT_END_MAX + GROUP_ALIGN_MAX);
    spy_clear(&bench.spy);
    expect_facts(ROOM, VERDICT_CLEAN);
    assert_in_range(bench.spy.calls[SPY_READ], 1, 8);

    bench_write(&bench, "00000000000000000001.wal", SEGMENT_END_MAX, "x", 1);
    expect_facts(ROOM | BYTES | WINDOW, VERDICT_CORRUPT);
}

static void a_file_larger_than_any_segment_is_refused(void **state)
{
    (void)state;
    resize(&draft, SEGMENT_END_MAX + GROUP_ALIGN_MAX + 1);
    memset(&tail, 0x55, sizeof tail);
    assert_int_equal(tail_scan(&draft.segment, &alloc_default, 0, NULL, NULL, &tail),
                     WAL_E_CORRUPT);
    assert_int_equal(fault_last()->segment, 1);
    assert_non_null(strstr(fault_last()->text, "larger than any segment"));
    assert_int_equal(tail.facts, 0x55555555);
}

static void work_is_linear_in_a_file_full_of_headers(void **state)
{
    static uint8_t slots[DRAFT_ROOM - SEGMENT_HEADER_BLOCK];
    (void)state;

    /* Right headers at every place, each of which claims all of the file as its body. */
    for (size_t k = 0; k < sizeof slots / PLACE_UNIT; k++) {
        struct group_header h = {.place = (uint32_t)(FIRST_PLACE + k),
                                 .first_lsn = 100,
                                 .epoch = (uint32_t)draft.header.epoch,
                                 .link = draft.header.crc,
                                 .records = 1,
                                 .stored_bytes = DRAFT_ROOM,
                                 .raw_bytes = DRAFT_ROOM,
                                 .type = GROUP_DATA,
                                 .durable_place = FIRST_PLACE};
        group_header_encode(slots + k * PLACE_UNIT, &h, draft.header.salt);
    }
    bench_write(&bench, "00000000000000000001.wal", SEGMENT_HEADER_BLOCK, slots, sizeof slots);
    spy_clear(&bench.spy);
    expect_facts(ROOM | BYTES | HEADER, VERDICT_AMBIGUOUS);
    assert_in_range(bench.spy.calls[SPY_READ], 1, 8);
}

/* Errors */

static int stop_at_once(void *ctx, const struct group_view *g)
{
    (void)ctx;
    (void)g;
    return -77;
}

static void the_callback_may_stop_the_scan(void **state)
{
    (void)state;
    put(&draft, 1, 8);
    assert_int_equal(tail_scan(&draft.segment, &alloc_default, 0, stop_at_once, NULL, &tail), -77);
}

static void an_error_at_any_call_is_no_end(void **state)
{
    const enum spy_call calls[] = {SPY_READ, SPY_STAT};
    (void)state;

    for (int k = 0; k < 3; k++)
        put(&draft, 1, GROUP_BLOCK_BYTES);
    for (size_t c = 0; c < 2; c++) {
        spy_clear(&bench.spy);
        scan_with(0);
        unsigned n = bench.spy.calls[calls[c]];
        assert_true(n > 0);
        for (unsigned at = 1; at <= n; at++) {
            spy_fail(&bench.spy, calls[c], at, EIO);
            assert_int_equal(tail_scan(&draft.segment, &alloc_default, 0, NULL, NULL, &tail),
                             WAL_E_IO);
        }
    }
    spy_clear(&bench.spy);
    spy_fail(&bench.spy, SPY_NEXT_DATA, 1, EINVAL); /* holes can't be found: no matter */
    expect_facts(ROOM, VERDICT_CLEAN);
}

static void without_memory_nothing_is_decided(void **state)
{
    struct poor_alloc poor;
    (void)state;

    for (int k = 0; k < 3; k++)
        put(&draft, 1, GROUP_BLOCK_BYTES);
    poor_init(&poor, UINT32_MAX);
    assert_int_equal(tail_scan(&draft.segment, &poor.alloc, 0, NULL, NULL, &tail), 0);
    unsigned n = UINT32_MAX - poor.left;
    assert_true(n >= 2);
    for (unsigned k = 0; k < n; k++) {
        poor_init(&poor, k);
        assert_int_equal(tail_scan(&draft.segment, &poor.alloc, 0, NULL, NULL, &tail), WAL_E_NOMEM);
        assert_int_equal(poor.live, 0);
    }
}

/* Boundaries */

static void the_last_boundary_below_an_offset(void **state)
{
    struct boundary at[5], got;
    (void)state;

    at[0] = draft.end;
    put(&draft, 2, 8);
    at[1] = draft.end;
    put_meta(&draft, "k", "v");
    at[2] = draft.end;
    put_part(&draft, GROUP_FIRST, 1, 8);
    put_part(&draft, 0, 1, 8);
    put_part(&draft, GROUP_LAST, 1, 8);
    at[3] = draft.end;
    put(&draft, 1, 8);
    at[4] = draft.end;

    for (int k = 0; k < 5; k++) {
        uint64_t next = k < 4 ? at[k + 1].offset : at[4].offset + 1;
        for (uint64_t offset = at[k].offset; offset < next; offset += 32) {
            assert_int_equal(tail_boundary_below(&draft.segment, &alloc_default, offset, &got), 0);
            expect_boundary(&got, &at[k]);
        }
    }
    spy_fail(&bench.spy, SPY_READ, 1, EIO);
    assert_int_equal(tail_boundary_below(&draft.segment, &alloc_default, at[4].offset, &got),
                     WAL_E_IO);
}

static void below_a_durable_offset_all_must_be_right(void **state)
{
    struct boundary got = {.offset = 77};
    (void)state;

    uint64_t at = put(&draft, 1, 8);
    put(&draft, 1, 8);
    uint64_t end = draft.end.offset;
    assert_int_equal(tail_boundary_below(&draft.segment, &alloc_default, end + 64, &got),
                     WAL_E_CORRUPT);
    assert_int_equal(fault_last()->offset, end);
    damage(&draft, at + 70);
    assert_int_equal(tail_boundary_below(&draft.segment, &alloc_default, end, &got), WAL_E_CORRUPT);
    assert_int_equal(fault_last()->offset, at);
    assert_int_equal(got.offset, 77);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(bytes_at_or_beyond_the_window),
        TEST(a_right_header_and_bytes_beyond_the_window),
        TEST(large_windows_do_not_wrap),
        TEST(a_file_that_ends_with_its_last_group_was_cut),
        TEST(a_file_cut_in_a_durable_group),
        TEST(no_cut_of_the_file_gives_facts_that_contradict),
        TEST(every_damaged_byte_is_met),
        TEST(a_huge_file_of_holes_is_quickly_seen_through),
        TEST(a_file_larger_than_any_segment_is_refused),
        TEST(work_is_linear_in_a_file_full_of_headers),
        TEST(the_callback_may_stop_the_scan),
        TEST(an_error_at_any_call_is_no_end),
        TEST(without_memory_nothing_is_decided),
        TEST(the_last_boundary_below_an_offset),
        TEST(below_a_durable_offset_all_must_be_right),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
