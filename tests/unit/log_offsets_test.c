/* SPDX-License-Identifier: Apache-2.0 */
/* The table of records' places against a plain array. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "log/offsets.h"
#include "support/poor_alloc.h"

enum { RECORDS = 5000 };

static struct poor_alloc poor;
static struct offsets table;
static uint32_t places[RECORDS + 1]; /* where each record is ... */
static bool known[RECORDS + 1];      /* ... and whether the table was told */
static uint32_t seed;

static uint32_t chance(uint32_t n)
{
    seed = seed * 1664525 + 1013904223;
    return (uint32_t)(((uint64_t)seed * n) >> 32);
}

static int setup(void **state)
{
    (void)state;
    poor_init(&poor, UINT32_MAX);
    table = (struct offsets){0};
    for (size_t k = 0; k <= RECORDS; k++)
        known[k] = false;
    seed = 1;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    offsets_free(&table, &poor.alloc);
    assert_int_equal(table.bytes, 0);
    assert_int_equal(poor.live, 0);
    return 0;
}

static void begin_anew(void)
{
    assert_int_equal(teardown(NULL), 0);
    assert_int_equal(setup(NULL), 0);
}

/* Records of these sizes / 8, in groups of so many with a header in between. */
static void lay_out(uint32_t least, uint32_t most, uint32_t in_group)
{
    uint32_t at = 512;
    for (size_t k = 0; k <= RECORDS; k++) {
        if (k % in_group == 0)
            at = (at + 15) / 8 * 8;
        places[k] = at;
        at += least + chance(most - least + 1);
    }
}

static void put(uint64_t index, size_t n)
{
    offsets_put(&table, &poor.alloc, index, places + index, n);
    for (size_t k = 0; k < n; k++)
        known[index + k] = true;
}

static void expect(uint64_t index)
{
    uint32_t next = 77;
    assert_int_equal(offsets_get(&table, index, &next), known[index] ? places[index] : 0);
    assert_int_equal(next, known[index] && known[index + 1] ? places[index + 1] : 0);
}

static void expect_all(void)
{
    for (uint64_t k = 0; k < RECORDS; k++)
        expect(k);
}

static void an_empty_one_knows_nothing(void **state)
{
    (void)state;
    expect(0);
    expect(RECORDS - 1);
    uint32_t next;
    assert_int_equal(offsets_get(&table, UINT64_MAX - 1, &next), 0);
    offsets_cut(&table, 0);
    offsets_cut(&table, UINT64_MAX);
    assert_int_equal(table.bytes, 0);
}

/* Group by group, in any order, with some again and some cut off. */
static void groups_by_chance(uint32_t in_group, bool cuts)
{
    uint64_t groups = RECORDS / in_group;
    for (int k = 0; k < 400; k++) {
        put(chance((uint32_t)groups) * in_group, in_group);
        if (cuts && k % 40 == 39) {
            uint64_t from = chance(RECORDS);
            offsets_cut(&table, from);
            for (uint64_t i = from; i <= RECORDS; i++)
                known[i] = false;
        }
        expect(chance(RECORDS));
    }
    expect_all();
}

static void run(uint32_t least, uint32_t most, uint32_t in_group, bool cuts)
{
    lay_out(least, most, in_group);
    groups_by_chance(in_group, cuts);
    begin_anew();
    lay_out(least, most, in_group);
    put(0, RECORDS);
    expect_all();
    put(0, RECORDS);
    expect_all();
    begin_anew();
}

static void it_knows_what_it_was_told(void **state)
{
    const uint32_t groups[] = {1, 2, 3, 7, 16, 100, 255, 256, 257, 455, RECORDS};
    (void)state;

    for (size_t k = 0; k < sizeof groups / sizeof *groups; k++)
        for (int cuts = 0; cuts < 2; cuts++) {
            run(18, 18, groups[k], cuts);     /* of one size */
            run(2, 40, groups[k], cuts);      /* of any */
            run(100, 900, groups[k], cuts);   /* a page about as wide as 16 bits reach */
            run(8192, 8192, groups[k], cuts); /* steps that just fit, or don't */
            run(60000, 70000, groups[k], cuts);
            run(2, 200000, groups[k], cuts);
        }
}

static void one_size_takes_next_to_nothing(void **state)
{
    (void)state;
    lay_out(18, 18, 455);
    put(0, RECORDS);
    expect_all();
    assert_in_range(table.bytes, 1, RECORDS / 4);
    begin_anew();
    lay_out(2, 40, 455);
    put(0, RECORDS);
    assert_in_range(table.bytes, RECORDS, 3 * RECORDS);
}

static void cut_off_means_unknown(void **state)
{
    (void)state;
    for (uint32_t most = 18; most <= 40; most += 22) {
        lay_out(18, most, 455);
        for (uint64_t from = 0; from < 1100; from += 1 + from / 50) {
            put(0, 1100);
            offsets_cut(&table, from);
            for (uint64_t k = from; k <= RECORDS; k++)
                known[k] = false;
            for (uint64_t k = 0; k < 1200; k++)
                expect(k);
        }
    }
}

static void without_memory_records_are_left_out(void **state)
{
    (void)state;
    for (unsigned left = 0; left < 30; left++) {
        begin_anew();
        lay_out(2, 40, 100);
        poor.left = left;
        offsets_put(&table, &poor.alloc, 0, places, RECORDS);
        uint32_t next;
        for (uint64_t k = 0; k < RECORDS; k++) {
            uint32_t at = offsets_get(&table, k, &next);
            assert_true(at == 0 || at == places[k]);
        }
        if (left == 0)
            assert_int_equal(table.bytes, 0);
        poor.left = UINT32_MAX;
        put(0, RECORDS);
        expect_all();
    }
}

/* A place too far away for the table's numbers, or its size, is no mishap. */
static void far_away(void **state)
{
    const uint32_t at[3] = {UINT32_MAX - 20, UINT32_MAX - 10, UINT32_MAX};
    uint32_t next;
    (void)state;

    offsets_put(&table, &poor.alloc, 3, at, 3);
    for (uint64_t k = 0; k < 3; k++)
        assert_int_equal(offsets_get(&table, 3 + k, &next), at[k]);
    offsets_put(&table, &poor.alloc, UINT64_C(1) << 45, at, 3);
    assert_int_equal(offsets_get(&table, UINT64_C(1) << 45, &next), 0);
    const uint32_t near = 512; /* in the same page as those */
    offsets_put(&table, &poor.alloc, 0, &near, 1);
    offsets_put(&table, &poor.alloc, 2, at, 1);
    assert_int_equal(offsets_get(&table, 0, &next), near);
    assert_int_equal(next, 0);
    assert_int_equal(offsets_get(&table, 5, &next), at[2]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_empty_one_knows_nothing),          TEST(it_knows_what_it_was_told),
        TEST(one_size_takes_next_to_nothing),      TEST(cut_off_means_unknown),
        TEST(without_memory_records_are_left_out), TEST(far_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
