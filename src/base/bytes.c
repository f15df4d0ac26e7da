/* SPDX-License-Identifier: Apache-2.0 */
#include "base/bytes.h"

/* The order of bytes within a word doesn't matter for a test against 0. */
static uint64_t any_word(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof(v));
    return v;
}

bool all_zero(const void *p, size_t n)
{
    const uint8_t *b = p;
    const uint8_t *end = b + n;

    for (; end - b >= 32; b += 32)
        if ((any_word(b) | any_word(b + 8) | any_word(b + 16) | any_word(b + 24)) != 0)
            return false;
    for (; end - b >= 8; b += 8)
        if (any_word(b) != 0)
            return false;
    for (; b < end; b++)
        if (*b != 0)
            return false;
    return true;
}
