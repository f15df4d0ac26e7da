/* SPDX-License-Identifier: Apache-2.0 */
#include "coding_fixture.h"

static void encode(void)
{
    assert_int_equal(encode_group(&encoder, &segment, &group, room), 0);
}

static void without_encodings_a_group_stays_where_it_is(void **state)
{
    (void)state;
    choose(CODEC_NONE, false);
    make(BODY);
    encode();
    assert_ptr_equal(group.wire, memory);
    assert_int_equal(group.header.stored_bytes, BODY);
    assert_int_equal(group.header.flags, 0);
    assert_int_equal(encode_bound(&segment, BODY), BODY);
}

static void a_body_is_compressed_if_that_pays(void **state)
{
    (void)state;
    choose(CODEC_ZLIB, false);
    make(BODY);
    encode();
    assert_ptr_equal(group.wire, room);
    assert_int_equal(group.header.flags, GROUP_COMPRESSED);
    assert_in_range(group.header.stored_bytes, 1, BODY / 20);
    assert_int_equal(group.header.raw_bytes, BODY);
    make(99); /* below the threshold */
    encode();
    assert_ptr_equal(group.wire, memory);
    make(100);
    encode();
    assert_int_equal(group.header.flags, GROUP_COMPRESSED);
    make(BODY);
    uint32_t x = 1;
    for (size_t k = 0; k < BODY; k++)
        memory[GROUP_HEADER_BYTES + k] = (uint8_t)((x = x * 1664525 + 1013904223) >> 24);
    encode();
    assert_ptr_equal(group.wire, memory);
    assert_int_equal(group.header.flags, 0);
}

/* The header that the first group links to states where these end. */
static void births_are_not_compressed(void **state)
{
    (void)state;
    choose(CODEC_ZLIB, true);
    make(BODY);
    group.header.flags = GROUP_BIRTH;
    encode();
    assert_int_equal(group.header.flags, GROUP_BIRTH | GROUP_ENCRYPTED);
    assert_int_equal(group.header.stored_bytes, encode_bound(&segment, BODY));
}

/* What would be zeros may compress too well to be believed by a reader. */
static void no_reader_is_asked_to_believe_too_much(void **state)
{
    static uint8_t large[1 << 20], out[1 << 20];
    (void)state;
    choose(CODEC_ZLIB, false);
    make(BODY);
    group.bytes = large;
    group.header.raw_bytes = sizeof large - GROUP_HEADER_BYTES;
    assert_int_equal(encode_group(&encoder, &segment, &group, out), 0);
    if (group.header.flags & GROUP_COMPRESSED)
        assert_true(group.header.raw_bytes <=
                    (uint64_t)group.header.stored_bytes * RAW_PER_STORED_MAX);
    assert_int_equal(group_header_limits(&group.header, 1 << 20), GROUP_RIGHT);
}

static void an_encrypted_body_has_a_tag_and_nothing_in_clear(void **state)
{
    (void)state;
    for (unsigned codec = 0; codec <= 1; codec++) {
        choose(codec, true);
        make(90); /* not compressed */
        encode();
        assert_ptr_equal(group.wire, room);
        assert_int_equal(group.header.flags, GROUP_ENCRYPTED);
        assert_int_equal(group.header.stored_bytes, 90 + CIPHER_TAG_BYTES);
        assert_null(memmem(room, sizeof room, "repeated", 8));
        assert_int_equal(room[GROUP_HEADER_BYTES + 90 + CIPHER_TAG_BYTES], 0xee);
    }
}

static void a_seal_that_fails_is_told(void **state)
{
    (void)state;
    choose(CODEC_ZLIB, true);
    make(BODY);
    toy_fail(&toy, TOY_SEAL, 1);
    assert_int_equal(encode_group(&encoder, &segment, &group, room), WAL_E_CRYPTO);
    assert_null(memmem(room, sizeof room, "repeated", 8));
}

static void room_grows_and_large_room_is_given_back(void **state)
{
    (void)state;
    choose(CODEC_NONE, true);
    assert_int_equal(encoder_reserve(&encoder, 1000), 0);
    uint8_t *first = encoder.bytes;
    assert_int_equal(encoder_reserve(&encoder, 500), 0);
    assert_ptr_equal(encoder.bytes, first);
    assert_int_equal(encoder_reserve(&encoder, 20 << 20), 0);
    assert_int_equal(encoder.room, 20 << 20);
    assert_int_equal(encoder_reserve(&encoder, 1000), 0);
    assert_int_equal(encoder.room, 1000);
    poor.left = 0;
    assert_int_equal(encoder_reserve(&encoder, 2000), WAL_E_NOMEM);
    assert_int_equal(encoder.room, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(without_encodings_a_group_stays_where_it_is),
        TEST(a_body_is_compressed_if_that_pays),
        TEST(births_are_not_compressed),
        TEST(no_reader_is_asked_to_believe_too_much),
        TEST(an_encrypted_body_has_a_tag_and_nothing_in_clear),
        TEST(a_seal_that_fails_is_told),
        TEST(room_grows_and_large_room_is_given_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
