/* SPDX-License-Identifier: Apache-2.0 */
/* The header block of a segment: two copies of 256 bytes. Bytes <-> struct, nothing else. */
#ifndef WAL_FORMAT_HEADER_H
#define WAL_FORMAT_HEADER_H

#include <stdint.h>

#include "format/control.h"
#include "format/limits.h"

enum { SEGMENT_RESET = 1 /* flags: the base LSN is unrelated to the end before */ };
enum { CHECKSUM_CRC32 = 1 };

struct follow { /* the segment that this one goes on behind; all 0 for a first segment */
    uint64_t number;
    uint64_t end_lsn;    /* its last live LSN */
    uint64_t end_offset; /* behind its last live group (4096 when it has none), the seal included
                            when it counts */
    uint32_t link; /* header CRC of its last live group, of its segment header when it has none */
    uint32_t salt_low;
};

struct segment_header {
    uint16_t major, minor;
    uint32_t incompatible, read_only_compatible; /* feature bits */
    uint8_t uuid[UUID_BYTES];
    uint64_t number, base_lsn, salt, epoch;
    struct follow follow;
    uint32_t group_align, window, max_group_bytes, max_record_bytes; /* window: in units of 4 KiB */
    uint16_t checksum, codec, cipher;
    uint32_t key_id;
    uint8_t kdf_salt[KDF_SALT_BYTES];
    uint64_t created_ns;
    uint8_t label[SEGMENT_LABEL_BYTES];
    uint32_t flags;
    uint32_t birth_place;  /* behind the BIRTH groups */
    uint32_t kept_records; /* at 248: how many BIRTH records were in the log before, under the same
                              LSNs: a reader whose next LSN is above base + kept_records stood in
                              what was cut off */
    uint32_t crc;          /* filled in by encode and decode */
};

/* Writes both copies and zeros for the rest of the block, with this library's version, whatever
 * h->major and h->minor say. Sets h->crc. */
void segment_header_encode(uint8_t block[SEGMENT_HEADER_BLOCK], struct segment_header *h);
/* One copy. DECODED_NEWER for a newer major and for unknown incompatible bits. Beyond the CRC it
 * checks that the fields make sense: number, base LSN and salt above 0; the checksum known;
 * alignment 64, 512 or 4096; group and record maximum within the format's limits; birth place at or
 * behind the header block, where a group can begin; an older segment to follow, whose end fits the
 * base unless flags say SEGMENT_RESET; of a minor that this library knows, unused bytes and flags
 * of 0. */
enum decoded segment_header_decode(struct segment_header *ret,
                                   const uint8_t copy[SEGMENT_HEADER_BYTES]);
/* Both copies: the better result; *ret_repairs is 1 when only one of them is right. Two right
 * copies that differ are damage. Bytes outside of the copies aren't looked at. */
enum decoded segment_header_decode_block(struct segment_header *ret,
                                         const uint8_t block[SEGMENT_HEADER_BLOCK],
                                         unsigned *ret_repairs);

#endif
