#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/codes.h"
#include "base/fault.h"
#include "segment/tail.h"
#include "segment/verdict.h"
#include "support/draft.h"
#include "support/poor_alloc.h"

enum {
    D = FACT_DURABLE_DAMAGED,
    WINDOW = FACT_BEYOND_WINDOW,
    BYTES = FACT_BYTES_AFTER,
    ROOM = FACT_ROOM,
    HEADER = FACT_HEADER_RIGHT,
    BATCH = FACT_BATCH_UNFINISHED,
};

static struct bench bench;
static struct draft draft;
static struct tail tail;

static int setup(void **state)
{
    (void)state;
    bench_make(&bench);
    draft_begin(&draft, &bench, 1, 100);
    draft_open(&draft);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    draft_close(&draft);
    bench_remove(&bench);
    return 0;
}

/* A segment of another kind: begin, change draft.header, open. */
static void begin_another(void)
{
    draft_close(&draft);
    draft_begin(&draft, &bench, 2, 100);
}

static enum verdict verdict(void)
{
    return verdict_of(tail.facts)->verdict;
}

static void scan_with(uint64_t outside)
{
    assert_int_equal(tail_scan(&draft.segment, &alloc_default, outside, NULL, NULL, &tail), 0);
}

static void expect_facts(uint32_t facts, enum verdict v)
{
    scan_with(0);
    assert_int_equal(tail.facts, facts);
    assert_int_equal(verdict(), v);
}

static void expect_boundary(const struct boundary *is, const struct boundary *should)
{
    assert_int_equal(is->offset, should->offset);
    assert_int_equal(is->next_lsn, should->next_lsn);
    assert_int_equal(is->link, should->link);
    assert_int_equal(is->meta_offset, should->meta_offset);
}

/* Clean */

static void an_empty_segment_is_clean(void **state)
{
    (void)state;
    expect_facts(ROOM, VERDICT_CLEAN);
    expect_boundary(&tail.torn, &draft.end);
    expect_boundary(&tail.cut, &draft.end);
    assert_int_equal(tail.durable_offset, SEGMENT_HEADER_BLOCK);
    assert_int_equal(tail.end_nonzero, SEGMENT_HEADER_BLOCK);
    assert_int_equal(tail.live_bytes, 0);
    assert_int_equal(tail.records, 0);
    assert_int_equal(tail.file_size, DRAFT_ROOM);
}

static void whole_groups_before_zeros_are_clean(void **state)
{
    (void)state;
    put(&draft, 3, 50);
    draft_synced(&draft);
    put_meta(&draft, "k", "v");
    put(&draft, 2, 7);
    uint64_t synced = (uint64_t)draft.durable_place * PLACE_UNIT;

    expect_facts(ROOM, VERDICT_CLEAN);
    expect_boundary(&tail.torn, &draft.end);
    expect_boundary(&tail.cut, &draft.end);
    assert_int_not_equal(tail.cut.meta_offset, 0);
    assert_int_equal(tail.durable_offset, synced);
    assert_int_equal(tail.end_nonzero, draft.end.offset);
    assert_int_equal(tail.live_bytes, draft.end.offset - SEGMENT_HEADER_BLOCK);
    assert_int_equal(tail.records, 5);
}

static void zeros_may_be_written_ones_or_holes(void **state)
{
    (void)state;
    put(&draft, 1, 8);
    wipe(&draft, draft.end.offset, DRAFT_ROOM);
    expect_facts(ROOM, VERDICT_CLEAN);
    resize(&draft, UINT64_C(1) << 30);
    expect_facts(ROOM, VERDICT_CLEAN);
    assert_int_equal(tail.file_size, UINT64_C(1) << 30);
}

static void clean_at_every_alignment(void **state)
{
    const uint32_t aligns[] = {512, 4096};
    (void)state;

    for (size_t k = 0; k < 2; k++) {
        begin_another();
        draft.header.group_align = aligns[k];
        draft_open(&draft);
        put(&draft, 1, 8);
        uint64_t at = put(&draft, 1, 8);
        expect_facts(ROOM, VERDICT_CLEAN);
        damage(&draft, at + 4);
        expect_facts(ROOM | BYTES, VERDICT_TORN);
        assert_int_equal(tail.torn.offset, at);
    }
}

/* Torn */

static void a_lost_header_is_torn(void **state)
{
    (void)state;
    put(&draft, 3, 8);
    struct boundary before = draft.end;
    uint64_t at = put(&draft, 1, 100);

    wipe(&draft, at, at + GROUP_HEADER_BYTES);
    expect_facts(ROOM | BYTES, VERDICT_TORN);
    expect_boundary(&tail.torn, &before);
    expect_boundary(&tail.cut, &before);
    assert_int_equal(tail.records, 3);
    assert_int_equal(tail.end_nonzero, draft.end.offset);
}

static void any_byte_behind_the_end_is_torn(void **state)
{
    (void)state;
    put(&draft, 1, 8);
    uint64_t end = draft.end.offset;
    const uint64_t places[] = {end, end + 1, end + 63, end + 64, end + 5000, DRAFT_ROOM - 1};

    for (size_t k = 0; k < 6; k++) {
        damage(&draft, places[k]);
        expect_facts(ROOM | BYTES, VERDICT_TORN);
        assert_int_equal(tail.torn.offset, end);
        assert_in_range(tail.end_nonzero, places[k] + 1, places[k] + PLACE_UNIT);
        damage(&draft, places[k]);
    }
    expect_facts(ROOM, VERDICT_CLEAN);
}

static void a_right_header_without_its_body_is_ambiguous(void **state)
{
    (void)state;
    put(&draft, 3, 8);
    uint64_t at = put(&draft, 1, 100);

    wipe(&draft, at + GROUP_HEADER_BYTES, draft.end.offset);
    expect_facts(ROOM | BYTES | HEADER, VERDICT_AMBIGUOUS);
    assert_int_equal(tail.torn.offset, at);
    assert_int_equal(tail.records, 3);
}

static void so_is_one_that_does_not_follow(void **state)
{
    (void)state;
    put(&draft, 3, 8);
    uint64_t at = put(&draft, 1, 100);
    struct group_header h = peek(&draft, at);

    h.link ^= 1;
    forge(&draft, at, &h);
    expect_facts(ROOM | BYTES | HEADER, VERDICT_AMBIGUOUS);
}

static void headers_of_other_files_are_only_bytes(void **state)
{
    (void)state;
    uint64_t end = put(&draft, 1, 8);
    struct group_header h = peek(&draft, end), other = h;
    end = draft.end.offset;

    h.place = (uint32_t)(end / PLACE_UNIT);
    h.durable_place = h.place;
    forge_foreign(&draft, end, &h, draft.header.salt + 1);
    expect_facts(ROOM | BYTES, VERDICT_TORN);
    h.epoch++;
    forge(&draft, end, &h);
    expect_facts(ROOM | BYTES, VERDICT_TORN);
    forge(&draft, end, &other); /* this file's own, from another place */
    expect_facts(ROOM | BYTES, VERDICT_TORN);
}

/* Unfinished long batches */

static int count_groups(void *ctx, const struct group_view *g)
{
    (void)g;
    ++*(int *)ctx;
    return 0;
}

static void an_unfinished_batch_is_cut_before(void **state)
{
    int seen = 0;
    (void)state;

    put(&draft, 2, 8);
    put_meta(&draft, "k", "v");
    struct boundary before = draft.end;
    put_part(&draft, GROUP_FIRST, 1, 8);
    put_meta(&draft, "k", "w");
    put_part(&draft, 0, 4, 8);

    expect_facts(ROOM | BATCH, VERDICT_TORN);
    expect_boundary(&tail.torn, &draft.end);
    expect_boundary(&tail.cut, &before);
    assert_int_equal(tail.records, 2);
    assert_int_equal(tail.live_bytes, before.offset - SEGMENT_HEADER_BLOCK);
    assert_int_equal(tail_scan(&draft.segment, &alloc_default, 0, count_groups, &seen, &tail), 0);
    assert_int_equal(seen, 5); /* those of the batch too */

    put_part(&draft, GROUP_LAST, 1, 8);
    expect_facts(ROOM, VERDICT_CLEAN);
    expect_boundary(&tail.cut, &draft.end);
    assert_int_equal(tail.records, 8);
}

static void an_unfinished_batch_with_a_torn_group(void **state)
{
    (void)state;
    put(&draft, 2, 8);
    struct boundary before = draft.end;
    put_part(&draft, GROUP_FIRST, 1, 8);
    uint64_t last = put_part(&draft, GROUP_LAST, 1, 8);

    damage(&draft, last + 70);
    expect_facts(ROOM | BYTES | HEADER | BATCH, VERDICT_AMBIGUOUS);
    assert_int_equal(tail.torn.offset, last);
    expect_boundary(&tail.cut, &before);
    damage(&draft, last + 5);
    expect_facts(ROOM | BYTES | BATCH, VERDICT_TORN);
    expect_boundary(&tail.cut, &before);
}

static void a_batch_after_a_batch_is_cut_alone(void **state)
{
    (void)state;
    put_part(&draft, GROUP_FIRST, 1, 8);
    put_part(&draft, GROUP_LAST, 1, 8);
    struct boundary before = draft.end;
    put_part(&draft, GROUP_FIRST, 1, 8);

    expect_facts(ROOM | BATCH, VERDICT_TORN);
    expect_boundary(&tail.cut, &before);
}

/* What was durable */

static void a_header_behind_vouches_for_what_is_before(void **state)
{
    (void)state;
    put(&draft, 1, 8);
    uint64_t b = put(&draft, 1, 8);
    draft_synced(&draft);
    uint64_t durable = draft.end.offset, c = put(&draft, 1, 8);

    damage(&draft, b + 4);
    expect_facts(ROOM | BYTES | D, VERDICT_CORRUPT);
    assert_int_equal(tail.torn.offset, b);
    assert_int_equal(tail.torn.next_lsn, 101);
    assert_int_equal(tail.durable_offset, durable);

    damage(&draft, c + 70); /* the body of the one that vouches need not be right */
    expect_facts(ROOM | BYTES | D, VERDICT_CORRUPT);
    damage(&draft, c + 8); /* the header must be */
    expect_facts(ROOM | BYTES, VERDICT_TORN);
}

static void a_durable_body_that_is_damaged(void **state)
{
    (void)state;
    uint64_t a = put(&draft, 1, 8);
    draft_synced(&draft);
    put(&draft, 1, 8);

    damage(&draft, a + 70);
    expect_facts(ROOM | BYTES | HEADER | D, VERDICT_CORRUPT);
    assert_int_equal(tail.torn.offset, SEGMENT_HEADER_BLOCK);
}

static void a_header_behind_vouches_for_no_more_than_it_says(void **state)
{
    (void)state;
    put(&draft, 1, 8);
    draft_synced(&draft);
    uint64_t b = put(&draft, 1, 8); /* not synced when c was written */
    put(&draft, 1, 8);

    damage(&draft, b + 4);
    expect_facts(ROOM | BYTES, VERDICT_TORN);
    assert_int_equal(tail.torn.offset, b);
    assert_int_equal(tail.durable_offset, b); /* D = T is no damage */
}

static void the_highest_of_several_headers_counts(void **state)
{
    (void)state;
    uint64_t a = put(&draft, 1, 8), at[4];
    at[0] = put(&draft, 1, 8);
    at[1] = put(&draft, 1, 8);
    draft_synced(&draft);
    uint64_t durable = draft.end.offset;
    at[2] = put(&draft, 1, 8);
    draft.durable_place = (uint32_t)(at[0] / PLACE_UNIT);
    at[3] = put(&draft, 1, 8);

    damage(&draft, a + 70);
    expect_facts(ROOM | BYTES | HEADER | D, VERDICT_CORRUPT);
    assert_int_equal(tail.durable_offset, durable);
}

static void durable_groups_that_read_as_zeros(void **state)
{
    (void)state;
    draft.durable_place = FIRST_PLACE;
    uint64_t a = put(&draft, 1, 8);
    wipe(&draft, a, draft.end.offset);
    expect_facts(ROOM, VERDICT_CLEAN);
    scan_with(draft.end.offset);
    assert_int_equal(tail.facts, ROOM | D);
    assert_int_equal(verdict(), VERDICT_CORRUPT);
}

static void birth_groups_were_durable(void **state)
{
    (void)state;
    begin_another();
    draft_open(&draft);
    uint64_t birth = put_part(&draft, GROUP_BIRTH, 1, 8);
    struct boundary born = draft.end;
    put(&draft, 1, 8);
    draft.header.birth_place = (uint32_t)(born.offset / PLACE_UNIT);
    draft_close(&draft);
    draft_open(&draft); /* with that in its header, to which the first group links */
    put_part(&draft, GROUP_BIRTH, 1, 8);
    put(&draft, 1, 8);

    expect_facts(ROOM, VERDICT_CLEAN);
    assert_int_equal(tail.durable_offset, born.offset);
    damage(&draft, birth + 70);
    expect_facts(ROOM | BYTES | HEADER | D, VERDICT_CORRUPT);
    wipe(&draft, birth, draft.end.offset);
    expect_facts(ROOM | D, VERDICT_CORRUPT);
}

static void others_may_vouch(void **state)
{
    (void)state;
    put(&draft, 1, 8);
    uint64_t end = draft.end.offset;

    scan_with(end);
    assert_int_equal(tail.facts, ROOM);
    assert_int_equal(tail.durable_offset, end);
    scan_with(end + 64);
    assert_int_equal(tail.facts, ROOM | D);
    assert_int_equal(tail.durable_offset, end + 64);
    draft_synced(&draft);
    put(&draft, 1, 8);
    scan_with(SEGMENT_HEADER_BLOCK); /* less than the groups themselves say */
    assert_int_equal(tail.durable_offset, end);
}

static void a_seal_proves_no_more_than_its_durable_place(void **state)
{
    (void)state;
    put(&draft, 1, 8);
    draft_synced(&draft);
    uint64_t b = put(&draft, 1, 8);
    put_seal(&draft);

    expect_facts(ROOM, VERDICT_CLEAN);
    assert_int_equal(tail.durable_offset, b);
    damage(&draft, b + 70);
    expect_facts(ROOM | BYTES | HEADER, VERDICT_AMBIGUOUS);
}

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

static void the_largest_window_does_not_wrap(void **state)
{
    (void)state;
    begin_another();
    draft.header.window = UINT32_MAX;
    draft_open(&draft);
    damage(&draft, DRAFT_ROOM - 1);
    expect_facts(ROOM | BYTES, VERDICT_TORN);
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_empty_segment_is_clean),
        TEST(whole_groups_before_zeros_are_clean),
        TEST(zeros_may_be_written_ones_or_holes),
        TEST(clean_at_every_alignment),
        TEST(a_lost_header_is_torn),
        TEST(any_byte_behind_the_end_is_torn),
        TEST(a_right_header_without_its_body_is_ambiguous),
        TEST(so_is_one_that_does_not_follow),
        TEST(headers_of_other_files_are_only_bytes),
        TEST(an_unfinished_batch_is_cut_before),
        TEST(an_unfinished_batch_with_a_torn_group),
        TEST(a_batch_after_a_batch_is_cut_alone),
        TEST(a_header_behind_vouches_for_what_is_before),
        TEST(a_durable_body_that_is_damaged),
        TEST(a_header_behind_vouches_for_no_more_than_it_says),
        TEST(the_highest_of_several_headers_counts),
        TEST(durable_groups_that_read_as_zeros),
        TEST(birth_groups_were_durable),
        TEST(others_may_vouch),
        TEST(a_seal_proves_no_more_than_its_durable_place),
        TEST(bytes_at_or_beyond_the_window),
        TEST(a_right_header_and_bytes_beyond_the_window),
        TEST(the_largest_window_does_not_wrap),
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
