/* SPDX-License-Identifier: Apache-2.0 */
#include "format/record.h"

#include <assert.h>

#include "crc/crc.h"

static_assert((int)RECORD_AT_FLAGS + 2 == RECORD_HEADER_BYTES, "record header size");

/* Length, flags and type, as they follow the payload in its checksum. */
static uint64_t first_word(uint32_t size, uint16_t flags, uint16_t type)
{
    return size | (uint64_t)flags << 32 | (uint64_t)type << 48;
}

uint32_t record_crc(uint32_t payload_crc, uint32_t size, uint16_t flags, uint16_t type,
                    uint64_t lsn, uint64_t salt)
{
    return crc_words(payload_crc, first_word(size, flags, type), lsn, salt);
}

void record_write(uint8_t *out, struct record *r, uint64_t salt)
{
    /* The padding, which the payload then overwrites in part; a header has no zeros to lose here.
     */
    store64(out + record_bytes(r->size) - 8, 0);
    r->crc = crc_copy_words(out + RECORD_HEADER_BYTES, r->payload, r->size,
                            first_word(r->size, r->flags, r->type), r->lsn, salt);
    record_header_encode(out, r);
}

int record_decode(struct record *ret, const uint8_t *at, size_t have, uint64_t lsn, uint32_t limit)
{
    if (have < RECORD_HEADER_BYTES)
        return -1;
    uint32_t size = load32(at + RECORD_AT_SIZE);
    if (size > limit)
        return -1;
    if (record_bytes(size) > have) {
        ret->size = size;
        return 0;
    }
    struct record_walk walk = {
        .at = at, .end = at + record_bytes(size), .lsn = lsn, .left = 1, .limit = limit};
    return record_next(&walk, ret);
}

int record_right(const struct record *r, uint64_t salt)
{
    return record_crc(crc_update(0, r->payload, r->size), r->size, r->flags, r->type, r->lsn,
                      salt) == r->crc;
}
