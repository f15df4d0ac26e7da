/* SPDX-License-Identifier: Apache-2.0 */
#include "format/frame.h"

#include "base/bytes.h"
#include "crc/crc.h"
#include "format/limits.h"

uint32_t frame_close(uint8_t *block, size_t size, const uint8_t magic[FRAME_MAGIC_BYTES])
{
    memcpy(block, magic, FRAME_MAGIC_BYTES);
    uint32_t crc = crc_update(0, block, size - FRAME_CRC_BYTES);
    store32(block + size - FRAME_CRC_BYTES, crc);
    return crc;
}

enum decoded frame_check(const uint8_t *block, size_t size, const uint8_t magic[FRAME_MAGIC_BYTES])
{
    if (memcmp(block, magic, FRAME_MAGIC_BYTES) != 0)
        return all_zero(block, size) ? DECODED_ABSENT : DECODED_DAMAGED;
    if (crc_update(0, block, size - FRAME_CRC_BYTES) != load32(block + size - FRAME_CRC_BYTES))
        return DECODED_DAMAGED;
    return DECODED_RIGHT;
}

enum decoded frame_check_version(const uint8_t *block, size_t size,
                                 const uint8_t magic[FRAME_MAGIC_BYTES])
{
    enum decoded how = frame_check(block, size, magic);

    if (how != DECODED_RIGHT)
        return how;
    uint16_t major = load16(block + FRAME_MAJOR);
    return major > FORMAT_MAJOR   ? DECODED_NEWER
           : major < FORMAT_MAJOR ? DECODED_DAMAGED
                                  : DECODED_RIGHT;
}
