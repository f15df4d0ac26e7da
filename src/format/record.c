#include "format/record.h"

#include <assert.h>

#include "crc/crc.h"

static_assert((int)RECORD_AT_FLAGS + 2 == RECORD_HEADER_BYTES, "record header size");

uint32_t record_crc(uint32_t payload_crc, uint32_t size, uint16_t flags, uint16_t type,
                    uint64_t lsn, uint64_t salt)
{
    return crc_words(payload_crc, size | (uint64_t)flags << 32 | (uint64_t)type << 48, lsn, salt);
}

int record_right(const struct record *r, uint64_t salt)
{
    return record_crc(crc_update(0, r->payload, r->size), r->size, r->flags, r->type, r->lsn,
                      salt) == r->crc;
}
