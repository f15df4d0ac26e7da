/* SPDX-License-Identifier: Apache-2.0 */
/* Where things are in the catalog's segments, in bounded memory. */
#include "log/catalog_index.h"

#include "catalog_chain.h"

#include "segment/writer.h"

static uint64_t located(uint64_t lsn)
{
    struct seal_entry e;
    struct member *m = find(lsn);
    catalog_locate(&catalog, m, lsn, &e);
    catalog_release(&catalog, m);
    assert_true(e.lsn <= lsn);
    return (uint64_t)e.place * PLACE_UNIT;
}

static void know(size_t segments)
{
    make_chain(segments);
    know_newest(1);
    assert_int_equal(catalog_walk(&catalog), 0);
}

static void with_limit(uint64_t bytes)
{
    catalog_free(&catalog);
    assert_int_equal(catalog_init(&catalog, &bench.folder, &poor.alloc, bytes), 0);
}

/* Groups */

static void groups_are_found_by_the_index(void **state)
{
    (void)state;
    know(1);
    assert_int_equal(located(100), SEGMENT_HEADER_BLOCK);
    catalog_index(&catalog, 100, 4096);
    catalog_index(&catalog, 105, 8192);
    assert_int_equal(located(104), 4096);
    assert_int_equal(located(105), 8192);
    assert_int_equal(located(1000), 8192);
    catalog_index_cut(&catalog, 104);
    assert_int_equal(located(1000), 4096);
}

static void a_seals_body_is_the_index(void **state)
{
    struct seal_entry e;
    size_t size;
    (void)state;

    know(1);
    for (uint64_t k = 0; k < 10000; k++) /* thinned out on the way */
        catalog_index(&catalog, 100 + k, 4096 + k * 128);
    uint8_t *body = catalog_seal_body(&catalog, &size);
    int n = seal_body_count(body + GROUP_HEADER_BYTES, size);
    assert_in_range(n, 2048, SEAL_ENTRIES_MAX);
    for (int k = 0; k < n; k++) {
        seal_body_entry(&e, body + GROUP_HEADER_BYTES, (size_t)k);
        assert_int_equal((uint64_t)e.place * PLACE_UNIT, 4096 + (e.lsn - 100) * 128);
    }
    with_limit(1 << 20);
    know(1);
    catalog_index_seal(&catalog, body + GROUP_HEADER_BYTES, size);
    assert_int_equal(catalog.members[0]->index.n, n);
    assert_int_equal(located(10099), (uint64_t)e.place * PLACE_UNIT);
    memset(body, 0, outgoing_room(size, GROUP_ALIGN_MAX)); /* there is room for all of the group */
    mem_free(&poor.alloc, body);
    poor.left = 0;
    assert_null(catalog_seal_body(&catalog, &size));
    poor.left = UINT32_MAX;
}

static void set_index(uint64_t number, uint32_t groups)
{
    struct index x = catalog_new_index(&catalog);
    struct member *m = find(chain[number].header.base_lsn);

    for (uint32_t k = 0; k < groups; k++)
        index_add(&x, &poor.alloc, chain[number].header.base_lsn + k, FIRST_PLACE + k);
    catalog_set_index(&catalog, m, &x);
    assert_null(x.entries);
    catalog_release(&catalog, m);
}

static void a_sealed_member_gets_an_index(void **state)
{
    struct member_state s;
    (void)state;

    know(3);
    set_index(1, 2);
    catalog_state(&catalog, catalog.members[0], &s);
    assert_true(s.indexed);
    set_index(1, 1);
    assert_int_equal(catalog.members[0]->index.n, 1);
    set_index(3, 2); /* the newest one keeps its own */
    assert_int_equal(catalog.members[2]->index.n, 0);
}

/* Four tables of the smallest size are half of the limit: the newest one's and three others. */
static void the_least_used_one_goes(void **state)
{
    struct member_state s;
    (void)state;

    with_limit(2 * 4 * INDEX_LEAST * sizeof(struct seal_entry));
    know(6);
    catalog_index(&catalog, chain[6].header.base_lsn, 4096);
    for (uint64_t k = 1; k <= 3; k++)
        set_index(k, 2);
    expect_found(chain[1].header.base_lsn, 1); /* so that 2 is the least used */
    set_index(4, 2);
    const bool indexed[] = {true, false, true, true, false};
    for (size_t k = 0; k < 5; k++) {
        catalog_state(&catalog, catalog.members[k], &s);
        assert_int_equal(s.indexed, indexed[k]);
    }
    assert_int_equal(located(chain[2].header.base_lsn), SEGMENT_HEADER_BLOCK); /* from its start */
    assert_int_equal(located(chain[4].header.base_lsn + 1), (FIRST_PLACE + 1) * PLACE_UNIT);
}

/* The newest one's stays, since its seal needs it, but has no more than a quarter. */
static void a_segment_has_a_quarter_at_most(void **state)
{
    const uint64_t limits[] = {4096, 5000, 100000, 1 << 20, UINT64_MAX};
    const uint32_t entries[] = {64, 64, 1024, 4096, 4096};
    (void)state;

    for (size_t k = 0; k < sizeof limits / sizeof *limits; k++) {
        catalog.index_limit = limits[k];
        assert_int_equal(catalog_new_index(&catalog).most, entries[k]);
    }
    with_limit(4096);
    know(3);
    set_index(1, 5000);
    set_index(2, 5000);
    for (uint64_t k = 0; k < 5000; k++)
        catalog_index(&catalog, chain[3].header.base_lsn + k, 4096 + k * 128);
    assert_in_range(catalog.members[2]->index.n, 32, 64);
    assert_int_equal(catalog_index_bytes(&catalog), 2048); /* another one had to go */
    assert_int_equal(located(chain[3].header.base_lsn), 4096);
}

/* Records */

enum { SIZE = 40, WHOLE = 16 + SIZE };

/* Two segments, the newest with a group more, of n records. */
static void know_with_group(uint32_t n, struct group_view *ret, struct group_reader *r)
{
    make_chain(2);
    draft_open(&chain[2]);
    put(&chain[2], 1, 8);
    put(&chain[2], 1, 8);
    put(&chain[2], n, SIZE);
    know_newest(1);
    assert_int_equal(catalog_walk(&catalog), 0);
    struct member *m = catalog.members[1];
    group_reader_init(r, &m->segment, &alloc_default, 4096);
    for (int k = 0; k < 3; k++)
        assert_int_equal(group_reader_next(r, ret), 1);
    assert_int_equal(ret->header.records, n);
}

static void expect_spot(uint64_t lsn, uint64_t offset, uint64_t next)
{
    struct spot s;
    assert_true(catalog_spot(&catalog, lsn, &s));
    assert_int_equal(s.offset, offset);
    assert_int_equal(s.next, next);
    assert_int_equal(s.member->number, 2);
    assert_true(s.member->segment.file.fd >= 0);
    catalog_release(&catalog, s.member);
}

static void expect_none(uint64_t lsn)
{
    struct spot s;
    assert_false(catalog_spot(&catalog, lsn, &s));
}

static void records_of_a_group_are_noted(void **state)
{
    struct group_reader r;
    struct group_view g;
    (void)state;

    know_with_group(700, &g, &r);
    uint64_t first = g.header.first_lsn, at = g.offset + GROUP_HEADER_BYTES;
    expect_none(first);
    catalog_note(&catalog, catalog.members[1], &g);
    for (uint64_t k = 0; k < 700; k++)
        expect_spot(first + k, at + k * WHOLE, k < 699 ? at + (k + 1) * WHOLE : 0);
    expect_none(first - 1);
    expect_none(first + 700);
    expect_none(99); /* below the oldest */
    expect_none(0);
    catalog_index_cut(&catalog, first + 300);
    expect_spot(first + 300, at + 300 * WHOLE, 0);
    expect_none(first + 301);
    group_reader_free(&r);
    draft_close(&chain[2]);
}

/* The tag lies before them. */
static void records_behind_a_tag(void **state)
{
    struct group_reader r;
    struct group_view g;
    (void)state;

    make_chain(2);
    draft_open(&chain[2]);
    draft_put(&chain[2], &(struct group_spec){.records = 3, .size = SIZE, .tag = "a tag"});
    know_newest(1);
    assert_int_equal(catalog_walk(&catalog), 0);
    group_reader_init(&r, &catalog.members[1]->segment, &alloc_default, 4096);
    assert_int_equal(group_reader_next(&r, &g), 1);
    catalog_note(&catalog, catalog.members[1], &g);
    expect_spot(g.header.first_lsn, g.offset + GROUP_HEADER_BYTES + 8,
                g.offset + GROUP_HEADER_BYTES + 8 + WHOLE);
    group_reader_free(&r);
    draft_close(&chain[2]);
}

/* Those of an encoded body can't be read one by one. */
static void encoded_groups_are_not(void **state)
{
    struct group_reader r;
    struct group_view g;
    (void)state;

    know_with_group(10, &g, &r);
    g.header.flags = GROUP_COMPRESSED;
    catalog_note(&catalog, catalog.members[1], &g);
    g.header.flags = GROUP_ENCRYPTED;
    catalog_note(&catalog, catalog.members[1], &g);
    expect_none(g.header.first_lsn);
    catalog_note_written(&catalog, &g.header, g.body - GROUP_HEADER_BYTES);
    expect_none(g.header.first_lsn);
    group_reader_free(&r);
    draft_close(&chain[2]);
}

/* What is written is noted once somebody asks, if it is little. */
static void written_groups(void **state)
{
    const uint32_t records[] = {1, 16, 17};
    (void)state;

    for (size_t k = 0; k < 3; k++) {
        struct group_reader r;
        struct group_view g;
        know_with_group(records[k], &g, &r);
        uint64_t last = group_last_lsn(&g.header);
        catalog_note_written(&catalog, &g.header, g.body - GROUP_HEADER_BYTES);
        assert_int_equal(catalog_index_bytes(&catalog), 0);
        expect_none(last);
        catalog_note_written(&catalog, &g.header, g.body - GROUP_HEADER_BYTES);
        if (records[k] <= 16)
            expect_spot(last, g.offset + GROUP_HEADER_BYTES + (records[k] - 1) * WHOLE, 0);
        else
            expect_none(last);
        group_reader_free(&r);
        draft_close(&chain[2]);
        assert_int_equal(teardown(NULL), 0);
        assert_int_equal(setup(NULL), 0);
    }
}

/* Somebody has read a group that was cut off meanwhile, wholly or in part. */
static void what_is_gone_is_not_noted(void **state)
{
    struct group_reader r;
    struct group_view g;
    struct numbers dropped;
    (void)state;

    know_with_group(10, &g, &r);
    struct member *m = find(g.header.first_lsn);
    m->sealed = true;
    m->end.next_lsn = g.header.first_lsn + 5;
    catalog_note(&catalog, m, &g);
    expect_none(g.header.first_lsn);
    m->end.next_lsn = g.header.first_lsn + 10;
    catalog_note(&catalog, m, &g);
    expect_spot(g.header.first_lsn + 9, g.offset + GROUP_HEADER_BYTES + 9 * WHOLE, 0);
    m->sealed = false;
    assert_true(catalog_index_bytes(&catalog) > 0);

    struct segment s;
    struct advance a = {.drop_from = 1, .add = &s};
    draft_begin(&chain[3], &bench, 3, 5000);
    draft_open(&chain[3]);
    draft_close(&chain[3]);
    assert_int_equal(segment_open(&s, &bench.folder, 3, OS_READ), 0);
    assert_int_equal(catalog_advance(&catalog, &a, &dropped), 0);
    mem_free(&poor.alloc, dropped.v);
    assert_int_equal(catalog_index_bytes(&catalog), 0); /* at once, though it is held */
    catalog_note(&catalog, m, &g);
    assert_int_equal(m->offsets.bytes, 0);
    catalog_release(&catalog, m);
    group_reader_free(&r);
    draft_close(&chain[2]);
}

/* A closed file isn't opened under the lock for that. */
static void a_closed_file_is_for_others(void **state)
{
    struct group_reader r;
    struct group_view g;
    (void)state;

    know_with_group(3, &g, &r);
    catalog_note(&catalog, catalog.members[1], &g);
    int fd = catalog.members[1]->segment.file.fd;
    catalog.members[1]->segment.file.fd = -1;
    expect_none(g.header.first_lsn);
    catalog.members[1]->segment.file.fd = fd;
    expect_spot(g.header.first_lsn, g.offset + 64, g.offset + 64 + WHOLE);
    group_reader_free(&r);
    draft_close(&chain[2]);
}

/* A made-up group of records of different sizes, whose places take two bytes each. */
static void note_many(uint64_t number, uint32_t n)
{
    static uint8_t body[64 * 1024];
    size_t at = 0;
    struct member *m = find(chain[number].header.base_lsn);
    struct group_view g = {.offset = 4096,
                           .body = body,
                           .header = {.first_lsn = chain[number].header.base_lsn, .records = n}};

    for (uint32_t k = 0; k < n; k++) {
        struct record x = {.lsn = g.header.first_lsn + k, .size = 8 * (k * k % 7)};
        record_header_encode(body + at, &x);
        at += record_bytes(x.size);
    }
    g.header.raw_bytes = (uint32_t)at;
    m->end.next_lsn = g.header.first_lsn + n;
    catalog_note(&catalog, m, &g);
    catalog_release(&catalog, m);
}

static size_t noted(void)
{
    size_t n = 0;
    for (size_t k = 0; k < catalog.n; k++)
        n += catalog.members[k]->offsets.bytes > 0;
    return n;
}

static void places_stay_within_the_limit(void **state)
{
    (void)state;
    with_limit(8 * 1024);
    know(8);
    for (uint64_t k = 1; k <= 8; k++) {
        note_many(k, 1000); /* 2 KiB, and half a table */
        assert_in_range(catalog_index_bytes(&catalog), 1, 8 * 1024);
        assert_true(catalog.members[k - 1]->offsets.bytes > 0); /* the newest news are kept */
    }
    assert_in_range(noted(), 2, 3);
    expect_found(chain[7].header.base_lsn, 7);
    note_many(1, 1000);
    assert_true(catalog.members[6]->offsets.bytes > 0); /* since it was asked for */
    assert_int_equal(catalog.members[5]->offsets.bytes, 0);

    /* Tables of groups come before. */
    for (uint32_t k = 1; k <= 4; k++)
        set_index(k, 1000);
    assert_in_range(catalog_index_bytes(&catalog), 4096, 8 * 1024);
    assert_in_range(noted(), 1, 1);
    with_limit(4096); /* one segment alone is too much: nothing breaks */
    know(8);
    note_many(1, 2000);
    assert_in_range(catalog_index_bytes(&catalog), 0, 4096);
}

static void without_memory_nothing_is_noted(void **state)
{
    (void)state;
    know(2);
    poor.left = 0;
    note_many(1, 100);
    assert_int_equal(catalog_index_bytes(&catalog), 0);
    poor.left = 1;
    note_many(1, 100);
    uint64_t before = catalog_index_bytes(&catalog);
    assert_true(before > 0);
    poor.left = UINT32_MAX;
    note_many(1, 100);
    assert_true(catalog_index_bytes(&catalog) > before);
    assert_int_equal(catalog.offsets_bytes, catalog_index_bytes(&catalog));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(groups_are_found_by_the_index),
        TEST(a_seals_body_is_the_index),
        TEST(a_sealed_member_gets_an_index),
        TEST(the_least_used_one_goes),
        TEST(a_segment_has_a_quarter_at_most),
        TEST(records_of_a_group_are_noted),
        TEST(records_behind_a_tag),
        TEST(encoded_groups_are_not),
        TEST(written_groups),
        TEST(what_is_gone_is_not_noted),
        TEST(a_closed_file_is_for_others),
        TEST(places_stay_within_the_limit),
        TEST(without_memory_nothing_is_noted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
