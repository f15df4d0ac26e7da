/* SPDX-License-Identifier: Apache-2.0 */
/* zlib's own: runs everywhere, and is what the others are tested against. */
#include "crc/crc_impl.h"

#include <string.h>
#include <zlib.h>

#include "base/bytes.h"

/* Small enough that a block is still in the first-level cache when it is hashed. */
enum { COPY_BLOCK = 8192 };

static bool supported(void)
{
    return true;
}

static uint32_t update(uint32_t crc, const void *data, size_t size)
{
    /* zlib takes a NULL for a question about the initial value. */
    return size == 0 ? crc : (uint32_t)crc32_z(crc, data, size);
}

static uint32_t copy(uint32_t crc, void *to, const void *from, size_t size)
{
    const uint8_t *source = from;
    uint8_t *stored = to;

    while (size > 0) {
        size_t n = min_u64(size, COPY_BLOCK);
        memcpy(stored, source, n);
        crc = update(crc, stored, n);
        stored += n;
        source += n;
        size -= n;
    }
    return crc;
}

static uint32_t words(uint32_t crc, uint64_t a, uint64_t b, uint64_t c)
{
    uint8_t bytes[24];

    store64(bytes, a);
    store64(bytes + 8, b);
    store64(bytes + 16, c);
    return update(crc, bytes, sizeof(bytes));
}

static uint32_t copy_words(void *to, const void *from, size_t size, uint64_t a, uint64_t b,
                           uint64_t c)
{
    return words(copy(0, to, from, size), a, b, c);
}

const struct crc_implementation crc_zlib = {"zlib", supported, update, copy, words, copy_words};
