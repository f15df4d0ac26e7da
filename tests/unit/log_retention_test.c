/* SPDX-License-Identifier: Apache-2.0 */
/* The decision of retention, as a table: which limits and which fence let go how much. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/attr.h"
#include "log/retention.h"

#define MS UINT64_C(1000000)

/* Five sealed segments of ten records and 100 bytes; the third has none. Closed at 10, 20 .. 50 ms.
 * The active one has 50 bytes and records from 41 on. */
static const struct retained five[] = {
    {1, 1, 11, 100, 10 * MS},  {2, 11, 21, 100, 20 * MS}, {3, 21, 21, 100, 30 * MS},
    {5, 21, 31, 100, 40 * MS}, {6, 31, 41, 100, 50 * MS},
};
static const uint64_t all = UINT64_MAX;

static const struct {
    const char *what;
    struct retention_limits limits;
    size_t n;
    uint64_t checkpoint, durable, now_ms;
    size_t first;
} cases[] = {
    {"everything off", {0, 0, 0, false}, 5, 0, all, 1000, 0},
    {"nothing is sealed", {1, 1, 1, true}, 0, all, all, 1000, 0},

    {"as many bytes as allowed", {550, 0, 0, false}, 5, 0, all, 1000, 0},
    {"one byte too many", {549, 0, 0, false}, 5, 0, all, 1000, 1},
    {"the active one counts", {150, 0, 0, false}, 5, 0, all, 1000, 4},
    {"the active one alone is too much", {49, 0, 0, false}, 5, 0, all, 1000, 5},

    {"as many segments as allowed", {0, 5, 0, false}, 5, 0, all, 1000, 0},
    {"one too many", {0, 4, 0, false}, 5, 0, all, 1000, 1},
    {"one stays", {0, 1, 0, false}, 5, 0, all, 1000, 4},

    {"not old enough by 1 ms", {0, 0, 41, false}, 5, 0, all, 50, 0},
    {"just as old", {0, 0, 40, false}, 5, 0, all, 50, 1},
    {"all old but the last", {0, 0, 10, false}, 5, 0, all, 50, 4},
    {"all old", {0, 0, 10, false}, 5, 0, all, 60, 5},
    {"a clock that was set back", {0, 0, 1, false}, 5, 0, all, 5, 0},
    {"a long life", {0, 0, UINT64_MAX, false}, 5, 0, all, all / MS, 0},

    {"no checkpoint", {0, 0, 0, true}, 5, 0, all, 1000, 0},
    {"a checkpoint inside", {0, 0, 0, true}, 5, 9, all, 1000, 0},
    {"a checkpoint at an end", {0, 0, 0, true}, 5, 10, all, 1000, 1},
    {"an empty one behind it goes too", {0, 0, 0, true}, 5, 20, all, 1000, 3},
    {"a checkpoint at the last record", {0, 0, 0, true}, 5, 40, all, 1000, 5},
    {"a checkpoint in the active one", {0, 0, 0, true}, 5, 45, all, 1000, 5},
    {"it needs the option", {0, 0, 0, false}, 5, 45, all, 1000, 0},

    {"the durable LSN is a fence", {1, 1, 1, false}, 5, 0, 20, 1000, 3},
    {"nothing is durable", {1, 1, 1, false}, 5, 0, 0, 1000, 0},
    {"a checkpoint is a fence", {1, 1, 1, false}, 5, 15, all, 1000, 1},
    {"and a higher one than nothing", {1, 1, 1, false}, 5, 1, all, 1000, 0},

    {"the strictest limit counts", {350, 1, 40, false}, 5, 0, all, 50, 4},
    {"bytes more than segments", {150, 4, 0, false}, 5, 0, all, 50, 4},
    {"age more than both", {450, 4, 10, false}, 5, 0, all, 50, 4},
};

static void test_decisions(void **state)
{
    (void)state;
    for (size_t k = 0; k < COUNT_OF(cases); k++) {
        const struct retention_state s = {.sealed = five,
                                          .n = cases[k].n,
                                          .active_bytes = 50,
                                          .checkpoint_lsn = cases[k].checkpoint,
                                          .durable_lsn = cases[k].durable,
                                          .now_ns = cases[k].now_ms * MS};
        size_t first = retention_first(&cases[k].limits, &s);
        if (first != cases[k].first)
            fail_msg("%s: the first to stay is %zu, not %zu", cases[k].what, first, cases[k].first);
    }
}

static void test_what_is_on(void **state)
{
    (void)state;
    assert_false(retention_is_on(&(struct retention_limits){0}));
    assert_true(retention_is_on(&(struct retention_limits){.bytes = 1}));
    assert_true(retention_is_on(&(struct retention_limits){.segments = 1}));
    assert_true(retention_is_on(&(struct retention_limits){.age_ms = 1}));
    assert_true(retention_is_on(&(struct retention_limits){.from_checkpoint = true}));
}

static void test_what_is_needed(void **state)
{
    const struct retention_state s = {.sealed = five, .n = 5};
    const struct {
        uint64_t lsn;
        size_t first;
    } needs[] = {{1, 0}, {10, 0}, {11, 1}, {20, 1}, {21, 3}, {30, 3}, {31, 4}, {41, 4}, {all, 4}};

    (void)state;
    for (size_t k = 0; k < COUNT_OF(needs); k++)
        assert_int_equal(retention_needed(&s, 4, needs[k].lsn), needs[k].first);
    assert_int_equal(retention_needed(&s, 0, 41), 0);
    assert_int_equal(retention_needed(&s, 5, 41), 5);
}

static void test_how_far_pins_reach(void **state)
{
    const struct retention_state s = {.sealed = five, .n = 5};

    (void)state;
    assert_int_equal(retention_reach(&s, 4, 0), 4);
    assert_int_equal(retention_reach(&s, 4, 99), 4);
    assert_int_equal(retention_reach(&s, 4, 100), 3);
    assert_int_equal(retention_reach(&s, 4, 399), 1);
    assert_int_equal(retention_reach(&s, 4, 400), 0);
    assert_int_equal(retention_reach(&s, 4, all), 0);
    assert_int_equal(retention_reach(&s, 0, 100), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decisions),
        cmocka_unit_test(test_what_is_on),
        cmocka_unit_test(test_what_is_needed),
        cmocka_unit_test(test_how_far_pins_reach),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
