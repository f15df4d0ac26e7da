/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/bytes.h"

static void test_little_endian_at_any_address(void **state)
{
    static const uint8_t bytes[9] = {0xff, 0x81, 0x92, 0xa3, 0xb4, 0xc5, 0xd6, 0xe7, 0xf8};
    uint8_t out[9] = {0xff};

    (void)state;
    assert_int_equal(load16(bytes + 1), 0x9281);
    assert_int_equal(load32(bytes + 1), 0xb4a39281);
    assert_true(load64(bytes + 1) == 0xf8e7d6c5b4a39281);

    store64(out + 1, 0xf8e7d6c5b4a39281);
    assert_memory_equal(out, bytes, sizeof(out));
    store32(out + 1, 0x44332211);
    assert_memory_equal(out + 1, "\x11\x22\x33\x44\xc5", 5);
    store16(out + 1, 0xbbaa);
    assert_memory_equal(out + 1, "\xaa\xbb\x33", 3);
}

static void test_align_up(void **state)
{
    (void)state;
    assert_true(align_up(0, 64) == 0);
    assert_true(align_up(1, 64) == 64);
    assert_true(align_up(64, 64) == 64);
    assert_true(align_up(65, 8) == 72);
    assert_true(align_up(UINT64_MAX - 7, 8) == UINT64_MAX - 7);
}

static void test_min_max(void **state)
{
    (void)state;
    assert_true(min_u64(1, UINT64_MAX) == 1);
    assert_true(min_u64(UINT64_MAX, 1) == 1);
    assert_true(max_u64(1, UINT64_MAX) == UINT64_MAX);
    assert_true(max_u64(UINT64_MAX, 1) == UINT64_MAX);
}

/* Each block is allocated at its exact size, so that a sanitizer sees a read beyond it. */
static void test_all_zero_finds_every_bit(void **state)
{
    (void)state;
    assert_true(all_zero(NULL, 0));
    for (size_t size = 1; size <= 150; size++) {
        uint8_t *block = calloc(1, size);
        assert_non_null(block);
        for (size_t from = 0; from < 9 && from < size; from++)
            assert_true(all_zero(block + from, size - from));
        for (size_t bit = 0; bit < size * 8; bit++) {
            block[bit / 8] = (uint8_t)(1 << bit % 8);
            assert_false(all_zero(block, size));
            assert_true(all_zero(block, bit / 8));
            assert_true(all_zero(block + bit / 8 + 1, size - bit / 8 - 1));
            block[bit / 8] = 0;
        }
        free(block);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_little_endian_at_any_address),
        cmocka_unit_test(test_align_up),
        cmocka_unit_test(test_min_max),
        cmocka_unit_test(test_all_zero_finds_every_bit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
