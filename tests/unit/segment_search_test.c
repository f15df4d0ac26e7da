/* SPDX-License-Identifier: Apache-2.0 */
#include "draft_fixture.h"

#include "segment/search.h"

struct unit {
    uint64_t offset, lsn; /* lsn 0: no header */
    uint8_t first;        /* byte */
};

struct found {
    struct unit units[64];
    size_t n;
};

static void note(void *ctx, const uint8_t *unit, uint64_t offset, const struct group_header *header)
{
    struct found *f = ctx;
    assert_in_range(f->n, 0, 63);
    f->units[f->n++] =
        (struct unit){.offset = offset, .lsn = header ? header->first_lsn : 0, .first = unit[0]};
}

static struct found found_from(uint64_t from)
{
    struct found f = {0};
    uint64_t size = bench_size(&bench, draft.segment.file.name);
    assert_int_equal(search_units(&draft.segment, &alloc_default, from, size, note, &f), 0);
    return f;
}

static void assert_unit(const struct unit *u, uint64_t offset, uint64_t lsn)
{
    assert_int_equal(u->offset, offset);
    assert_int_equal(u->lsn, lsn);
}

static void zeros_are_passed_over(void **state)
{
    (void)state;
    assert_int_equal(found_from(SEGMENT_HEADER_BLOCK).n, 0);
    wipe(&draft, SEGMENT_HEADER_BLOCK, DRAFT_ROOM);
    assert_int_equal(found_from(SEGMENT_HEADER_BLOCK).n, 0);
    resize(&draft, UINT64_C(1) << 37);
    spy_clear(&bench.spy);
    assert_int_equal(found_from(SEGMENT_HEADER_BLOCK).n, 0);
    assert_in_range(bench.spy.calls[SPY_READ], 0, 1);
}

static void gives_units_and_headers_in_order(void **state)
{
    (void)state;
    uint64_t a = put(&draft, 1, 8), b = put(&draft, 2, 40);
    resize(&draft, 3 * GROUP_BLOCK_BYTES);
    damage(&draft, GROUP_BLOCK_BYTES + SEGMENT_HEADER_BLOCK + 640); /* in a later block */
    damage(&draft, 3 * GROUP_BLOCK_BYTES - 1);

    struct found f = found_from(SEGMENT_HEADER_BLOCK);
    assert_int_equal(f.n, 7);
    assert_unit(&f.units[0], a, 100);
    assert_unit(&f.units[1], a + 64, 0);
    assert_unit(&f.units[2], b, 101);
    assert_unit(&f.units[3], b + 64, 0);
    assert_unit(&f.units[4], b + 128, 0);
    assert_unit(&f.units[5], GROUP_BLOCK_BYTES + SEGMENT_HEADER_BLOCK + 640, 0);
    assert_unit(&f.units[6], 3 * GROUP_BLOCK_BYTES - 64, 0);
    f = found_from(b);
    assert_int_equal(f.n, 5);
    assert_unit(&f.units[0], b, 101);
}

static void bodies_and_chains_need_not_be_right(void **state)
{
    (void)state;
    uint64_t at = put(&draft, 1, 8);
    struct group_header h = peek(&draft, at);
    h.link ^= 1;
    forge(&draft, at, &h);
    damage(&draft, at + 70);
    struct found f = found_from(SEGMENT_HEADER_BLOCK);
    assert_unit(&f.units[0], at, 100);
    damage(&draft, at + 20);
    f = found_from(SEGMENT_HEADER_BLOCK);
    assert_unit(&f.units[0], at, 0);
}

static void headers_begin_at_multiples_of_the_alignment(void **state)
{
    (void)state;
    begin_another();
    draft.header.group_align = 512;
    draft_open(&draft);
    uint64_t at = put(&draft, 1, 8);
    struct group_header h = peek(&draft, at);
    h.place++;
    forge(&draft, at + 64, &h);
    struct found f = found_from(SEGMENT_HEADER_BLOCK);
    assert_unit(&f.units[0], at, 100);
    assert_unit(&f.units[1], at + 64, 0);
}

/* What is cut off may have been zeros. */
static void a_header_that_the_file_does_not_wholly_hold_is_none(void **state)
{
    (void)state;
    uint64_t at = put(&draft, 1, 8);
    for (uint64_t size = at + GROUP_HEADER_BYTES - 1; size > at; size--) {
        resize(&draft, size);
        struct found f = found_from(SEGMENT_HEADER_BLOCK);
        assert_int_equal(f.n, 1);
        assert_unit(&f.units[0], at, 0);
        assert_int_equal(f.units[0].first, 0x57);
    }
}

static void errors_are_no_end(void **state)
{
    struct found f = {0};
    struct poor_alloc poor;
    (void)state;

    put(&draft, 1, 8);
    spy_fail(&bench.spy, SPY_READ, 1, EIO);
    assert_int_equal(search_units(&draft.segment, &alloc_default, 4096, DRAFT_ROOM, note, &f),
                     WAL_E_IO);
    poor_init(&poor, 0);
    assert_int_equal(search_units(&draft.segment, &poor.alloc, 4096, DRAFT_ROOM, note, &f),
                     WAL_E_NOMEM);
    assert_int_equal(f.n, 0);
    spy_fail(&bench.spy, SPY_NEXT_DATA, 1, EINVAL); /* where holes can't be found all is read */
    assert_int_equal(search_units(&draft.segment, &alloc_default, 4096, DRAFT_ROOM, note, &f), 0);
    assert_int_equal(f.n, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(zeros_are_passed_over),
        TEST(gives_units_and_headers_in_order),
        TEST(bodies_and_chains_need_not_be_right),
        TEST(headers_begin_at_multiples_of_the_alignment),
        TEST(a_header_that_the_file_does_not_wholly_hold_is_none),
        TEST(errors_are_no_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
