/* SPDX-License-Identifier: Apache-2.0 */
/* CRC-32 by carry-less multiplication in 128-bit registers (SSE4.1 and PCLMULQDQ), as inline parts
 * for the x86-64 implementations. The method is that of V. Gopal et al., 'Fast CRC Computation for
 * Generic Polynomials Using PCLMULQDQ Instruction' (Intel, 2009); a test computes every constant
 * from its formula.
 *
 * Arithmetic
 * - Polynomials over GF(2), modulo P = x^32 + x^26 + x^23 + x^22 + x^16 + x^12 + x^11 + x^10 + x^8
 *   + x^7 + x^5 + x^4 + x^2 + x + 1.
 * - 'The CRC' here is without zlib's inversions at both ends: after a message M of n bits, from the
 *   start value S, it is (M * x^32 + S * x^n) mod P. So S is added to the first 32 bits of M.
 * - Everything is reflected: bit k of a 64-bit word stands for x^(63-k), bit k of a register for
 *   x^(127-k). A little-endian load gives the message with its first bit as the highest power;
 *   bytes at the end of a register, with zeros before them, are a shorter message.
 * - The processor's product of two such words a and b is, read as a register, a * b * x.
 *
 * Folding: a register R = F * x^64 + G (F: the first 8 bytes, its low word; G: the second 8 bytes)
 * that ends D bits before another register does is moved there and added:
 *
 *     R * x^D = F * x^(D+64) + G * x^D
 *
 * Modulo P the two powers have 32 bits, so that their products fit into a register. With the x that
 * a product brings along, the factors are x^(D+63) mod P for F and x^(D-1) mod P for G. */
#ifndef WAL_CRC_CRC_FOLD_H
#define WAL_CRC_CRC_FOLD_H

#ifdef __x86_64__

#include <immintrin.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

#define FOLD_TARGET "pclmul,sse4.1"
#define FOLD_PART   static inline __attribute__((always_inline, target(FOLD_TARGET)))

/* FOLD_D_F = reflected64(x^(D+63) mod P), FOLD_D_G = reflected64(x^(D-1) mod P), where reflected64
 * maps x^i to bit 63-i. */
#define FOLD_128_F  0x65673b4600000000
#define FOLD_128_G  0x9ba54c6f00000000
#define FOLD_192_F  0x1b5fd1d00000000
#define FOLD_192_G  0x65673b4600000000
#define FOLD_256_F  0x9570d49500000000
#define FOLD_256_G  0x1b5fd1d00000000
#define FOLD_384_F  0x69ccfc0d00000000
#define FOLD_384_G  0x2a28386200000000
#define FOLD_512_F  0x653d982200000000
#define FOLD_512_G  0xcad38e8f00000000
#define FOLD_1024_F 0x7d657a1000000000
#define FOLD_1024_G 0x7406fa9500000000
#define FOLD_2048_F 0x7cc8e1e700000000
#define FOLD_2048_G 0x3f9f86300000000

/* For the reduction, see fold_reduce:
 * reflected64((x^95 mod P) * x^32), reflected64(floor(x^95 / P)), reflected64(P * x^31). */
#define FOLD_TO_96    0xccaa009e
#define FOLD_QUOTIENT 0xb4e5b025f7011641
#define FOLD_P        0x1db710641

/* A pair of factors for fold: of the first and of the second word. */
#define FOLD_FACTORS(d) _mm_set_epi64x((int64_t)FOLD_##d##_G, (int64_t)FOLD_##d##_F)

/* The way through the data; where they are copied, where to; and the words behind them, if any.
 * What it does is known when the parts are inlined. */
struct fold_way {
    const uint8_t *from;
    uint8_t *to;
    bool copies;
    bool ends; /* with the three words */
    uint64_t a, b, c;
    __m128i last; /* the 16 bytes before `from`, as they were stored; kept by copies only */
};

FOLD_PART __m128i fold_load(const uint8_t *p)
{
    return _mm_loadu_si128((const __m128i *)(const void *)p);
}

/* The next 16 bytes. The empty instruction keeps the compiler from reading them from memory once
 * more instead of keeping them in a register: what is hashed is what was stored. */
FOLD_PART __m128i fold_next(struct fold_way *way)
{
    __m128i v = fold_load(way->from);

    way->from += 16;
    if (way->copies) {
        __asm__("" : "+x"(v));
        _mm_storeu_si128((__m128i *)(void *)way->to, v);
        way->to += 16;
        way->last = v;
    }
    return v;
}

/* r, moved by the distance of the factors, and added to `next`. */
FOLD_PART __m128i fold(__m128i r, __m128i factors, __m128i next)
{
    __m128i f = _mm_clmulepi64_si128(r, factors, 0x00);
    __m128i g = _mm_clmulepi64_si128(r, factors, 0x11);
    return _mm_xor_si128(_mm_xor_si128(f, next), g);
}

/* The CRC of a register R = F * x^64 + G alone, (R * x^32) mod P, in three multiplications:
 * 1. V = F * (x^96 mod P) + G * x^32 is congruent, and has 96 bits. It is made as T = V * x^32,
 * which are bits 0..95 of a register.
 * 2. Q = floor(V / P), by Barrett's method: floor(floor(V / x^32) * floor(x^95 / P) / x^63), exact
 *    since V has no power above 95. floor(V / x^32) is the low word of T, and the product's x
 * brings Q into the low word of the product.
 * 3. V mod P is what V + Q * P has in its 32 lowest powers. The factor P * x^31 and the product's x
 *    put them where T has those of V, in bits 64..95. */
FOLD_PART uint32_t fold_reduce(__m128i r)
{
    __m128i to_96 = _mm_cvtsi64_si128(FOLD_TO_96);
    __m128i barrett = _mm_set_epi64x(FOLD_P, (int64_t)FOLD_QUOTIENT);
    __m128i t = _mm_xor_si128(_mm_clmulepi64_si128(r, to_96, 0x00), _mm_srli_si128(r, 8));
    __m128i q = _mm_clmulepi64_si128(t, barrett, 0x00);

    t = _mm_xor_si128(t, _mm_clmulepi64_si128(q, barrett, 0x10));
    return (uint32_t)_mm_extract_epi32(t, 2);
}

/* As a shuffle, the 16 bytes from 16 - n on move a register's bytes n places up, those from 16 + n
 * on n places down. An index with the top bit set gives 0. */
static const uint8_t fold_shifts[48] = {
    0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
    0,    1,    2,    3,    4,    5,    6,    7,    8,    9,    10,   11,   12,   13,   14,   15,
    0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
};

/* r without its first n bytes, and with the last n bytes of `last` behind it; n <= 16. */
FOLD_PART __m128i fold_append(__m128i r, __m128i last, size_t n)
{
    __m128i down = fold_load(fold_shifts + 16 + n);
    return _mm_blendv_epi8(_mm_shuffle_epi8(r, down), last, down);
}

/* The CRC after up to 15 bytes. They go to the end of a register, with the CRC before them added to
 * the first four; where there are less than four, its rest is added to the result. */
FOLD_PART uint32_t fold_short(uint32_t crc, const uint8_t *p, size_t n)
{
    unsigned bits = (unsigned)n * 8;
    uint64_t m = 0;

    if (n >= 8) {
        __m128i first = _mm_set_epi64x((int64_t)(load64(p) ^ crc), 0);
        __m128i last = _mm_set_epi64x((int64_t)load64(p + n - 8), 0);
        return fold_reduce(fold_append(first, last, n - 8));
    }
    if (n >= 4) {
        /* Where both loads have a byte, they put it at the same place. */
        m = (uint64_t)load32(p) << (64 - bits) | (uint64_t)load32(p + n - 4) << 32;
        m ^= (uint64_t)crc << (64 - bits);
        return fold_reduce(_mm_set_epi64x((int64_t)m, 0));
    }
    if (n == 0)
        return crc;
    for (size_t i = 0; i < n; i++)
        m |= (uint64_t)p[i] << 8 * i;
    m = (m ^ crc) << (64 - bits);
    return fold_reduce(_mm_set_epi64x((int64_t)m, 0)) ^ crc >> bits;
}

/* The first of three words, 128 bits before the register's end, is moved there as the second word
 * of a register is. */
FOLD_PART __m128i fold_three(uint64_t a, uint64_t b, uint64_t c)
{
    __m128i first = _mm_cvtsi64_si128((int64_t)a);
    __m128i moved = _mm_clmulepi64_si128(first, _mm_cvtsi64_si128((int64_t)FOLD_128_G), 0x00);

    return _mm_xor_si128(moved, _mm_set_epi64x((int64_t)c, (int64_t)b));
}

/* The CRC after three words. */
FOLD_PART uint32_t fold_words(uint32_t crc, uint64_t a, uint64_t b, uint64_t c)
{
    return fold_reduce(fold_three(a ^ crc, b, c));
}

/* The CRC after r and what the way ends with: one reduction for both. */
FOLD_PART uint32_t fold_end(__m128i r, const struct fold_way *way)
{
    if (way->ends)
        r = fold(r, FOLD_FACTORS(192), fold_three(way->a, way->b, way->c));
    return fold_reduce(r);
}

/* fold_short, of the n bytes of the way. */
FOLD_PART uint32_t fold_few(uint32_t crc, struct fold_way *way, size_t n)
{
    if (!way->copies)
        return fold_short(crc, way->from, n);
    if (n > 0)
        memcpy(way->to, way->from, n);
    __asm__("" : : : "memory"); /* no reading of the source instead of what was stored */
    crc = fold_short(crc, way->to, n);
    return way->ends ? fold_words(crc, way->a, way->b, way->c) : crc;
}

/* The last n < 16 bytes, at the end of a register. What it holds before them is for nobody: these
 * bytes were read for the second time, and a copy has what was read first. */
FOLD_PART __m128i fold_last(struct fold_way *way, size_t n)
{
    __m128i v = fold_load(way->from + n - 16);

    if (way->copies) {
        v = fold_append(way->last, v, n);
        __asm__("" : "+x"(v));
        _mm_storeu_si128((__m128i *)(void *)(way->to + n - 16), v);
    }
    return v;
}

/* The CRC after r and the next n bytes; the way has come at least 16 bytes. */
FOLD_PART uint32_t fold_finish(__m128i r, struct fold_way *way, size_t n)
{
    __m128i by_128 = FOLD_FACTORS(128);

    for (; n >= 16; n -= 16)
        r = fold(r, by_128, fold_next(way));
    if (n > 0) {
        /* The first n bytes of r are 128 bits before the rest of r with the n bytes behind it. */
        __m128i front = _mm_shuffle_epi8(r, fold_load(fold_shifts + n));
        r = fold(front, by_128, fold_append(r, fold_last(way, n), n));
    }
    return fold_end(r, way);
}

/* Four registers that follow each other as one. */
FOLD_PART __m128i fold_join(__m128i a, __m128i b, __m128i c, __m128i d)
{
    __m128i by_256 = FOLD_FACTORS(256);
    return fold(fold(a, by_256, c), FOLD_FACTORS(128), fold(b, by_256, d));
}

/* The CRC after the n bytes of the way. */
FOLD_PART uint32_t fold_all(uint32_t crc, struct fold_way *way, size_t n)
{
    __m128i by_512 = FOLD_FACTORS(512);
    __m128i a, b, c, d;

    if (n < 16)
        return fold_few(crc, way, n);
    a = _mm_xor_si128(fold_next(way), _mm_cvtsi32_si128((int)crc));
    if (n < 64)
        return fold_finish(a, way, n - 16);
    b = fold_next(way);
    c = fold_next(way);
    d = fold_next(way);
    for (n -= 64; n >= 64; n -= 64) {
        a = fold(a, by_512, fold_next(way));
        b = fold(b, by_512, fold_next(way));
        c = fold(c, by_512, fold_next(way));
        d = fold(d, by_512, fold_next(way));
    }
    return fold_finish(fold_join(a, b, c, d), way, n);
}

#endif
#endif
