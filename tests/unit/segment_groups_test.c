/* SPDX-License-Identifier: Apache-2.0 */
/* What a reader of groups gives, and what makes a group invalid. */
#include "groups_fixture.h"

/* Reading */

static void an_empty_segment_has_no_group(void **state)
{
    (void)state;
    assert_int_equal(reader.offset, SEGMENT_HEADER_BLOCK);
    assert_int_equal(reader.lsn, 100);
    expect_stop(STOP_ABSENT);
}

static void gives_every_group_and_record(void **state)
{
    uint64_t at[6];
    (void)state;

    at[0] = put(&draft, 1, 0);
    at[1] = put(&draft, 3, 50);
    at[2] = put_meta(&draft, "k", "v");
    at[3] = put(&draft, 1, 3 * BLOCK); /* larger than a block */
    at[4] = put(&draft, 200, 7);
    at[5] = put_seal(&draft);
    const size_t blocks[] = {1, 64, 100, BLOCK, GROUP_BLOCK_BYTES};
    for (size_t b = 0; b < 5; b++) {
        restart(blocks[b]);
        for (size_t k = 0; k < 6; k++)
            expect_group(at[k]);
        assert_int_equal(reader.offset, draft.end.offset);
        assert_int_equal(reader.lsn, draft.end.next_lsn);
        assert_int_equal(reader.link, draft.end.link);
        expect_stop(STOP_ABSENT);
    }
}

static void groups_are_found_at_every_alignment(void **state)
{
    const uint32_t aligns[] = {512, 4096};
    (void)state;

    for (size_t k = 0; k < 2; k++) {
        start_aligned(aligns[k]);
        uint64_t a = put(&draft, 1, 10), b = put(&draft, 2, aligns[k]), c = put(&draft, 1, 0);
        assert_int_equal(b, a + aligns[k]);
        assert_int_equal(expect_group(a).end, b);
        assert_int_equal(expect_group(b).end, c);
        expect_group(c);
        expect_stop(STOP_ABSENT);
    }
}

static void a_tag_stands_before_the_records(void **state)
{
    uint32_t size = 77;
    (void)state;

    uint64_t at = draft_put(&draft, &(struct group_spec){.tag = "a tag", .records = 2, .size = 9});
    struct group_view g = expect_group(at);
    assert_memory_equal(group_tag(&g, &size), "a tag", 5);
    assert_int_equal(size, 5);

    uint64_t next = put(&draft, 1, 1);
    group_reader_free(&reader);
    g = expect_group(next);
    assert_null(group_tag(&g, &size));
    assert_int_equal(size, 0);
}

static void a_tag_without_records(void **state)
{
    uint32_t size = 0;
    struct record_walk walk;
    struct record r;
    (void)state;

    uint64_t first = put(&draft, 2, 9), at = put_lone_tag(&draft, "lone");
    uint64_t next = put(&draft, 1, 1);
    expect_group(first);
    struct group_view g = expect_group(at);
    assert_memory_equal(group_tag(&g, &size), "lone", 4);
    assert_int_equal(size, 4);
    group_records(&g, &draft.header, &walk);
    assert_int_equal(record_next(&walk, &r), 0);
    expect_group(next);
}

/* Nothing of a group counts whose tag isn't followed by zeros. */
static void a_tag_s_padding_is_zeros(void **state)
{
    uint8_t body[64] = {0};
    struct record_walk walk;
    struct record r;
    (void)state;

    uint64_t at = draft_put(&draft, &(struct group_spec){.tag = "a tag", .records = 1, .size = 9});
    struct group_view g = expect_group(at);
    group_records(&g, &draft.header, &walk);
    assert_int_equal(record_next(&walk, &r), 1);
    memcpy(body, g.body, g.header.stored_bytes);
    g.body = body;
    for (size_t k = 5; k < 8; k++) {
        body[k] = 1;
        group_records(&g, &draft.header, &walk);
        assert_int_equal(record_next(&walk, &r), -1);
        body[k] = 0;
    }
    group_records(&g, &draft.header, &walk);
    assert_int_equal(record_next(&walk, &r), 1);
}

static void small_groups_are_read_by_the_block(void **state)
{
    (void)state;
    for (int k = 0; k < 100; k++)
        put(&draft, 1, 8);
    spy_clear(&bench.spy);
    restart(GROUP_BLOCK_BYTES);
    for (uint64_t k = 0; k < 100; k++)
        expect_group(SEGMENT_HEADER_BLOCK + k * 128);
    assert_int_equal(bench.spy.calls[SPY_READ], 2); /* the second one finds the file's end */
}

static void bytes_read_ahead_are_used_until_forgotten(void **state)
{
    (void)state;
    uint64_t first = put(&draft, 1, 8);
    expect_group(first);
    uint64_t second = put(&draft, 1, 8); /* what was read ahead shows zeros there */
    expect_stop(STOP_ABSENT);
    group_reader_free(&reader);
    expect_group(second);
    expect_stop(STOP_ABSENT);
}

/* What makes a group invalid */

static void damage_of_any_byte_is_found(void **state)
{
    struct group_header h;
    (void)state;

    uint64_t first = put(&draft, 1, 8);
    uint64_t at = put(&draft, 2, 30), next = put(&draft, 1, 8);
    h = peek(&draft, at);
    assert_true(at + GROUP_HEADER_BYTES + h.stored_bytes < next); /* there is padding */
    for (uint64_t k = at; k < next; k++) {
        damage(&draft, k);
        restart(BLOCK);
        expect_group(first);
        expect_stop(k < at + GROUP_HEADER_BYTES ? STOP_ABSENT : STOP_BODY);
        damage(&draft, k);
    }
    restart(BLOCK);
    expect_group(first);
    expect_group(at);
    expect_group(next);
}

/* A right header with another value in one field, and what is said of it. */
#define FORGED(field, value, why)                                                                  \
    do {                                                                                           \
        struct group_header forged_ = peek(&draft, at), was_ = forged_;                            \
        forged_.field = (value);                                                                   \
        forge(&draft, at, &forged_);                                                               \
        restart(BLOCK);                                                                            \
        expect_group(first);                                                                       \
        expect_stop(why);                                                                          \
        forge(&draft, at, &was_);                                                                  \
    } while (0)

static void a_group_must_go_on_behind_the_one_before(void **state)
{
    (void)state;
    uint64_t first = put(&draft, 3, 8), at = put(&draft, 2, 8);

    FORGED(link, was_.link ^ 1, STOP_CHAIN);
    FORGED(link, 0, STOP_CHAIN);
    FORGED(first_lsn, was_.first_lsn + 1, STOP_CHAIN);
    FORGED(first_lsn, was_.first_lsn - 1, STOP_CHAIN);
    FORGED(flags, GROUP_LAST, STOP_CHAIN);
    restart(BLOCK);
    expect_group(first);
    expect_group(at);
}

static void the_first_group_links_to_the_header(void **state)
{
    (void)state;
    uint64_t at = put(&draft, 1, 8);
    struct group_header h = peek(&draft, at);

    assert_int_equal(h.link, draft.header.crc);
    h.link++;
    forge(&draft, at, &h);
    expect_stop(STOP_CHAIN);
}

static void flags_of_long_batches_must_fit(void **state)
{
    struct run {
        uint8_t flags[4];
        int good; /* how many of the groups are valid */
    };
    const struct run runs[] = {
        {{GROUP_FIRST, 0, 0, GROUP_LAST}, 4},
        {{GROUP_FIRST, GROUP_LAST, 0, 0}, 4},
        {{GROUP_FIRST, GROUP_LAST, GROUP_FIRST, GROUP_LAST}, 4},
        {{0, 0, GROUP_FIRST, 0}, 4},
        {{GROUP_LAST, 0, 0, 0}, 0},
        {{0, GROUP_LAST, 0, 0}, 1},
        {{GROUP_FIRST, GROUP_FIRST, 0, 0}, 1},
        {{GROUP_FIRST, 0, GROUP_FIRST, 0}, 2},
        {{GROUP_FIRST, GROUP_LAST, GROUP_LAST, 0}, 2},
        {{GROUP_BIRTH, GROUP_BIRTH | GROUP_FIRST, GROUP_BIRTH | GROUP_LAST, 0}, 4},
    };
    (void)state;

    for (size_t k = 0; k < sizeof runs / sizeof runs[0]; k++) {
        uint64_t at[4];
        start_aligned(64);
        for (int g = 0; g < 4; g++)
            at[g] = put_part(&draft, runs[k].flags[g], 1, 8);
        for (int g = 0; g < runs[k].good; g++)
            expect_group(at[g]);
        expect_stop(runs[k].good < 4 ? STOP_CHAIN : STOP_ABSENT);
    }
}

static void metadata_may_be_in_a_long_batch_and_a_seal_may_not(void **state)
{
    (void)state;
    uint64_t first = put_part(&draft, GROUP_FIRST, 1, 8), meta = put_meta(&draft, "k", "v");
    uint64_t seal = put_seal(&draft);

    expect_group(first);
    expect_group(meta);
    assert_true(reader.in_batch);
    expect_stop(STOP_CHAIN);
    wipe(&draft, seal, draft.end.offset);
    draft.end.offset = seal;
    draft.end.link = peek(&draft, meta).crc;
    uint64_t last = put_part(&draft, GROUP_LAST, 1, 8);
    seal = put_seal(&draft);
    group_reader_free(&reader);
    expect_group(last);
    assert_false(reader.in_batch);
    expect_group(seal);
}

static void groups_of_another_time_or_place_are_none(void **state)
{
    (void)state;
    uint64_t first = put(&draft, 1, 8), at = put(&draft, 1, 8);
    struct group_header h = peek(&draft, at), was = h;

    FORGED(epoch, was_.epoch + 1, STOP_ABSENT);
    FORGED(place, was_.place + 1, STOP_ABSENT);
    FORGED(place, was_.place - 1, STOP_ABSENT);

    forge_foreign(&draft, at, &h, draft.header.salt + 1); /* another file's low half */
    restart(BLOCK);
    expect_group(first);
    expect_stop(STOP_ABSENT);
    forge_foreign(&draft, at, &was, draft.header.salt ^ (UINT64_C(1) << 40)); /* the high half */
    restart(BLOCK);
    expect_group(first);
    expect_stop(STOP_ABSENT);
}

/* Hostile input */

static void hostile_headers_are_none(void **state)
{
    (void)state;
    uint64_t first = put(&draft, 1, 8), at = put(&draft, 2, 100);

    FORGED(stored_bytes, draft.header.max_group_bytes + 1, STOP_ABSENT);
    FORGED(stored_bytes, UINT32_MAX, STOP_ABSENT);
    FORGED(raw_bytes, was_.raw_bytes + 8, STOP_ABSENT);
    FORGED(records, was_.raw_bytes / RECORD_HEADER_BYTES + 1, STOP_ABSENT);
    FORGED(records, 0, STOP_ABSENT);
    FORGED(records, UINT32_MAX, STOP_ABSENT);
    FORGED(tag_bytes, TAG_MAX + 1, STOP_ABSENT);
    FORGED(durable_place, was_.place + 1, STOP_ABSENT);
    FORGED(watermark, was_.first_lsn, STOP_ABSENT);
    FORGED(type, 3, STOP_ABSENT);
    FORGED(type, GROUP_META, STOP_ABSENT); /* with records */
    FORGED(flags, 32, STOP_ABSENT);
    FORGED(flags, GROUP_FIRST | GROUP_LAST, STOP_ABSENT);
}

static void encodings_that_the_segment_does_not_have_are_none(void **state)
{
    (void)state;
    uint64_t first = put(&draft, 1, 8), at = put(&draft, 2, 100);

    FORGED(flags, GROUP_COMPRESSED, STOP_ABSENT);
    FORGED(flags, GROUP_ENCRYPTED, STOP_ABSENT);

    /* A tag and a record that would lie behind the end of the stored bytes. */
    struct group_header h = peek(&draft, at);
    uint8_t body[8] = {0};
    h.flags = GROUP_COMPRESSED;
    h.tag_bytes = TAG_MAX;
    h.records = 1;
    h.stored_bytes = sizeof body;
    h.raw_bytes = 1024;
    h.body_crc = group_body_crc(draft.header.salt, body, sizeof body);
    wipe(&draft, at, draft.end.offset);
    forge(&draft, at, &h);
    restart(BLOCK);
    expect_group(first);
    expect_stop(STOP_ABSENT);
}

static void a_length_is_held_against_the_file_before_memory_is_taken(void **state)
{
    struct group_view g;
    (void)state;

    uint64_t at = put(&draft, 1, 8);
    struct group_header h = peek(&draft, at);
    h.stored_bytes = h.raw_bytes = draft.header.max_group_bytes;
    forge(&draft, at, &h);
    poor_init(&poor, UINT32_MAX);
    group_reader_free(&reader);
    group_reader_init(&reader, &draft.segment, &poor.alloc, BLOCK);
    assert_int_equal(group_reader_next(&reader, &g), 0);
    assert_int_equal(reader.stop, STOP_BODY);
    assert_int_equal(poor.largest, BLOCK);
}

static void lsns_do_not_wrap(void **state)
{
    (void)state;
    group_reader_free(&reader);
    draft_close(&draft);
    draft_begin(&draft, &bench, 3, LSN_MAX - 1);
    draft_open(&draft);
    group_reader_init(&reader, &draft.segment, &alloc_default, BLOCK);
    uint64_t last = put(&draft, 2, 8), seal = put_seal(&draft);
    expect_group(last);
    assert_int_equal(expect_group(seal).header.first_lsn, UINT64_MAX);

    draft.end.offset = last;
    draft.end.next_lsn = LSN_MAX - 1;
    draft.end.link = draft.header.crc;
    put(&draft, 3, 8);
    restart(BLOCK);
    expect_stop(STOP_ABSENT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_empty_segment_has_no_group),
        TEST(gives_every_group_and_record),
        TEST(groups_are_found_at_every_alignment),
        TEST(a_tag_stands_before_the_records),
        TEST(a_tag_without_records),
        TEST(a_tag_s_padding_is_zeros),
        TEST(small_groups_are_read_by_the_block),
        TEST(bytes_read_ahead_are_used_until_forgotten),
        TEST(damage_of_any_byte_is_found),
        TEST(a_group_must_go_on_behind_the_one_before),
        TEST(the_first_group_links_to_the_header),
        TEST(flags_of_long_batches_must_fit),
        TEST(metadata_may_be_in_a_long_batch_and_a_seal_may_not),
        TEST(groups_of_another_time_or_place_are_none),
        TEST(hostile_headers_are_none),
        TEST(encodings_that_the_segment_does_not_have_are_none),
        TEST(a_length_is_held_against_the_file_before_memory_is_taken),
        TEST(lsns_do_not_wrap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
