#include "crc_cases.h"

#ifdef __x86_64__

static uint32_t zlib(uint32_t crc, const void *data, size_t size)
{
    return crc_zlib.update(crc, data, size);
}

static void test_known_answers(void **state)
{
    (void)state;
    crc_case_known_answers(&crc_avx2);
}

static void test_every_size_at_every_alignment(void **state)
{
    (void)state;
    crc_case_every_size_at_every_alignment(&crc_avx2, zlib);
}

static void test_random_sizes(void **state)
{
    (void)state;
    crc_case_random_sizes(&crc_avx2, zlib);
}

static void test_every_bit_counts(void **state)
{
    (void)state;
    crc_case_every_bit_counts(&crc_avx2);
}

static void test_copy(void **state)
{
    (void)state;
    crc_case_copy(&crc_avx2, zlib);
}

static void test_words(void **state)
{
    (void)state;
    crc_case_words(&crc_avx2, zlib);
}

static void test_copy_of_a_changing_source(void **state)
{
    (void)state;
    crc_case_copy_of_a_changing_source(&crc_avx2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_answers),
        cmocka_unit_test(test_every_size_at_every_alignment),
        cmocka_unit_test(test_random_sizes),
        cmocka_unit_test(test_every_bit_counts),
        cmocka_unit_test(test_copy),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_copy_of_a_changing_source),
    };

    if (!crc_avx2.supported()) {
        print_message("skipped: this processor has no VPCLMULQDQ with AVX2\n");
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else

int main(void)
{
    return 0;
}

#endif
