/* SPDX-License-Identifier: Apache-2.0 */
/* What an implementation of the checksum is to crc.c. All of them give zlib's crc32 for every
 * input, chaining and size 0 included, touch no byte beside the given ones, and may run on any
 * number of threads. */
#ifndef WAL_CRC_CRC_IMPL_H
#define WAL_CRC_CRC_IMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct crc_implementation {
    const char *name;
    /* By this processor, and by the operating system where registers need its help. */
    bool (*supported)(void);
    uint32_t (*update)(uint32_t crc, const void *data, size_t size);
    /* The result is the checksum of what is at `to` afterwards, even where `from` changes
     * meanwhile. */
    uint32_t (*copy)(uint32_t crc, void *to, const void *from, size_t size);
    uint32_t (*words)(uint32_t crc, uint64_t a, uint64_t b, uint64_t c);
    /* words(copy(0, to, from, size), a, b, c) */
    uint32_t (*copy_words)(void *to, const void *from, size_t size, uint64_t a, uint64_t b,
                           uint64_t c);
};

extern const struct crc_implementation crc_zlib;
#ifdef __x86_64__
extern const struct crc_implementation crc_pclmul, crc_avx2, crc_vpclmul;
#endif

#endif
