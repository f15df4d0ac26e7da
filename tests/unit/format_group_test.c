/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/attr.h"
#include "format/group.h"
#include "support/bytes_by_hand.h"

#define SALT  UINT64_C(0xa1a2a3a4a5a6a7a8)
#define EPOCH UINT32_C(0x51525354)
#define PLACE UINT32_C(0x41424344)

enum { GROUP_MAX = 1 << 20 };

static const struct group_header full = {
    .place = PLACE,
    .first_lsn = 0x1112131415161718,
    .watermark = 0x2122232425262728,
    .epoch = EPOCH,
    .link = 0x31323334,
    .records = 0x61626364,
    .stored_bytes = 0x71727374,
    .raw_bytes = 0x81828384,
    .body_crc = 0x91929394,
    .type = GROUP_DATA,
    .flags = GROUP_COMPRESSED | GROUP_ENCRYPTED | GROUP_FIRST | GROUP_BIRTH,
    .tag_bytes = 64,
    .durable_place = 0xb1b2b3b4,
};

/* docs/format.md, "Groups", by hand. */
static void full_by_hand(uint8_t out[64])
{
    memcpy(out, "WLG\xb1", 4);
    put_le(out + 8, 4, 0xa5a6a7a8);
    put_le(out + 12, 4, 0x41424344);
    put_le(out + 16, 8, 0x1112131415161718);
    put_le(out + 24, 8, 0x2122232425262728);
    put_le(out + 32, 4, 0x51525354);
    put_le(out + 36, 4, 0x31323334);
    put_le(out + 40, 4, 0x61626364);
    put_le(out + 44, 4, 0x71727374);
    put_le(out + 48, 4, 0x81828384);
    put_le(out + 52, 4, 0x91929394);
    out[56] = 1;
    out[57] = 1 + 2 + 4 + 16;
    put_le(out + 58, 2, 64);
    put_le(out + 60, 4, 0xb1b2b3b4);
    put_le(out + 4, 4, zlib_crc_salted(SALT, out + 8, 56));
}

static enum group_check decode(struct group_header *ret, const uint8_t in[64])
{
    return group_header_decode(ret, in, SALT, EPOCH, PLACE);
}

static void test_every_field_has_its_offset(void **state)
{
    uint8_t out[64], expected[64];
    struct group_header h = full, got;

    (void)state;
    full_by_hand(expected);
    group_header_encode(out, &h, SALT);
    assert_memory_equal(out, expected, 64);
    assert_int_equal(h.crc, zlib_crc_salted(SALT, expected + 8, 56));
    assert_int_equal(decode(&got, expected), GROUP_RIGHT);
    assert_int_equal(got.crc, h.crc);
    assert_int_equal(got.place, full.place);
    assert_true(got.first_lsn == full.first_lsn);
    assert_true(got.watermark == full.watermark);
    assert_int_equal(got.epoch, full.epoch);
    assert_int_equal(got.link, full.link);
    assert_int_equal(got.records, full.records);
    assert_int_equal(got.stored_bytes, full.stored_bytes);
    assert_int_equal(group_header_lsn_at(expected, full.place), full.first_lsn);
    assert_int_equal(group_header_lsn_at(expected, full.place + 1), 0);
    assert_int_equal(group_header_stored_bytes(expected), full.stored_bytes);
    assert_int_equal(got.raw_bytes, full.raw_bytes);
    assert_int_equal(got.body_crc, full.body_crc);
    assert_int_equal(got.type, full.type);
    assert_int_equal(got.flags, full.flags);
    assert_int_equal(got.tag_bytes, full.tag_bytes);
    assert_int_equal(got.durable_place, full.durable_place);
}

static void test_every_bit_counts(void **state)
{
    uint8_t out[64];
    struct group_header h = full, got;

    (void)state;
    group_header_encode(out, &h, SALT);
    for (size_t bit = 0; bit < 64 * 8; bit++) {
        enum group_check expected = bit < 32               ? GROUP_ABSENT
                                    : bit / 8 / 4 == 8 / 4 ? GROUP_STALE
                                                           : GROUP_DAMAGED;
        flip_bit(out, bit);
        assert_int_equal(decode(&got, out), expected);
        flip_bit(out, bit);
    }
    assert_int_equal(decode(&got, out), GROUP_RIGHT);
}

static void test_what_is_not_of_here(void **state)
{
    uint8_t out[64] = {0};
    struct group_header h = full, got = {.place = 7};

    (void)state;
    assert_int_equal(decode(&got, out), GROUP_ABSENT);
    group_header_encode(out, &h, SALT);
    assert_int_equal(group_header_decode(&got, out, SALT + 1, EPOCH, PLACE), GROUP_STALE);
    /* The CRC is over the whole salt, not its low half alone. */
    assert_int_equal(group_header_decode(&got, out, SALT ^ UINT64_C(1) << 63, EPOCH, PLACE),
                     GROUP_DAMAGED);
    assert_int_equal(group_header_decode(&got, out, SALT, EPOCH - 1, PLACE), GROUP_STALE);
    assert_int_equal(group_header_decode(&got, out, SALT, EPOCH, PLACE + 1), GROUP_MISPLACED);
    assert_int_equal(got.place, 7);
}

static enum group_check decode_kind(unsigned type, unsigned flags, unsigned tag_bytes)
{
    uint8_t out[64];
    struct group_header h = full, got;

    h.type = (uint8_t)type;
    h.flags = (uint8_t)flags;
    h.tag_bytes = (uint16_t)tag_bytes;
    group_header_encode(out, &h, SALT);
    return decode(&got, out);
}

static void test_kinds_of_groups(void **state)
{
    (void)state;
    for (unsigned type = 0; type < 256; type++) {
        bool known = type == 1 || type == 2 || type == 4 || type == 5;
        assert_int_equal(decode_kind(type, 0, 0), known ? GROUP_RIGHT : GROUP_DAMAGED);
        known = type == 1 || type == 3; /* with a tag */
        assert_int_equal(decode_kind(type, 0, 1), known ? GROUP_RIGHT : GROUP_DAMAGED);
    }
    for (unsigned flags = 0; flags < 256; flags++) {
        bool known = flags < 32 && (flags & 12) != 12;
        assert_int_equal(decode_kind(GROUP_DATA, flags, 0), known ? GROUP_RIGHT : GROUP_DAMAGED);
        assert_int_equal(decode_kind(GROUP_META, flags, 0), known ? GROUP_RIGHT : GROUP_DAMAGED);
        assert_int_equal(decode_kind(GROUP_TAG, flags, 8), known ? GROUP_RIGHT : GROUP_DAMAGED);
        assert_int_equal(decode_kind(GROUP_CHECKPOINT, flags, 0),
                         known ? GROUP_RIGHT : GROUP_DAMAGED);
        assert_int_equal(decode_kind(GROUP_SEAL, flags, 0),
                         flags < 4 ? GROUP_RIGHT : GROUP_DAMAGED);
    }
    assert_int_equal(decode_kind(GROUP_DATA, 0, 64), GROUP_RIGHT);
    assert_int_equal(decode_kind(GROUP_DATA, 0, 65), GROUP_DAMAGED);
    assert_int_equal(decode_kind(GROUP_DATA, 0, 0xffff), GROUP_DAMAGED);
    assert_int_equal(decode_kind(GROUP_TAG, 0, 64), GROUP_RIGHT);
    assert_int_equal(decode_kind(GROUP_TAG, 0, 65), GROUP_DAMAGED);
}

static const struct group_header plain = {
    .place = 1000,
    .durable_place = 1000,
    .first_lsn = 100,
    .watermark = 99,
    .records = 2,
    .stored_bytes = 64,
    .raw_bytes = 64,
    .type = GROUP_DATA,
};

static bool fits(const struct group_header *h)
{
    return group_header_limits(h, GROUP_MAX) == GROUP_RIGHT;
}

static void test_lengths(void **state)
{
    struct group_header h = plain;

    (void)state;
    assert_true(fits(&h));
    h.stored_bytes = h.raw_bytes = GROUP_MAX;
    assert_true(fits(&h));
    h.stored_bytes = h.raw_bytes = GROUP_MAX + 1;
    assert_false(fits(&h));
    h.stored_bytes = h.raw_bytes = UINT32_MAX;
    assert_false(fits(&h));
    h.raw_bytes = 64;
    assert_false(fits(&h));
    h.stored_bytes = 72; /* sizes differ, and flags don't say why */
    assert_false(fits(&h));
    h.stored_bytes = 56;
    assert_false(fits(&h));
}

static void test_lengths_of_encodings(void **state)
{
    struct group_header h = plain;

    (void)state;
    h.flags = GROUP_ENCRYPTED;
    assert_false(fits(&h));
    h.stored_bytes = 80;
    assert_true(fits(&h));
    h.stored_bytes = 15;
    h.raw_bytes = 0;
    assert_false(fits(&h));

    h.flags = GROUP_COMPRESSED;
    h.stored_bytes = 64;
    h.raw_bytes = 65536;
    assert_true(fits(&h));
    h.raw_bytes = 65537; /* a bomb */
    assert_false(fits(&h));
    h.stored_bytes = GROUP_MAX;
    h.raw_bytes = GROUP_MAX + 1;
    assert_false(fits(&h));
    h.raw_bytes = GROUP_MAX;
    h.stored_bytes = GROUP_MAX + 1;
    assert_false(fits(&h));
    h.stored_bytes = 0;
    assert_false(fits(&h));

    h.flags = GROUP_COMPRESSED | GROUP_ENCRYPTED;
    h.stored_bytes = 80;
    h.raw_bytes = 65536;
    assert_true(fits(&h));
    h.stored_bytes = 79;
    assert_false(fits(&h));
}

static void test_counts(void **state)
{
    struct group_header h = plain;

    (void)state;
    h.records = 4;
    assert_true(fits(&h));
    h.records = 5; /* 5 * 16 > 64 */
    assert_false(fits(&h));
    h.records = 0x10000001; /* times 16 it wraps 32 bits */
    assert_false(fits(&h));
    h.records = UINT32_MAX;
    assert_false(fits(&h));
    h.records = 0;
    assert_false(fits(&h));
    h.records = 3;
    h.tag_bytes = 16;
    assert_true(fits(&h));
    h.tag_bytes = 17; /* 24 with its padding */
    assert_false(fits(&h));

    h = plain;
    static const uint8_t others[] = {GROUP_SEAL, GROUP_TAG, GROUP_CHECKPOINT, GROUP_META};
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        h.type = others[i];
        h.records = 0;
        assert_true(fits(&h));
        h.records = 1;
        assert_false(fits(&h));
    }
}

static void test_lsns(void **state)
{
    struct group_header h = plain;

    (void)state;
    h.first_lsn = 0;
    assert_false(fits(&h));
    h.first_lsn = UINT64_MAX - 2; /* up to 2^64 - 2 */
    assert_true(fits(&h));
    h.first_lsn = UINT64_MAX - 1;
    assert_false(fits(&h));
    h.first_lsn = UINT64_MAX;
    assert_false(fits(&h));
    h.type = GROUP_META; /* behind the last LSN of all */
    h.records = 0;
    assert_true(fits(&h));
    h = plain;
    h.watermark = 100;
    assert_false(fits(&h));
    h.watermark = UINT64_MAX;
    assert_false(fits(&h));
    h.watermark = 0;
    h.first_lsn = 1;
    assert_true(fits(&h));
}

static void test_places(void **state)
{
    struct group_header h = plain;

    (void)state;
    h.durable_place = 1001;
    assert_false(fits(&h));
    h = plain;
    h.place = UINT32_MAX - 2; /* header and 64 bytes of body end at the last place */
    assert_true(fits(&h));
    h.place = UINT32_MAX - 1;
    assert_false(fits(&h));
    h.place = UINT32_MAX;
    assert_false(fits(&h));
}

static void test_body_crc(void **state)
{
    uint8_t body[300];

    (void)state;
    for (size_t i = 0; i < sizeof(body); i++)
        body[i] = (uint8_t)(i * 7);
    for (size_t size = 0; size <= sizeof(body); size += 75)
        assert_int_equal(group_body_crc(SALT, body, size), zlib_crc_salted(SALT, body, size));
}

static void test_extent(void **state)
{
    struct group_header h = plain;

    (void)state;
    assert_int_equal(group_disk_bytes(0, 64), 64);
    assert_int_equal(group_disk_bytes(1, 64), 128);
    assert_int_equal(group_disk_bytes(64, 64), 128);
    assert_int_equal(group_disk_bytes(65, 64), 192);
    assert_int_equal(group_disk_bytes(0, 512), 512);
    assert_int_equal(group_disk_bytes(449, 512), 1024);
    assert_int_equal(group_disk_bytes(4032, 4096), 4096);
    assert_true(group_disk_bytes(UINT32_MAX, 4096) == UINT64_C(0x100001000));
    assert_int_equal(group_end(&h, 64), 64000 + 128);
    assert_int_equal(group_end(&h, 512), 64000 + 512);
    h.place = UINT32_MAX;
    h.stored_bytes = 0;
    assert_true(group_end(&h, 64) == UINT64_C(0x4000000000));
    assert_int_equal(group_last_lsn(&h), 101);
    h.records = 0;
    assert_int_equal(group_last_lsn(&h), 99);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_field_has_its_offset),
        cmocka_unit_test(test_every_bit_counts),
        cmocka_unit_test(test_what_is_not_of_here),
        cmocka_unit_test(test_kinds_of_groups),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_lengths_of_encodings),
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_lsns),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_body_crc),
        cmocka_unit_test(test_extent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
