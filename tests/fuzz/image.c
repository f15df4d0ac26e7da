/* SPDX-License-Identifier: Apache-2.0 */
#include "image.h"

#include <string.h>
#include <zlib.h>

#include "base/bytes.h"
#include "crc/crc.h"
#include "format/record.h"
#include "fuzz.h"
#include "key.h"
#include "segment/encode.h"

static const uint8_t uuid[UUID_BYTES] = "the fuzzed log's";

enum { AT_MAJOR = 8, AT_SLOT_UUID = 16, AT_CRC = 252, AT_WITNESS_CRC = 60 };
enum {
    AT_FEATURES = 16,
    AT_UUID = 24,
    AT_NUMBER = 40,
    AT_SALT = 56,
    AT_FOLLOW_LINK = 88,
    AT_FOLLOW_SALT = 92
};
enum { AT_CHECKSUM = 112, AT_CODEC = 114, AT_CIPHER = 116, AT_KEY_ID = 120, AT_FOLLOW = 232 };

size_t feed_take(struct feed *f, void *out, size_t n)
{
    size_t got = n < f->left ? n : f->left;

    memset(out, 0, n);
    memcpy(out, f->at, got);
    f->at += got;
    f->left -= got;
    return got;
}

unsigned feed_byte(struct feed *f)
{
    uint8_t byte;
    feed_take(f, &byte, 1);
    return byte;
}

static void finish_block(uint8_t *block, const void *magic, size_t crc_at)
{
    memcpy(block, magic, 8);
    store32(block + crc_at, crc_update(0, block, crc_at));
}

void image_control(struct feed *f, unsigned how, uint8_t out[CONTROL_BYTES])
{
    static const uint8_t slots[] = {0x89, 'W', 'A', 'L', 'C', '\r', '\n', 0x1a};
    static const uint8_t witness[] = {0x89, 'W', 'A', 'L', 'W', '\r', '\n', 0x1a};

    memset(out, 0, CONTROL_BYTES);
    for (size_t at = 0; at <= CONTROL_SLOT_B; at += CONTROL_SLOT_B) {
        feed_take(f, out + at, CONTROL_SLOT_BYTES);
        if (how & IMAGE_AS_IS)
            continue;
        store16(out + at + AT_MAJOR, FORMAT_MAJOR);
        memcpy(out + at + AT_SLOT_UUID, uuid, UUID_BYTES);
        finish_block(out + at, slots, AT_CRC);
    }
    feed_take(f, out + WITNESS_OFFSET, WITNESS_BYTES);
    if (!(how & IMAGE_AS_IS))
        finish_block(out + WITNESS_OFFSET, witness, AT_WITNESS_CRC);
}

static void finish_header(uint8_t *copy, unsigned how, uint64_t number, const struct image_end *end)
{
    static const uint8_t magic[] = {0x89, 'W', 'A', 'L', '\r', '\n', 0x1a, '\n'};

    store16(copy + AT_MAJOR, FORMAT_MAJOR);
    memcpy(copy + AT_UUID, uuid, UUID_BYTES);
    store64(copy + AT_NUMBER, number);
    copy[AT_SALT] |= 1;
    store16(copy + AT_CHECKSUM, CHECKSUM_CRC32);
    store16(copy + AT_CODEC, how & IMAGE_CODEC ? CODEC_ZLIB : CODEC_NONE);
    store16(copy + AT_CIPHER, how & IMAGE_CIPHER ? TOY_ID : 0);
    store32(copy + AT_KEY_ID, KEY_ID);
    store32(copy + AT_FEATURES + 4, 0); /* else nobody may write */
    if (load64(copy + AT_FOLLOW) && end->salt_low) {
        store32(copy + AT_FOLLOW_LINK, end->link);
        store32(copy + AT_FOLLOW_SALT, end->salt_low);
    }
    finish_block(copy, magic, AT_CRC);
}

/* Checksums and LSNs of a body's records, as far as they can be told apart. */
static void finish_records(uint8_t *body, size_t size, const struct group_header *h, uint64_t salt)
{
    size_t at = (size_t)align_up(h->tag_bytes, 8);

    for (uint64_t lsn = h->first_lsn; at + RECORD_HEADER_BYTES <= size; lsn++) {
        uint8_t *r = body + at, *payload = r + RECORD_HEADER_BYTES;
        uint32_t bytes = load32(r + RECORD_AT_SIZE);
        if (bytes > size - at - RECORD_HEADER_BYTES)
            return;
        store32(r + RECORD_AT_LSN_LOW, (uint32_t)lsn);
        store32(r + RECORD_AT_CRC,
                record_crc(crc_update(0, payload, bytes), bytes, load16(r + RECORD_AT_FLAGS),
                           load16(r + RECORD_AT_TYPE), lsn, salt));
        at += record_bytes(bytes);
    }
}

static struct group_header read_header(const uint8_t *in, const struct segment *s, uint64_t offset,
                                       uint32_t link)
{
    return (struct group_header){.place = (uint32_t)(offset / PLACE_UNIT),
                                 .first_lsn = load64(in + 16),
                                 .watermark = load64(in + 24),
                                 .epoch = (uint32_t)s->header.epoch,
                                 .link = link,
                                 .records = load32(in + 40),
                                 .stored_bytes = load32(in + 44),
                                 .raw_bytes = load32(in + 48),
                                 .type = in[56],
                                 .flags = in[57],
                                 .tag_bytes = load16(in + 58),
                                 .durable_place = load32(in + 60)};
}

/* The body that the feed has for the header, encoded, at `out`, which has `room` bytes. Returns how
 * many were written: stored bytes where all of it was there. */
static size_t put_body(struct feed *f, unsigned how, const struct segment *s,
                       struct group_header *h, uint8_t *out, size_t room)
{
    bool squeeze = (how & IMAGE_CODEC) && (h->flags & GROUP_COMPRESSED) && !(how & IMAGE_AS_IS);
    size_t tag = h->flags & GROUP_ENCRYPTED ? CIPHER_TAG_BYTES : 0;
    size_t size = squeeze ? h->raw_bytes : h->stored_bytes > tag ? h->stored_bytes - tag : 0;
    uLongf stored = room - CIPHER_TAG_BYTES;

    if (size > f->left || compressBound(size) + CIPHER_TAG_BYTES > room)
        return feed_take(f, out, f->left < room ? f->left : room);
    feed_take(f, out, size);
    if (h->type == GROUP_DATA && !(how & IMAGE_AS_IS))
        finish_records(out, size, h, s->header.salt);
    if (squeeze) {
        uint8_t *raw = malloc(size + 1);
        FUZZ_MUST(raw);
        memcpy(raw, out, size);
        FUZZ_MUST(compress2(out, &stored, raw, size, 1) == Z_OK);
        free(raw);
        size = stored;
    }
    h->stored_bytes = (uint32_t)(size + tag);
    if (tag && s->key) {
        h->stored_bytes = (uint32_t)size;
        FUZZ_MUST(encrypt_body(s, h, out, out) == 0);
    }
    return size + tag;
}

/* One group at out + at; returns where the next one begins. */
static size_t put_group(struct feed *f, unsigned how, const struct segment *s, uint8_t *out,
                        size_t at, uint32_t *link)
{
    uint32_t align = s->header.group_align;
    uint8_t header[GROUP_HEADER_BYTES];

    feed_take(f, header, sizeof header);
    struct group_header h = read_header(header, s, at, *link);
    size_t room = IMAGE_MAX - at - GROUP_HEADER_BYTES - GROUP_ALIGN_MAX;
    uint8_t *body = out + at + GROUP_HEADER_BYTES;
    size_t size = put_body(f, how, s, &h, body, room);
    h.body_crc = group_body_crc(s->header.salt, body, size);
    group_header_encode(out + at, &h, s->header.salt);
    *link = h.crc;
    return (size_t)align_up(at + GROUP_HEADER_BYTES + size, align);
}

size_t image_segment(struct feed *f, unsigned how, uint64_t number, uint8_t *out,
                     struct image_end *end)
{
    struct segment_header h;
    size_t at = SEGMENT_HEADER_BLOCK;

    memset(out, 0, IMAGE_MAX);
    feed_take(f, out, SEGMENT_HEADER_BYTES);
    finish_header(out, how, number, end);
    memcpy(out + SEGMENT_HEADER_COPY, out, SEGMENT_HEADER_BYTES);
    if (segment_header_decode(&h, out) != DECODED_RIGHT)
        return at;
    struct segment s = key_lend(&h);
    *end = (struct image_end){.link = h.crc, .salt_low = (uint32_t)h.salt};
    while (f->left >= GROUP_HEADER_BYTES && f->at[0] == 'W' && at < IMAGE_MAX / 2)
        at = put_group(f, how, &s, out, at, &end->link);
    key_take(&s);
    at += feed_take(f, out + at, f->left < IMAGE_MAX / 4 ? f->left : IMAGE_MAX / 4);
    return how & IMAGE_NO_ROOM ? at : at + GROUP_HEADER_BYTES;
}
