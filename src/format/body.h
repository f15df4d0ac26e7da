/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies of groups other than data: metadata maps, seals, checkpoints. Bytes <-> structs, nothing
 * else; hostile bytes give -1. */
#ifndef WAL_FORMAT_BODY_H
#define WAL_FORMAT_BODY_H

#include <stddef.h>
#include <stdint.h>

#include "format/limits.h"

/* Metadata: the whole map. count 4, 0 4, then entries in ascending order of their keys (memcmp,
 * then length): key length 2, value length 2, 0 4, key, value, zeros up to 8. */
struct meta_entry {
    const uint8_t *key, *value; /* into the body */
    uint16_t key_size, value_size;
};

size_t meta_body_bytes(const struct meta_entry *entries, size_t n);
void meta_body_encode(uint8_t *out, const struct meta_entry *entries, size_t n);
/* Returns the number of entries, or -1. ret has room for META_KEYS_MAX. */
int meta_body_decode(struct meta_entry ret[META_KEYS_MAX], const uint8_t *body, size_t size);

/* Seal: a sparse index of the segment's data groups. count 4, 0 4, then entries: first LSN 8, place
 * 4, 0 4, both ascending. */
struct seal_entry {
    uint64_t lsn;
    uint32_t place;
};

size_t seal_body_bytes(size_t n);
void seal_body_encode(uint8_t *out, const struct seal_entry *entries, size_t n);
/* Returns the number of entries (checked: ascending, count fits), or -1; an entry is read with
 * seal_body_entry. */
int seal_body_count(const uint8_t *body, size_t size);
void seal_body_entry(struct seal_entry *ret, const uint8_t *body, size_t i);

/* Checkpoint: LSN 8, size of the whole state 8, offset of this part in it 8, size of this part 8,
 * the part's bytes, zeros up to 8. A state that one group doesn't hold is a batch of such groups,
 * FIRST to LAST. */
struct checkpoint_part {
    uint64_t lsn, state_size, offset, size;
    const uint8_t *bytes;
};

void checkpoint_header_encode(uint8_t out[CHECKPOINT_HEADER_BYTES],
                              const struct checkpoint_part *part);
int checkpoint_body_decode(struct checkpoint_part *ret, const uint8_t *body,
                           size_t size); /* 0 or -1 */

#endif
