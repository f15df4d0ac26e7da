/* SPDX-License-Identifier: Apache-2.0 */
/* Little-endian loads and stores, alignment, the smaller and the larger of two. No state. */
#ifndef WAL_BASE_BYTES_H
#define WAL_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t load16(const void *p)
{
    const uint8_t *b = p;
    return (uint16_t)(b[0] | b[1] << 8);
}

static inline uint32_t load32(const void *p)
{
    const uint8_t *b = p;
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

static inline uint64_t load64(const void *p)
{
    return load32(p) | (uint64_t)load32((const uint8_t *)p + 4) << 32;
}

static inline void store16(void *p, uint16_t v)
{
    uint8_t *b = p;
    b[0] = (uint8_t)v;
    b[1] = (uint8_t)(v >> 8);
}

static inline void store32(void *p, uint32_t v)
{
    uint8_t *b = p;
    b[0] = (uint8_t)v;
    b[1] = (uint8_t)(v >> 8);
    b[2] = (uint8_t)(v >> 16);
    b[3] = (uint8_t)(v >> 24);
}

static inline void store64(void *p, uint64_t v)
{
    store32(p, (uint32_t)v);
    store32((uint8_t *)p + 4, (uint32_t)(v >> 32));
}

/* `to` is a power of two; the caller has made sure that v + to doesn't wrap. */
static inline uint64_t align_up(uint64_t v, uint64_t to)
{
    return (v + to - 1) & ~(to - 1);
}

static inline uint64_t min_u64(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static inline uint64_t max_u64(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* Whether all n bytes are 0. */
bool all_zero(const void *p, size_t n);

#endif
