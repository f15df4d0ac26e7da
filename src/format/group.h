/* SPDX-License-Identifier: Apache-2.0 */
/* Group headers: 64 bytes that name a body's length, place, LSNs and checksum. Bytes <-> struct,
 * nothing else. */
#ifndef WAL_FORMAT_GROUP_H
#define WAL_FORMAT_GROUP_H

#include <stddef.h>
#include <stdint.h>

#include "format/limits.h"

enum group_type {
    GROUP_DATA = 1,
    GROUP_SEAL = 2,
    GROUP_TAG = 3, /* a tag whose records are elsewhere, or that has none */
    GROUP_CHECKPOINT = 4,
    GROUP_META = 5
};
enum {
    GROUP_COMPRESSED = 1,
    GROUP_ENCRYPTED = 2,
    GROUP_FIRST = 4,
    GROUP_LAST = 8,
    GROUP_BIRTH = 16
};

enum { GROUP_AAD_BYTES = 60 };

struct group_header {
    uint32_t crc;       /* of this header; filled in by encode and decode */
    uint32_t place;     /* own offset / 64 */
    uint64_t first_lsn; /* groups without records carry the next LSN */
    uint64_t watermark;
    uint32_t epoch; /* low 32 bits */
    uint32_t link;  /* header CRC of the group before, of the segment header for the first */
    uint32_t records;
    uint32_t stored_bytes; /* of the body in the file ... */
    uint32_t raw_bytes;    /* ... and in memory */
    uint32_t body_crc;
    uint8_t type, flags;
    uint16_t tag_bytes;
    uint32_t durable_place;
};

enum group_check {
    GROUP_RIGHT = 0,
    GROUP_ABSENT,    /* no magic: zeros, a body, anything */
    GROUP_STALE,     /* of another segment or incarnation: salt or epoch differ */
    GROUP_DAMAGED,   /* CRC is wrong, or a field that can't be (type, flags, tag, padding) behind a
                        right CRC */
    GROUP_MISPLACED, /* right, but it names another place */
};

/* Sets h->crc. */
void group_header_encode(uint8_t out[GROUP_HEADER_BYTES], struct group_header *h, uint64_t salt);
/* What one header alone can show. `epoch`: low 32 bits of the segment's. */
enum group_check group_header_decode(struct group_header *ret, const uint8_t in[GROUP_HEADER_BYTES],
                                     uint64_t salt, uint32_t epoch, uint32_t place);

/* What a header says that its body takes. Nothing is checked: for those who only want to know
 * whether they have that much. */
uint32_t group_header_stored_bytes(const uint8_t in[GROUP_HEADER_BYTES]);

/* Its first LSN, where it looks like the header of a group at this place; 0: it doesn't. Nothing
 * else is checked: for those who have lost the salt that could. */
uint64_t group_header_lsn_at(const uint8_t in[GROUP_HEADER_BYTES], uint32_t place);

/* The checks of 'Hostile input' that need no body: lengths against the segment's group maximum,
 * count * 16 <= raw body, no wrap of first LSN + count or of place + length, raw <= 1024 * stored,
 * a type's own rules (data: at least one record; others: none). */
enum group_check group_header_limits(const struct group_header *h, uint32_t max_group_bytes);

/* Of an encrypted body: what its tag vouches for beside it, and its nonce. header: as encoded; its
 * body CRC doesn't matter. */
void group_aad(uint8_t out[GROUP_AAD_BYTES], const uint8_t header[GROUP_HEADER_BYTES],
               uint64_t segment);
void group_nonce(uint8_t out[CIPHER_NONCE_BYTES], const struct group_header *h);

uint32_t group_body_crc(uint64_t salt, const void *stored, size_t size);
/* What a group takes in its segment: header, stored body, zeros up to the alignment. */
uint64_t group_disk_bytes(uint64_t stored_bytes, uint32_t align);
/* The last LSN of a group with records; first - 1 otherwise. */
uint64_t group_last_lsn(const struct group_header *h);
/* Offset behind the group. */
uint64_t group_end(const struct group_header *h, uint32_t align);

#endif
