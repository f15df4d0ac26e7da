/* SPDX-License-Identifier: Apache-2.0 */
#include "walctl/base64.h"

#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_write(FILE *to, const void *data, size_t size)
{
    const uint8_t *at = data;

    for (size_t k = 0; k < size; k += 3) {
        size_t left = size - k;
        uint32_t bits = (uint32_t)at[k] << 16 | (left > 1 ? (uint32_t)at[k + 1] << 8 : 0) |
                        (left > 2 ? at[k + 2] : 0u);
        char out[4] = {digits[bits >> 18], digits[bits >> 12 & 63],
                       left > 1 ? digits[bits >> 6 & 63] : '=', left > 2 ? digits[bits & 63] : '='};
        fwrite_unlocked(out, 1, sizeof out, to);
    }
}

/* 0 .. 63; above that it is none. */
static uint32_t digit_of(uint8_t c)
{
    const char *found = c ? strchr(digits, c) : NULL;
    return found ? (uint32_t)(found - digits) : 64;
}

/* Four characters as 24 bits; `pads` of them are =. False: they are none. */
static bool read_four(const uint8_t *text, int pads, uint32_t *ret)
{
    uint32_t bits = 0;

    for (int k = 0; k < 4; k++) {
        uint32_t digit = k < 4 - pads ? digit_of(text[k]) : 0;
        if (digit > 63)
            return false;
        bits = bits << 6 | digit;
    }
    *ret = bits;
    return (bits & ((1u << (8 * pads)) - 1)) == 0; /* what doesn't count is 0 */
}

bool base64_read(const uint8_t *text, size_t size, uint8_t *to, size_t *ret_size)
{
    uint8_t *start = to;

    if (size % 4 != 0)
        return false;
    for (size_t k = 0; k < size; k += 4) {
        bool last = k + 4 == size;
        int pads = !last || text[k + 3] != '=' ? 0 : text[k + 2] != '=' ? 1 : 2;
        uint32_t bits;
        if (!read_four(text + k, pads, &bits))
            return false;
        for (int byte = 0; byte < 3 - pads; byte++)
            *to++ = (uint8_t)(bits >> (16 - 8 * byte));
    }
    *ret_size = (size_t)(to - start);
    return true;
}
