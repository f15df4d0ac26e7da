/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/plant.h"

#ifdef WAL_PLANTED_BUGS

static void test_one_bug_at_a_time(void **state)
{
    (void)state;
    for (int bug = 0; bug <= 33; bug++)
        assert_false(bug != 0 && PLANTED(bug));
    planted_bug = 22;
    for (int bug = 1; bug <= 33; bug++)
        assert_int_equal(PLANTED(bug), bug == 22);
    planted_bug = 0;
}

#else

/* A constant, so that the compiler drops the branch. */
_Static_assert(PLANTED(22) == 0, "no bug is planted");

static void test_one_bug_at_a_time(void **state)
{
    (void)state;
    for (int bug = 1; bug <= 33; bug++)
        assert_int_equal(PLANTED(bug), 0);
}

#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_bug_at_a_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
