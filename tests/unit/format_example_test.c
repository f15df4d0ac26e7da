/* SPDX-License-Identifier: Apache-2.0 */
/* The worked example of docs/format.md, built anew and compared with the text byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "crc/crc.h"
#include "format/body.h"
#include "format/control.h"
#include "format/group.h"
#include "format/header.h"
#include "format/record.h"
#include "support/bytes_by_hand.h"
#include "support/document.h"

#define SALT UINT64_C(0x8877665544332211)

enum { DATA_AT = 4096, META_AT = 4224, END_AT = 4352, SEGMENT_BYTES = 4416 };

static const uint8_t uuid[UUID_BYTES] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
                                         0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};

static uint32_t build_header(uint8_t *segment)
{
    struct segment_header h = {
        .number = 1,
        .base_lsn = 1,
        .salt = SALT,
        .epoch = 1,
        .group_align = 64,
        .window = 257,
        .max_group_bytes = 1 << 20,
        .max_record_bytes = 1 << 16,
        .checksum = CHECKSUM_CRC32,
        .created_ns = UINT64_C(1700000000000000000),
        .label = "example",
        .birth_place = 64,
    };

    memcpy(h.uuid, uuid, sizeof(uuid));
    for (unsigned i = 0; i < KDF_SALT_BYTES; i++)
        h.kdf_salt[i] = (uint8_t)(0xa0 + i);
    segment_header_encode(segment, &h);
    return h.crc;
}

static uint8_t *put_record(uint8_t *at, uint64_t lsn, uint16_t type, uint16_t flags,
                           const char *payload)
{
    struct record r = {.lsn = lsn, .size = (uint32_t)strlen(payload), .type = type, .flags = flags};

    memcpy(at + RECORD_HEADER_BYTES, payload, r.size);
    r.crc = record_crc(crc_update(0, payload, r.size), r.size, flags, type, lsn, SALT);
    record_header_encode(at, &r);
    return at + record_bytes(r.size);
}

static uint32_t close_group(uint8_t *segment, struct group_header h, size_t body_bytes)
{
    uint8_t *at = segment + (size_t)h.place * PLACE_UNIT;

    h.epoch = 1;
    h.durable_place = h.place;
    h.stored_bytes = h.raw_bytes = (uint32_t)body_bytes;
    h.body_crc = group_body_crc(SALT, at + GROUP_HEADER_BYTES, body_bytes);
    group_header_encode(at, &h, SALT);
    assert_int_equal(group_header_limits(&h, 1 << 20), GROUP_RIGHT);
    return h.crc;
}

/* Returns the header CRC of the last group. */
static uint32_t build_segment(uint8_t segment[SEGMENT_BYTES])
{
    const struct meta_entry entry = {.key = (const uint8_t *)"k",
                                     .value = (const uint8_t *)"v1",
                                     .key_size = 1,
                                     .value_size = 2};
    uint8_t *body = segment + DATA_AT + GROUP_HEADER_BYTES;

    memset(segment, 0, SEGMENT_BYTES);
    uint32_t link = build_header(segment);
    uint8_t *end = put_record(body, 1, 0, 0, "hello");
    end = put_record(end, 2, 7, RECORD_BATCH_LAST, "");
    link = close_group(segment,
                       (struct group_header){.type = GROUP_DATA,
                                             .place = DATA_AT / PLACE_UNIT,
                                             .first_lsn = 1,
                                             .link = link,
                                             .records = 2},
                       (size_t)(end - body));
    body = segment + META_AT + GROUP_HEADER_BYTES;
    meta_body_encode(body, &entry, 1);
    return close_group(segment,
                       (struct group_header){.type = GROUP_META,
                                             .place = META_AT / PLACE_UNIT,
                                             .first_lsn = 3,
                                             .watermark = 2,
                                             .link = link},
                       meta_body_bytes(&entry, 1));
}

static void build_control(uint8_t control[CONTROL_BYTES], uint32_t last_group_crc)
{
    struct control c = {
        .sequence = 2, .epoch = 1, .oldest = 1, .newest = 1, .first_lsn = 1, .pid = 1234};
    const struct witness w = {.sequence = 2,
                              .durable_lsn = 2,
                              .segment = 1,
                              .durable_place = END_AT / PLACE_UNIT,
                              .group_crc = last_group_crc,
                              .salt_low = (uint32_t)SALT};

    memset(control, 0, CONTROL_BYTES);
    memcpy(c.uuid, uuid, sizeof(uuid));
    control_encode(control + CONTROL_SLOT_A, &c);
    control_encode(control + CONTROL_SLOT_B, &c);
    witness_encode(control + WITNESS_OFFSET, &w);
}

static void test_the_document_shows_what_is_written(void **state)
{
    uint8_t segment[SEGMENT_BYTES], control[CONTROL_BYTES];

    (void)state;
    build_control(control, build_segment(segment));
    document_expect("00000000000000000001.wal", segment, sizeof(segment));
    document_expect("control", control, sizeof(control));
}

static void test_the_document_shows_what_can_be_read(void **state)
{
    uint8_t segment[SEGMENT_BYTES], control[CONTROL_BYTES];
    struct segment_header h;
    struct group_header data, meta;
    struct meta_entry entries[META_KEYS_MAX];
    struct control c;
    struct witness w;
    struct record r;
    unsigned repairs;

    (void)state;
    document_read("00000000000000000001.wal", segment, sizeof(segment));
    document_read("control", control, sizeof(control));
    assert_int_equal(control_decode(&c, control + CONTROL_SLOT_A), DECODED_RIGHT);
    assert_int_equal(control_decode(&c, control + CONTROL_SLOT_B), DECODED_RIGHT);
    assert_int_equal(witness_decode(&w, control + WITNESS_OFFSET), DECODED_RIGHT);
    assert_int_equal(segment_header_decode_block(&h, segment, &repairs), DECODED_RIGHT);
    assert_int_equal(repairs, 0);

    assert_int_equal(group_header_decode(&data, segment + DATA_AT, SALT, 1, 64), GROUP_RIGHT);
    assert_int_equal(data.link, h.crc);
    assert_int_equal(data.body_crc, zlib_crc_salted(SALT, segment + DATA_AT + 64, 40));
    struct record_walk walk = {.at = segment + DATA_AT + 64,
                               .end = segment + DATA_AT + 64 + 40,
                               .lsn = data.first_lsn,
                               .left = data.records,
                               .limit = h.max_record_bytes};
    while (record_next(&walk, &r) == 1)
        assert_true(record_right(&r, SALT));
    assert_true(walk.lsn == 3 && walk.left == 0);

    assert_int_equal(group_header_decode(&meta, segment + META_AT, SALT, 1, 66), GROUP_RIGHT);
    assert_int_equal(meta.link, data.crc);
    assert_int_equal(meta.crc, w.group_crc);
    assert_int_equal(meta_body_decode(entries, segment + META_AT + 64, meta.stored_bytes), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_document_shows_what_is_written),
        cmocka_unit_test(test_the_document_shows_what_can_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
