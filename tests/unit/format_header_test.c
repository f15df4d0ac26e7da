/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/attr.h"
#include "format/header.h"
#include "support/bytes_by_hand.h"

static const struct segment_header full = {
    .major = 1,
    .read_only_compatible = 0x01020304,
    .uuid = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16},
    .number = 0x1112131415161718,
    .base_lsn = 0x2122232425262729,
    .salt = 0x3132333435363738,
    .epoch = 0x4142434445464748,
    .follow = {.number = 0x0112131415161718,
               .end_lsn = 0x2122232425262728,
               .end_offset = 0x3fffffff40,
               .link = 0x51525354,
               .salt_low = 0x61626364},
    .group_align = 512,
    .window = 0x71727374,
    .max_group_bytes = 0x41424344,
    .max_record_bytes = 0x31323334,
    .checksum = 1,
    .codec = 0x8182,
    .cipher = 0x9192,
    .key_id = 0xa1a2a3a4,
    .kdf_salt = {0xb0, 0xb1, 0xb2, 0xb3, [31] = 0xbf},
    .created_ns = 0xc1c2c3c4c5c6c7c8,
    .label = {0xd0, 0xd1, 0xd2, 0xd3, [63] = 0xdf},
    .flags = SEGMENT_RESET,
    .birth_place = 0xe1e2e3e8,
    .kept_records = 0xf1f2f3f4,
};

/* docs/format.md, "Segment header", by hand. */
static void full_by_hand(uint8_t out[256])
{
    memset(out, 0, 256);
    memcpy(out, "\x89WAL\r\n\x1a\n", 8);
    put_le(out + 8, 2, 1);
    put_le(out + 10, 2, 0);
    put_le(out + 12, 4, 256);
    put_le(out + 16, 4, 0);
    put_le(out + 20, 4, 0x01020304);
    for (unsigned i = 0; i < 16; i++)
        out[24 + i] = (uint8_t)(i + 1);
    put_le(out + 40, 8, 0x1112131415161718);
    put_le(out + 48, 8, 0x2122232425262729);
    put_le(out + 56, 8, 0x3132333435363738);
    put_le(out + 64, 8, 0x4142434445464748);
    put_le(out + 72, 8, 0x2122232425262728);
    put_le(out + 80, 8, 0x3fffffff40);
    put_le(out + 88, 4, 0x51525354);
    put_le(out + 92, 4, 0x61626364);
    put_le(out + 96, 4, 512);
    put_le(out + 100, 4, 0x71727374);
    put_le(out + 104, 4, 0x41424344);
    put_le(out + 108, 4, 0x31323334);
    put_le(out + 112, 2, 1);
    put_le(out + 114, 2, 0x8182);
    put_le(out + 116, 2, 0x9192);
    put_le(out + 120, 4, 0xa1a2a3a4);
    put_le(out + 128, 4, 0xb3b2b1b0);
    out[159] = 0xbf;
    put_le(out + 160, 8, 0xc1c2c3c4c5c6c7c8);
    put_le(out + 168, 4, 0xd3d2d1d0);
    out[231] = 0xdf;
    put_le(out + 232, 8, 0x0112131415161718);
    put_le(out + 240, 4, 1);
    put_le(out + 244, 4, 0xe1e2e3e8);
    put_le(out + 248, 4, 0xf1f2f3f4);
    put_last_crc(out, 256);
}

static const struct segment_header first = {
    .major = 1,
    .number = 1,
    .base_lsn = 1,
    .salt = 1,
    .group_align = 64,
    .max_group_bytes = GROUP_BYTES_MIN,
    .checksum = 1,
    .birth_place = 64,
};

static void assert_same(const struct segment_header *a, const struct segment_header *b)
{
    assert_int_equal(a->major, b->major);
    assert_int_equal(a->minor, b->minor);
    assert_int_equal(a->incompatible, b->incompatible);
    assert_int_equal(a->read_only_compatible, b->read_only_compatible);
    assert_memory_equal(a->uuid, b->uuid, UUID_BYTES);
    assert_true(a->number == b->number);
    assert_true(a->base_lsn == b->base_lsn);
    assert_true(a->salt == b->salt);
    assert_true(a->epoch == b->epoch);
    assert_true(a->follow.number == b->follow.number);
    assert_true(a->follow.end_lsn == b->follow.end_lsn);
    assert_true(a->follow.end_offset == b->follow.end_offset);
    assert_int_equal(a->follow.link, b->follow.link);
    assert_int_equal(a->follow.salt_low, b->follow.salt_low);
    assert_int_equal(a->group_align, b->group_align);
    assert_int_equal(a->window, b->window);
    assert_int_equal(a->max_group_bytes, b->max_group_bytes);
    assert_int_equal(a->max_record_bytes, b->max_record_bytes);
    assert_int_equal(a->checksum, b->checksum);
    assert_int_equal(a->codec, b->codec);
    assert_int_equal(a->cipher, b->cipher);
    assert_int_equal(a->key_id, b->key_id);
    assert_memory_equal(a->kdf_salt, b->kdf_salt, KDF_SALT_BYTES);
    assert_true(a->created_ns == b->created_ns);
    assert_memory_equal(a->label, b->label, SEGMENT_LABEL_BYTES);
    assert_int_equal(a->flags, b->flags);
    assert_int_equal(a->birth_place, b->birth_place);
    assert_int_equal(a->kept_records, b->kept_records);
}

static enum decoded decode_resealed(struct segment_header *ret, uint8_t copy[256])
{
    put_last_crc(copy, 256);
    return segment_header_decode(ret, copy);
}

/* What a change of one field of `full` makes of it. */
static enum decoded decode_with(unsigned offset, unsigned bytes, uint64_t value)
{
    uint8_t copy[256];
    struct segment_header h;

    full_by_hand(copy);
    put_le(copy + offset, bytes, value);
    return decode_resealed(&h, copy);
}

static void test_every_field_has_its_offset(void **state)
{
    uint8_t block[4096], expected[4096] = {0};
    struct segment_header h = full, got;

    (void)state;
    full_by_hand(expected);
    memcpy(expected + 2048, expected, 256);
    memset(block, 0xee, sizeof(block));
    segment_header_encode(block, &h);
    assert_memory_equal(block, expected, 4096);
    assert_int_equal(h.crc, zlib_crc(expected, 252));
    assert_int_equal(segment_header_decode(&got, expected), DECODED_RIGHT);
    assert_same(&got, &full);
    assert_int_equal(got.crc, h.crc);
}

static void test_the_least_that_can_be(void **state)
{
    uint8_t block[4096];
    struct segment_header h = first, got;

    (void)state;
    h.major = h.minor = 9;
    segment_header_encode(block, &h);
    assert_int_equal(segment_header_decode(&got, block), DECODED_RIGHT);
    assert_same(&got, &first);
}

static void test_every_bit_counts(void **state)
{
    uint8_t block[4096];
    struct segment_header h = full, got;

    (void)state;
    segment_header_encode(block, &h);
    for (size_t bit = 0; bit < 256 * 8; bit++) {
        flip_bit(block, bit);
        assert_int_equal(segment_header_decode(&got, block), DECODED_DAMAGED);
        flip_bit(block, bit);
    }
    assert_int_equal(segment_header_decode(&got, block), DECODED_RIGHT);
}

static void test_newer_is_told_from_damage(void **state)
{
    uint8_t copy[256], block[4096];
    struct segment_header h;

    (void)state;
    memset(copy, 0xff, sizeof(copy));
    memcpy(copy, "\x89WAL\r\n\x1a\n", 8);
    put_le(copy + 8, 2, 2);
    put_le(copy + 10, 2, 5);
    assert_int_equal(decode_resealed(&h, copy), DECODED_NEWER);
    assert_int_equal(h.major, 2);
    assert_int_equal(h.minor, 5);
    put_le(copy + 8, 2, 0);
    assert_int_equal(decode_resealed(&h, copy), DECODED_DAMAGED);
    for (unsigned bit = 0; bit < 32; bit++) {
        full_by_hand(copy);
        flip_bit(copy + 16, bit);
        assert_int_equal(decode_resealed(&h, copy), DECODED_NEWER);
        assert_int_equal(h.incompatible, 1u << bit);
        assert_int_equal(h.major, 1);
    }
    h = first;
    h.incompatible = 0x80000001;
    segment_header_encode(block, &h);
    assert_int_equal(segment_header_decode(&h, block), DECODED_NEWER);
    assert_int_equal(h.incompatible, 0x80000001);
    memset(copy, 0, sizeof(copy));
    assert_int_equal(segment_header_decode(&h, copy), DECODED_ABSENT);
}

static void test_unused_bytes(void **state)
{
    static const struct {
        unsigned offset, bytes;
        uint64_t value;
    } cases[] = {{12, 4, 264}, {118, 2, 1}, {124, 4, 1}, {240, 4, 3}};
    uint8_t copy[256];
    struct segment_header h;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        full_by_hand(copy);
        put_le(copy + cases[i].offset, cases[i].bytes, cases[i].value);
        assert_int_equal(decode_resealed(&h, copy), DECODED_DAMAGED);
        put_le(copy + 10, 2, 1); /* a newer minor may use them */
        assert_int_equal(decode_resealed(&h, copy), DECODED_RIGHT);
        assert_int_equal(h.minor, 1);
    }
    put_le(copy + 12, 4, 255);
    assert_int_equal(decode_resealed(&h, copy), DECODED_DAMAGED);
    assert_int_equal(decode_with(12, 4, 255), DECODED_DAMAGED);
}

static void test_fields_that_cannot_be(void **state)
{
    (void)state;
    assert_int_equal(decode_with(40, 8, 0), DECODED_DAMAGED);
    assert_int_equal(decode_with(48, 8, 0), DECODED_DAMAGED);
    assert_int_equal(decode_with(56, 8, 0), DECODED_DAMAGED);
    assert_int_equal(decode_with(112, 2, 0), DECODED_DAMAGED);
    assert_int_equal(decode_with(112, 2, 2), DECODED_DAMAGED);
}

static void test_sizes(void **state)
{
    (void)state;
    assert_int_equal(decode_with(96, 4, 0), DECODED_DAMAGED);
    assert_int_equal(decode_with(96, 4, 128), DECODED_DAMAGED);
    assert_int_equal(decode_with(96, 4, 8192), DECODED_DAMAGED);
    assert_int_equal(decode_with(96, 4, 64), DECODED_RIGHT);
    assert_int_equal(decode_with(104, 4, 0x31323334 + 15), DECODED_DAMAGED);
    assert_int_equal(decode_with(104, 4, 0x31323334 + 16), DECODED_RIGHT);
    assert_int_equal(decode_with(104, 4, GROUP_BYTES_MAX), DECODED_RIGHT);
    assert_int_equal(decode_with(104, 4, GROUP_BYTES_MAX + 1u), DECODED_DAMAGED);
    assert_int_equal(decode_with(104, 4, UINT32_MAX), DECODED_DAMAGED);
    assert_int_equal(decode_with(108, 4, 1u << 30), DECODED_RIGHT);
    assert_int_equal(decode_with(108, 4, (1u << 30) + 1), DECODED_DAMAGED);

    struct segment_header h = first, got;
    uint8_t block[4096];
    h.max_group_bytes = GROUP_BYTES_MIN - 1;
    segment_header_encode(block, &h);
    assert_int_equal(segment_header_decode(&got, block), DECODED_DAMAGED);
}

static void test_birth_place(void **state)
{
    (void)state;
    assert_int_equal(decode_with(244, 4, 0), DECODED_DAMAGED);
    assert_int_equal(decode_with(244, 4, 56), DECODED_DAMAGED);
    assert_int_equal(decode_with(244, 4, 64), DECODED_RIGHT);
    assert_int_equal(decode_with(244, 4, 71), DECODED_DAMAGED); /* no multiple of 512 bytes */
    assert_int_equal(decode_with(244, 4, 72), DECODED_RIGHT);
}

static void test_follow(void **state)
{
    uint8_t copy[256];
    struct segment_header h;

    (void)state;
    assert_int_equal(decode_with(232, 8, 0), DECODED_DAMAGED); /* the first, and yet an end */
    assert_int_equal(decode_with(232, 8, 0x1112131415161718), DECODED_DAMAGED); /* itself */
    assert_int_equal(decode_with(232, 8, UINT64_MAX), DECODED_DAMAGED);
    assert_int_equal(decode_with(80, 8, 4032), DECODED_DAMAGED);
    assert_int_equal(decode_with(80, 8, 4096), DECODED_RIGHT);
    assert_int_equal(decode_with(80, 8, 4097), DECODED_DAMAGED);
    assert_int_equal(decode_with(80, 8, 0x3fffffffc0), DECODED_RIGHT);
    assert_int_equal(decode_with(80, 8, 0x4000000000), DECODED_DAMAGED);
    assert_int_equal(decode_with(72, 8, 7), DECODED_RIGHT); /* flags say reset */

    for (unsigned at = 72; at < 96; at++) { /* the first follows nothing, not even in part */
        full_by_hand(copy);
        memset(copy + 72, 0, 24);
        put_le(copy + 232, 8, 0);
        assert_int_equal(decode_resealed(&h, copy), DECODED_RIGHT);
        copy[at] = 1;
        assert_int_equal(decode_resealed(&h, copy), DECODED_DAMAGED);
    }

    full_by_hand(copy);
    put_le(copy + 240, 4, 0);
    assert_int_equal(decode_resealed(&h, copy), DECODED_RIGHT);
    put_le(copy + 72, 8, 7);
    assert_int_equal(decode_resealed(&h, copy), DECODED_DAMAGED);
    put_le(copy + 48, 8, 8);
    assert_int_equal(decode_resealed(&h, copy), DECODED_RIGHT);
    put_le(copy + 48, 8, 1);
    put_le(copy + 72, 8, 0); /* behind a segment without any record */
    assert_int_equal(decode_resealed(&h, copy), DECODED_RIGHT);
}

static void test_block_with_one_bad_copy(void **state)
{
    uint8_t block[4096];
    struct segment_header h = full, got;
    unsigned repairs = 7;

    (void)state;
    segment_header_encode(block, &h);
    assert_int_equal(segment_header_decode_block(&got, block, &repairs), DECODED_RIGHT);
    assert_int_equal(repairs, 0);
    assert_same(&got, &full);
    for (size_t copy = 0; copy <= 2048; copy += 2048) {
        struct segment_header other = {0};
        flip_bit(block + copy, 777);
        assert_int_equal(segment_header_decode_block(&other, block, &repairs), DECODED_RIGHT);
        assert_int_equal(repairs, 1);
        assert_same(&other, &full);
        flip_bit(block + copy, 777);
    }
    memset(block, 0, 256);
    assert_int_equal(segment_header_decode_block(&got, block, &repairs), DECODED_RIGHT);
    assert_int_equal(repairs, 1);
}

static void test_block_refused(void **state)
{
    uint8_t block[4096], other[4096];
    struct segment_header h = full, got;
    unsigned repairs = 7;

    (void)state;
    memset(block, 0, sizeof(block));
    assert_int_equal(segment_header_decode_block(&got, block, &repairs), DECODED_ABSENT);
    segment_header_encode(block, &h);
    flip_bit(block, 100);
    flip_bit(block + 2048, 1000);
    assert_int_equal(segment_header_decode_block(&got, block, &repairs), DECODED_DAMAGED);
    memset(block, 0, 256);
    assert_int_equal(segment_header_decode_block(&got, block, &repairs), DECODED_DAMAGED);

    segment_header_encode(block, &h);
    h.created_ns++;
    segment_header_encode(other, &h);
    memcpy(block + 2048, other, 256);
    assert_int_equal(segment_header_decode_block(&got, block, &repairs), DECODED_DAMAGED);
    assert_int_equal(repairs, 7);
}

static void test_block_of_a_newer_format(void **state)
{
    uint8_t block[4096];
    struct segment_header h = full, got;
    unsigned repairs = 7;

    (void)state;
    segment_header_encode(block, &h);
    put_le(block + 8, 2, 3);
    put_last_crc(block, 256);
    assert_int_equal(segment_header_decode_block(&got, block, &repairs), DECODED_DAMAGED);
    memcpy(block + 2048, block, 256);
    assert_int_equal(segment_header_decode_block(&got, block, &repairs), DECODED_NEWER);
    assert_int_equal(got.major, 3);
    flip_bit(block, 400);
    assert_int_equal(segment_header_decode_block(&got, block, &repairs), DECODED_NEWER);
    assert_int_equal(got.major, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_field_has_its_offset),
        cmocka_unit_test(test_the_least_that_can_be),
        cmocka_unit_test(test_every_bit_counts),
        cmocka_unit_test(test_newer_is_told_from_damage),
        cmocka_unit_test(test_unused_bytes),
        cmocka_unit_test(test_fields_that_cannot_be),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_birth_place),
        cmocka_unit_test(test_follow),
        cmocka_unit_test(test_block_with_one_bad_copy),
        cmocka_unit_test(test_block_refused),
        cmocka_unit_test(test_block_of_a_newer_format),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
