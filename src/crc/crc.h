/* SPDX-License-Identifier: Apache-2.0 */
/* CRC-32 with zlib's polynomial and conventions: crc_update(0, ...) == crc32(0, ...) of zlib, and
 * chaining works the same way. The fastest implementation that the processor has is chosen once, at
 * first use (thread-safe). Pure. */
#ifndef WAL_CRC_CRC_H
#define WAL_CRC_CRC_H

#include <stddef.h>
#include <stdint.h>

uint32_t crc_update(uint32_t crc, const void *data, size_t size);
/* Copies and hashes in one pass: the checksum is of the bytes that were stored at `to`, whatever
 * happens to `from` meanwhile. The two don't overlap. */
uint32_t crc_copy(uint32_t crc, void *to, const void *from, size_t size);
/* crc_update over three words as 24 little-endian bytes. They don't go through memory: bytes that
 * were just stored there would have to reach it before wider loads can read them back. */
uint32_t crc_words(uint32_t crc, uint64_t a, uint64_t b, uint64_t c);
/* crc_words behind crc_copy(0, ...), in less time than both. */
uint32_t crc_copy_words(void *to, const void *from, size_t size, uint64_t a, uint64_t b,
                        uint64_t c);

/* For tests and the benchmark: name of the chosen implementation; run a given one (index <
 * crc_implementations()). */
unsigned crc_implementations(void); /* those that this processor can run; 0 is zlib's */
const char *crc_implementation_name(unsigned i);
unsigned crc_implementation_chosen(void);
uint32_t crc_update_with(unsigned i, uint32_t crc, const void *data, size_t size);

#endif
