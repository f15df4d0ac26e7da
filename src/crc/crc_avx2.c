/* SPDX-License-Identifier: Apache-2.0 */
/* 256-bit carry-less multiplication (VPCLMULQDQ with AVX2): processors that have it without
 * AVX-512, as AMD's Zen 3 and Intel's client ones since Alder Lake. */
#include "crc/crc_impl.h"

#ifdef __x86_64__

#include "crc/crc_fold.h"

/* What four wide registers take. */
enum { WIDE_MIN = 128 };

#define WIDE_TARGET "avx2,vpclmulqdq," FOLD_TARGET
#define WIDE_PART   static inline __attribute__((always_inline, target(WIDE_TARGET)))

/* The next 32 bytes, as fold_next. */
WIDE_PART __m256i wide_next(struct fold_way *way)
{
    __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)way->from);

    way->from += 32;
    if (way->copies) {
        __asm__("" : "+x"(v));
        _mm256_storeu_si256((__m256i *)(void *)way->to, v);
        way->to += 32;
        way->last = _mm256_extracti128_si256(v, 1);
    }
    return v;
}

/* As `fold`, on each of two registers. */
WIDE_PART __m256i wide_fold(__m256i r, __m256i factors, __m256i next)
{
    __m256i f = _mm256_clmulepi64_epi128(r, factors, 0x00);
    __m256i g = _mm256_clmulepi64_epi128(r, factors, 0x11);
    return _mm256_xor_si256(_mm256_xor_si256(f, next), g);
}

/* a moved on by 96 bytes and by n / 128 * 128 more: four wide registers abreast. */
WIDE_PART __m256i wide_abreast(__m256i a, struct fold_way *way, size_t n)
{
    __m256i by_256 = _mm256_broadcastsi128_si256(FOLD_FACTORS(256));
    __m256i by_512 = _mm256_broadcastsi128_si256(FOLD_FACTORS(512));
    __m256i by_1024 = _mm256_broadcastsi128_si256(FOLD_FACTORS(1024));
    __m256i b = wide_next(way);
    __m256i c = wide_next(way);
    __m256i d = wide_next(way);

    for (; n >= 128; n -= 128) {
        a = wide_fold(a, by_1024, wide_next(way));
        b = wide_fold(b, by_1024, wide_next(way));
        c = wide_fold(c, by_1024, wide_next(way));
        d = wide_fold(d, by_1024, wide_next(way));
    }
    return wide_fold(wide_fold(a, by_512, c), by_256, wide_fold(b, by_512, d));
}

/* The CRC after the n bytes of the way. */
WIDE_PART uint32_t wide_all(uint32_t crc, struct fold_way *way, size_t n)
{
    if (n < WIDE_MIN)
        return fold_all(crc, way, n);
    __m256i start = _mm256_zextsi128_si256(_mm_cvtsi32_si128((int)crc));
    __m256i r = wide_abreast(_mm256_xor_si256(wide_next(way), start), way, n - 128);
    __m128i joined =
        fold(_mm256_castsi256_si128(r), FOLD_FACTORS(128), _mm256_extracti128_si256(r, 1));
    return fold_finish(joined, way, n % 128);
}

static bool supported(void)
{
    /* These answers include whether the operating system saves the 256-bit registers. */
    __builtin_cpu_init();
    return __builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1") &&
           __builtin_cpu_supports("avx2") && __builtin_cpu_supports("vpclmulqdq");
}

#define ENTRY_TARGET WIDE_TARGET
#define ENTRY_ALL    wide_all
#include "crc/crc_entry.h"

const struct crc_implementation crc_avx2 = {"avx2", supported, update, copy, words, copy_words};

#endif
