/* SPDX-License-Identifier: Apache-2.0 */
/* The chain: walked, damaged, searched. What becomes of its members is in
 * log_catalog_members_test.c. */
#include "catalog_chain.h"

/* Walking */

static void the_chain_is_walked_when_it_is_needed(void **state)
{
    (void)state;
    make_chain(5);
    know_newest(1);
    expect_members(5, 5);
    expect_found(UINT64_MAX, 5);
    expect_found(chain[5].header.base_lsn, 5);
    expect_members(5, 5);
    expect_found(chain[5].header.base_lsn - 1, 4);
    expect_members(1, 5);
    for (uint64_t lsn = 100; lsn < chain[5].end.next_lsn; lsn++)
        expect_found(lsn, 1 + (lsn - 100) / 2);
}

static void ends_are_what_the_successor_states(void **state)
{
    struct member_state s;
    (void)state;

    make_chain(3);
    know_newest(1);
    assert_int_equal(catalog_walk(&catalog), 0);
    assert_int_equal(catalog_walk(&catalog), 0);
    for (size_t k = 0; k < 3; k++) {
        catalog_state(&catalog, catalog.members[k], &s);
        assert_int_equal(s.sealed, k < 2);
        assert_false(s.gone);
        if (k == 2)
            break;
        assert_int_equal(s.end.offset, chain[k + 1].end.offset);
        assert_int_equal(s.end.next_lsn, chain[k + 1].end.next_lsn);
        assert_int_equal(s.end.link, chain[k + 1].end.link);
        assert_false(s.indexed);
    }
}

static void it_ends_at_the_oldest_whatever_that_follows(void **state)
{
    (void)state;
    make_chain(5);
    assert_int_equal(unlink(bench_path(&bench, name_of(2))), 0);
    know_newest(3); /* 1 and 2 are gone: truncated */
    assert_int_equal(catalog_walk(&catalog), 0);
    expect_members(3, 5);
}

static void empty_segments_are_no_place_for_an_lsn(void **state)
{
    (void)state;
    make_chain(2);
    chain[2].end = (struct boundary){.offset = SEGMENT_HEADER_BLOCK,
                                     .next_lsn = chain[2].header.base_lsn,
                                     .link = chain[2].header.crc};
    add_to_chain(); /* 3 begins with the LSN that 2 would have begun with */
    know_newest(1);
    expect_found(101, 1);
    expect_found(chain[3].header.base_lsn, 3);
    struct member_state s;
    catalog_state(&catalog, catalog.members[1], &s);
    assert_int_equal(s.end.next_lsn, chain[2].header.base_lsn);
    assert_true(s.indexed); /* it has no records */
}

/* A damaged chain */

static void expect_refused(int code, uint64_t number, const char *why)
{
    size_t before = catalog.n;
    struct member *m = NULL;
    int free_fd = 0;

    for (int again = 0; again < 2; again++) {
        assert_int_equal(catalog_walk(&catalog), code);
        assert_int_equal(fault_last()->code, code);
        assert_int_equal(fault_last()->segment, number);
        assert_non_null(strstr(fault_last()->text, name_of(number)));
        if (!strstr(fault_last()->text, why))
            fail_msg("'%s' is not in '%s'", why, fault_last()->text);
        int fd = dup(0); /* the lowest one: nothing is left open the second time */
        close(fd);
        assert_true(!again || fd == free_fd);
        free_fd = fd;
    }
    assert_true(catalog.n >= before);
    assert_int_equal(catalog_find(&catalog, 100, &m), code);
    assert_null(m);
    expect_found(chain[n_chain].header.base_lsn, n_chain); /* what is known can still be read */
    open_files();
}

static void a_missing_member(void **state)
{
    char away[400];
    (void)state;

    make_chain(5);
    know_newest(1);
    strcpy(away, bench_path(&bench, "away"));
    assert_int_equal(rename(bench_path(&bench, name_of(2)), away), 0);
    expect_refused(WAL_E_CORRUPT, 2, "is missing");
    expect_members(3, 5);
    assert_int_equal(rename(away, bench_path(&bench, name_of(2))), 0);
    assert_int_equal(catalog_walk(&catalog), 0); /* it is back: goes on from there */
    expect_members(1, 5);
}

static void a_renamed_member(void **state)
{
    char from[400];
    (void)state;

    make_chain(5);
    know_newest(1);
    strcpy(from, bench_path(&bench, name_of(2)));
    assert_int_equal(rename(from, bench_path(&bench, name_of(3))), 0);
    expect_refused(WAL_E_CORRUPT, 3, "is another segment under this name");
}

static void a_foreign_member(void **state)
{
    (void)state;
    make_chain(5);
    chain[3].header.uuid[4] ^= 1;
    draft_rewrite_header(&chain[3]);
    know_newest(1);
    expect_refused(WAL_E_CORRUPT, 3, "belongs to another log");
}

static void a_member_that_was_swapped(void **state)
{
    (void)state;
    make_chain(5);
    chain[3].header.salt ^= 1; /* of this log, but not the one that 4 follows */
    draft_rewrite_header(&chain[3]);
    know_newest(1);
    expect_refused(WAL_E_CORRUPT, 3, "is not the segment that its successor follows");
}

static void a_member_that_begins_behind_its_stated_end(void **state)
{
    (void)state;
    make_chain(5);
    chain[3].header.flags = SEGMENT_RESET;
    chain[3].header.base_lsn = chain[4].header.base_lsn + 1;
    draft_rewrite_header(&chain[3]);
    know_newest(1);
    expect_refused(WAL_E_CORRUPT, 3, "is not the segment that its successor follows");
    chain[3].header.base_lsn--; /* an empty one may begin right there */
    draft_rewrite_header(&chain[3]);
    assert_int_equal(catalog_walk(&catalog), WAL_E_CORRUPT);
    assert_int_equal(fault_last()->segment, 2); /* 3 is in; but it was made by a reset */
}

static void a_chain_that_ends_too_early(void **state)
{
    (void)state;
    make_chain(5);
    chain[3].header.follow = (struct follow){0};
    draft_rewrite_header(&chain[3]);
    know_newest(1);
    expect_refused(WAL_E_CORRUPT, 3, "states no segment before it");
}

static void a_chain_that_leads_past_the_oldest(void **state)
{
    (void)state;
    make_chain(5);
    chain[3].header.follow.number = 1;
    draft_rewrite_header(&chain[3]);
    know_newest(2);
    expect_refused(WAL_E_CORRUPT, 3, "states no segment before it");
}

static void a_damaged_or_newer_header(void **state)
{
    (void)state;
    make_chain(5);
    damage(&chain[3], 100);
    damage(&chain[3], SEGMENT_HEADER_COPY + 100);
    know_newest(1);
    expect_refused(WAL_E_CORRUPT, 3, "has no valid header");
    chain[3].header.incompatible = 64;
    draft_rewrite_header(&chain[3]);
    expect_refused(WAL_E_VERSION, 3, "newer format");
}

static void errors_while_walking(void **state)
{
    struct member *m;
    (void)state;

    make_chain(5);
    know_newest(1);
    spy_fail(&bench.spy, SPY_READ, 2, EIO);
    assert_int_equal(catalog_walk(&catalog), WAL_E_IO);
    spy_fail(&bench.spy, SPY_OPEN, 1, EMFILE);
    assert_int_equal(catalog_walk(&catalog), WAL_E_IO);
    poor.left = 0;
    assert_int_equal(catalog_find(&catalog, 100, &m), WAL_E_NOMEM);
    poor.left = UINT32_MAX;
    assert_int_equal(catalog_walk(&catalog), 0);
    expect_members(1, 5);
    assert_int_equal(open_files(), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_chain_is_walked_when_it_is_needed),
        TEST(ends_are_what_the_successor_states),
        TEST(it_ends_at_the_oldest_whatever_that_follows),
        TEST(empty_segments_are_no_place_for_an_lsn),
        TEST(a_missing_member),
        TEST(a_renamed_member),
        TEST(a_foreign_member),
        TEST(a_member_that_was_swapped),
        TEST(a_member_that_begins_behind_its_stated_end),
        TEST(a_chain_that_ends_too_early),
        TEST(a_chain_that_leads_past_the_oldest),
        TEST(a_damaged_or_newer_header),
        TEST(errors_while_walking),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
