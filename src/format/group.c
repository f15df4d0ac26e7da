/* SPDX-License-Identifier: Apache-2.0 */
#include "format/group.h"

#include <assert.h>

#include "base/attr.h"
#include "base/bytes.h"
#include "crc/crc.h"

/* Offsets in a group header: docs/format.md, "Groups". */
enum {
    AT_MAGIC = 0,
    AT_CRC = 4,
    AT_SALT_LOW = 8,
    AT_PLACE = 12,
    AT_FIRST_LSN = 16,
    AT_WATERMARK = 24,
    AT_EPOCH = 32,
    AT_LINK = 36,
    AT_RECORDS = 40,
    AT_STORED_BYTES = 44,
    AT_RAW_BYTES = 48,
    AT_BODY_CRC = 52,
    AT_TYPE = 56,
    AT_FLAGS = 57,
    AT_TAG_BYTES = 58,
    AT_DURABLE_PLACE = 60,
};
static_assert((int)AT_DURABLE_PLACE + 4 == GROUP_HEADER_BYTES, "group header size");
static_assert((int)AT_SALT_LOW == 8, "the salt takes the place of magic and CRC while hashing");

#define MAGIC UINT32_C(0xb1474c57) /* "WLG", 0xb1 */

enum { KNOWN_FLAGS = GROUP_COMPRESSED | GROUP_ENCRYPTED | GROUP_FIRST | GROUP_LAST | GROUP_BIRTH };

void group_header_encode(uint8_t out[GROUP_HEADER_BYTES], struct group_header *h, uint64_t salt)
{
    store64(out, salt);
    store32(out + AT_SALT_LOW, (uint32_t)salt);
    store32(out + AT_PLACE, h->place);
    store64(out + AT_FIRST_LSN, h->first_lsn);
    store64(out + AT_WATERMARK, h->watermark);
    store32(out + AT_EPOCH, h->epoch);
    store32(out + AT_LINK, h->link);
    store32(out + AT_RECORDS, h->records);
    store32(out + AT_STORED_BYTES, h->stored_bytes);
    store32(out + AT_RAW_BYTES, h->raw_bytes);
    store32(out + AT_BODY_CRC, h->body_crc);
    out[AT_TYPE] = h->type;
    out[AT_FLAGS] = h->flags;
    store16(out + AT_TAG_BYTES, h->tag_bytes);
    store32(out + AT_DURABLE_PLACE, h->durable_place);
    h->crc = crc_update(0, out, GROUP_HEADER_BYTES);
    store32(out + AT_MAGIC, MAGIC);
    store32(out + AT_CRC, h->crc);
}

/* The CRC is over the salt, then the bytes behind the stored CRC. */
static uint32_t header_crc(const uint8_t *in, uint64_t salt)
{
    uint8_t hashed[GROUP_HEADER_BYTES];

    store64(hashed, salt);
    memcpy(hashed + AT_SALT_LOW, in + AT_SALT_LOW, GROUP_HEADER_BYTES - AT_SALT_LOW);
    return crc_update(0, hashed, GROUP_HEADER_BYTES);
}

static bool kind_fits(const struct group_header *h)
{
    const unsigned both = GROUP_FIRST | GROUP_LAST;

    if ((h->flags & ~(unsigned)KNOWN_FLAGS) != 0 || (h->flags & both) == both)
        return false;
    switch (h->type) {
    case GROUP_DATA:
        return h->tag_bytes <= TAG_MAX;
    case GROUP_TAG:
        return h->tag_bytes > 0 && h->tag_bytes <= TAG_MAX;
    case GROUP_SEAL:
        return h->tag_bytes == 0 && (h->flags & (both | GROUP_BIRTH)) == 0;
    case GROUP_CHECKPOINT:
    case GROUP_META:
        return h->tag_bytes == 0;
    default:
        return false;
    }
}

enum group_check group_header_decode(struct group_header *ret, const uint8_t in[GROUP_HEADER_BYTES],
                                     uint64_t salt, uint32_t epoch, uint32_t place)
{
    if (load32(in + AT_MAGIC) != MAGIC)
        return GROUP_ABSENT;
    if (load32(in + AT_SALT_LOW) != (uint32_t)salt)
        return GROUP_STALE;
    if (header_crc(in, salt) != load32(in + AT_CRC))
        return GROUP_DAMAGED;

    struct group_header h = {
        .crc = load32(in + AT_CRC),
        .place = load32(in + AT_PLACE),
        .first_lsn = load64(in + AT_FIRST_LSN),
        .watermark = load64(in + AT_WATERMARK),
        .epoch = load32(in + AT_EPOCH),
        .link = load32(in + AT_LINK),
        .records = load32(in + AT_RECORDS),
        .stored_bytes = load32(in + AT_STORED_BYTES),
        .raw_bytes = load32(in + AT_RAW_BYTES),
        .body_crc = load32(in + AT_BODY_CRC),
        .type = in[AT_TYPE],
        .flags = in[AT_FLAGS],
        .tag_bytes = load16(in + AT_TAG_BYTES),
        .durable_place = load32(in + AT_DURABLE_PLACE),
    };
    if (h.epoch != epoch)
        return GROUP_STALE;
    if (!kind_fits(&h))
        return GROUP_DAMAGED;
    if (h.place != place)
        return GROUP_MISPLACED;
    *ret = h;
    return GROUP_RIGHT;
}

uint64_t group_header_lsn_at(const uint8_t in[GROUP_HEADER_BYTES], uint32_t place)
{
    bool looks = load32(in + AT_MAGIC) == MAGIC && load32(in + AT_PLACE) == place;
    return looks ? load64(in + AT_FIRST_LSN) : 0;
}

uint32_t group_header_stored_bytes(const uint8_t in[GROUP_HEADER_BYTES])
{
    return load32(in + AT_STORED_BYTES);
}

/* Whether stored and raw size can belong together, however hostile the header. */
static bool sizes_fit(const struct group_header *h, uint32_t max_group_bytes)
{
    uint32_t stored = h->stored_bytes, raw = h->raw_bytes;
    uint32_t tag = h->flags & GROUP_ENCRYPTED ? CIPHER_TAG_BYTES : 0;

    if (stored > max_group_bytes || raw > max_group_bytes || stored < tag)
        return false;
    stored -= tag;
    if (!(h->flags & GROUP_COMPRESSED))
        return stored == raw;
    return raw <= (uint64_t)stored * RAW_PER_STORED_MAX;
}

/* Whether the records can be in the body, and their LSNs and the place in front of them exist. */
static bool numbers_fit(const struct group_header *h)
{
    uint64_t least = align_up(h->tag_bytes, 8) + (uint64_t)h->records * RECORD_HEADER_BYTES;

    if ((h->type == GROUP_DATA) != (h->records > 0) || least > h->raw_bytes)
        return false;
    if (h->first_lsn == 0 || h->first_lsn - 1 > LSN_MAX - h->records)
        return false;
    return h->watermark < h->first_lsn && h->durable_place <= h->place &&
           group_end(h, PLACE_UNIT) <= SEGMENT_END_MAX;
}

enum group_check group_header_limits(const struct group_header *h, uint32_t max_group_bytes)
{
    return sizes_fit(h, max_group_bytes) && numbers_fit(h) ? GROUP_RIGHT : GROUP_DAMAGED;
}

void group_aad(uint8_t out[GROUP_AAD_BYTES], const uint8_t header[GROUP_HEADER_BYTES],
               uint64_t segment)
{
    const size_t before = AT_BODY_CRC - AT_SALT_LOW, after = GROUP_HEADER_BYTES - AT_TYPE;

    static_assert(8 + AT_BODY_CRC - AT_SALT_LOW + GROUP_HEADER_BYTES - AT_TYPE == GROUP_AAD_BYTES,
                  "all but magic and checksums");
    store64(out, segment);
    memcpy(out + 8, header + AT_SALT_LOW, before);
    memcpy(out + 8 + before, header + AT_TYPE, after);
}

void group_nonce(uint8_t out[CIPHER_NONCE_BYTES], const struct group_header *h)
{
    store32(out, h->place);
    store32(out + 4, 0);
    store32(out + 8, h->epoch);
}

uint32_t group_body_crc(uint64_t salt, const void *stored, size_t size)
{
    uint8_t first[8];

    store64(first, salt);
    return crc_update(crc_update(0, first, sizeof(first)), stored, size);
}

uint64_t group_disk_bytes(uint64_t stored_bytes, uint32_t align)
{
    return align_up(GROUP_HEADER_BYTES + stored_bytes, align);
}

uint64_t group_last_lsn(const struct group_header *h)
{
    return h->first_lsn + h->records - 1;
}

uint64_t group_end(const struct group_header *h, uint32_t align)
{
    return (uint64_t)h->place * PLACE_UNIT + group_disk_bytes(h->stored_bytes, align);
}
