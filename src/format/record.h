/* Records inside a data group's body: 16 bytes of header, payload, zeros up to 8. Bytes <-> struct,
 * nothing else. */
#ifndef WAL_FORMAT_RECORD_H
#define WAL_FORMAT_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "format/limits.h"

enum { RECORD_BATCH_LAST = 2 /* flags: the last record of its batch */ };

struct record {
    uint64_t lsn;
    uint32_t size; /* of the payload */
    uint16_t type, flags;
    uint32_t crc;
    const uint8_t *payload;
};

/* Offsets in a record's header: docs/format.md, "Data". */
enum {
    RECORD_AT_SIZE = 0,
    RECORD_AT_CRC = 4,
    RECORD_AT_LSN_LOW = 8,
    RECORD_AT_TYPE = 12,
    RECORD_AT_FLAGS = 14,
};

/* What a record takes in a body. */
static inline size_t record_bytes(uint64_t payload_size)
{
    return (size_t)align_up(RECORD_HEADER_BYTES + payload_size, 8);
}

/* The record's CRC from the CRC of its payload alone: 24 more bytes (length 4, flags 2, type 2, LSN
 * 8, salt 8). */
uint32_t record_crc(uint32_t payload_crc, uint32_t size, uint16_t flags, uint16_t type,
                    uint64_t lsn, uint64_t salt);
/* Writes the 16 header bytes; r->payload isn't looked at. Inline: a buffered append takes some 20
 * ns, and a call with the struct in memory 2 of them. */
static inline void record_header_encode(uint8_t out[RECORD_HEADER_BYTES], const struct record *r)
{
    store32(out + RECORD_AT_SIZE, r->size);
    store32(out + RECORD_AT_CRC, r->crc);
    store32(out + RECORD_AT_LSN_LOW, (uint32_t)r->lsn);
    store16(out + RECORD_AT_TYPE, r->type);
    store16(out + RECORD_AT_FLAGS, r->flags);
}

/* Walks the records of a body whose CRC is right (or the part of one that a single get has read).
 */
struct record_walk {
    const uint8_t *at, *end;
    uint64_t lsn;   /* of the next record */
    uint32_t left;  /* records that are still to come */
    uint32_t limit; /* greatest payload that the segment allows */
};

/* 1: *ret filled, payload points into the body; 0: the count is used up, and so is the body; -1:
 * lengths, LSN, flags or padding don't fit. The last record ends where the body does, or it is -1
 * already. */
int record_next(struct record_walk *walk, struct record *ret);
/* Checks the record's own CRC. */
int record_right(const struct record *r, uint64_t salt);

#endif
