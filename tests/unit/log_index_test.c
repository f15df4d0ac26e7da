/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "log/index.h"
#include "support/poor_alloc.h"

enum { GROUPS = 20000 };

static struct index index;
static struct seal_entry groups[GROUPS]; /* all that were added, in a plain array */
static uint32_t n;

static int setup(void **state)
{
    (void)state;
    index = (struct index){.most = SEAL_ENTRIES_MAX};
    n = 0;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    index_free(&index, &alloc_default);
    return 0;
}

/* One group more, behind the last by some records. */
static void add(const struct alloc *a)
{
    uint64_t lsn = n ? groups[n - 1].lsn + 1 + n % 5 : 1000;
    groups[n] = (struct seal_entry){.lsn = lsn, .place = FIRST_PLACE + 3 * n};
    index_add(&index, a, lsn, groups[n].place);
    n++;
}

/* The array's answer: position of the last group at or before the LSN; -1: none. */
static int64_t position_of(uint64_t lsn)
{
    int64_t low = -1, high = n;
    while (high - low > 1) {
        int64_t mid = (low + high) / 2;
        if (groups[mid].lsn <= lsn)
            low = mid;
        else
            high = mid;
    }
    return low;
}

/* A group that was added, at or before the LSN, and at most `far` groups away from the best one. */
static void assert_lookup(uint64_t lsn, uint32_t far)
{
    struct seal_entry entry = {.lsn = 77};
    int64_t best = position_of(lsn);

    if (best < 0) {
        assert_false(index_find(&index, lsn, &entry));
        assert_int_equal(entry.lsn, 77);
        return;
    }
    assert_true(index_find(&index, lsn, &entry));
    int64_t got = position_of(entry.lsn);
    assert_int_equal(entry.lsn, groups[got].lsn);
    assert_int_equal(entry.place, groups[got].place);
    assert_in_range((uint64_t)(best - got), 0, far);
}

static void assert_all_lookups(uint32_t far)
{
    for (uint64_t lsn = 995; n && lsn < groups[n - 1].lsn + 5; lsn++)
        assert_lookup(lsn, far);
}

static void an_empty_one_finds_nothing(void **state)
{
    (void)state;
    assert_lookup(0, 0);
    assert_lookup(UINT64_MAX, 0);
    assert_int_equal(index_bytes(&index), 0);
    index_cut(&index, 5);
}

static void every_number_of_groups_up_to_the_limit_is_exact(void **state)
{
    (void)state;
    for (uint32_t k = 1; k <= SEAL_ENTRIES_MAX; k++) {
        add(&alloc_default);
        assert_int_equal(index.n, k);
        assert_lookup(groups[n - 1].lsn, 0);
        assert_lookup(groups[n / 2].lsn - 1, 0);
        if (k < 20 || k % 1024 == 0)
            assert_all_lookups(0);
    }
    assert_lookup(999, 0);
    assert_lookup(UINT64_MAX, 0);
}

static void thinning_keeps_every_lookup_right(void **state)
{
    (void)state;
    for (uint32_t k = 1; k <= GROUPS; k++) {
        add(&alloc_default);
        assert_in_range(index.n, 1, SEAL_ENTRIES_MAX);
        assert_lookup(groups[n - 1].lsn, index.every - 1);
        assert_lookup(groups[0].lsn, 0);
        assert_lookup(groups[(uint64_t)k * 7919 % n].lsn, index.every - 1);
    }
    assert_int_equal(index.every, 8);
    assert_all_lookups(index.every - 1);
    assert_int_equal(index_bytes(&index), SEAL_ENTRIES_MAX * sizeof(struct seal_entry));
}

/* Entries stay evenly spaced through every thinning: group 0, every-th, 2 * every-th ... */
static void entries_keep_their_rhythm(void **state)
{
    (void)state;
    for (uint32_t k = 1; k <= GROUPS; k++) {
        uint32_t before = index.every;
        add(&alloc_default);
        if (index.every == before && k != GROUPS)
            continue;
        for (uint32_t e = 0; e < index.n; e++)
            assert_int_equal(index.entries[e].lsn, groups[e * index.every].lsn);
        assert_int_equal(index.n, (n - 1) / index.every + 1);
    }
}

static void a_cut_forgets_what_is_above(void **state)
{
    (void)state;
    for (int k = 0; k < 10; k++)
        add(&alloc_default);
    index_cut(&index, groups[9].lsn);
    assert_all_lookups(0);
    index_cut(&index, groups[6].lsn + 1); /* within group 6, or behind it */
    n = 7;
    assert_all_lookups(0);
    index_cut(&index, groups[6].lsn - 1);
    n = 6;
    assert_all_lookups(0);
    add(&alloc_default);
    assert_all_lookups(0);
    index_cut(&index, 0);
    assert_int_equal(index.n, 0);
    n = 0;
    add(&alloc_default);
    assert_all_lookups(0);
}

/* Appends, withdrawals, and thinning in between: lookups stay right, and near. */
static void cuts_and_thinning_go_together(void **state)
{
    uint32_t seed = 1;
    (void)state;

    for (int k = 0; k < 40000; k++) {
        seed = seed * 1664525 + 1013904223;
        if (n == GROUPS || (n > 2 && seed >> 24 == 0)) {
            n -= 1 + (seed >> 8) % (n < 400 ? n - 1 : 400);
            index_cut(&index, groups[n].lsn - 1);
        }
        add(&alloc_default);
        if (k % 16 == 0)
            assert_lookup(groups[(seed >> 8) % n].lsn, 8 * 400);
    }
    assert_lookup(groups[n - 1].lsn, 400 + index.every);
}

static void without_memory_entries_are_left_out(void **state)
{
    struct poor_alloc poor;
    (void)state;

    poor_init(&poor, 0);
    for (int k = 0; k < 3; k++)
        add(&poor.alloc);
    struct seal_entry entry;
    assert_false(index_find(&index, UINT64_MAX, &entry));
    poor.left = 1;
    for (int k = 0; k < 40; k++)
        add(&poor.alloc);
    assert_lookup(groups[n - 1].lsn, 40);
    assert_false(index_find(&index, groups[2].lsn, &entry));
    assert_true(index_find(&index, groups[3].lsn, &entry));
    poor.left = 1;
    add(&poor.alloc);
    assert_lookup(groups[n - 1].lsn, 0);
    index_free(&index, &poor.alloc);
    assert_int_equal(poor.live, 0);
    assert_int_equal(index_bytes(&index), 0);
}

/* A smaller limit than a seal's is kept to in the same way. */
static void a_small_one_thins_out_earlier(void **state)
{
    (void)state;
    for (uint32_t most = INDEX_LEAST; most <= 256; most *= 2) {
        index = (struct index){.most = most};
        n = 0;
        for (uint32_t k = 1; k <= 2000; k++) {
            add(&alloc_default);
            assert_in_range(index.n, 1, most);
            assert_lookup(groups[n - 1].lsn, index.every - 1);
            assert_lookup(groups[(uint64_t)k * 7919 % n].lsn, index.every - 1);
        }
        assert_int_equal(index_bytes(&index), most * sizeof(struct seal_entry));
        index_free(&index, &alloc_default);
        assert_int_equal(index.most, most);
    }
}

static void a_seal_fills_one(void **state)
{
    static uint8_t body[SEAL_BODY_MAX];
    (void)state;

    for (uint32_t k = 0; k < 1000; k++)
        add(&alloc_default);
    seal_body_encode(body, index.entries, index.n);
    for (uint32_t most = 64; most <= SEAL_ENTRIES_MAX; most *= 64) {
        index_free(&index, &alloc_default);
        index.most = most;
        assert_true(index_add_seal(&index, &alloc_default, body, seal_body_bytes(1000)));
        assert_in_range(index.n, 1, most);
        assert_all_lookups(index.every - 1);
    }
    uint32_t before = index.n;
    assert_false(index_add_seal(&index, &alloc_default, body, seal_body_bytes(1000) - 8));
    assert_int_equal(index.n, before);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_empty_one_finds_nothing),
        TEST(every_number_of_groups_up_to_the_limit_is_exact),
        TEST(thinning_keeps_every_lookup_right),
        TEST(entries_keep_their_rhythm),
        TEST(a_cut_forgets_what_is_above),
        TEST(cuts_and_thinning_go_together),
        TEST(without_memory_entries_are_left_out),
        TEST(a_small_one_thins_out_earlier),
        TEST(a_seal_fills_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
