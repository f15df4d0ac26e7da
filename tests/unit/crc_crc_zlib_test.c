/* SPDX-License-Identifier: Apache-2.0 */
#include "crc_cases.h"

/* By definition, one bit at a time: zlib is the oracle of the others, this one is zlib's. */
static uint32_t bit_by_bit(uint32_t crc, const void *data, size_t size)
{
    const uint8_t *p = data;

    crc = ~crc;
    for (size_t i = 0; i < size; i++) {
        crc ^= p[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
    }
    return ~crc;
}

static void test_runs_everywhere(void **state)
{
    (void)state;
    assert_true(crc_zlib.supported());
    assert_string_equal(crc_zlib.name, "zlib");
}

static void test_known_answers(void **state)
{
    (void)state;
    crc_case_known_answers(&crc_zlib);
}

static void test_every_size_at_every_alignment(void **state)
{
    (void)state;
    crc_case_every_size_at_every_alignment(&crc_zlib, bit_by_bit);
}

static void test_random_sizes(void **state)
{
    (void)state;
    crc_case_random_sizes(&crc_zlib, bit_by_bit);
}

static void test_every_bit_counts(void **state)
{
    (void)state;
    crc_case_every_bit_counts(&crc_zlib);
}

/* NULL is no question about the initial value, as it is to zlib. */
static void test_nothing_leaves_the_checksum(void **state)
{
    (void)state;
    assert_int_equal(crc_zlib.update(0x12345678, NULL, 0), 0x12345678);
    assert_int_equal(crc_zlib.update(0x12345678, "", 0), 0x12345678);
}

static void test_copy(void **state)
{
    (void)state;
    crc_case_copy(&crc_zlib, bit_by_bit);
}

static void test_words(void **state)
{
    (void)state;
    crc_case_words(&crc_zlib, bit_by_bit);
}

static void test_copy_of_a_changing_source(void **state)
{
    (void)state;
    crc_case_copy_of_a_changing_source(&crc_zlib);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_runs_everywhere),
        cmocka_unit_test(test_known_answers),
        cmocka_unit_test(test_every_size_at_every_alignment),
        cmocka_unit_test(test_random_sizes),
        cmocka_unit_test(test_every_bit_counts),
        cmocka_unit_test(test_nothing_leaves_the_checksum),
        cmocka_unit_test(test_copy),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_copy_of_a_changing_source),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
