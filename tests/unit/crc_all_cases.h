/* SPDX-License-Identifier: Apache-2.0 */
/* All of crc_cases.h as one group of tests, for an implementation that some processors have; zlib's
 * is the oracle. */
#ifndef WAL_TESTS_UNIT_CRC_ALL_CASES_H
#define WAL_TESTS_UNIT_CRC_ALL_CASES_H

#include "crc_cases.h"

static inline uint32_t crc_by_zlib(uint32_t crc, const void *data, size_t size)
{
    return crc_zlib.update(crc, data, size);
}

static inline void test_known_answers(void **state)
{
    crc_case_known_answers(*state);
}

static inline void test_every_size_at_every_alignment(void **state)
{
    crc_case_every_size_at_every_alignment(*state, crc_by_zlib);
}

static inline void test_random_sizes(void **state)
{
    crc_case_random_sizes(*state, crc_by_zlib);
}

static inline void test_every_bit_counts(void **state)
{
    crc_case_every_bit_counts(*state);
}

static inline void test_copy(void **state)
{
    crc_case_copy(*state, crc_by_zlib);
}

static inline void test_words(void **state)
{
    crc_case_words(*state, crc_by_zlib);
}

static inline void test_copy_of_a_changing_source(void **state)
{
    crc_case_copy_of_a_changing_source(*state);
}

/* needs: what the processor must have. */
static inline int crc_run_all_cases(const struct crc_implementation *c, const char *needs)
{
    struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_answers),
        cmocka_unit_test(test_every_size_at_every_alignment),
        cmocka_unit_test(test_random_sizes),
        cmocka_unit_test(test_every_bit_counts),
        cmocka_unit_test(test_copy),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_copy_of_a_changing_source),
    };

    if (!c->supported()) {
        print_message("skipped: this processor has no %s\n", needs);
        return 0;
    }
    for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
        tests[i].initial_state = (void *)(uintptr_t)c;
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
