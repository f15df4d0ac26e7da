/* SPDX-License-Identifier: Apache-2.0 */
/* Builds expected bytes without the code under test: little-endian numbers byte by byte, and CRCs
 * by zlib. */
#ifndef WAL_TESTS_BYTES_BY_HAND_H
#define WAL_TESTS_BYTES_BY_HAND_H

#include <stdint.h>
#include <string.h>
#include <zlib.h>

static inline void put_le(uint8_t *at, unsigned n, uint64_t v)
{
    for (unsigned i = 0; i < n; i++)
        at[i] = (uint8_t)(v >> (8 * i));
}

static inline uint32_t zlib_crc(const void *p, size_t size)
{
    return (uint32_t)crc32(0, p, (uInt)size);
}

/* The CRC of a block that ends with it: control slots, the witness, segment headers. */
static inline void put_last_crc(uint8_t *block, size_t size)
{
    put_le(block + size - 4, 4, zlib_crc(block, size - 4));
}

/* Where a salt goes in front of what is hashed. */
static inline uint32_t zlib_crc_salted(uint64_t salt, const void *p, size_t size)
{
    uint8_t first[8];
    put_le(first, 8, salt);
    return (uint32_t)crc32(crc32(0, first, 8), p, (uInt)size);
}

static inline void flip_bit(uint8_t *bytes, size_t bit)
{
    bytes[bit / 8] ^= (uint8_t)(1u << (bit % 8));
}

#endif
