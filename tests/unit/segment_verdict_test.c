/* SPDX-License-Identifier: Apache-2.0 */
/* The verdict table against rule R3 told a second time, as the text of docs/format.md tells it,
 * over every combination of facts; and each real decision pinned by examples. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "segment/verdict.h"

enum {
    D = FACT_DURABLE_DAMAGED,
    BELOW = FACT_BELOW_FIRST,
    WINDOW = FACT_BEYOND_WINDOW,
    BYTES = FACT_BYTES_AFTER,
    ROOM = FACT_ROOM,
    HEADER = FACT_HEADER_RIGHT,
    BATCH = FACT_BATCH_UNFINISHED,
};

static bool contradict(uint32_t facts)
{
    bool bytes = facts & BYTES;
    return ((facts & WINDOW) && !bytes) || ((facts & HEADER) && !(bytes && (facts & ROOM)));
}

static enum verdict by_the_rule(uint32_t facts)
{
    if (contradict(facts))
        return VERDICT_IMPOSSIBLE;
    if (facts & (D | BELOW | WINDOW))
        return VERDICT_CORRUPT;
    if (!(facts & ROOM))
        return VERDICT_TORN;
    if (!(facts & BYTES))
        return facts & BATCH ? VERDICT_TORN : VERDICT_CLEAN;
    return facts & HEADER ? VERDICT_AMBIGUOUS : VERDICT_TORN;
}

static void exactly_one_case_holds_for_every_combination(void **state)
{
    (void)state;
    for (uint32_t facts = 0; facts < FACTS; facts++) {
        size_t held = 0;
        const struct verdict_case *which = NULL;
        for (size_t k = 0; k < verdict_case_count; k++)
            if ((facts & verdict_cases[k].care) == verdict_cases[k].want) {
                held++;
                which = &verdict_cases[k];
            }
        assert_int_equal(held, 1);
        assert_ptr_equal(verdict_of(facts), which);
    }
}

static void every_combination_gets_what_the_rule_says(void **state)
{
    (void)state;
    for (uint32_t facts = 0; facts < FACTS; facts++)
        assert_int_equal(verdict_of(facts)->verdict, by_the_rule(facts));
}

static void every_case_can_hold_and_is_well_told(void **state)
{
    (void)state;
    for (size_t k = 0; k < verdict_case_count; k++) {
        const struct verdict_case *c = &verdict_cases[k];
        bool used = false;
        assert_int_equal(c->want & ~c->care, 0);
        assert_int_equal(c->care & ~(uint32_t)(FACTS - 1), 0);
        assert_in_range(strlen(c->name), 1, 40);
        assert_in_range(strlen(c->how), 1, 140);
        assert_null(strchr(c->how, '\n'));
        for (uint32_t facts = 0; facts < FACTS; facts++)
            used |= verdict_of(facts) == c;
        assert_true(used);
        for (size_t j = 0; j < k; j++)
            assert_string_not_equal(verdict_cases[j].name, c->name);
    }
}

/* An example: facts, and what is decided on them. */
struct example {
    uint32_t facts;
    enum verdict verdict;
    const char *name;
};

static const struct example examples[] = {
    /* nothing is wrong */
    {ROOM, VERDICT_CLEAN, "clean"},

    /* torn by a crash, at C or T */
    {ROOM | BATCH, VERDICT_TORN, "batch unfinished"},
    {BYTES | ROOM, VERDICT_TORN, "torn"},
    {BYTES | ROOM | BATCH, VERDICT_TORN, "torn"},
    {0, VERDICT_TORN, "no room"},
    {BATCH, VERDICT_TORN, "no room"},
    {BYTES, VERDICT_TORN, "torn, no room"},
    {BYTES | BATCH, VERDICT_TORN, "torn, no room"},

    /* torn, or the last group damaged */
    {BYTES | ROOM | HEADER, VERDICT_AMBIGUOUS, "ambiguous"},
    {BYTES | ROOM | HEADER | BATCH, VERDICT_AMBIGUOUS, "ambiguous"},

    /* something durable is not there */
    {D | ROOM, VERDICT_CORRUPT, "durable bytes gone"},
    {D, VERDICT_CORRUPT, "durable bytes gone"},
    {D | BYTES | ROOM, VERDICT_CORRUPT, "durable bytes damaged"},
    {D | BYTES | ROOM | BATCH, VERDICT_CORRUPT, "durable bytes damaged"},
    {D | BYTES, VERDICT_CORRUPT, "durable bytes cut"},
    {D | BYTES | ROOM | HEADER, VERDICT_CORRUPT, "durable body damaged"},
    {D | BELOW | WINDOW | BYTES | ROOM | HEADER | BATCH, VERDICT_CORRUPT, "durable body damaged"},

    /* the log would end before its beginning */
    {BELOW | ROOM, VERDICT_CORRUPT, "ends below first, zeros"},
    {BELOW, VERDICT_CORRUPT, "ends below first, zeros"},
    {BELOW | BYTES | ROOM, VERDICT_CORRUPT, "ends below first, bytes"},
    {BELOW | BYTES, VERDICT_CORRUPT, "ends below first, cut"},
    {BELOW | BYTES | ROOM | HEADER, VERDICT_CORRUPT, "ends below first, body"},

    /* more behind T than was ever in flight */
    {WINDOW | BYTES | ROOM, VERDICT_CORRUPT, "bytes beyond the window"},
    {WINDOW | BYTES, VERDICT_CORRUPT, "bytes beyond the window"},
    {WINDOW | BYTES | ROOM | HEADER, VERDICT_CORRUPT, "header, bytes beyond the window"},

    /* no scan finds these */
    {WINDOW | ROOM, VERDICT_IMPOSSIBLE, "window without bytes"},
    {D | WINDOW, VERDICT_IMPOSSIBLE, "window without bytes"},
    {HEADER | ROOM, VERDICT_IMPOSSIBLE, "header without bytes"},
    {BYTES | HEADER, VERDICT_IMPOSSIBLE, "header without room"},
};

static void each_decision_by_example(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof examples / sizeof examples[0]; k++) {
        const struct verdict_case *c = verdict_of(examples[k].facts);
        assert_int_equal(c->verdict, examples[k].verdict);
        assert_string_equal(c->name, examples[k].name);
    }
}

static void each_case_has_an_example(void **state)
{
    (void)state;
    for (size_t k = 0; k < verdict_case_count; k++) {
        bool shown = false;
        for (size_t j = 0; j < sizeof examples / sizeof examples[0]; j++)
            shown |= verdict_of(examples[j].facts) == &verdict_cases[k];
        assert_true(shown);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exactly_one_case_holds_for_every_combination),
        cmocka_unit_test(every_combination_gets_what_the_rule_says),
        cmocka_unit_test(every_case_can_hold_and_is_well_told),
        cmocka_unit_test(each_decision_by_example),
        cmocka_unit_test(each_case_has_an_example),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
