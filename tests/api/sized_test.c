/* SPDX-License-Identifier: Apache-2.0 */
/* Structs of version 1.0 beside a library that has grown since: 16 bytes then, 24 now. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api/sized.h"

struct grown {
    uint32_t size, first;
    uint64_t second;
    uint64_t third; /* since version 1.1 */
};

enum { SIZE_1_0 = SIZE_UP_TO(struct grown, second) };

static const struct grown ours = {0, 1, 2, 3};

static void test_size_of_the_first_version(void **state)
{
    (void)state;
    assert_int_equal(SIZE_1_0, 16);
    assert_int_equal(SIZE_UP_TO(struct grown, third), 24);
}

static void test_an_older_caller_gets_what_it_knows(void **state)
{
    (void)state;
    for (uint32_t size = SIZE_1_0; size <= sizeof(ours); size++) {
        struct grown known = ours;
        void *ret = malloc(size); /* exactly, so that a sanitizer sees a byte too many */

        assert_non_null(ret);
        known.size = size;
        assert_true(sized_fill(ret, size, &ours, sizeof(ours), SIZE_1_0));
        assert_memory_equal(ret, &known, size);
        free(ret);
    }
}

static void test_a_newer_caller_gets_zeros_behind(void **state)
{
    static const unsigned char zeros[9];
    unsigned char ret[sizeof(ours) + sizeof(zeros)];

    (void)state;
    memset(ret, 0xa5, sizeof(ret));
    assert_true(sized_fill(ret, sizeof(ret), &ours, sizeof(ours), SIZE_1_0));
    assert_memory_equal(ret + sizeof(ours.size), (const char *)&ours + sizeof(ours.size),
                        sizeof(ours) - sizeof(ours.size));
    assert_memory_equal(ret + sizeof(ours), zeros, sizeof(zeros));
}

static void test_nothing_below_version_1_is_filled(void **state)
{
    struct grown ret = {7, 7, 7, 7};

    (void)state;
    for (uint32_t size = 0; size < SIZE_1_0; size++)
        assert_false(sized_fill(&ret, size, &ours, sizeof(ours), SIZE_1_0));
    assert_false(sized_fill(NULL, sizeof(ours), &ours, sizeof(ours), SIZE_1_0));
    assert_int_equal(ret.size, 7);
    assert_int_equal(ret.first, 7);
}

static void test_given_structs_tell_their_size(void **state)
{
    struct grown given = ours;

    (void)state;
    for (given.size = 0; given.size <= 2 * sizeof(given); given.size++)
        assert_int_equal(sized_right(&given, SIZE_1_0), given.size >= SIZE_1_0);
    assert_false(sized_right(NULL, SIZE_1_0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_size_of_the_first_version),
        cmocka_unit_test(test_an_older_caller_gets_what_it_knows),
        cmocka_unit_test(test_a_newer_caller_gets_zeros_behind),
        cmocka_unit_test(test_nothing_below_version_1_is_filled),
        cmocka_unit_test(test_given_structs_tell_their_size),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
