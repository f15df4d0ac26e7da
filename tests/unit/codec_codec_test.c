/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/codes.h"
#include "codec/codec.h"
#include "support/poor_alloc.h"

enum { SIZE = 100000 };

static uint8_t text[SIZE], out[SIZE + 1000], back[SIZE + 1000];

static int setup(void **state)
{
    (void)state;
    for (size_t k = 0; k < SIZE; k++)
        text[k] = (uint8_t)("a line of text that repeats itself\n"[k % 35] + (k % 977 == 0));
    return 0;
}

/* zlib's own functions are the other end. */
static void what_is_compressed_is_a_zlib_stream(void **state)
{
    struct compressor c;
    (void)state;

    for (int level = 1; level <= 9; level++) {
        assert_int_equal(compressor_init(&c, &alloc_default, level), 0);
        for (size_t size = 1; size <= SIZE; size = size * 7 + 1) {
            size_t n = compress_into(&c, text, size, out, sizeof out);
            uLongf got = sizeof back;
            assert_true(n > 0);
            assert_int_equal(uncompress(back, &got, out, n), Z_OK);
            assert_int_equal(got, size);
            assert_memory_equal(back, text, size);
        }
        compressor_free(&c);
        compressor_free(&c);
    }
}

static void what_does_not_fit_is_not_compressed(void **state)
{
    struct compressor c;
    (void)state;

    assert_int_equal(compressor_init(&c, &alloc_default, 6), 0);
    size_t n = compress_into(&c, text, SIZE, out, sizeof out);
    memset(out, 0xee, sizeof out);
    assert_int_equal(compress_into(&c, text, SIZE, out, n - 1), 0);
    assert_int_equal(out[n - 1], 0xee);
    assert_int_equal(compress_into(&c, text, SIZE, out, n), n);
    compressor_free(&c);
}

static void only_a_whole_stream_of_that_size_is_right(void **state)
{
    uLongf n = sizeof out;
    size_t wrong = 0;
    (void)state;

    assert_int_equal(compress(out, &n, text, 5000), Z_OK);
    out[n] = 0;
    assert_int_equal(decompress_exactly(&alloc_default, out, n, back, 5000), 1);
    assert_memory_equal(back, text, 5000);
    assert_int_equal(decompress_exactly(&alloc_default, out, n, back, 4999), 0);
    assert_int_equal(decompress_exactly(&alloc_default, out, n, back, 5001), 0);
    assert_int_equal(decompress_exactly(&alloc_default, out, n - 1, back, 5000), 0);
    assert_int_equal(decompress_exactly(&alloc_default, out, n + 1, back, 5000), 0);
    assert_int_equal(decompress_exactly(&alloc_default, out, 0, back, 5000), 0);
    for (size_t k = 0; k < n; k++) {
        out[k] ^= 0x10; /* in a place or two it has no meaning */
        if (decompress_exactly(&alloc_default, out, n, back, 5000) == 1)
            assert_memory_equal(back, text, 5000);
        else
            wrong++;
        out[k] ^= 0x10;
    }
    assert_true(wrong > n / 2);
}

static void memory_comes_from_the_log_and_its_lack_is_told(void **state)
{
    struct poor_alloc poor;
    struct compressor c;
    uLongf n = sizeof out;
    int e = WAL_E_NOMEM;
    (void)state;

    poor_init(&poor, 0);
    assert_int_equal(compress(out, &n, text, 5000), Z_OK);
    unsigned steps = 0;
    for (; e == WAL_E_NOMEM; steps++) {
        poor.left = steps;
        e = compressor_init(&c, &poor.alloc, 1);
    }
    assert_int_equal(e, 0);
    assert_true(steps > 2);
    compressor_free(&c);
    assert_int_equal(poor.live, 0);
    poor.left = 0;
    assert_int_equal(decompress_exactly(&poor.alloc, out, n, back, 5000), WAL_E_NOMEM);
    assert_int_equal(poor.live, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_compressed_is_a_zlib_stream),
        cmocka_unit_test(what_does_not_fit_is_not_compressed),
        cmocka_unit_test(only_a_whole_stream_of_that_size_is_right),
        cmocka_unit_test(memory_comes_from_the_log_and_its_lack_is_told),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
