/* SPDX-License-Identifier: Apache-2.0 */
#include "plans.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct trial trial;
struct image damaged;

static damage_fn damage;

static enum made_kind kind_of(const void *plan)
{
    return *(const enum made_kind *)plan;
}

static void try_plan(void **state)
{
    static struct made made;
    struct control c;

    made_make(&made, kind_of(*state));
    trial_begin(&trial, &made);
    image_copy(&damaged, &made.now);
    layout_control(&made.now, &c);
    damage(*state, &c);
    unsigned long violations = trial_end(&trial);
    image_free(&damaged);
    made_free(&made);
    assert_int_equal(violations, 0);
}

int plans_run(const void *plans, size_t n, size_t size, damage_fn fn)
{
    static struct CMUnitTest tests[MADE_KINDS];
    if (n != MADE_KINDS) /* every kind of log has a plan */
        return 1;
    damage = fn;
    for (size_t k = 0; k < n; k++) {
        const void *plan = (const uint8_t *)plans + k * size;
        tests[k] = (struct CMUnitTest){.name = made_names[kind_of(plan)],
                                       .test_func = try_plan,
                                       .initial_state = (void *)(uintptr_t)plan};
    }
    return _cmocka_run_group_tests("damage", tests, n, NULL, NULL);
}
