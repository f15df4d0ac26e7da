/* SPDX-License-Identifier: Apache-2.0 */
/* What a scan of the last segment finds: its end, and what was durable. */
#include "tail_fixture.h"

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

/* The newest tag below C, with records or without; of an unfinished batch it doesn't count. */
static void the_newest_tag(void **state)
{
    (void)state;
    expect_facts(ROOM, VERDICT_CLEAN);
    assert_int_equal(tail.cut.tag_offset, 0);
    uint64_t at = draft_put(&draft, &(struct group_spec){.tag = "a", .records = 2, .size = 9});
    put(&draft, 3, 50);
    put_meta(&draft, "k", "v");
    expect_facts(ROOM, VERDICT_CLEAN);
    assert_int_equal(tail.cut.tag_offset, at);
    uint64_t lone = put_lone_tag(&draft, "b");
    expect_facts(ROOM, VERDICT_CLEAN);
    assert_int_equal(tail.cut.tag_offset, lone);
    draft_put(&draft,
              &(struct group_spec){.tag = "c", .flags = GROUP_FIRST, .records = 1, .size = 9});
    uint64_t behind = draft_put(&draft, &(struct group_spec){.tag = "c", .records = 1, .size = 9});
    expect_facts(ROOM | BATCH, VERDICT_TORN);
    assert_int_equal(tail.cut.tag_offset, lone);
    assert_int_equal(tail.torn.tag_offset, behind);
    uint64_t end = draft_put(
        &draft, &(struct group_spec){.tag = "c", .flags = GROUP_LAST, .records = 1, .size = 9});
    expect_facts(ROOM, VERDICT_CLEAN);
    assert_int_equal(tail.cut.tag_offset, end);
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_empty_segment_is_clean),
        TEST(whole_groups_before_zeros_are_clean),
        TEST(the_newest_tag),
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
