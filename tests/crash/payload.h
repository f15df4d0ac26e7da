/* SPDX-License-Identifier: Apache-2.0 */
/* Payloads that follow from an id, so that every byte that is read back can be checked. */
#ifndef WAL_TESTS_PAYLOAD_H
#define WAL_TESTS_PAYLOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PAYLOAD_MAX = 32 * 1024 };
/* Every other word of a payload, and of a tag that is long enough: what must be nowhere on the disk
 * of an encrypted log. */
#define PAYLOAD_CLEAR UINT64_C(0x7261656c635f6e69) /* in_clear */

/* number: unique, below 2^32; size: at most PAYLOAD_MAX. */
uint64_t payload_id(uint64_t number, size_t size);
size_t payload_size(uint64_t id);
uint32_t payload_type(uint64_t id);
void payload_fill(uint64_t id, void *buf);
bool payload_is(uint64_t id, const void *data, size_t size);

/* Tags that follow from their number in the same way; 0 is none. Returns the size. */
enum { TAG_BYTES_MAX = 64 };
size_t tag_fill(uint64_t number, uint8_t out[TAG_BYTES_MAX]);
bool tag_is(uint64_t number, const void *data, size_t size);

#endif
