/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/cursor.h"

static void test_what_was_put_is_got(void **state)
{
    static const uint8_t expected[] = {0x01, 0x03, 0x02, 0x07, 0x06, 0x05, 0x04, 0x0f,
                                       0x0e, 0x0d, 0x0c, 0x0b, 0x0a, 0x09, 0x08, 'a',
                                       'b',  'c',  0,    0,    0,    0,    0,    0};
    uint8_t buf[sizeof(expected)];
    struct cursor c;

    (void)state;
    memset(buf, 0xff, sizeof(buf));
    c = cursor_write(buf, sizeof(buf));
    cursor_put_bytes(&c, "\x01", 1);
    cursor_put16(&c, 0x0203);
    cursor_put32(&c, 0x04050607);
    cursor_put64(&c, 0x08090a0b0c0d0e0f);
    cursor_put_bytes(&c, "abc", 3);
    cursor_put_zeros(&c, 2);
    cursor_put_bytes(&c, NULL, 0);
    cursor_put_align(&c, 8);
    assert_true(cursor_ok(&c));
    assert_int_equal(cursor_left(&c), 0);
    assert_memory_equal(buf, expected, sizeof(buf));

    c = cursor_read(buf, sizeof(buf));
    assert_memory_equal(cursor_get_bytes(&c, 1), "\x01", 1);
    assert_int_equal(cursor_get16(&c), 0x0203);
    assert_int_equal(cursor_get32(&c), 0x04050607);
    assert_true(cursor_get64(&c) == 0x08090a0b0c0d0e0f);
    assert_memory_equal(cursor_get_bytes(&c, 3), "abc", 3);
    assert_ptr_equal(cursor_get_bytes(&c, 5), buf + 18);
    assert_int_equal(c.position, 23);
    assert_int_equal(cursor_left(&c), 1);
    assert_ptr_equal(cursor_get_bytes(&c, 1), buf + 23);
    assert_ptr_equal(cursor_get_bytes(&c, 0), buf + sizeof(buf));
    assert_true(cursor_ok(&c));
}

static void get(struct cursor *c, int kind)
{
    switch (kind) {
    case 0:
        assert_int_equal(cursor_get16(c), 0);
        break;
    case 1:
        assert_int_equal(cursor_get32(c), 0);
        break;
    case 2:
        assert_true(cursor_get64(c) == 0);
        break;
    default:
        assert_null(cursor_get_bytes(c, 16));
    }
}

/* Blocks of the exact size, so that a sanitizer sees a step beyond. */
static void test_get_beyond_the_end(void **state)
{
    static const size_t needs[] = {2, 4, 8, 16};

    (void)state;
    for (int kind = 0; kind < 4; kind++) {
        for (size_t size = 1; size < needs[kind] + 8; size++) {
            size_t start = size < needs[kind] ? 0 : size - needs[kind] + 1;
            uint8_t *block = malloc(size);
            struct cursor c = cursor_read(block, size);

            assert_non_null(block);
            memset(block, 0xee, size);
            assert_non_null(cursor_get_bytes(&c, start));
            assert_true(cursor_ok(&c));
            get(&c, kind);
            assert_false(cursor_ok(&c));
            assert_int_equal(c.position, start);
            assert_int_equal(cursor_left(&c), 0);
            for (int later = 0; later < 4; later++)
                get(&c, later);
            assert_null(cursor_get_bytes(&c, 0));
            assert_int_equal(c.position, start);
            free(block);
        }
    }
}

static void put(struct cursor *c, int kind)
{
    static const uint8_t bytes[16] = {1, 2, 3};

    switch (kind) {
    case 0:
        cursor_put16(c, 0xffff);
        break;
    case 1:
        cursor_put32(c, 0xffffffff);
        break;
    case 2:
        cursor_put64(c, UINT64_MAX);
        break;
    case 3:
        cursor_put_bytes(c, bytes, sizeof(bytes));
        break;
    case 4:
        cursor_put_zeros(c, 16);
        break;
    default:
        cursor_put_align(c, 64);
    }
}

static void test_put_beyond_the_end(void **state)
{
    static const size_t needs[] = {2, 4, 8, 16, 16, 64};

    (void)state;
    for (int kind = 0; kind < 6; kind++) {
        for (size_t size = 1; size < needs[kind]; size++) {
            uint8_t *block = malloc(size);
            struct cursor c = cursor_write(block, size);

            assert_non_null(block);
            memset(block, 0xee, size);
            cursor_put_bytes(&c, "\xee", 1);
            put(&c, kind);
            assert_false(cursor_ok(&c));
            for (int later = 0; later < 6; later++)
                put(&c, later);
            assert_int_equal(c.position, 1);
            for (size_t i = 0; i < size; i++)
                assert_int_equal(block[i], 0xee);
            free(block);
        }
    }
}

static void test_sizes_that_would_wrap(void **state)
{
    uint8_t buf[16] = {0};
    struct cursor c = cursor_read(buf, sizeof(buf));

    (void)state;
    assert_ptr_equal(cursor_get_bytes(&c, 8), buf);
    assert_null(cursor_get_bytes(&c, SIZE_MAX));
    assert_false(cursor_ok(&c));
    c = cursor_read(buf, sizeof(buf));
    assert_ptr_equal(cursor_get_bytes(&c, 8), buf);
    assert_null(cursor_get_bytes(&c, SIZE_MAX - 7));
    assert_false(cursor_ok(&c));
    c = cursor_write(buf, sizeof(buf));
    cursor_put_zeros(&c, 1);
    cursor_put_zeros(&c, SIZE_MAX);
    assert_false(cursor_ok(&c));
    c = cursor_write(buf, sizeof(buf));
    cursor_put_zeros(&c, 1);
    cursor_put_align(&c, SIZE_MAX / 2 + 1);
    assert_false(cursor_ok(&c));
    assert_int_equal(c.position, 1);
}

static void test_align(void **state)
{
    (void)state;
    for (size_t at = 0; at <= 16; at++) {
        uint8_t buf[16];
        struct cursor c = cursor_write(buf, sizeof(buf));

        memset(buf, 0xee, sizeof(buf));
        for (size_t i = 0; i < at; i++)
            cursor_put_bytes(&c, "\xee", 1);
        cursor_put_align(&c, 8);
        assert_true(cursor_ok(&c));
        assert_int_equal(c.position, (at + 7) / 8 * 8);
        for (size_t i = 0; i < sizeof(buf); i++)
            assert_int_equal(buf[i], i < at || i >= c.position ? 0xee : 0);
    }
}

static void test_a_reading_cursor_refuses_puts(void **state)
{
    uint8_t buf[8] = {9, 9, 9, 9, 9, 9, 9, 9};
    struct cursor c = cursor_read(buf, sizeof(buf));

    (void)state;
    cursor_put16(&c, 1);
    assert_false(cursor_ok(&c));
    assert_int_equal(cursor_get16(&c), 0);
    assert_int_equal(buf[0], 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_put_is_got),
        cmocka_unit_test(test_get_beyond_the_end),
        cmocka_unit_test(test_put_beyond_the_end),
        cmocka_unit_test(test_sizes_that_would_wrap),
        cmocka_unit_test(test_align),
        cmocka_unit_test(test_a_reading_cursor_refuses_puts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
