#include "format/record.h"

#include <assert.h>

#include "base/attr.h"
#include "base/bytes.h"
#include "crc/crc.h"

static_assert((int)RECORD_AT_FLAGS + 2 == RECORD_HEADER_BYTES, "record header size");

enum { KNOWN_FLAGS = RECORD_BATCH_LAST };

uint32_t record_crc(uint32_t payload_crc, uint32_t size, uint16_t flags, uint16_t type,
                    uint64_t lsn, uint64_t salt)
{
    return crc_words(payload_crc, size | (uint64_t)flags << 32 | (uint64_t)type << 48, lsn, salt);
}

/* Whether the bytes between the payload's end and the record's are 0. There are up to 7, and they
 * are the top ones of the record's last word. */
static bool padding_fits(const uint8_t *record, size_t size, size_t whole)
{
    size_t padding = whole - RECORD_HEADER_BYTES - size;
    return padding == 0 || load64(record + whole - 8) >> (64 - 8 * (unsigned)padding) == 0;
}

int record_next(struct record_walk *walk, struct record *ret)
{
    const uint8_t *at = walk->at;
    size_t left = (size_t)(walk->end - at);

    if (walk->left == 0)
        return left == 0 ? 0 : -1;
    if (UNLIKELY(left < RECORD_HEADER_BYTES))
        return -1;
    uint32_t size = load32(at + RECORD_AT_SIZE);
    size_t whole = record_bytes(size);
    uint16_t flags = load16(at + RECORD_AT_FLAGS);
    bool fits = walk->left == 1 ? whole == left : whole < left;
    if (UNLIKELY(size > walk->limit || !fits ||
                 load32(at + RECORD_AT_LSN_LOW) != (uint32_t)walk->lsn ||
                 (flags & ~(unsigned)KNOWN_FLAGS) != 0 || !padding_fits(at, size, whole)))
        return -1;
    *ret = (struct record){
        .lsn = walk->lsn,
        .size = size,
        .type = load16(at + RECORD_AT_TYPE),
        .flags = flags,
        .crc = load32(at + RECORD_AT_CRC),
        .payload = at + RECORD_HEADER_BYTES,
    };
    walk->at = at + whole;
    walk->lsn++;
    walk->left--;
    return 1;
}

int record_right(const struct record *r, uint64_t salt)
{
    return record_crc(crc_update(0, r->payload, r->size), r->size, r->flags, r->type, r->lsn,
                      salt) == r->crc;
}
