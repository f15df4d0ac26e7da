#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/codes.h"
#include "base/fault.h"
#include "log/births.h"
#include "support/draft.h"
#include "support/poor_alloc.h"

enum { GROUP = 4096 /* of new records */ };

static struct bench bench;
static struct poor_alloc poor;
static struct draft old; /* the segment that groups come from */
static struct draft new; /* the one that they are born in */
static struct writer writer;
static struct births births;
static struct source source;
static struct meta_map map;

static int setup(void **state)
{
    (void)state;
    bench_make(&bench);
    poor_init(&poor, UINT32_MAX);
    draft_begin(&old, &bench, 1, 100);
    draft_open(&old);
    draft_begin(&new, &bench, 2, 100);
    births = (struct births){.alloc = &poor.alloc, .group_bytes = GROUP};
    map = (struct meta_map){0};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    meta_map_free(&map, &alloc_default);
    assert_int_equal(poor.live, 0);
    draft_close(&old);
    draft_close(&new);
    bench_remove(&bench);
    return 0;
}

/* Everything of the old segment from one boundary to another goes over. */
static void carry(const struct boundary *from, const struct boundary *to)
{
    births.from = &old.segment;
    births.begin = *from;
    births.end = *to;
}

/* And of the group behind the second one the records up to this LSN. */
static void split_at(uint64_t last_kept)
{
    births.split = true;
    births.last_kept = last_kept;
}

static void set_meta(const char *key, const char *value)
{
    struct meta_map next;
    struct meta_entry e = {.key = (const uint8_t *)key,
                           .key_size = (uint16_t)strlen(key),
                           .value = (const uint8_t *)value,
                           .value_size = value ? (uint16_t)strlen(value) : 0};
    assert_int_equal(meta_map_with(&map, &alloc_default, &e, &next), 0);
    meta_map_free(&map, &alloc_default);
    map = next;
    births.meta = &map;
}

/* n new records of these bytes, all alike, from `data`. */
static void add_records(size_t n, uint32_t size)
{
    static uint8_t data[1 << 17];
    static uint32_t sizes[64];

    for (size_t k = 0; k < n; k++)
        sizes[k] = size;
    for (size_t k = 0; k < sizeof data; k++)
        data[k] = (uint8_t)(k * 13);
    assert_int_equal(source_packed(&source, data, sizes, NULL, n, 1 << 16), 0);
    births.source = &source;
}

static struct birth_size measured(void)
{
    struct birth_size size;
    assert_int_equal(births_measure(&births, new.header.group_align, &size), 0);
    return size;
}

/* Writes the births into a new segment with this base LSN; what was measured must come true. */
static struct birth_size bear(uint64_t base_lsn)
{
    struct birth_size size = measured();

    draft_close(&new);
    new.header.base_lsn = base_lsn;
    draft_open(&new);
    resize(&new, SEGMENT_HEADER_BLOCK);
    writer = (struct writer){.segment = new.segment,
                             .durable_offset = SEGMENT_HEADER_BLOCK,
                             .watermark = base_lsn - 1,
                             .zeroed_to = SEGMENT_HEADER_BLOCK};
    segment_start(&writer.segment, &writer.end);
    assert_int_equal(births_write(&births, &writer), 0);
    assert_int_equal(writer.end.offset - SEGMENT_HEADER_BLOCK, size.bytes);
    assert_int_equal(writer.end.next_lsn - base_lsn, size.records);
    return size;
}

/* A line per group: "D100+3F" is data from LSN 100 on, 3 records, FIRST; "M" metadata; "L" LAST. */
static void note_group(char *text, const struct group_view *g)
{
    const struct group_header *h = &g->header;
    snprintf(text + strlen(text), 64, "%c%d+%d%s%s ", h->type == GROUP_META ? 'M' : 'D',
             (int)h->first_lsn, (int)h->records, h->flags & GROUP_FIRST ? "F" : "",
             h->flags & GROUP_LAST ? "L" : "");
    assert_true(h->flags & GROUP_BIRTH);
    assert_int_equal(h->raw_bytes, h->stored_bytes);
}

/* Records that were in the old segment, under the new one's salt. */
static void assert_kept(const struct group_view *g)
{
    struct record_walk walk;
    struct record r;

    group_records(g, &new.header, &walk);
    while (record_next(&walk, &r) == 1) {
        assert_int_equal(r.type, draft_type(r.lsn));
        assert_true(record_right(&r, new.header.salt));
        for (size_t k = 0; k < r.size; k++)
            assert_int_equal(r.payload[k], draft_byte(r.lsn, k));
    }
    assert_int_equal(walk.left, 0);
    assert_ptr_equal(walk.at, walk.end);
}

/* What is in the new segment now; records below `new_from` are those of the old one. */
static void expect_groups(const char *groups, uint64_t new_from)
{
    struct group_reader r;
    struct group_view g;
    char text[1024] = "";

    group_reader_init(&r, &writer.segment, &alloc_default, 4096);
    while (group_reader_next(&r, &g) == 1) {
        note_group(text, &g);
        if (g.header.type == GROUP_DATA && g.header.first_lsn < new_from)
            assert_kept(&g);
    }
    assert_int_equal(r.stop, STOP_ABSENT);
    assert_int_equal(r.offset, writer.end.offset);
    assert_int_equal(r.in_batch, BATCH_OUTSIDE);
    group_reader_free(&r);
    assert_string_equal(text, groups);
}

/* Group `n` (from 0) of the new segment, read by r. */
static struct group_view group_at(struct group_reader *r, size_t n)
{
    struct group_view g;
    group_reader_init(r, &writer.segment, &alloc_default, 4096);
    for (size_t k = 0; k <= n; k++)
        assert_int_equal(group_reader_next(r, &g), 1);
    return g;
}

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
    expect_groups("D100+1F D101+2 D103+1L D104+2 ", UINT64_MAX);

    struct group_reader r;
    uint32_t size;
    struct group_view g = group_at(&r, 3);
    assert_memory_equal(group_tag(&g, &size), "a tag", 5);
    assert_int_equal(size, 5);
    group_reader_free(&r);
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
    expect_groups("D100+2 D102+2 ", UINT64_MAX);
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

/* New records */

static void new_records_get_the_next_lsns(void **state)
{
    (void)state;
    struct boundary start = old.end;
    put(&old, 2, 8);
    carry(&start, &old.end);
    set_meta("k", "v");
    add_records(3, 100);
    struct birth_size size = bear(100);
    assert_int_equal(size.kept, 2);
    assert_int_equal(size.records, 5);
    expect_groups("M100+0 D100+2 D102+3 ", 102);
}

static void they_replace_what_was_cut(void **state)
{
    (void)state;
    struct boundary start = old.end;
    put(&old, 5, 8);
    carry(&start, &start);
    split_at(101);
    add_records(2, 8);
    bear(100);
    expect_groups("D100+2 D102+2 ", 102);
}

static void many_new_records_are_a_long_batch(void **state)
{
    (void)state;
    add_records(9, 1000); /* 4 fill a group */
    struct birth_size size = bear(100);
    assert_int_equal(size.kept, 0);
    assert_int_equal(size.largest_body, 4 * record_bytes(1000));
    expect_groups("D100+4F D104+4 D108+1L ", 0);
    add_records(8, 1000);
    bear(100);
    expect_groups("D100+4F D104+4L ", 0);
    add_records(4, 1000);
    bear(100);
    expect_groups("D100+4 ", 0);
    add_records(3, 2 * GROUP); /* each larger than a group is meant to be */
    bear(100);
    expect_groups("D100+1F D101+1 D102+1L ", 0);
    add_records(1, 5 * GROUP);
    bear(100);
    expect_groups("D100+1 ", 0);
}

static void only_the_last_of_them_ends_the_batch(void **state)
{
    struct group_reader reader;
    struct group_view g;
    (void)state;

    add_records(9, 1000);
    bear(100);
    group_reader_init(&reader, &writer.segment, &alloc_default, 4096);
    while (group_reader_next(&reader, &g) == 1) {
        struct record_walk walk;
        struct record r;
        group_records(&g, &new.header, &walk);
        while (record_next(&walk, &r) == 1) {
            assert_int_equal(r.flags, r.lsn == 108 ? RECORD_BATCH_LAST : 0);
            assert_true(record_right(&r, new.header.salt));
            assert_int_equal(r.payload[1], (uint8_t)(((r.lsn - 100) * 1000 + 1) * 13));
        }
    }
    group_reader_free(&reader);
}

/* Errors */

/* Neither measures nor writes. */
static void expect_refused(int code)
{
    struct birth_size size;
    struct boundary start = {0};

    assert_int_equal(births_measure(&births, 64, &size), code);
    draft_close(&new);
    draft_open(&new);
    writer = (struct writer){.segment = new.segment, .watermark = 99};
    segment_start(&writer.segment, &start);
    writer.end = start;
    assert_int_equal(births_write(&births, &writer), code);
}

static void damage_of_the_old_segment_is_met(void **state)
{
    (void)state;
    struct boundary start = old.end;
    put(&old, 2, 8);
    uint64_t at = put(&old, 2, 8);
    carry(&start, &old.end);
    damage(&old, at + 70);
    expect_refused(WAL_E_CORRUPT);
    assert_int_equal(fault_last()->segment, 1);
    assert_int_equal(fault_last()->offset, at);
    assert_int_equal(fault_last()->lsn, 102);
}

/* A body with a right checksum whose records don't fit. */
static void forge_body(uint64_t at, size_t change_at, uint8_t to, uint32_t more)
{
    uint8_t body[256];
    struct group_header h = peek(&old, at);

    bench_read(&bench, old.segment.file.name, at + GROUP_HEADER_BYTES, body, sizeof body);
    body[change_at] = to;
    h.stored_bytes = h.raw_bytes += more;
    h.body_crc = group_body_crc(old.header.salt, body, h.stored_bytes);
    bench_write(&bench, old.segment.file.name, at + GROUP_HEADER_BYTES, body, sizeof body);
    forge(&old, at, &h);
}

static void records_that_do_not_fit_together_are_damage(void **state)
{
    (void)state;
    struct boundary start = old.end;
    uint64_t at = put(&old, 2, 8);

    carry(&start, &old.end);
    forge_body(at, 0, 200, 0); /* the first record's length */
    expect_refused(WAL_E_CORRUPT);
    assert_int_equal(fault_last()->offset, at);
    assert_non_null(strstr(fault_last()->text, "don't fit together"));
    forge_body(at, 0, 8, 0);
    bear(100);
    forge_body(at, 0, 8, 8); /* bytes behind the last record, within the same place */
    expect_refused(WAL_E_CORRUPT);
}

static void errors_of_the_system_come_through(void **state)
{
    (void)state;
    struct boundary start = old.end;
    put(&old, 2, 8);
    carry(&start, &old.end);
    set_meta("k", "v");
    add_records(9, 1000);
    struct birth_size size = bear(100);

    spy_clear(&bench.spy);
    assert_int_equal(measured().bytes, size.bytes);
    for (unsigned k = bench.spy.calls[SPY_READ]; k > 0; k--) {
        spy_fail(&bench.spy, SPY_READ, k, EIO);
        assert_int_equal(births_measure(&births, 64, &size), WAL_E_IO);
    }
    for (unsigned k = 1; k <= 5; k++) {
        segment_start(&writer.segment, &writer.end);
        spy_fail(&bench.spy, SPY_WRITE, k, ENOSPC);
        assert_int_equal(births_write(&births, &writer), WAL_E_NOSPC);
        assert_int_equal(poor.live, 0);
    }
    segment_start(&writer.segment, &writer.end);
    assert_int_equal(births_write(&births, &writer), 0);
}

static void without_memory(void **state)
{
    (void)state;
    struct boundary start = old.end;
    put(&old, 2, 8);
    put(&old, 2, 8000);
    carry(&start, &old.end);
    set_meta("k", "v");
    add_records(9, 8000);
    bear(100);
    for (unsigned k = 0;; k++) {
        segment_start(&writer.segment, &writer.end);
        poor_init(&poor, k);
        int e = births_write(&births, &writer);
        assert_int_equal(poor.live, 0);
        if (e == 0) {
            assert_true(k >= 3);
            break;
        }
        assert_int_equal(e, WAL_E_NOMEM);
    }
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
        TEST(a_long_batch_goes_over_without_its_metadata),
        TEST(flags_of_records_stay),
        TEST(the_front_of_a_cut_group_is_a_group_of_its_own),
        TEST(whole_groups_before_it_go_over_too),
        TEST(a_cut_within_a_long_batch),
        TEST(whole_groups_of_a_batch_that_is_cut),
        TEST(new_records_get_the_next_lsns),
        TEST(they_replace_what_was_cut),
        TEST(many_new_records_are_a_long_batch),
        TEST(only_the_last_of_them_ends_the_batch),
        TEST(damage_of_the_old_segment_is_met),
        TEST(records_that_do_not_fit_together_are_damage),
        TEST(errors_of_the_system_come_through),
        TEST(without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
