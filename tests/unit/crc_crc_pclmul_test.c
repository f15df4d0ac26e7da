/* SPDX-License-Identifier: Apache-2.0 */
#include "crc_all_cases.h"

#ifdef __x86_64__

#include "crc/crc_fold.h"

static const uint64_t POLYNOMIAL = 0x104c11db7;

/* x^n mod P: bit i stands for x^i. */
static uint64_t power(unsigned n)
{
    uint64_t r = 1;

    while (n-- > 0) {
        r <<= 1;
        if (r >> 32 & 1)
            r ^= POLYNOMIAL;
    }
    return r;
}

/* floor(x^n / P), by long division. */
static uint64_t quotient(unsigned n)
{
    uint64_t q = 0, r = 1;

    for (unsigned i = 0; i < n; i++) {
        r <<= 1;
        q = q << 1 | r >> 32;
        if (r >> 32 & 1)
            r ^= POLYNOMIAL;
    }
    return q;
}

static uint64_t reflected(uint64_t v)
{
    uint64_t r = 0;

    for (int i = 0; i < 64; i++)
        r |= (v >> i & 1) << (63 - i);
    return r;
}

static void test_constants_are_what_their_formulas_say(void **state)
{
    static const struct {
        unsigned distance;
        uint64_t first, second;
    } factors[] = {
        {128, FOLD_128_F, FOLD_128_G},    {192, FOLD_192_F, FOLD_192_G},
        {256, FOLD_256_F, FOLD_256_G},    {384, FOLD_384_F, FOLD_384_G},
        {512, FOLD_512_F, FOLD_512_G},    {1024, FOLD_1024_F, FOLD_1024_G},
        {2048, FOLD_2048_F, FOLD_2048_G},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(factors) / sizeof(factors[0]); i++) {
        assert_true(factors[i].first == reflected(power(factors[i].distance + 63)));
        assert_true(factors[i].second == reflected(power(factors[i].distance - 1)));
    }
    assert_true(FOLD_TO_96 == reflected(power(95) << 32));
    assert_true(FOLD_QUOTIENT == reflected(quotient(95)));
    assert_true(FOLD_P == reflected(POLYNOMIAL << 31));
}

int main(void)
{
    const struct CMUnitTest constants[] = {
        cmocka_unit_test(test_constants_are_what_their_formulas_say),
    };

    int failed = cmocka_run_group_tests(constants, NULL, NULL);
    return failed + crc_run_all_cases(&crc_pclmul, "PCLMULQDQ");
}

#else

int main(void)
{
    return 0;
}

#endif
