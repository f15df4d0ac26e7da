/* SPDX-License-Identifier: Apache-2.0 */
/* What goes over from an old segment. */
#include "births_fixture.h"

/* Nothing, metadata */

static void nothing_is_nothing(void **state)
{
    (void)state;
    struct birth_size size = bear(100);
    assert_int_equal(size.bytes, 0);
    assert_int_equal(size.kept, 0);
    assert_int_equal(size.largest_body, 0);
    expect_groups("", UINT64_MAX);
}

static void the_metadata_map_comes_first(void **state)
{
    (void)state;
    struct boundary start = old.end;
    put(&old, 2, 8);
    carry(&start, &old.end);
    set_meta("key", "value");
    struct birth_size size = bear(100);
    assert_int_equal(size.kept, 2);
    assert_int_equal(size.records, 2);
    expect_groups("M100+0 D100+2 ", UINT64_MAX);
    assert_int_equal(writer.end.meta_offset, SEGMENT_HEADER_BLOCK);

    struct group_reader r;
    struct group_view g = group_at(&r, 0);
    struct meta_map back = {0};
    assert_int_equal(meta_map_load(&back, &alloc_default, g.body, g.header.stored_bytes), 0);
    assert_memory_equal(meta_map_find(&back, "key", 3)->value, "value", 5);
    meta_map_free(&back, &alloc_default);
    group_reader_free(&r);
}

static void an_empty_map_is_none(void **state)
{
    (void)state;
    births.meta = &map;
    bear(100);
    expect_groups("", UINT64_MAX);
    set_meta("key", "value");
    set_meta("key", NULL); /* there was one */
    bear(100);
    expect_groups("", UINT64_MAX);
}

/* Groups of the old segment */

static void groups_go_over_between_two_boundaries(void **state)
{
    (void)state;
    put(&old, 5, 8);
    struct boundary from = old.end;
    put(&old, 1, 0);
    put(&old, 3, 17);
    put(&old, 2, 5000);
    struct boundary to = old.end;
    put(&old, 4, 8);

    carry(&from, &to);
    struct birth_size size = bear(105);
    assert_int_equal(size.kept, 6);
    assert_int_equal(size.largest_body, 2 * record_bytes(5000));
    expect_groups("D105+1 D106+3 D109+2 ", UINT64_MAX);
    carry(&from, &from);
    assert_int_equal(bear(105).bytes, 0);
}

static void at_another_alignment(void **state)
{
    (void)state;
    struct boundary start = old.end;
    put(&old, 1, 8);
    put(&old, 1, 600);
    carry(&start, &old.end);
    new.header.group_align = 512;
    assert_int_equal(bear(100).bytes, 512 + 1024);
    expect_groups("D100+1 D101+1 ", UINT64_MAX);
}

static void only_records_go_over(void **state)
{
    (void)state;
    struct boundary start = old.end;
    put(&old, 1, 8);
    put_meta(&old, "k", "v");
    put(&old, 1, 8);
    put_seal(&old);
    carry(&start, &old.end);
    bear(100);
    expect_groups("D100+1 D101+1 ", UINT64_MAX);
}

static void long_batches_and_tags_stay_what_they_are(void **state)
{
    (void)state;
    struct boundary start = old.end;
    put_part(&old, GROUP_FIRST, 1, 8);
    put_part(&old, 0, 2, 8);
    put_part(&old, GROUP_LAST, 1, 8);
    draft_put(&old, &(struct group_spec){.tag = "a tag", .records = 2, .size = 3});
    carry(&start, &old.end);
    bear(100);
    expect_groups("D100+1F D101+2 D103+1L D104+2/a tag ", UINT64_MAX);
}

/* In front of what goes over stands the tag that was in force there; lone ones go over in their
 * place, also where their run's metadata stay behind. */
static void tags_from_before_and_without_records(void **state)
{
    (void)state;
    struct boundary start = old.end;
    put_lone_tag(&old, "born with");
    put(&old, 1, 8);
    struct boundary middle = old.end;
    put_lone_tag(&old, "lone");
    put(&old, 1, 8);
    carry(&start, &old.end);
    set_meta("k", "v");
    struct birth_size size = bear(100);
    assert_int_equal(size.kept, 2);
    expect_groups("M100+0 T100+0/born with D100+1 T101+0/lone D101+1 ", UINT64_MAX);
    carry(&middle, &old.end);
    births.tag = (struct tag){.size = 9, .bytes = "born with"};
    bear(101);
    expect_groups("M101+0 T101+0/born with T101+0/lone D101+1 ", UINT64_MAX);
    births.from = NULL; /* as after a rotation */
    bear(102);
    expect_groups("M102+0 T102+0/born with ", UINT64_MAX);
}

static void a_lone_tag_that_is_none_is_damage(void **state)
{
    struct birth_size size;
    (void)state;
    struct boundary start = old.end;
    draft_put(&old, &(struct group_spec){.type = GROUP_TAG,
                                         .tag = "short",
                                         .body = "short\0\0\0and more",
                                         .body_size = 16});
    carry(&start, &old.end);
    assert_int_equal(births_measure(&births, 64, 0, &size), WAL_E_CORRUPT);
    assert_int_equal(fault_last()->offset, SEGMENT_HEADER_BLOCK);
}

/* A run of these groups, as "FdmdL": d data, m metadata, F and L the first and the last. */
static void put_run(const char *types)
{
    size_t n = strlen(types);
    for (size_t k = 0; k < n; k++) {
        uint8_t flags = k == 0 ? GROUP_FIRST : k + 1 == n ? GROUP_LAST : 0;
        uint64_t at = types[k] == 'd' ? put_part(&old, flags, 1, 8) : put_meta(&old, "k", "v");
        struct group_header h = peek(&old, at);
        h.flags = flags;
        forge(&old, at, &h);
        old.end.link = h.crc;
    }
}

static void a_long_batch_goes_over_without_its_metadata(void **state)
{
    const struct {
        const char *run, *born;
    } cases[] = {
        {"dd", "D100+1F D101+1L D102+1 "},
        {"dmd", "D100+1F D101+1L D102+1 "},
        {"ddm", "D100+1F D101+1L D102+1 "},
        {"mdd", "D100+1F D101+1L D102+1 "},
        {"dm", "D100+1 D101+1 "},
        {"md", "D100+1 D101+1 "},
        {"mdm", "D100+1 D101+1 "},
        {"mm", "D100+1 "},
        {"mddmdm", "D100+1F D101+1 D102+1L D103+1 "},
    };
    (void)state;

    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        draft_close(&old);
        draft_begin(&old, &bench, 1, 100);
        draft_open(&old);
        wipe(&old, SEGMENT_HEADER_BLOCK, DRAFT_ROOM);
        struct boundary start = old.end;
        put_run(cases[k].run);
        put(&old, 1, 8);
        carry(&start, &old.end);
        bear(100);
        expect_groups(cases[k].born, UINT64_MAX);
    }
}

static void flags_of_records_stay(void **state)
{
    struct record_walk walk;
    struct record r;
    struct group_reader reader;
    (void)state;

    struct boundary start = old.end;
    put(&old, 2, 8);
    carry(&start, &old.end);
    bear(100);
    struct group_view g = group_at(&reader, 0);
    group_records(&g, &new.header, &walk);
    assert_int_equal(record_next(&walk, &r), 1);
    assert_int_equal(r.flags, 0);
    assert_int_equal(record_next(&walk, &r), 1);
    assert_int_equal(r.flags, RECORD_BATCH_LAST);
    group_reader_free(&reader);
}

/* A cut within a group */

static void the_front_of_a_cut_group_is_a_group_of_its_own(void **state)
{
    (void)state;
    put(&old, 2, 8);
    struct boundary cut = old.end;
    put(&old, 5, 20); /* 102..106 */
    put(&old, 1, 8);
    for (uint64_t last = 102; last < 106; last++) {
        char groups[32];
        carry(&cut, &cut);
        split_at(last);
        struct birth_size size = bear(102);
        assert_int_equal(size.kept, last - 101);
        snprintf(groups, sizeof groups, "D102+%d ", (int)size.kept);
        expect_groups(groups, UINT64_MAX);
    }
}

static void whole_groups_before_it_go_over_too(void **state)
{
    (void)state;
    struct boundary start = old.end;
    put(&old, 2, 8);
    struct boundary cut = old.end;
    draft_put(&old, &(struct group_spec){.tag = "a tag", .records = 5, .size = 20});
    carry(&start, &cut);
    split_at(103);
    bear(100);
    expect_groups("D100+2 D102+2/a tag ", UINT64_MAX);
}

/* Where the cut lies within a long batch its front part stays, as records of no batch. */
static void a_cut_within_a_long_batch(void **state)
{
    const uint8_t flags[] = {GROUP_FIRST, 0, GROUP_LAST};
    struct boundary before[3];
    (void)state;

    put(&old, 2, 8);
    for (int k = 0; k < 3; k++) {
        before[k] = old.end;
        put_part(&old, flags[k], 4, 8);
    }
    for (int k = 0; k < 3; k++) {
        char groups[32];
        carry(&before[k], &before[k]);
        split_at(before[k].next_lsn + 1);
        bear(before[k].next_lsn);
        snprintf(groups, sizeof groups, "D%d+2 ", (int)before[k].next_lsn);
        expect_groups(groups, UINT64_MAX);
    }
}

static void whole_groups_of_a_batch_that_is_cut(void **state)
{
    (void)state;
    struct boundary start = old.end, cut;
    put_part(&old, GROUP_FIRST, 2, 8);
    put_part(&old, 0, 2, 8);
    cut = old.end;
    put_part(&old, GROUP_LAST, 4, 8);
    carry(&start, &cut);
    split_at(105);
    bear(100);
    expect_groups("D100+2 D102+2 D104+2 ", UINT64_MAX);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_nothing),
        TEST(the_metadata_map_comes_first),
        TEST(an_empty_map_is_none),
        TEST(groups_go_over_between_two_boundaries),
        TEST(at_another_alignment),
        TEST(only_records_go_over),
        TEST(long_batches_and_tags_stay_what_they_are),
        TEST(tags_from_before_and_without_records),
        TEST(a_lone_tag_that_is_none_is_damage),
        TEST(a_long_batch_goes_over_without_its_metadata),
        TEST(flags_of_records_stay),
        TEST(the_front_of_a_cut_group_is_a_group_of_its_own),
        TEST(whole_groups_before_it_go_over_too),
        TEST(a_cut_within_a_long_batch),
        TEST(whole_groups_of_a_batch_that_is_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
