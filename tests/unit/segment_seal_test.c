/* SPDX-License-Identifier: Apache-2.0 */
#include "draft_fixture.h"

#include <stdlib.h>

#include "segment/seal.h"

/* A seal with so many entries. */
static uint64_t put_large_seal(uint32_t n)
{
    struct seal_entry *entries = calloc(n + 1, sizeof *entries);
    uint8_t *body = malloc(seal_body_bytes(n));

    for (uint32_t k = 0; k < n; k++)
        entries[k] = (struct seal_entry){.lsn = 100 + k, .place = FIRST_PLACE + 2 * k};
    seal_body_encode(body, entries, n);
    uint64_t at = draft_put(
        &draft,
        &(struct group_spec){.type = GROUP_SEAL, .body = body, .body_size = seal_body_bytes(n)});
    free(entries);
    free(body);
    return at;
}

static void expect_seal(uint64_t end, uint64_t offset, int entries)
{
    struct seal seal;
    assert_int_equal(seal_find(&draft.segment, &alloc_default, end, &seal), 1);
    assert_int_equal(seal.offset, offset);
    assert_int_equal(seal.header.type, GROUP_SEAL);
    assert_int_equal(seal_body_count(seal.body, seal.header.stored_bytes), entries);
    mem_free(&alloc_default, seal.body);
}

static void expect_none(uint64_t end)
{
    struct seal seal;
    assert_int_equal(seal_find(&draft.segment, &alloc_default, end, &seal), 0);
}

static void finds_seals_of_every_size(void **state)
{
    const uint32_t sizes[] = {0, 1, 3, 4, 5, 100, 4095, SEAL_ENTRIES_MAX};
    const uint32_t aligns[] = {64, 512, 4096};
    (void)state;

    for (size_t a = 0; a < 3; a++)
        for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
            begin_another();
            draft.header.group_align = aligns[a];
            draft_open(&draft);
            if (k % 2)
                put(&draft, 1, 200 * 1024); /* more than is searched */
            uint64_t at = put_large_seal(sizes[k]);
            expect_seal(draft.end.offset, at, (int)sizes[k]);
        }
}

static void a_seal_counts_at_its_own_end_alone(void **state)
{
    (void)state;
    put(&draft, 1, 8);
    uint64_t at = put_seal(&draft), end = draft.end.offset;

    expect_seal(end, at, 1);
    expect_none(end - 64);
    expect_none(end + 64);
    expect_none(end + 8);
    expect_none(at);
    put(&draft, 1, 8);
    expect_none(draft.end.offset);
}

static void where_no_group_can_end_there_is_none(void **state)
{
    (void)state;
    put_seal(&draft);
    expect_none(0);
    expect_none(64);
    expect_none(SEGMENT_HEADER_BLOCK - 64);
    expect_none(SEGMENT_HEADER_BLOCK);
    expect_none(SEGMENT_HEADER_BLOCK + 64);
    expect_none(SEGMENT_END_MAX); /* far behind the file's end */
}

static void a_damaged_seal_is_none(void **state)
{
    (void)state;
    put(&draft, 1, 8);
    uint64_t at = put_large_seal(2), end = draft.end.offset;

    for (uint64_t k = at; k < end; k++) {
        damage(&draft, k);
        expect_none(end);
        damage(&draft, k);
    }
    expect_seal(end, at, 2);
    resize(&draft, end - 1);
    expect_none(end);
}

static void hostile_headers_are_no_seals(void **state)
{
    (void)state;
    put(&draft, 1, 8);
    uint64_t at = put_seal(&draft), end = draft.end.offset;
    const struct group_header was = peek(&draft, at);
    struct group_header h = was;

    h.raw_bytes++;
    forge(&draft, at, &h);
    expect_none(end);
    h = was;
    h.stored_bytes = h.raw_bytes = UINT32_MAX;
    forge(&draft, at, &h);
    expect_none(end);
    h = was;
    h.flags = GROUP_COMPRESSED;
    forge(&draft, at, &h);
    expect_none(end);
    h = was;
    forge_foreign(&draft, at, &h, draft.header.salt + (UINT64_C(1) << 32));
    expect_none(end);
}

/* A body of no bytes, behind a right checksum: no memory of size 0 is asked for. */
static void a_seal_without_a_body_is_none(void **state)
{
    struct poor_alloc poor;
    struct seal seal;
    (void)state;

    draft_put(&draft, &(struct group_spec){.type = GROUP_SEAL, .body = "", .body_size = 0});
    poor_init(&poor, UINT32_MAX);
    assert_int_equal(seal_find(&draft.segment, &poor.alloc, draft.end.offset, &seal), 0);
    assert_int_equal(poor.live, 0);
}

static void errors_are_told(void **state)
{
    struct poor_alloc poor;
    struct seal seal;
    (void)state;

    put_seal(&draft);
    spy_fail(&bench.spy, SPY_READ, 1, EIO);
    assert_int_equal(seal_find(&draft.segment, &alloc_default, draft.end.offset, &seal), WAL_E_IO);
    for (unsigned k = 0; k < 2; k++) {
        poor_init(&poor, k);
        assert_int_equal(seal_find(&draft.segment, &poor.alloc, draft.end.offset, &seal),
                         WAL_E_NOMEM);
        assert_int_equal(poor.live, 0);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(finds_seals_of_every_size),
        TEST(a_seal_counts_at_its_own_end_alone),
        TEST(where_no_group_can_end_there_is_none),
        TEST(a_damaged_seal_is_none),
        TEST(hostile_headers_are_no_seals),
        TEST(a_seal_without_a_body_is_none),
        TEST(errors_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
