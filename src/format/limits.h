/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes and limits of format 1.0 (docs/format.md, "Limits"). */
#ifndef WAL_FORMAT_LIMITS_H
#define WAL_FORMAT_LIMITS_H

#include <stdint.h>

enum {
    FORMAT_MAJOR = 1,
    FORMAT_MINOR = 0,

    CONTROL_BYTES = 12288,
    CONTROL_SLOT_BYTES = 256,
    CONTROL_SLOT_A = 0, /* offset of the first slot in the control file */
    CONTROL_SLOT_B = 4096,
    WITNESS_OFFSET = 8192,
    WITNESS_BYTES = 64,

    SEGMENT_HEADER_BLOCK = 4096, /* groups start behind it */
    SEGMENT_HEADER_BYTES = 256,
    SEGMENT_HEADER_COPY = 2048, /* offset of the second copy */
    SEGMENT_LABEL_BYTES = 64,
    KDF_SALT_BYTES = 32,
    UUID_BYTES = 16,

    PLACE_UNIT = 64, /* a place is an offset / 64 */
    FIRST_PLACE = SEGMENT_HEADER_BLOCK / PLACE_UNIT,
    WINDOW_UNIT = 4096, /* W is counted in these */
    GROUP_HEADER_BYTES = 64,
    GROUP_ALIGN_MAX = 4096,
    TAG_MAX = 64,
    RECORD_HEADER_BYTES = 16,

    META_KEYS_MAX = 64,
    META_KEY_MAX = 64,
    META_VALUE_MAX = 1024,
    META_BODY_MAX = 8 + META_KEYS_MAX * (8 + META_KEY_MAX + META_VALUE_MAX),
    SEAL_ENTRIES_MAX = 4096,
    SEAL_BODY_MAX = 8 + SEAL_ENTRIES_MAX * 16,
    CHECKPOINT_HEADER_BYTES = 32,
    /* Bounds of a segment's group maximum: the least holds any metadata map and any seal; the most
     * holds a full group (256 MiB) that ends with a record of the greatest size (1 GiB). */
    GROUP_BYTES_MIN = 73728,
    GROUP_BYTES_MAX = (1 << 30) + (1 << 28) + 4096,
    RECORD_BYTES_MAX = 1 << 30,
    RAW_PER_STORED_MAX = 1024, /* a compressed body expands to at most so many times its size */
    CIPHER_TAG_BYTES = 16,
    CIPHER_NONCE_BYTES = 12,
};

#define SEGMENT_END_MAX                                                                            \
    (UINT64_C(0xffffffff) * PLACE_UNIT) /* highest offset that a place can name */
#define LSN_MAX (UINT64_MAX - 1)        /* last LSN that a record can have */

#endif
