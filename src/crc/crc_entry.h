/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of an implementation that folds. Who includes this has defined
 *
 *     ENTRY_TARGET    the processor's features, as for __attribute__((target))
 *     ENTRY_ALL       the CRC after the n bytes of a way, by folds of its width, as fold_all
 *
 * and puts update, copy, words and copy_words into its struct crc_implementation. */
#ifndef WAL_CRC_CRC_ENTRY_H
#define WAL_CRC_CRC_ENTRY_H

#include "crc/crc_fold.h"

#define ENTRY __attribute__((target(ENTRY_TARGET))) static

ENTRY uint32_t update(uint32_t crc, const void *data, size_t size)
{
    struct fold_way way = {.from = data};
    return ~ENTRY_ALL(~crc, &way, size);
}

ENTRY uint32_t copy(uint32_t crc, void *to, const void *from, size_t size)
{
    struct fold_way way = {.from = from, .to = to, .copies = true};
    return ~ENTRY_ALL(~crc, &way, size);
}

ENTRY uint32_t words(uint32_t crc, uint64_t a, uint64_t b, uint64_t c)
{
    return ~fold_words(~crc, a, b, c);
}

ENTRY uint32_t copy_words(void *to, const void *from, size_t size, uint64_t a, uint64_t b,
                          uint64_t c)
{
    struct fold_way way = {
        .from = from, .to = to, .copies = true, .ends = true, .a = a, .b = b, .c = c};
    return ~ENTRY_ALL(~UINT32_C(0), &way, size);
}

#endif
