/* SPDX-License-Identifier: Apache-2.0 */
/* The control file: two slots with the same state, and the witness block. Bytes <-> structs,
 * nothing else. */
#ifndef WAL_FORMAT_CONTROL_H
#define WAL_FORMAT_CONTROL_H

#include <stdint.h>

#include "format/frame.h"
#include "format/limits.h"

enum { CONTROL_CLEAN = 1 /* the newest segment was closed cleanly */ };

struct place_ref {
    uint64_t segment, offset; /* 0, 0: none */
};

struct checkpoint_ref {
    uint64_t lsn;
    struct place_ref place; /* of its first group */
};

struct control {
    uint16_t major, minor;
    uint8_t uuid[UUID_BYTES];
    uint64_t sequence, epoch;
    uint64_t oldest, newest; /* segment numbers; newest 0: creation was cut short */
    uint64_t first_lsn;
    uint32_t flags, pid;
    uint64_t end_lsn, end_offset; /* when closed cleanly: the last LSN, and behind the seal */
    struct checkpoint_ref checkpoint;
    struct place_ref metadata, tagged;
};

struct witness {
    uint64_t sequence; /* of the control that was in force */
    uint64_t durable_lsn;
    uint64_t segment;
    uint32_t durable_place;
    uint32_t group_crc; /* header CRC of the last durable group; of the segment header when there is
                           none */
    uint32_t salt_low;
};

/* Writes this library's version, whatever c->major and c->minor say: what a newer minor may have
 * kept in the slot besides is not in the struct. */
void control_encode(uint8_t out[CONTROL_SLOT_BYTES], const struct control *c);
/* Beyond the CRC it checks that the fields make sense: segment numbers in order, LSNs above 0,
 * offsets where a group can begin or end; of a minor that this library knows, unused bytes and
 * flags of 0. */
enum decoded control_decode(struct control *ret, const uint8_t in[CONTROL_SLOT_BYTES]);

void witness_encode(uint8_t out[WITNESS_BYTES], const struct witness *w);
enum decoded witness_decode(struct witness *ret, const uint8_t in[WITNESS_BYTES]);

#endif
