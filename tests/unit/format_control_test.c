/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/attr.h"
#include "format/control.h"
#include "support/bytes_by_hand.h"

static const struct control full = {
    .major = 1,
    .minor = 0,
    .uuid = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16},
    .sequence = 0x1112131415161718,
    .epoch = 0x2122232425262728,
    .oldest = 0x3132333435363738,
    .newest = 0x4142434445464748,
    .first_lsn = 0x5152535455565758,
    .flags = CONTROL_CLEAN,
    .pid = 0x61626364,
    .end_lsn = 0x7172737475767778,
    .end_offset = 0x3fffffff40,
    .checkpoint = {0x8182838485868788, {0x3192939495969798, 0x1000}},
    .metadata = {0x31a2a3a4a5a6a7a8, 0x1040},
    .tagged = {0x31b2b3b4b5b6b7b8, 0x3fffffff80},
};

/* docs/format.md, "Control", by hand. */
static void full_by_hand(uint8_t out[256])
{
    memset(out, 0, 256);
    memcpy(out, "\x89WALC\r\n\x1a", 8);
    put_le(out + 8, 2, 1);
    put_le(out + 10, 2, 0);
    for (unsigned i = 0; i < 16; i++)
        out[16 + i] = (uint8_t)(i + 1);
    put_le(out + 32, 8, 0x1112131415161718);
    put_le(out + 40, 8, 0x2122232425262728);
    put_le(out + 48, 8, 0x3132333435363738);
    put_le(out + 56, 8, 0x4142434445464748);
    put_le(out + 64, 8, 0x5152535455565758);
    put_le(out + 72, 4, 1);
    put_le(out + 76, 4, 0x61626364);
    put_le(out + 80, 8, 0x7172737475767778);
    put_le(out + 88, 8, 0x3fffffff40);
    put_le(out + 96, 8, 0x8182838485868788);
    put_le(out + 104, 8, 0x3192939495969798);
    put_le(out + 112, 8, 0x1000);
    put_le(out + 120, 8, 0x31a2a3a4a5a6a7a8);
    put_le(out + 128, 8, 0x1040);
    put_le(out + 136, 8, 0x31b2b3b4b5b6b7b8);
    put_le(out + 144, 8, 0x3fffffff80);
    put_last_crc(out, 256);
}

static const struct witness seen = {
    .sequence = 0x1112131415161718,
    .durable_lsn = 0x2122232425262728,
    .segment = 0x3132333435363738,
    .durable_place = 0x41424344,
    .group_crc = 0x51525354,
    .salt_low = 0x61626364,
};

static void seen_by_hand(uint8_t out[64])
{
    memset(out, 0, 64);
    memcpy(out, "\x89WALW\r\n\x1a", 8);
    put_le(out + 8, 8, 0x1112131415161718);
    put_le(out + 16, 8, 0x2122232425262728);
    put_le(out + 24, 8, 0x3132333435363738);
    put_le(out + 32, 4, 0x41424344);
    put_le(out + 36, 4, 0x51525354);
    put_le(out + 40, 4, 0x61626364);
    put_last_crc(out, 64);
}

static void assert_same_ref(const struct place_ref *a, const struct place_ref *b)
{
    assert_true(a->segment == b->segment);
    assert_true(a->offset == b->offset);
}

static void assert_same(const struct control *a, const struct control *b)
{
    assert_int_equal(a->major, b->major);
    assert_int_equal(a->minor, b->minor);
    assert_memory_equal(a->uuid, b->uuid, UUID_BYTES);
    assert_true(a->sequence == b->sequence);
    assert_true(a->epoch == b->epoch);
    assert_true(a->oldest == b->oldest);
    assert_true(a->newest == b->newest);
    assert_true(a->first_lsn == b->first_lsn);
    assert_int_equal(a->flags, b->flags);
    assert_int_equal(a->pid, b->pid);
    assert_true(a->end_lsn == b->end_lsn);
    assert_true(a->end_offset == b->end_offset);
    assert_true(a->checkpoint.lsn == b->checkpoint.lsn);
    assert_same_ref(&a->checkpoint.place, &b->checkpoint.place);
    assert_same_ref(&a->metadata, &b->metadata);
    assert_same_ref(&a->tagged, &b->tagged);
}

static enum decoded decode_resealed(struct control *ret, uint8_t slot[256])
{
    put_last_crc(slot, 256);
    return control_decode(ret, slot);
}

static void test_every_field_has_its_offset(void **state)
{
    uint8_t out[256], expected[256];
    struct control c;

    (void)state;
    full_by_hand(expected);
    memset(out, 0xee, sizeof(out));
    control_encode(out, &full);
    assert_memory_equal(out, expected, 256);
    assert_int_equal(control_decode(&c, expected), DECODED_RIGHT);
    assert_same(&c, &full);
}

static void test_encode_states_our_version(void **state)
{
    uint8_t out[256], expected[256];
    struct control c = full;

    (void)state;
    c.major = 7;
    c.minor = 7;
    full_by_hand(expected);
    control_encode(out, &c);
    assert_memory_equal(out, expected, 256);
}

static void test_the_least_that_can_be(void **state)
{
    const struct control created = {.major = 1, .sequence = 1, .first_lsn = 1};
    const struct control one = {
        .major = 1, .sequence = 2, .first_lsn = UINT64_MAX, .oldest = 1, .newest = 1};
    uint8_t out[256];
    struct control c;

    (void)state;
    control_encode(out, &created);
    assert_int_equal(control_decode(&c, out), DECODED_RIGHT);
    assert_same(&c, &created);
    control_encode(out, &one);
    assert_int_equal(control_decode(&c, out), DECODED_RIGHT);
    assert_same(&c, &one);
}

static void test_the_most_that_can_be(void **state)
{
    uint8_t slot[256];
    struct control c;

    (void)state;
    full_by_hand(slot);
    put_le(slot + 88, 8, 0x3fffffffc0);
    put_le(slot + 104, 8, 0x4142434445464748);
    assert_int_equal(decode_resealed(&c, slot), DECODED_RIGHT);
    assert_true(c.end_offset == SEGMENT_END_MAX);
    assert_true(c.checkpoint.place.segment == c.newest);
}

static void test_every_bit_counts(void **state)
{
    uint8_t slot[256];
    struct control c;

    (void)state;
    control_encode(slot, &full);
    for (size_t bit = 0; bit < 256 * 8; bit++) {
        flip_bit(slot, bit);
        assert_int_equal(control_decode(&c, slot), DECODED_DAMAGED);
        flip_bit(slot, bit);
    }
    assert_int_equal(control_decode(&c, slot), DECODED_RIGHT);
}

static void test_absent(void **state)
{
    uint8_t slot[256] = {0};
    struct control c = full;

    (void)state;
    assert_int_equal(control_decode(&c, slot), DECODED_ABSENT);
    slot[255] = 1;
    assert_int_equal(control_decode(&c, slot), DECODED_DAMAGED);
    assert_same(&c, &full);
}

static void test_newer_major_is_told_from_damage(void **state)
{
    uint8_t slot[256];
    struct control c;

    (void)state;
    memset(slot, 0xff, sizeof(slot));
    memcpy(slot, "\x89WALC\r\n\x1a", 8);
    put_le(slot + 8, 2, 2);
    put_le(slot + 10, 2, 9);
    assert_int_equal(decode_resealed(&c, slot), DECODED_NEWER);
    assert_int_equal(c.major, 2);
    assert_int_equal(c.minor, 9);
    slot[40] ^= 1;
    assert_int_equal(control_decode(&c, slot), DECODED_DAMAGED);
    put_le(slot + 8, 2, 0);
    assert_int_equal(decode_resealed(&c, slot), DECODED_DAMAGED);
}

static void test_unused_bytes(void **state)
{
    uint8_t slot[256];
    struct control c;

    (void)state;
    for (size_t at = 0; at < 252; at++) {
        bool unused = (at >= 12 && at < 16) || at >= 152;
        if (!unused)
            continue;
        full_by_hand(slot);
        slot[at] = 0x80;
        assert_int_equal(decode_resealed(&c, slot), DECODED_DAMAGED);
        slot[10] = 1; /* a newer minor may use them */
        assert_int_equal(decode_resealed(&c, slot), DECODED_RIGHT);
        assert_int_equal(c.minor, 1);
    }
    full_by_hand(slot);
    put_le(slot + 72, 4, 2);
    assert_int_equal(decode_resealed(&c, slot), DECODED_DAMAGED);
    slot[10] = 1;
    assert_int_equal(decode_resealed(&c, slot), DECODED_RIGHT);
}

static void test_fields_that_cannot_be(void **state)
{
    static const struct {
        unsigned offset;
        uint64_t value;
    } cases[] = {
        {32, 0},                   /* sequence */
        {48, 0},                   /* oldest without newest */
        {48, 0x4142434445464749},  /* oldest above newest */
        {56, 0},                   /* newest without oldest */
        {64, 0},                   /* first LSN */
        {88, 0},                   /* clean, and no end */
        {88, 4032},                /* within the header block */
        {88, 0x3fffffff41},        /* no place */
        {88, 0x4000000000},        /* beyond every place */
        {104, 0},                  /* an offset, but no segment */
        {112, 0},                  /* a segment, but no offset */
        {112, 4095},               /* within the header block */
        {120, 0x4142434445464749}, /* above newest */
        {128, 0x1001},             /* no place */
        {144, 0x4000000000},       /* beyond every place */
    };
    uint8_t slot[256];
    struct control c = full;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        full_by_hand(slot);
        put_le(slot + cases[i].offset, 8, cases[i].value);
        assert_int_equal(decode_resealed(&c, slot), DECODED_DAMAGED);
    }
    assert_same(&c, &full);

    const struct control clean_without_segment = {
        .sequence = 1, .first_lsn = 1, .flags = CONTROL_CLEAN, .end_offset = 4096};
    control_encode(slot, &clean_without_segment);
    assert_int_equal(control_decode(&c, slot), DECODED_DAMAGED);
}

static void test_witness_round_trip(void **state)
{
    uint8_t out[64], expected[64];
    struct witness w;

    (void)state;
    seen_by_hand(expected);
    memset(out, 0xee, sizeof(out));
    witness_encode(out, &seen);
    assert_memory_equal(out, expected, 64);
    assert_int_equal(witness_decode(&w, expected), DECODED_RIGHT);
    assert_true(w.sequence == seen.sequence);
    assert_true(w.durable_lsn == seen.durable_lsn);
    assert_true(w.segment == seen.segment);
    assert_int_equal(w.durable_place, seen.durable_place);
    assert_int_equal(w.group_crc, seen.group_crc);
    assert_int_equal(w.salt_low, seen.salt_low);
}

static void test_witness_refused(void **state)
{
    uint8_t block[64];
    struct witness w;

    (void)state;
    witness_encode(block, &seen);
    for (size_t bit = 0; bit < 64 * 8; bit++) {
        flip_bit(block, bit);
        assert_int_equal(witness_decode(&w, block), DECODED_DAMAGED);
        flip_bit(block, bit);
    }
    for (size_t at = 44; at < 60; at++) {
        seen_by_hand(block);
        block[at] = 1;
        put_last_crc(block, 64);
        assert_int_equal(witness_decode(&w, block), DECODED_DAMAGED);
    }
    memset(block, 0, sizeof(block));
    assert_int_equal(witness_decode(&w, block), DECODED_ABSENT);
}

static void test_places_in_the_file(void **state)
{
    (void)state;
    assert_int_equal(CONTROL_SLOT_A, 0);
    assert_int_equal(CONTROL_SLOT_B, 4096);
    assert_int_equal(WITNESS_OFFSET, 8192);
    assert_int_equal(CONTROL_BYTES, 12288);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_field_has_its_offset),
        cmocka_unit_test(test_encode_states_our_version),
        cmocka_unit_test(test_the_least_that_can_be),
        cmocka_unit_test(test_the_most_that_can_be),
        cmocka_unit_test(test_every_bit_counts),
        cmocka_unit_test(test_absent),
        cmocka_unit_test(test_newer_major_is_told_from_damage),
        cmocka_unit_test(test_unused_bytes),
        cmocka_unit_test(test_fields_that_cannot_be),
        cmocka_unit_test(test_witness_round_trip),
        cmocka_unit_test(test_witness_refused),
        cmocka_unit_test(test_places_in_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
