#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/codes.h"
#include "base/fault.h"
#include "segment/groups.h"
#include "support/draft.h"
#include "support/poor_alloc.h"

enum { BLOCK = 4096 };

static struct bench bench;
static struct draft draft;
static struct group_reader reader;
static struct poor_alloc poor;

static int setup(void **state)
{
    (void)state;
    bench_make(&bench);
    draft_begin(&draft, &bench, 1, 100);
    draft_open(&draft);
    group_reader_init(&reader, &draft.segment, &alloc_default, BLOCK);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    group_reader_free(&reader);
    draft_close(&draft);
    bench_remove(&bench);
    return 0;
}

/* The same file read anew from its start. */
static void restart(size_t block_bytes)
{
    group_reader_free(&reader);
    group_reader_init(&reader, &draft.segment, &alloc_default, block_bytes);
}

/* A new file of groups with another alignment. */
static void start_aligned(uint32_t align)
{
    group_reader_free(&reader);
    draft_close(&draft);
    draft_begin(&draft, &bench, 2, 100);
    draft.header.group_align = align;
    draft_open(&draft);
    group_reader_init(&reader, &draft.segment, &alloc_default, BLOCK);
}

static void assert_records(const struct group_view *g)
{
    struct record_walk walk;
    struct record r;
    uint64_t lsn = g->header.first_lsn;

    group_records(g, &draft.segment.header, &walk);
    while (record_next(&walk, &r) == 1) {
        assert_int_equal(r.lsn, lsn++);
        assert_int_equal(r.type, draft_type(r.lsn));
        assert_true(record_right(&r, draft.header.salt));
        for (size_t k = 0; k < r.size; k++)
            assert_int_equal(r.payload[k], draft_byte(r.lsn, k));
    }
    assert_int_equal(walk.left, 0);
    assert_int_equal(lsn, g->header.first_lsn + g->header.records);
}

static struct group_view expect_group(uint64_t offset)
{
    struct group_view g;
    assert_int_equal(group_reader_next(&reader, &g), 1);
    assert_int_equal(g.offset, offset);
    assert_int_equal(reader.offset, g.end);
    assert_int_equal(reader.stop, STOP_NONE);
    if (g.header.type == GROUP_DATA)
        assert_records(&g);
    return g;
}

static void expect_stop(enum group_stop why)
{
    struct group_view g;
    uint64_t offset = reader.offset, lsn = reader.lsn;

    for (int again = 0; again < 2; again++) { /* the reader stays: it says the same once more */
        assert_int_equal(group_reader_next(&reader, &g), 0);
        assert_int_equal(reader.stop, why);
        assert_int_equal(reader.offset, offset);
        assert_int_equal(reader.lsn, lsn);
    }
}

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
    group_reader_forget(&reader);
    g = expect_group(next);
    assert_null(group_tag(&g, &size));
    assert_int_equal(size, 0);
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
    group_reader_forget(&reader);
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
    group_reader_forget(&reader);
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
    reader.limit = UINT64_MAX;
    expect_group(c);
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
    group_reader_forget(&reader);
    group_reader_seek(&reader, b, 102);
    expect_group(b);
    expect_stop(STOP_CHAIN); /* from the second group on links count */
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
    group_reader_forget(&reader);
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
    group_reader_forget(&reader);
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
        TEST(an_empty_segment_has_no_group),
        TEST(gives_every_group_and_record),
        TEST(groups_are_found_at_every_alignment),
        TEST(a_tag_stands_before_the_records),
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
        TEST(a_file_that_ends_early_cuts_groups_off),
        TEST(nothing_is_given_beyond_the_limit),
        TEST(no_more_is_read_than_the_limit_lets),
        TEST(a_boundary_is_gone_on_from),
        TEST(a_known_place_is_gone_on_from),
        TEST(a_long_batch_can_be_entered_anywhere),
        TEST(one_that_was_entered_in_the_middle_ends_once),
        TEST(a_place_tells_its_own_lsn),
        TEST(headers_are_walked_without_their_bodies),
        TEST(a_read_error_is_no_end),
        TEST(without_memory_the_reader_stays),
        TEST(what_is_missing_is_told_with_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
