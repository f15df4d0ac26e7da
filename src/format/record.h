/* SPDX-License-Identifier: Apache-2.0 */
/* Records inside a data group's body: 16 bytes of header, payload, zeros up to 8. Bytes <-> struct,
 * nothing else. */
#ifndef WAL_FORMAT_RECORD_H
#define WAL_FORMAT_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
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
/* Writes a whole record: record_bytes(r->size) bytes. Of the payload, which may change meanwhile,
 * what is hashed is the copy. Sets r->crc. */
void record_write(uint8_t *out, struct record *r, uint64_t salt);

/* Walks the records of a body whose CRC is right (or the part of one that a single get has read).
 */
struct record_walk {
    const uint8_t *at, *end;
    uint64_t lsn;   /* of the next record */
    uint32_t left;  /* records that are still to come */
    uint32_t limit; /* greatest payload that the segment allows */
};

/* Whether the bytes between the payload's end and the record's are 0. There are up to 7, and they
 * are the top ones of the record's last word. */
static inline bool record_padding_fits(const uint8_t *record, size_t size, size_t whole)
{
    size_t padding = whole - RECORD_HEADER_BYTES - size;
    return padding == 0 || load64(record + whole - 8) >> (64 - 8 * (unsigned)padding) == 0;
}

/* 1: *ret filled, payload points into the body; 0: the count is used up, and so is the body; -1:
 * lengths, LSN, flags or padding don't fit. The last record ends where the body does, or it is -1
 * already. Inline: a replay takes some 30 ns per record. */
ALWAYS_INLINE int record_next(struct record_walk *walk, struct record *ret)
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
    if (UNLIKELY(
            size > walk->limit || !fits || load32(at + RECORD_AT_LSN_LOW) != (uint32_t)walk->lsn ||
            (flags & ~(unsigned)RECORD_BATCH_LAST) != 0 || !record_padding_fits(at, size, whole)))
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

/* The record with this LSN at the start of the bytes, whatever follows it: its header and padding
 * fit. 1: got it; 0: it is longer than `have`, ret->size says how long; -1: there is none. */
int record_decode(struct record *ret, const uint8_t *at, size_t have, uint64_t lsn, uint32_t limit);
/* Checks the record's own CRC. */
int record_right(const struct record *r, uint64_t salt);

#endif
