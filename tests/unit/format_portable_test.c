/* SPDX-License-Identifier: Apache-2.0 */
/* The portable form: bytes by hand, each of its rules, whatever the checksum says. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "format/portable.h"
#include "support/bytes_by_hand.h"
#include "support/document.h"

enum { EXAMPLE_BYTES = 67, RECORDS_AT = 12, SIZE_AT = 16, ZERO_AT = 24, ENTRY_AT = 32 };

static const struct portable_record records[] = {{"hello", 5, 7}, {NULL, 0, 0}, {"v1", 2, 65535}};

static void write_form(uint8_t *out, size_t size, const struct portable_record *r, uint32_t n)
{
    struct cursor c = cursor_write(out, size);

    portable_begin(&c, n);
    for (uint32_t k = 0; k < n; k++)
        portable_put(&c, &r[k]);
    portable_end(&c);
    assert_true(cursor_ok(&c));
}

/* Checks a copy in a block of exactly this size, so that a sanitizer sees a byte too many. */
static enum decoded check(const uint8_t *form, size_t size)
{
    struct portable p;
    uint8_t *copy = malloc(size ? size : 1);

    assert_non_null(copy);
    memcpy(copy, form, size);
    enum decoded how = portable_check(&p, copy, size);
    free(copy);
    return how;
}

static void test_the_document_shows_what_is_written(void **state)
{
    uint8_t form[EXAMPLE_BYTES];

    (void)state;
    assert_int_equal(portable_bytes(3, 7), sizeof(form));
    write_form(form, sizeof(form), records, 3);
    document_expect("portable", form, sizeof(form));
}

static void test_what_was_written_can_be_read(void **state)
{
    uint8_t form[EXAMPLE_BYTES];
    struct portable p;
    struct portable_record r;

    (void)state;
    document_read("portable", form, sizeof(form));
    assert_int_equal(portable_check(&p, form, sizeof(form)), DECODED_RIGHT);
    for (size_t k = 0; k < COUNT_OF(records); k++) {
        assert_true(portable_next(&p, &r));
        assert_int_equal(r.size, records[k].size);
        assert_int_equal(r.type, records[k].type);
        if (r.size)
            assert_memory_equal(r.data, records[k].data, r.size);
    }
    assert_false(portable_next(&p, &r));
    assert_false(portable_next(&p, &r));
}

static void test_damage_and_other_sizes(void **state)
{
    uint8_t form[EXAMPLE_BYTES + 8] = {0};

    (void)state;
    write_form(form, EXAMPLE_BYTES, records, 3);
    for (size_t bit = 0; bit < 8 * EXAMPLE_BYTES; bit++) {
        flip_bit(form, bit);
        assert_int_equal(check(form, EXAMPLE_BYTES), DECODED_DAMAGED);
        flip_bit(form, bit);
    }
    for (size_t size = 0; size < EXAMPLE_BYTES + 8; size++)
        if (size != EXAMPLE_BYTES)
            assert_int_equal(check(form, size), DECODED_DAMAGED);
}

/* A form in which some bytes were changed on purpose: its checksum is right. */
struct forged {
    size_t at;
    unsigned bytes;
    uint64_t value;
    enum decoded how;
};

static void test_rules_behind_a_right_checksum(void **state)
{
    static const struct forged cases[] = {
        {8, 2, 0, DECODED_DAMAGED}, /* major */
        {8, 2, 2, DECODED_NEWER},
        {8, 2, 65535, DECODED_NEWER},
        {10, 2, 1, DECODED_RIGHT}, /* minor */
        {RECORDS_AT, 4, 0, DECODED_DAMAGED},
        {RECORDS_AT, 4, 2, DECODED_DAMAGED},
        {RECORDS_AT, 4, 4, DECODED_DAMAGED},
        {RECORDS_AT, 4, UINT32_MAX, DECODED_DAMAGED},
        {SIZE_AT, 8, EXAMPLE_BYTES - 1, DECODED_DAMAGED},
        {SIZE_AT, 8, EXAMPLE_BYTES + 1, DECODED_DAMAGED},
        {SIZE_AT, 8, EXAMPLE_BYTES + (UINT64_C(1) << 32), DECODED_DAMAGED},
        {SIZE_AT, 8, UINT64_MAX, DECODED_DAMAGED},
        {ZERO_AT, 1, 1, DECODED_DAMAGED},
        {ZERO_AT + 7, 1, 1, DECODED_DAMAGED},
        {ENTRY_AT, 4, 4, DECODED_DAMAGED}, /* length */
        {ENTRY_AT, 4, 6, DECODED_DAMAGED},
        {ENTRY_AT, 4, UINT32_MAX, DECODED_DAMAGED},
        {ENTRY_AT, 4, UINT32_MAX - 7, DECODED_DAMAGED},
        {ENTRY_AT + 4, 2, 65535, DECODED_RIGHT}, /* type */
        {ENTRY_AT + 6, 2, 1, DECODED_DAMAGED},
        {ENTRY_AT + 6, 2, 0x8000, DECODED_DAMAGED},
        {ENTRY_AT + 8 + 5 + 8, 4, 3, DECODED_DAMAGED}, /* length of the last one */
        {ENTRY_AT + 8 + 5 + 8, 4, 1, DECODED_DAMAGED},
    };
    uint8_t form[EXAMPLE_BYTES];

    (void)state;
    for (size_t k = 0; k < COUNT_OF(cases); k++) {
        write_form(form, sizeof(form), records, 3);
        put_le(form + cases[k].at, cases[k].bytes, cases[k].value);
        put_last_crc(form, sizeof(form));
        enum decoded how = check(form, sizeof(form));
        if (how != cases[k].how)
            print_error("case %zu: %d\n", k, (int)how);
        assert_int_equal(how, cases[k].how);
    }
}

/* What older programs may ignore, a newer minor may use. */
static void test_a_newer_minor_may_use_what_is_zero(void **state)
{
    uint8_t form[EXAMPLE_BYTES];

    (void)state;
    write_form(form, sizeof(form), records, 3);
    put_le(form + 10, 2, 1);
    put_le(form + ZERO_AT, 8, UINT64_MAX);
    put_le(form + ENTRY_AT + 6, 2, 0xffff);
    put_last_crc(form, sizeof(form));
    assert_int_equal(check(form, sizeof(form)), DECODED_RIGHT);
}

static void test_the_least_form(void **state)
{
    uint8_t form[44], short_one[43];

    (void)state;
    write_form(form, sizeof(form), &records[1], 1);
    assert_int_equal(check(form, sizeof(form)), DECODED_RIGHT);
    memcpy(short_one, form, sizeof(short_one));
    put_le(short_one + SIZE_AT, 8, sizeof(short_one));
    put_last_crc(short_one, sizeof(short_one));
    assert_int_equal(check(short_one, sizeof(short_one)), DECODED_DAMAGED);
    memset(form, 0, sizeof(form));
    assert_int_not_equal(check(form, sizeof(form)), DECODED_RIGHT);
}

static void test_a_payload_above_the_format_s_limit(void **state)
{
    enum { PAYLOAD = (1 << 30) + 1, SIZE = 32 + 8 + PAYLOAD + 4 };
    uint8_t *form = calloc(1, SIZE); /* untouched pages: no memory is needed for them */

    (void)state;
    assert_non_null(form);
    put_le(form + 32, 4, PAYLOAD);
    struct portable inside = {.at = cursor_read(form + 32, SIZE - 36), .left = 1};
    struct portable_record r;
    assert_false(portable_next(&inside, &r));
    put_le(form + 32, 4, PAYLOAD - 1);
    inside = (struct portable){.at = cursor_read(form + 32, SIZE - 36), .left = 1};
    assert_true(portable_next(&inside, &r));
    free(form);
}

/* The form lies in the caller's memory, and may change after it was checked. */
static void test_bytes_that_change_under_the_walk(void **state)
{
    uint8_t *form = malloc(EXAMPLE_BYTES);
    struct portable p;
    struct portable_record r;

    (void)state;
    assert_non_null(form);
    write_form(form, EXAMPLE_BYTES, records, 3);
    assert_int_equal(portable_check(&p, form, EXAMPLE_BYTES), DECODED_RIGHT);
    assert_true(portable_next(&p, &r));
    memset(form, 0xff, EXAMPLE_BYTES);
    assert_false(portable_next(&p, &r));
    assert_false(portable_next(&p, &r));
    free(form);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_document_shows_what_is_written),
        cmocka_unit_test(test_what_was_written_can_be_read),
        cmocka_unit_test(test_damage_and_other_sizes),
        cmocka_unit_test(test_rules_behind_a_right_checksum),
        cmocka_unit_test(test_a_newer_minor_may_use_what_is_zero),
        cmocka_unit_test(test_the_least_form),
        cmocka_unit_test(test_a_payload_above_the_format_s_limit),
        cmocka_unit_test(test_bytes_that_change_under_the_walk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
