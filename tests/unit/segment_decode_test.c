/* SPDX-License-Identifier: Apache-2.0 */
#include "coding_fixture.h"

static struct decoder decoder;

static const uint8_t *encoded(uint32_t bytes)
{
    make(bytes);
    assert_int_equal(encode_group(&encoder, &segment, &group, room), 0);
    return group.wire + GROUP_HEADER_BYTES;
}

static int decode(const uint8_t *stored)
{
    const uint8_t *body = NULL;
    int e = decode_body(&segment, &poor.alloc, &decoder, &group.header, stored, &body);
    if (e == 1)
        assert_memory_equal(body, memory + GROUP_HEADER_BYTES, group.header.raw_bytes);
    return e;
}

static void what_was_encoded_comes_back(void **state)
{
    (void)state;
    for (unsigned codec = 0; codec <= 1; codec++) {
        for (unsigned encrypted = 0; encrypted <= 1; encrypted++) {
            choose(codec, encrypted);
            for (uint32_t bytes = 0; bytes <= BODY; bytes += 500) {
                const uint8_t *stored = encoded(bytes);
                assert_true(decode_fits(&segment, &group.header));
                assert_int_equal(decode(stored), 1);
            }
        }
    }
    decoder_free(&decoder, &poor.alloc);
}

static void flags_go_with_the_segment(void **state)
{
    (void)state;
    const unsigned fits[4][4] = {/* by flags: none, compressed, encrypted, both */
                                 {1, 0, 0, 0},
                                 {1, 1, 0, 0},
                                 {0, 0, 1, 0},
                                 {0, 0, 1, 1}};
    for (unsigned kind = 0; kind < 4; kind++) {
        choose(kind & 1, kind & 2);
        for (unsigned flags = 0; flags < 4; flags++) {
            struct group_header h = {.flags = (uint8_t)flags};
            assert_int_equal(decode_fits(&segment, &h), fits[kind][flags]);
        }
    }
}

/* All but magic and checksums is vouched for. */
static void every_field_of_the_header_counts(void **state)
{
    (void)state;
    choose(CODEC_NONE, true);
    const uint8_t *stored = encoded(200);
    const struct group_header good = group.header;
#define CHANGED(field)                                                                             \
    group.header.field ^= 1;                                                                       \
    assert_int_equal(decode(stored), WAL_E_CRYPTO);                                                \
    group.header = good
    CHANGED(place);
    CHANGED(first_lsn);
    CHANGED(watermark);
    CHANGED(epoch);
    CHANGED(link);
    CHANGED(records);
    CHANGED(raw_bytes);
    CHANGED(type);
    CHANGED(tag_bytes);
    CHANGED(durable_place);
    group.header.flags |= GROUP_BIRTH;
    assert_int_equal(decode(stored), WAL_E_CRYPTO);
    group.header = good;
    segment.header.number++;
    assert_int_equal(decode(stored), WAL_E_CRYPTO);
    segment.header.number--;
    assert_int_equal(decode(stored), 1);
    assert_non_null(strstr(fault_last()->text, "somewhere/it.wal at offset 4096"));
    decoder_free(&decoder, &poor.alloc);
}

static void without_the_key_it_says_which(void **state)
{
    (void)state;
    choose(CODEC_NONE, true);
    const uint8_t *stored = encoded(200);
    cipher_drop(cipher, segment.key);
    segment.key = NULL;
    toy.keys = 0;
    assert_int_equal(decode(stored), WAL_E_CRYPTO);
    assert_non_null(strstr(fault_last()->text, "key id 1"));
    folder.cipher = NULL;
    assert_int_equal(decode(stored), WAL_E_CRYPTO);
    assert_non_null(strstr(fault_last()->text, "no key is given"));
    decoder_free(&decoder, &poor.alloc);
}

static void a_broken_stream_is_not_right(void **state)
{
    (void)state;
    choose(CODEC_ZLIB, false);
    uint8_t *stored = room + GROUP_HEADER_BYTES;
    assert_ptr_equal(encoded(BODY), stored);
    stored[10] ^= 4;
    assert_int_equal(decode(stored), 0);
    stored[10] ^= 4;
    group.header.raw_bytes++;
    assert_int_equal(decode(stored), 0);
    group.header.raw_bytes = 0;
    assert_int_equal(decode(stored), 0);
    group.header.raw_bytes = BODY;
    assert_int_equal(decode(stored), 1);
    decoder_free(&decoder, &poor.alloc);
}

static void memory_that_lacks_is_told(void **state)
{
    (void)state;
    choose(CODEC_ZLIB, true);
    const uint8_t *stored = encoded(BODY);
    int e = WAL_E_NOMEM;
    unsigned steps = 0;
    for (; e == WAL_E_NOMEM; steps++) {
        poor.left = steps;
        e = decode(stored);
        decoder_free(&decoder, &poor.alloc);
    }
    assert_int_equal(e, 1);
    assert_true(steps > 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_encoded_comes_back),      TEST(flags_go_with_the_segment),
        TEST(every_field_of_the_header_counts), TEST(without_the_key_it_says_which),
        TEST(a_broken_stream_is_not_right),     TEST(memory_that_lacks_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
