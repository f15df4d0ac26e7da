/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "log/stats.h"

static void counts_add_up_and_are_set(void **state)
{
    static struct stats s;
    (void)state;

    stat_add(&s, WAL_STAT_SYNCS, 3);
    stat_add_locked(&s, WAL_STAT_SYNCS, 4);
    stat_set(&s, WAL_STAT_PENDING_BYTES, 100);
    stat_set(&s, WAL_STAT_PENDING_BYTES, 50);
    assert_int_equal(stat_get(&s, WAL_STAT_SYNCS), 7);
    assert_int_equal(stat_get(&s, WAL_STAT_PENDING_BYTES), 50);
    assert_int_equal(stat_get(&s, WAL_STAT_GROUPS), 0);
}

static void there_is_a_place_for_each_number(void **state)
{
    (void)state;
    assert_int_equal(STATS, WAL_STAT_BROKEN_PINS + 1);
    assert_int_equal(HISTOGRAMS, WAL_HIST_READ_NS + 1);
}

/* Samples `value` and expects it in this bucket and no other. */
static void assert_bucket(uint64_t value, unsigned bucket)
{
    struct stats s = {0};
    stat_sample(&s, WAL_HIST_SYNC_NS, value);
    for (unsigned h = 0; h < HISTOGRAMS; h++)
        for (unsigned k = 0; k < BUCKETS; k++)
            assert_int_equal(s.bucket[h][k], h == WAL_HIST_SYNC_NS && k == bucket);
}

static void buckets_are_powers_of_two(void **state)
{
    (void)state;
    assert_bucket(0, 0);
    assert_bucket(1, 0);
    assert_bucket(2, 1);
    assert_bucket(3, 1);
    for (unsigned k = 2; k < 64; k++) {
        assert_bucket(UINT64_C(1) << k, k);
        assert_bucket((UINT64_C(1) << k) - 1, k - 1);
    }
    assert_bucket(UINT64_MAX, 63);
}

static void one_stands_for_many(void **state)
{
    static struct stats s;
    (void)state;
    stat_sample_many(&s, WAL_HIST_READ_NS, 5, 64);
    stat_sample_many(&s, WAL_HIST_READ_NS, 7, 1);
    stat_sample(&s, WAL_HIST_READ_NS, 8);
    assert_int_equal(s.bucket[WAL_HIST_READ_NS][2], 65);
    assert_int_equal(s.bucket[WAL_HIST_READ_NS][3], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_add_up_and_are_set),
        cmocka_unit_test(there_is_a_place_for_each_number),
        cmocka_unit_test(buckets_are_powers_of_two),
        cmocka_unit_test(one_stands_for_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
