/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/attr.h"
#include "format/record.h"
#include "support/bytes_by_hand.h"

#define SALT UINT64_C(0xa1a2a3a4a5a6a7a8)
#define LSN  UINT64_C(0x2122232425262728)

enum { LIMIT = 1000 };

/* One record by hand: docs/format.md, "Data". Returns the bytes that it takes. */
static size_t put_record(uint8_t *out, uint64_t lsn, unsigned type, unsigned flags,
                         const void *payload, uint32_t size)
{
    uint8_t hashed[LIMIT + 24];
    size_t whole = (16u + size + 7u) / 8u * 8u;

    memset(out, 0, whole);
    if (size > 0) {
        memcpy(out + 16, payload, size);
        memcpy(hashed, payload, size);
    }
    put_le(hashed + size, 4, size);
    put_le(hashed + size + 4, 2, flags);
    put_le(hashed + size + 6, 2, type);
    put_le(hashed + size + 8, 8, lsn);
    put_le(hashed + size + 16, 8, SALT);
    put_le(out, 4, size);
    put_le(out + 4, 4, zlib_crc(hashed, size + 24u));
    put_le(out + 8, 4, lsn);
    put_le(out + 12, 2, type);
    put_le(out + 14, 2, flags);
    return whole;
}

static struct record_walk walk_over(const uint8_t *body, size_t size, uint32_t left)
{
    return (struct record_walk){
        .at = body, .end = body + size, .lsn = LSN, .left = left, .limit = LIMIT};
}

static void test_every_field_has_its_offset(void **state)
{
    static const char payload[] = "payload";
    uint8_t out[16], expected[24];
    struct record r = {.lsn = LSN, .size = 7, .type = 0x4142, .flags = RECORD_BATCH_LAST};

    (void)state;
    put_record(expected, LSN, 0x4142, 2, payload, 7);
    r.crc = record_crc(zlib_crc(payload, 7), 7, 2, 0x4142, LSN, SALT);
    record_header_encode(out, &r);
    assert_memory_equal(out, expected, 16);
}

static void test_a_whole_record(void **state)
{
    uint8_t payload[LIMIT], out[LIMIT + 32], expected[LIMIT + 32];

    (void)state;
    for (size_t i = 0; i < LIMIT; i++)
        payload[i] = (uint8_t)(i * 7);
    for (uint32_t size = 0; size <= LIMIT; size++) {
        struct record r = {.lsn = LSN,
                           .size = size,
                           .type = 0x4142,
                           .flags = RECORD_BATCH_LAST,
                           .payload = size ? payload : NULL};
        size_t whole = put_record(expected, LSN, 0x4142, 2, payload, size);
        memset(out, 0xff, sizeof(out));
        record_write(out, &r, SALT);
        assert_memory_equal(out, expected, whole);
        assert_int_equal(out[whole], 0xff);
        assert_int_equal(r.crc, load32(expected + 4));
    }
}

static void test_bytes(void **state)
{
    (void)state;
    assert_int_equal(record_bytes(0), 16);
    assert_int_equal(record_bytes(1), 24);
    assert_int_equal(record_bytes(8), 24);
    assert_int_equal(record_bytes(9), 32);
    assert_int_equal(record_bytes(1 << 30), (1 << 30) + 16);
    assert_true(record_bytes(UINT32_MAX) == UINT64_C(0x100000010));
}

static void test_walk(void **state)
{
    static const uint32_t sizes[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 100, LIMIT};
    uint8_t body[4096], payload[LIMIT];
    size_t at = 0;
    struct record r;

    (void)state;
    for (size_t i = 0; i < LIMIT; i++)
        payload[i] = (uint8_t)~i;
    for (size_t i = 0; i < COUNT_OF(sizes); i++)
        at += put_record(body + at, LSN + i, 10 + (unsigned)i, i % 2 ? 2 : 0, payload, sizes[i]);

    struct record_walk walk = walk_over(body, at, COUNT_OF(sizes));
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        assert_int_equal(record_next(&walk, &r), 1);
        assert_true(r.lsn == LSN + i);
        assert_int_equal(r.size, sizes[i]);
        assert_int_equal(r.type, 10 + i);
        assert_int_equal(r.flags, i % 2 ? RECORD_BATCH_LAST : 0);
        assert_memory_equal(r.payload, payload, sizes[i]);
        assert_true(record_right(&r, SALT));
    }
    assert_int_equal(record_next(&walk, &r), 0);
    assert_int_equal(record_next(&walk, &r), 0);
}

static void test_count_and_body_end_together(void **state)
{
    uint8_t body[64];
    struct record r = {.lsn = 7};

    (void)state;
    size_t one = put_record(body, LSN, 0, 0, "x", 1);
    size_t two = one + put_record(body + one, LSN + 1, 0, 0, "y", 1);
    struct record_walk walk = walk_over(body, two, 1);
    assert_int_equal(record_next(&walk, &r), -1);
    assert_true(r.lsn == 7);
    walk = walk_over(body, one, 2);
    assert_int_equal(record_next(&walk, &r), -1);
    walk = walk_over(body, two, 2);
    assert_int_equal(record_next(&walk, &r), 1);
    assert_true(r.lsn == LSN);
    assert_int_equal(record_next(&walk, &r), 1);
    assert_int_equal(record_next(&walk, &r), 0);
}

static int first_of(const uint8_t *body, size_t size)
{
    struct record_walk walk = walk_over(body, size, 1);
    struct record r;
    return record_next(&walk, &r);
}

static void test_lengths(void **state)
{
    uint8_t body[2048];
    struct record r;

    (void)state;
    size_t whole = put_record(body, LSN, 0, 0, "123456789", 9);
    for (size_t size = 0; size < whole; size++) {
        uint8_t *copy = malloc(size + 1); /* so that a sanitizer sees what is read beyond */
        assert_non_null(copy);
        memcpy(copy + 1, body, size);
        assert_int_equal(first_of(copy + 1, size), -1);
        free(copy);
    }
    assert_int_equal(first_of(body, whole), 1);
    static const uint32_t sizes[] = {17, 0x7fffffff, 0xfffffff0, 0xfffffff8, UINT32_MAX};
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        put_le(body, 4, sizes[i]);
        struct record_walk walk = walk_over(body, whole, 1);
        walk.limit = UINT32_MAX;
        assert_int_equal(record_next(&walk, &r), -1);
    }
    static const uint8_t zeros[LIMIT];
    memset(body, 0, sizeof(body));
    put_record(body, LSN, 0, 0, zeros, LIMIT);
    put_le(body, 4, LIMIT + 1); /* above the segment's limit, and the body would hold it */
    assert_int_equal(first_of(body, sizeof(body)), -1);
}

static void test_lsn_flags_padding(void **state)
{
    uint8_t body[64];
    size_t whole;

    (void)state;
    for (uint32_t size = 0; size <= 16; size++) {
        whole = put_record(body, LSN, 0, 0, "0123456789abcdef", size);
        for (size_t at = 16 + size; at < whole; at++) {
            body[at] = 1;
            assert_int_equal(first_of(body, whole), -1);
            body[at] = 0;
        }
        assert_int_equal(first_of(body, whole), 1);
    }
    whole = put_record(body, LSN + 1, 0, 0, "x", 1);
    assert_int_equal(first_of(body, whole), -1);
    for (unsigned bit = 0; bit < 16; bit++) {
        whole = put_record(body, LSN, 0, 1u << bit, "x", 1);
        assert_int_equal(first_of(body, whole), bit == 1 ? 1 : -1);
    }
}

static void test_every_bit_counts(void **state)
{
    uint8_t body[40];
    struct record r;

    (void)state;
    size_t whole = put_record(body, LSN, 0x4142, 2, "some payload", 12);
    for (size_t bit = 0; bit < whole * 8; bit++) {
        struct record_walk walk = walk_over(body, whole, 1);
        flip_bit(body, bit);
        assert_true(record_next(&walk, &r) == -1 || !record_right(&r, SALT));
        flip_bit(body, bit);
    }
    struct record_walk walk = walk_over(body, whole, 1);
    assert_int_equal(record_next(&walk, &r), 1);
    assert_true(record_right(&r, SALT));
    assert_false(record_right(&r, SALT ^ UINT64_C(1) << 63));
    r.lsn ^= UINT64_C(1) << 63; /* the high half is in the CRC alone */
    assert_false(record_right(&r, SALT));
}

/* One record out of bytes that go on behind it, or end within it. */
static void test_one_by_itself(void **state)
{
    uint8_t bytes[256] = {0};
    struct record r = {0};

    (void)state;
    for (uint32_t size = 0; size <= 100; size++) {
        size_t whole = put_record(bytes, LSN, 9, 2, bytes + 128, size);
        memset(bytes + whole, 0xee, sizeof bytes - whole);
        for (size_t have = 0; have < whole; have++) {
            r.size = 77;
            int e = record_decode(&r, bytes, have, LSN, LIMIT);
            assert_int_equal(e, have < 16 ? -1 : 0);
            assert_int_equal(r.size, have < 16 ? 77 : size);
        }
        for (size_t have = whole; have < whole + 20; have++) {
            assert_int_equal(record_decode(&r, bytes, have, LSN, LIMIT), 1);
            assert_int_equal(r.size, size);
            assert_int_equal(r.type, 9);
            assert_true(r.lsn == LSN && r.payload == bytes + 16 && record_right(&r, SALT));
        }
        assert_int_equal(record_decode(&r, bytes, whole, LSN + 1, LIMIT), -1);
        assert_int_equal(record_decode(&r, bytes, 16, LSN, size), size ? 0 : 1);
        assert_int_equal(record_decode(&r, bytes, whole, LSN, size - 1u), size ? -1 : 1);
        if (whole == 16 + size)
            continue;
        bytes[whole - 1] = 1; /* padding */
        assert_int_equal(record_decode(&r, bytes, whole, LSN, LIMIT), -1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_field_has_its_offset),
        cmocka_unit_test(test_a_whole_record),
        cmocka_unit_test(test_bytes),
        cmocka_unit_test(test_walk),
        cmocka_unit_test(test_count_and_body_end_together),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_lsn_flags_padding),
        cmocka_unit_test(test_every_bit_counts),
        cmocka_unit_test(test_one_by_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
