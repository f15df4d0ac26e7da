/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/attr.h"
#include "format/body.h"
#include "support/bytes_by_hand.h"

static struct meta_entry entry(const char *key, uint16_t key_size, const char *value,
                               uint16_t value_size)
{
    return (struct meta_entry){.key = (const uint8_t *)key,
                               .value = (const uint8_t *)value,
                               .key_size = key_size,
                               .value_size = value_size};
}

static void assert_entry(const struct meta_entry *e, const char *key, uint16_t key_size,
                         const char *value, uint16_t value_size)
{
    assert_int_equal(e->key_size, key_size);
    assert_int_equal(e->value_size, value_size);
    assert_memory_equal(e->key, key, key_size);
    assert_memory_equal(e->value, value, value_size);
}

/* clang-format off */
static const uint8_t two_keys[] = {
    2, 0, 0, 0,  0, 0, 0, 0,
    1, 0, 3, 0,  0, 0, 0, 0,  'a', 'x', 'y', 'z', 0, 0, 0, 0,
    2, 0, 6, 0,  0, 0, 0, 0,  'a', 0, '1', '2', '3', '4', '5', '6',
};
/* clang-format on */

static void test_meta_bytes_by_hand(void **state)
{
    const struct meta_entry entries[] = {entry("a", 1, "xyz", 3), entry("a\0", 2, "123456", 6)};
    struct meta_entry got[META_KEYS_MAX];
    uint8_t out[sizeof(two_keys)];

    (void)state;
    assert_int_equal(meta_body_bytes(entries, 2), sizeof(two_keys));
    memset(out, 0xee, sizeof(out));
    meta_body_encode(out, entries, 2);
    assert_memory_equal(out, two_keys, sizeof(two_keys));
    assert_int_equal(meta_body_decode(got, two_keys, sizeof(two_keys)), 2);
    assert_entry(&got[0], "a", 1, "xyz", 3);
    assert_entry(&got[1], "a\0", 2, "123456", 6);
}

static void test_meta_empty_and_greatest(void **state)
{
    static char keys[META_KEYS_MAX][META_KEY_MAX], value[META_VALUE_MAX];
    struct meta_entry entries[META_KEYS_MAX], got[META_KEYS_MAX];
    uint8_t *out = malloc(META_BODY_MAX);

    (void)state;
    assert_non_null(out);
    assert_int_equal(meta_body_bytes(NULL, 0), 8);
    meta_body_encode(out, NULL, 0);
    assert_memory_equal(out, "\0\0\0\0\0\0\0\0", 8);
    assert_int_equal(meta_body_decode(got, out, 8), 0);

    for (size_t i = 0; i < META_KEYS_MAX; i++) {
        keys[i][META_KEY_MAX - 1] = (char)i;
        entries[i] = entry(keys[i], META_KEY_MAX, value, META_VALUE_MAX);
    }
    assert_int_equal(meta_body_bytes(entries, META_KEYS_MAX), META_BODY_MAX);
    meta_body_encode(out, entries, META_KEYS_MAX);
    assert_int_equal(meta_body_decode(got, out, META_BODY_MAX), META_KEYS_MAX);
    assert_entry(&got[63], keys[63], META_KEY_MAX, value, META_VALUE_MAX);
    free(out);
}

/* What a change of one byte of two_keys makes of it. */
static int decode_with(size_t offset, uint8_t value)
{
    struct meta_entry got[META_KEYS_MAX];
    uint8_t body[sizeof(two_keys)];

    memcpy(body, two_keys, sizeof(body));
    body[offset] = value;
    return meta_body_decode(got, body, sizeof(body));
}

static void test_meta_hostile(void **state)
{
    struct meta_entry got[META_KEYS_MAX];

    (void)state;
    for (size_t size = 0; size < sizeof(two_keys); size++) {
        uint8_t *body = malloc(size + 1); /* so that a sanitizer sees what is read beyond */
        assert_non_null(body);
        memcpy(body + 1, two_keys, size);
        assert_int_equal(meta_body_decode(got, body + 1, size), -1);
        free(body);
    }
    assert_int_equal(decode_with(0, 1), -1);     /* less entries than bytes */
    assert_int_equal(decode_with(0, 3), -1);     /* more */
    assert_int_equal(decode_with(0, 65), -1);    /* more than any map has */
    assert_int_equal(decode_with(3, 0x80), -1);  /* far more */
    assert_int_equal(decode_with(4, 1), -1);     /* not zero */
    assert_int_equal(decode_with(8, 0), -1);     /* no key */
    assert_int_equal(decode_with(8, 65), -1);    /* key too long */
    assert_int_equal(decode_with(9, 0xff), -1);  /* far too long */
    assert_int_equal(decode_with(11, 0xff), -1); /* value too long */
    assert_int_equal(decode_with(12, 1), -1);    /* not zero */
    assert_int_equal(decode_with(20, 1), -1);    /* padding */
    assert_int_equal(decode_with(23, 1), -1);
    assert_int_equal(decode_with(16, 'b'), -1); /* keys descend */
    assert_int_equal(decode_with(16, 'A'), 2);
    assert_int_equal(decode_with(32, 'A'), -1);
}

static void test_meta_order_of_keys(void **state)
{
    static const struct {
        const char *a, *b;
        uint16_t a_size, b_size;
        int expected;
    } cases[] = {
        {"a", "a", 1, 1, -1},  {"a", "b", 1, 1, 2},       {"b", "a", 1, 1, -1},
        {"a", "ab", 1, 2, 2},  {"ab", "a", 2, 1, -1},     {"ab", "b", 2, 1, 2},
        {"b", "ab", 1, 2, -1}, {"\x7f", "\x80", 1, 1, 2}, {"\x80", "\x7f", 1, 1, -1},
        {"a", "a\0", 1, 2, 2},
    };
    struct meta_entry got[META_KEYS_MAX] = {{0}};
    uint8_t body[64];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct meta_entry two[] = {entry(cases[i].a, cases[i].a_size, "", 0),
                                         entry(cases[i].b, cases[i].b_size, "", 0)};
        meta_body_encode(body, two, 2);
        assert_int_equal(meta_body_decode(got, body, meta_body_bytes(two, 2)), cases[i].expected);
    }
}

static void test_meta_size_limits(void **state)
{
    static const char bytes[META_VALUE_MAX + 1];
    struct meta_entry got[META_KEYS_MAX];
    uint8_t body[2048];
    struct meta_entry e = entry(bytes, META_KEY_MAX, bytes, META_VALUE_MAX);

    (void)state;
    meta_body_encode(body, &e, 1);
    assert_int_equal(meta_body_decode(got, body, meta_body_bytes(&e, 1)), 1);
    e.key_size = META_KEY_MAX + 1;
    meta_body_encode(body, &e, 1);
    assert_int_equal(meta_body_decode(got, body, meta_body_bytes(&e, 1)), -1);
    e = entry(bytes, META_KEY_MAX, bytes, META_VALUE_MAX + 1);
    meta_body_encode(body, &e, 1);
    assert_int_equal(meta_body_decode(got, body, meta_body_bytes(&e, 1)), -1);
}

/* clang-format off */
static const uint8_t two_places[] = {
    2, 0, 0, 0,  0, 0, 0, 0,
    7, 0, 0, 0, 0, 0, 0, 0,     64, 0, 0, 0,  0, 0, 0, 0,
    8, 0, 0, 0, 0, 0, 0, 0x11,  65, 0, 0, 1,  0, 0, 0, 0,
};
/* clang-format on */

static void test_seal_bytes_by_hand(void **state)
{
    const struct seal_entry entries[] = {{7, 64}, {0x1100000000000008, 0x1000041}};
    struct seal_entry got;
    uint8_t out[sizeof(two_places)];

    (void)state;
    assert_int_equal(seal_body_bytes(2), sizeof(two_places));
    memset(out, 0xee, sizeof(out));
    seal_body_encode(out, entries, 2);
    assert_memory_equal(out, two_places, sizeof(two_places));
    assert_int_equal(seal_body_count(two_places, sizeof(two_places)), 2);
    for (size_t i = 0; i < 2; i++) {
        seal_body_entry(&got, two_places, i);
        assert_true(got.lsn == entries[i].lsn);
        assert_int_equal(got.place, entries[i].place);
    }
    seal_body_encode(out, NULL, 0);
    assert_int_equal(seal_body_count(out, 8), 0);
}

static int count_with(size_t offset, uint8_t value)
{
    uint8_t body[sizeof(two_places)];

    memcpy(body, two_places, sizeof(body));
    body[offset] = value;
    return seal_body_count(body, sizeof(body));
}

static void test_seal_hostile(void **state)
{
    uint8_t *body = calloc(1, SEAL_BODY_MAX + 16);

    (void)state;
    assert_non_null(body);
    for (size_t size = 0; size < sizeof(two_places); size++)
        assert_int_equal(seal_body_count(two_places, size), -1);
    assert_int_equal(count_with(0, 1), -1);     /* less entries than bytes */
    assert_int_equal(count_with(0, 3), -1);     /* more */
    assert_int_equal(count_with(3, 0x10), -1);  /* times 16 it wraps 32 bits */
    assert_int_equal(count_with(4, 1), -1);     /* not zero */
    assert_int_equal(count_with(8, 0), -1);     /* LSN 0 */
    assert_int_equal(count_with(16, 63), -1);   /* within the header block */
    assert_int_equal(count_with(20, 1), -1);    /* not zero */
    assert_int_equal(count_with(31, 0), 2);     /* LSN 8 */
    assert_int_equal(count_with(15, 0x12), -1); /* LSNs descend */
    assert_int_equal(count_with(35, 0), 2);     /* place 65 */
    assert_int_equal(count_with(19, 1), 2);     /* place 0x1000040 */
    assert_int_equal(count_with(19, 2), -1);    /* places descend */

    for (uint32_t n = SEAL_ENTRIES_MAX; n <= SEAL_ENTRIES_MAX + 1; n++) {
        put_le(body, 4, n);
        for (uint32_t i = 0; i < n; i++) {
            put_le(body + 8 + 16 * i, 8, i + 1);
            put_le(body + 16 + 16 * i, 4, 64 + i);
        }
        assert_int_equal(seal_body_count(body, 8 + 16 * n),
                         n > SEAL_ENTRIES_MAX ? -1 : SEAL_ENTRIES_MAX);
    }
    free(body);
}

static void test_seal_equal_entries(void **state)
{
    static const struct seal_entry same_lsn[] = {{7, 64}, {7, 65}},
                                   same_place[] = {{7, 64}, {8, 64}};
    uint8_t body[40];

    (void)state;
    seal_body_encode(body, same_lsn, 2);
    assert_int_equal(seal_body_count(body, sizeof(body)), -1);
    seal_body_encode(body, same_place, 2);
    assert_int_equal(seal_body_count(body, sizeof(body)), -1);
}

/* clang-format off */
static const uint8_t part_by_hand[] = {
    0x11, 0, 0, 0, 0, 0, 0, 0x81,  0x22, 0, 0, 0, 0, 0, 0, 0x82,
    0x33, 0, 0, 0, 0, 0, 0, 0x80,  3, 0, 0, 0, 0, 0, 0, 0,
    'x', 'y', 'z', 0, 0, 0, 0, 0,
};
/* clang-format on */

static void test_checkpoint_bytes_by_hand(void **state)
{
    const struct checkpoint_part part = {.lsn = 0x8100000000000011,
                                         .state_size = 0x8200000000000022,
                                         .offset = 0x8000000000000033,
                                         .size = 3};
    struct checkpoint_part got;
    uint8_t out[CHECKPOINT_HEADER_BYTES];

    (void)state;
    checkpoint_header_encode(out, &part);
    assert_memory_equal(out, part_by_hand, sizeof(out));
    assert_int_equal(checkpoint_body_decode(&got, part_by_hand, sizeof(part_by_hand)), 0);
    assert_true(got.lsn == part.lsn);
    assert_true(got.state_size == part.state_size);
    assert_true(got.offset == part.offset);
    assert_true(got.size == part.size);
    assert_ptr_equal(got.bytes, part_by_hand + 32);
}

static int checkpoint_with(uint64_t state_size, uint64_t offset, uint64_t size, size_t body_size)
{
    struct checkpoint_part part = {
        .lsn = 1, .state_size = state_size, .offset = offset, .size = size};
    uint8_t *body = calloc(1, body_size + 32);

    assert_non_null(body);
    checkpoint_header_encode(body, &part);
    int r = checkpoint_body_decode(&part, body, body_size);
    free(body);
    return r;
}

static void test_checkpoint_hostile(void **state)
{
    uint8_t body[40];
    struct checkpoint_part got;

    (void)state;
    for (size_t size = 0; size < sizeof(part_by_hand); size++)
        assert_int_equal(checkpoint_body_decode(&got, part_by_hand, size), -1);
    memcpy(body, part_by_hand, sizeof(body));
    for (size_t at = 35; at < 40; at++) {
        body[at] = 1;
        assert_int_equal(checkpoint_body_decode(&got, body, 40), -1);
        body[at] = 0;
    }
    assert_int_equal(checkpoint_with(0, 0, 0, 32), 0);
    assert_int_equal(checkpoint_with(8, 0, 8, 40), 0);
    assert_int_equal(checkpoint_with(8, 0, 8, 48), -1); /* bytes behind */
    assert_int_equal(checkpoint_with(8, 0, 9, 40), -1);
    assert_int_equal(checkpoint_with(7, 0, 8, 40), -1); /* beyond the state */
    assert_int_equal(checkpoint_with(8, 1, 8, 40), -1);
    assert_int_equal(checkpoint_with(8, 9, 0, 32), -1);
    assert_int_equal(checkpoint_with(8, UINT64_MAX, 8, 40), -1); /* the sum wraps */
    assert_int_equal(checkpoint_with(UINT64_MAX, 0, UINT64_MAX, 40), -1);
    assert_int_equal(checkpoint_with(UINT64_MAX, 0, UINT64_MAX - 6, 32), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_meta_bytes_by_hand),
        cmocka_unit_test(test_meta_empty_and_greatest),
        cmocka_unit_test(test_meta_hostile),
        cmocka_unit_test(test_meta_order_of_keys),
        cmocka_unit_test(test_meta_size_limits),
        cmocka_unit_test(test_seal_bytes_by_hand),
        cmocka_unit_test(test_seal_hostile),
        cmocka_unit_test(test_seal_equal_entries),
        cmocka_unit_test(test_checkpoint_bytes_by_hand),
        cmocka_unit_test(test_checkpoint_hostile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
