/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "format/frame.h"
#include "support/bytes_by_hand.h"

enum { SIZE = 64 };

static const uint8_t magic[8] = {1, 2, 3, 4, 5, 6, 7, 8};

static void make(uint8_t block[SIZE], unsigned major)
{
    memset(block, 0x5a, SIZE);
    put_le(block + 8, 2, major);
    frame_close(block, SIZE, magic);
}

static void test_close_writes_magic_and_crc_alone(void **state)
{
    uint8_t block[SIZE + 1], expected[SIZE + 1];

    (void)state;
    memset(block, 0x5a, sizeof(block));
    memset(expected, 0x5a, sizeof(expected));
    memcpy(expected, magic, 8);
    put_last_crc(expected, SIZE);
    assert_int_equal(frame_close(block, SIZE, magic), zlib_crc(expected, SIZE - 4));
    assert_memory_equal(block, expected, sizeof(block));
}

static void test_check(void **state)
{
    uint8_t block[SIZE];

    (void)state;
    make(block, 1);
    assert_int_equal(frame_check(block, SIZE, magic), DECODED_RIGHT);
    for (size_t bit = 0; bit < SIZE * 8; bit++) {
        flip_bit(block, bit);
        assert_int_equal(frame_check(block, SIZE, magic), DECODED_DAMAGED);
        flip_bit(block, bit);
    }
    memset(block, 0, SIZE);
    assert_int_equal(frame_check(block, SIZE, magic), DECODED_ABSENT);
    block[SIZE - 1] = 1;
    assert_int_equal(frame_check(block, SIZE, magic), DECODED_DAMAGED);
}

static void test_version(void **state)
{
    uint8_t block[SIZE];

    (void)state;
    make(block, 1);
    assert_int_equal(frame_check_version(block, SIZE, magic), DECODED_RIGHT);
    make(block, 2);
    assert_int_equal(frame_check_version(block, SIZE, magic), DECODED_NEWER);
    make(block, 0xffff);
    assert_int_equal(frame_check_version(block, SIZE, magic), DECODED_NEWER);
    make(block, 0);
    assert_int_equal(frame_check_version(block, SIZE, magic), DECODED_DAMAGED);
    make(block, 2);
    flip_bit(block, 300);
    assert_int_equal(frame_check_version(block, SIZE, magic), DECODED_DAMAGED);
    memset(block, 0, SIZE);
    assert_int_equal(frame_check_version(block, SIZE, magic), DECODED_ABSENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_close_writes_magic_and_crc_alone),
        cmocka_unit_test(test_check),
        cmocka_unit_test(test_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
