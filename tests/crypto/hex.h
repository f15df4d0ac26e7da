/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes as the standards print them. */
#ifndef WAL_TESTS_HEX_H
#define WAL_TESTS_HEX_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

enum { HEX_MAX = 160 };

struct bytes {
    size_t size;
    uint8_t at[HEX_MAX];
};

static inline struct bytes hex(const char *digits)
{
    struct bytes b = {strlen(digits) / 2, {0}};
    unsigned byte;

    assert_true(b.size <= HEX_MAX);
    for (size_t i = 0; i < b.size; i++) {
        assert_int_equal(sscanf(digits + 2 * i, "%2x", &byte), 1);
        b.at[i] = (uint8_t)byte;
    }
    return b;
}

#endif
