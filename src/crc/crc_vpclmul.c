/* SPDX-License-Identifier: Apache-2.0 */
/* 512-bit carry-less multiplication (VPCLMULQDQ with AVX-512F): Intel since Ice Lake, AMD since
 * Zen 4. */
#include "crc/crc_impl.h"

#ifdef __x86_64__

#include "crc/crc_fold.h"

/* Below, wide registers gain nothing over four short ones (measured on Zen 4). */
enum { WIDE_MIN = 128 };

#define WIDE_TARGET "avx512f,vpclmulqdq," FOLD_TARGET
#define WIDE_PART   static inline __attribute__((always_inline, target(WIDE_TARGET)))

/* The next 64 bytes, as fold_next. */
WIDE_PART __m512i wide_next(struct fold_way *way)
{
    __m512i v = _mm512_loadu_si512(way->from);

    way->from += 64;
    if (way->copies) {
        __asm__("" : "+v"(v));
        _mm512_storeu_si512(way->to, v);
        way->to += 64;
        way->last = _mm512_extracti32x4_epi32(v, 3);
    }
    return v;
}

/* As `fold`, on each of four registers. */
WIDE_PART __m512i wide_fold(__m512i r, __m512i factors, __m512i next)
{
    __m512i f = _mm512_clmulepi64_epi128(r, factors, 0x00);
    __m512i g = _mm512_clmulepi64_epi128(r, factors, 0x11);
    return _mm512_ternarylogic_epi64(f, g, next, 0x96 /* exclusive or of all three */);
}

/* The four registers in r, which follow each other, as one: each of the first three is moved to the
 * end of the fourth. */
WIDE_PART __m128i wide_join(__m512i r)
{
    __m512i factors =
        _mm512_set_epi64(0, 0, (int64_t)FOLD_128_G, (int64_t)FOLD_128_F, (int64_t)FOLD_256_G,
                         (int64_t)FOLD_256_F, (int64_t)FOLD_384_G, (int64_t)FOLD_384_F);
    __m512i moved = wide_fold(r, factors, _mm512_maskz_mov_epi64(0xc0, r));
    __m256i two =
        _mm256_xor_si256(_mm512_castsi512_si256(moved), _mm512_extracti64x4_epi64(moved, 1));

    return _mm_xor_si128(_mm256_castsi256_si128(two), _mm256_extracti128_si256(two, 1));
}

/* a moved on by 192 bytes and by n / 256 * 256 more: four wide registers abreast, since a
 * multiplication takes much longer than the time until the next one can start. */
WIDE_PART __m512i wide_abreast(__m512i a, struct fold_way *way, size_t n)
{
    __m512i by_512 = _mm512_broadcast_i32x4(FOLD_FACTORS(512));
    __m512i by_1024 = _mm512_broadcast_i32x4(FOLD_FACTORS(1024));
    __m512i by_2048 = _mm512_broadcast_i32x4(FOLD_FACTORS(2048));
    __m512i b = wide_next(way);
    __m512i c = wide_next(way);
    __m512i d = wide_next(way);

    for (; n >= 256; n -= 256) {
        a = wide_fold(a, by_2048, wide_next(way));
        b = wide_fold(b, by_2048, wide_next(way));
        c = wide_fold(c, by_2048, wide_next(way));
        d = wide_fold(d, by_2048, wide_next(way));
    }
    return wide_fold(wide_fold(a, by_1024, c), by_512, wide_fold(b, by_1024, d));
}

/* The CRC after the n bytes of the way. */
WIDE_PART uint32_t wide_all(uint32_t crc, struct fold_way *way, size_t n)
{
    __m512i by_512 = _mm512_broadcast_i32x4(FOLD_FACTORS(512));
    __m512i start = _mm512_zextsi128_si512(_mm_cvtsi32_si128((int)crc));
    __m512i r;

    if (n < WIDE_MIN)
        return fold_all(crc, way, n);
    r = _mm512_xor_si512(wide_next(way), start);
    n -= 64;
    if (n >= 192) {
        r = wide_abreast(r, way, n - 192);
        n = (n - 192) % 256;
    }
    for (; n >= 64; n -= 64)
        r = wide_fold(r, by_512, wide_next(way));
    return fold_finish(wide_join(r), way, n);
}

static bool supported(void)
{
    /* These answers include whether the operating system saves the 512-bit registers. */
    __builtin_cpu_init();
    return __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1") &&
           __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("vpclmulqdq");
}

#define ENTRY_TARGET WIDE_TARGET
#define ENTRY_ALL    wide_all
#include "crc/crc_entry.h"

const struct crc_implementation crc_vpclmul = {"vpclmul", supported, update,
                                               copy,      words,     copy_words};

#endif
