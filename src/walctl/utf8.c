/* SPDX-License-Identifier: Apache-2.0 */
#include "walctl/utf8.h"

static size_t length_of(uint8_t first)
{
    return first < 0x80   ? 1
           : first < 0xc2 ? 0
           : first < 0xe0 ? 2
           : first < 0xf0 ? 3
           : first < 0xf5 ? 4
                          : 0;
}

size_t utf8_decode(const uint8_t *at, size_t size, uint32_t *ret)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    static const uint8_t mask[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    size_t n = size > 0 ? length_of(at[0]) : 0;

    if (n == 0 || n > size)
        return 0;
    uint32_t c = at[0] & mask[n];
    for (size_t k = 1; k < n; k++) {
        if ((at[k] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (at[k] & 0x3f);
    }
    if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
        return 0;
    *ret = c;
    return n;
}

size_t utf8_encode(uint32_t c, uint8_t *to)
{
    static const uint8_t first[] = {0, 0, 0xc0, 0xe0, 0xf0};
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

    for (size_t k = n; k-- > 1; c >>= 6)
        to[k] = (uint8_t)(0x80 | (c & 0x3f));
    to[0] = (uint8_t)(first[n] | c);
    return n;
}

bool utf8_valid(const void *data, size_t size)
{
    const uint8_t *at = data;
    uint32_t c;
    size_t n;

    for (; size > 0; at += n, size -= n)
        if ((n = utf8_decode(at, size, &c)) == 0)
            return false;
    return true;
}

bool utf8_printable(uint32_t c)
{
    if (c < 0x20 || (c >= 0x7f && c < 0xa0))
        return false;
    if (c == 0x61c || c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) ||
        (c >= 0x2066 && c <= 0x2069) || c == 0xfeff)
        return false;
    return !((c >= 0xfdd0 && c <= 0xfdef) || (c & 0xfffe) == 0xfffe);
}
