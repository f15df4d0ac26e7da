/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "bench/latency.h"

static struct latency *some(void)
{
    struct latency *l = calloc(1, sizeof *l);
    assert_non_null(l);
    return l;
}

static void one_value_is_known_to_half_a_percent(void **state)
{
    (void)state;
    for (uint64_t v = 0; v < UINT64_C(1) << 50; v += v / 3 + 1) {
        struct latency *l = some();
        latency_add(l, v);
        double seen = latency_at(l, 0.5), off = seen - (double)v;
        assert_true((off < 0 ? -off : off) <= (double)v * 0.005);
        free(l);
    }
}

static void the_largest_value_has_a_bucket(void **state)
{
    (void)state;
    struct latency *l = some();
    latency_add(l, UINT64_MAX);
    assert_true(latency_at(l, 0.5) > 1.8e19);
    free(l);
}

static void shares_count_values_below(void **state)
{
    (void)state;
    struct latency *l = some();
    for (uint64_t v = 0; v < 100; v++)
        latency_add(l, v);
    assert_true(latency_at(l, 0) == 0);
    assert_true(latency_at(l, 0.5) == 50);
    assert_true(latency_at(l, 0.99) == 99);
    assert_true(latency_at(l, 0.999) == 99);
    free(l);
}

static void merging_adds_up(void **state)
{
    (void)state;
    struct latency *a = some(), *b = some();
    for (uint64_t v = 0; v < 90; v++)
        latency_add(a, 10);
    for (uint64_t v = 0; v < 10; v++)
        latency_add(b, 100);
    latency_merge(a, b);
    assert_int_equal(a->n, 100);
    assert_true(latency_at(a, 0.89) == 10);
    assert_true(latency_at(a, 0.9) == 100);
    free(a);
    free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_value_is_known_to_half_a_percent),
        cmocka_unit_test(the_largest_value_has_a_bucket),
        cmocka_unit_test(shares_count_values_below),
        cmocka_unit_test(merging_adds_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
