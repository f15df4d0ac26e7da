/* SPDX-License-Identifier: Apache-2.0 */
/* What the fixed blocks (control slot, witness, segment header) share: 8 magic bytes in front, and
 * at the end a CRC of everything before it. In the versioned ones major and minor follow the magic;
 * these, the magic and the CRC keep their places in every version, so that a reader can tell a
 * newer format from damage. For the files of src/format. */
#ifndef WAL_FORMAT_FRAME_H
#define WAL_FORMAT_FRAME_H

#include <stddef.h>
#include <stdint.h>

enum { FRAME_MAGIC_BYTES = 8, FRAME_MAJOR = 8, FRAME_MINOR = 10, FRAME_CRC_BYTES = 4 };

enum decoded {
    DECODED_RIGHT = 0,
    DECODED_ABSENT,  /* zeros, or too short to be one */
    DECODED_DAMAGED, /* anything else */
    DECODED_NEWER,   /* right, but of a format that this library doesn't know: major, minor are
                        filled in */
};

/* Writes magic and CRC around what is there. Returns the CRC. */
uint32_t frame_close(uint8_t *block, size_t size, const uint8_t magic[FRAME_MAGIC_BYTES]);
/* DECODED_RIGHT, DECODED_ABSENT or DECODED_DAMAGED, by magic and CRC alone. */
enum decoded frame_check(const uint8_t *block, size_t size, const uint8_t magic[FRAME_MAGIC_BYTES]);
/* The same for a versioned block; DECODED_NEWER for a right one of a newer major. */
enum decoded frame_check_version(const uint8_t *block, size_t size,
                                 const uint8_t magic[FRAME_MAGIC_BYTES]);

#endif
