/* SPDX-License-Identifier: Apache-2.0 */
#include "format/header.h"

#include <assert.h>

#include "base/bytes.h"
#include "format/frame.h"

/* Offsets in a copy: docs/format.md, "Segment header". */
enum {
    AT_MAJOR = 8,
    AT_MINOR = 10,
    AT_SIZE = 12,
    AT_INCOMPATIBLE = 16,
    AT_READ_ONLY_COMPATIBLE = 20,
    AT_UUID = 24,
    AT_NUMBER = 40,
    AT_BASE_LSN = 48,
    AT_SALT = 56,
    AT_EPOCH = 64,
    AT_FOLLOW_END_LSN = 72,
    AT_FOLLOW_END_OFFSET = 80,
    AT_FOLLOW_LINK = 88,
    AT_FOLLOW_SALT_LOW = 92,
    AT_GROUP_ALIGN = 96,
    AT_WINDOW = 100,
    AT_MAX_GROUP_BYTES = 104,
    AT_MAX_RECORD_BYTES = 108,
    AT_CHECKSUM = 112,
    AT_CODEC = 114,
    AT_CIPHER = 116,
    AT_ZERO_118 = 118,
    AT_KEY_ID = 120,
    AT_ZERO_124 = 124,
    AT_KDF_SALT = 128,
    AT_CREATED = 160,
    AT_LABEL = 168,
    AT_FOLLOW_NUMBER = 232,
    AT_FLAGS = 240,
    AT_BIRTH_PLACE = 244,
    AT_KEPT_RECORDS = 248,
    AT_CRC = 252,
};
static_assert((int)AT_MAJOR == FRAME_MAJOR && (int)AT_MINOR == FRAME_MINOR, "version");
static_assert((int)AT_UUID + UUID_BYTES == AT_NUMBER, "uuid");
static_assert((int)AT_KDF_SALT + KDF_SALT_BYTES == AT_CREATED, "key-derivation salt");
static_assert((int)AT_LABEL + SEGMENT_LABEL_BYTES == AT_FOLLOW_NUMBER, "label");
static_assert((int)AT_CRC + FRAME_CRC_BYTES == SEGMENT_HEADER_BYTES, "header size");

static const uint8_t magic[] = {0x89, 'W', 'A', 'L', 0x0d, 0x0a, 0x1a, 0x0a};
static_assert(sizeof(magic) == FRAME_MAGIC_BYTES, "magic");

enum { KNOWN_INCOMPATIBLE = 0, KNOWN_FLAGS = SEGMENT_RESET };

static void encode_fields(uint8_t *out, const struct segment_header *h)
{
    store16(out + AT_MAJOR, FORMAT_MAJOR);
    store16(out + AT_MINOR, FORMAT_MINOR);
    store32(out + AT_SIZE, SEGMENT_HEADER_BYTES);
    store32(out + AT_INCOMPATIBLE, h->incompatible);
    store32(out + AT_READ_ONLY_COMPATIBLE, h->read_only_compatible);
    memcpy(out + AT_UUID, h->uuid, UUID_BYTES);
    store64(out + AT_NUMBER, h->number);
    store64(out + AT_BASE_LSN, h->base_lsn);
    store64(out + AT_SALT, h->salt);
    store64(out + AT_EPOCH, h->epoch);
    store64(out + AT_FOLLOW_END_LSN, h->follow.end_lsn);
    store64(out + AT_FOLLOW_END_OFFSET, h->follow.end_offset);
    store32(out + AT_FOLLOW_LINK, h->follow.link);
    store32(out + AT_FOLLOW_SALT_LOW, h->follow.salt_low);
    store32(out + AT_GROUP_ALIGN, h->group_align);
    store32(out + AT_WINDOW, h->window);
    store32(out + AT_MAX_GROUP_BYTES, h->max_group_bytes);
    store32(out + AT_MAX_RECORD_BYTES, h->max_record_bytes);
    store16(out + AT_CHECKSUM, h->checksum);
    store16(out + AT_CODEC, h->codec);
    store16(out + AT_CIPHER, h->cipher);
    store32(out + AT_KEY_ID, h->key_id);
    memcpy(out + AT_KDF_SALT, h->kdf_salt, KDF_SALT_BYTES);
    store64(out + AT_CREATED, h->created_ns);
    memcpy(out + AT_LABEL, h->label, SEGMENT_LABEL_BYTES);
    store64(out + AT_FOLLOW_NUMBER, h->follow.number);
    store32(out + AT_FLAGS, h->flags);
    store32(out + AT_BIRTH_PLACE, h->birth_place);
    store32(out + AT_KEPT_RECORDS, h->kept_records);
}

void segment_header_encode(uint8_t block[SEGMENT_HEADER_BLOCK], struct segment_header *h)
{
    memset(block, 0, SEGMENT_HEADER_BLOCK);
    encode_fields(block, h);
    h->crc = frame_close(block, SEGMENT_HEADER_BYTES, magic);
    memcpy(block + SEGMENT_HEADER_COPY, block, SEGMENT_HEADER_BYTES);
}

static void decode_fields(struct segment_header *h, const uint8_t *in)
{
    memcpy(h->uuid, in + AT_UUID, UUID_BYTES);
    h->number = load64(in + AT_NUMBER);
    h->base_lsn = load64(in + AT_BASE_LSN);
    h->salt = load64(in + AT_SALT);
    h->epoch = load64(in + AT_EPOCH);
    h->follow.number = load64(in + AT_FOLLOW_NUMBER);
    h->follow.end_lsn = load64(in + AT_FOLLOW_END_LSN);
    h->follow.end_offset = load64(in + AT_FOLLOW_END_OFFSET);
    h->follow.link = load32(in + AT_FOLLOW_LINK);
    h->follow.salt_low = load32(in + AT_FOLLOW_SALT_LOW);
    h->group_align = load32(in + AT_GROUP_ALIGN);
    h->window = load32(in + AT_WINDOW);
    h->max_group_bytes = load32(in + AT_MAX_GROUP_BYTES);
    h->max_record_bytes = load32(in + AT_MAX_RECORD_BYTES);
    h->checksum = load16(in + AT_CHECKSUM);
    h->codec = load16(in + AT_CODEC);
    h->cipher = load16(in + AT_CIPHER);
    h->key_id = load32(in + AT_KEY_ID);
    memcpy(h->kdf_salt, in + AT_KDF_SALT, KDF_SALT_BYTES);
    h->created_ns = load64(in + AT_CREATED);
    memcpy(h->label, in + AT_LABEL, SEGMENT_LABEL_BYTES);
    h->flags = load32(in + AT_FLAGS);
    h->birth_place = load32(in + AT_BIRTH_PLACE);
    h->kept_records = load32(in + AT_KEPT_RECORDS);
    h->crc = load32(in + AT_CRC);
}

static bool follow_fits(const struct segment_header *h)
{
    const struct follow *f = &h->follow;

    if (f->number == 0)
        return f->end_lsn == 0 && f->end_offset == 0 && f->link == 0 && f->salt_low == 0;
    if (f->number >= h->number || f->end_offset < SEGMENT_HEADER_BLOCK ||
        f->end_offset > SEGMENT_END_MAX || f->end_offset % PLACE_UNIT != 0)
        return false;
    return (h->flags & SEGMENT_RESET) || h->base_lsn - 1 == f->end_lsn;
}

static bool sizes_fit(const struct segment_header *h)
{
    uint32_t align = h->group_align;

    if (align != PLACE_UNIT && align != 512 && align != GROUP_ALIGN_MAX)
        return false;
    if (h->max_group_bytes < GROUP_BYTES_MIN || h->max_group_bytes > GROUP_BYTES_MAX)
        return false;
    if (h->max_record_bytes > RECORD_BYTES_MAX ||
        h->max_record_bytes > h->max_group_bytes - RECORD_HEADER_BYTES)
        return false;
    return h->birth_place >= FIRST_PLACE && (uint64_t)h->birth_place * PLACE_UNIT % align == 0;
}

/* Whether what minor 0 leaves unused is zero; a newer minor may use it. */
static bool unused_fits(const struct segment_header *h, const uint8_t *in)
{
    uint32_t size = load32(in + AT_SIZE);

    if (h->minor > FORMAT_MINOR)
        return size >= SEGMENT_HEADER_BYTES;
    return size == SEGMENT_HEADER_BYTES && (h->flags & ~(uint32_t)KNOWN_FLAGS) == 0 &&
           load16(in + AT_ZERO_118) == 0 && load32(in + AT_ZERO_124) == 0;
}

enum decoded segment_header_decode(struct segment_header *ret,
                                   const uint8_t copy[SEGMENT_HEADER_BYTES])
{
    enum decoded how = frame_check_version(copy, SEGMENT_HEADER_BYTES, magic);
    if (how != DECODED_RIGHT && how != DECODED_NEWER)
        return how;

    struct segment_header h = {.major = load16(copy + AT_MAJOR), .minor = load16(copy + AT_MINOR)};
    h.incompatible = load32(copy + AT_INCOMPATIBLE);
    h.read_only_compatible = load32(copy + AT_READ_ONLY_COMPATIBLE);
    if (how == DECODED_NEWER || (h.incompatible & ~(uint32_t)KNOWN_INCOMPATIBLE) != 0) {
        *ret = h;
        return DECODED_NEWER;
    }
    decode_fields(&h, copy);
    if (h.number == 0 || h.base_lsn == 0 || h.salt == 0 || h.checksum != CHECKSUM_CRC32 ||
        !sizes_fit(&h) || !follow_fits(&h) || !unused_fits(&h, copy))
        return DECODED_DAMAGED;
    *ret = h;
    return DECODED_RIGHT;
}

/* Right in itself, whatever the version. */
static bool is_whole(enum decoded how)
{
    return how == DECODED_RIGHT || how == DECODED_NEWER;
}

enum decoded segment_header_decode_block(struct segment_header *ret,
                                         const uint8_t block[SEGMENT_HEADER_BLOCK],
                                         unsigned *ret_repairs)
{
    const uint8_t *first = block, *second = block + SEGMENT_HEADER_COPY;
    struct segment_header a, b;
    enum decoded how_a = segment_header_decode(&a, first);
    enum decoded how_b = segment_header_decode(&b, second);

    if (!is_whole(how_a) && !is_whole(how_b))
        return how_a == how_b ? how_a : DECODED_DAMAGED;
    if (is_whole(how_a) && is_whole(how_b) && memcmp(first, second, SEGMENT_HEADER_BYTES) != 0)
        return DECODED_DAMAGED;
    *ret = is_whole(how_a) ? a : b;
    *ret_repairs = is_whole(how_a) != is_whole(how_b);
    return is_whole(how_a) ? how_a : how_b;
}
