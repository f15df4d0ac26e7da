/* SPDX-License-Identifier: Apache-2.0 */
/* References, and what comes of each callback's result; the toy cipher that other tests use is
 * shown to notice what a real one notices. */
#include "segment/cipher.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/fault.h"
#include "support/toy_cipher.h"

enum { SIZE = 37, MARK = 4711 };

static struct toy toy;
static struct cipher *cipher;
static void *key;
static const uint8_t salt[KDF_SALT_BYTES] = {1, 2, 3};
static const struct cipher_place place = {{9, 8, 7}, "header", 6};
static char text[SIZE] = "what nobody shall know";
static uint8_t sealed[SIZE], opened[SIZE], tag[CIPHER_TAG_BYTES];

static int setup(void **state)
{
    (void)state;
    toy = (struct toy){.keys = TOY_KEY(0) | TOY_KEY(5)};
    const wal_cipher_t calls = toy_cipher(&toy);
    errno = MARK;
    return cipher_new(&calls, 5, &cipher) || cipher_derive(cipher, 5, salt, &key);
}

static int teardown(void **state)
{
    (void)state;
    cipher_drop(cipher, key);
    cipher_unref(cipher);
    return errno != MARK || toy.n[TOY_RELEASE] != 1;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

static void expect_crypto(int e, const char *part)
{
    assert_int_equal(e, WAL_E_CRYPTO);
    assert_int_equal(fault_last()->code, WAL_E_CRYPTO);
    assert_non_null(strstr(fault_last()->text, part));
    assert_int_equal(errno, MARK);
}

static int seal_text(void)
{
    return cipher_seal(cipher, key, &place, text, SIZE, sealed, tag);
}

static void the_last_reference_releases(void **state)
{
    (void)state;
    const wal_cipher_t calls = toy_cipher(&toy);
    struct cipher *c;

    assert_int_equal(cipher_new(&calls, 9, &c), 0);
    assert_int_equal(c->key_id, 9);
    assert_ptr_equal(cipher_ref(c), c);
    cipher_unref(c);
    assert_int_equal(toy.n[TOY_RELEASE], 0);
    cipher_unref(c);
    assert_int_equal(toy.n[TOY_RELEASE], 1);
    atomic_store(&toy.n[TOY_RELEASE], 0);
    assert_null(cipher_ref(NULL));
    cipher_unref(NULL);
}

static void drop_and_release_may_be_missing(void **state)
{
    (void)state;
    wal_cipher_t calls = toy_cipher(&toy);
    struct cipher *c;

    calls.drop = NULL;
    calls.release = NULL;
    assert_int_equal(cipher_new(&calls, 5, &c), 0);
    cipher_drop(c, key);
    cipher_unref(c);
    assert_int_equal(toy.n[TOY_DROP], 0);
}

static void what_is_sealed_can_be_opened(void **state)
{
    (void)state;
    assert_int_equal(seal_text(), 0);
    assert_memory_not_equal(sealed, text, SIZE);
    assert_int_equal(cipher_open(cipher, key, &place, sealed, SIZE, opened, tag), 0);
    assert_memory_equal(opened, text, SIZE);
    memcpy(opened, text, SIZE);
    assert_int_equal(cipher_seal(cipher, key, &place, opened, SIZE, opened, tag), 0);
    assert_memory_equal(opened, sealed, SIZE);
    assert_int_equal(cipher_open(cipher, key, &place, opened, SIZE, opened, tag), 0);
    assert_memory_equal(opened, text, SIZE);
}

static void nothing_else_opens_it(void **state)
{
    (void)state;
    void *other;
    struct cipher_place elsewhere = place;

    assert_int_equal(seal_text(), 0);
    elsewhere.nonce[11] = 1;
    expect_crypto(cipher_open(cipher, key, &elsewhere, sealed, SIZE, opened, tag), "decrypting");
    elsewhere = (struct cipher_place){{9, 8, 7}, "Header", 6};
    expect_crypto(cipher_open(cipher, key, &elsewhere, sealed, SIZE, opened, tag), "decrypting");
    for (size_t i = 0; i < SIZE; i++) {
        sealed[i] ^= 1;
        expect_crypto(cipher_open(cipher, key, &place, sealed, SIZE, opened, tag), "(-1)");
        sealed[i] ^= 1;
    }
    tag[15] ^= 0x80;
    expect_crypto(cipher_open(cipher, key, &place, sealed, SIZE, opened, tag), "another key");
    tag[15] ^= 0x80;
    assert_int_equal(cipher_derive(cipher, 0, salt, &other), 0);
    expect_crypto(cipher_open(cipher, other, &place, sealed, SIZE, opened, tag), "another key");
    cipher_drop(cipher, other);
}

static void each_salt_has_a_key_of_its_own(void **state)
{
    (void)state;
    const uint8_t other_salt[KDF_SALT_BYTES] = {1, 2, 4};
    void *other, *same;

    assert_int_equal(seal_text(), 0);
    assert_int_equal(cipher_derive(cipher, 5, other_salt, &other), 0);
    assert_int_equal(cipher_derive(cipher, 5, salt, &same), 0);
    expect_crypto(cipher_open(cipher, other, &place, sealed, SIZE, opened, tag), "another key");
    assert_int_equal(cipher_open(cipher, same, &place, sealed, SIZE, opened, tag), 0);
    cipher_drop(cipher, other);
    cipher_drop(cipher, same);
    cipher_drop(cipher, NULL);
    assert_int_equal(toy.n[TOY_DERIVE], 3);
    assert_int_equal(toy.n[TOY_DROP], 2);
}

static void a_key_that_is_not_there_is_named(void **state)
{
    (void)state;
    void *other = &toy;

    expect_crypto(cipher_derive(cipher, 6, salt, &other), "key id 6 is not among the keys");
    assert_ptr_equal(other, &toy);
}

static int no_key(void *ctx, uint32_t key_id, const uint8_t *s, size_t salt_size, void **ret_key)
{
    (void)ctx, (void)key_id, (void)s, (void)salt_size;
    *ret_key = NULL;
    errno = 1;
    return 0;
}

static int too_much(void *k, const uint8_t nonce[12], const void *aad, size_t aad_size,
                    const void *in, size_t size, void *out, uint8_t ret_tag[16])
{
    (void)k, (void)nonce, (void)aad, (void)aad_size, (void)in, (void)size, (void)out, (void)ret_tag;
    errno = 1;
    return 1;
}

static void failures_are_crypto(void **state)
{
    (void)state;
    void *other = &toy;
    wal_cipher_t calls = toy_cipher(&toy);
    struct cipher *odd;

    toy_fail(&toy, TOY_DERIVE, 1);
    expect_crypto(cipher_derive(cipher, 5, salt, &other), "the key 5 failed (-77)");
    toy_fail(&toy, TOY_SEAL, 2);
    assert_int_equal(seal_text(), 0);
    expect_crypto(seal_text(), "encrypting failed (-77)");
    assert_int_equal(seal_text(), 0);
    toy_fail(&toy, TOY_OPEN, 1);
    expect_crypto(cipher_open(cipher, key, &place, sealed, SIZE, opened, tag), "(-77)");
    calls.derive = no_key;
    calls.seal = too_much;
    calls.release = NULL;
    assert_int_equal(cipher_new(&calls, 5, &odd), 0);
    expect_crypto(cipher_derive(odd, 5, salt, &other), "the key 5 failed (0)");
    expect_crypto(cipher_seal(odd, key, &place, text, SIZE, sealed, tag), "encrypting failed (1)");
    assert_ptr_equal(other, &toy);
    cipher_unref(odd);
}

static void note_nonce(void *ctx, const struct toy_secret *secret, const uint8_t nonce[12])
{
    assert_true(secret->word[0] != 0);
    memcpy(ctx, nonce, 12);
}

static void the_toy_tells_each_nonce(void **state)
{
    (void)state;
    uint8_t seen[12] = {0};

    toy.on_seal = note_nonce;
    toy.on_seal_ctx = seen;
    assert_int_equal(seal_text(), 0);
    assert_memory_equal(seen, place.nonce, 12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_last_reference_releases),
        TEST(drop_and_release_may_be_missing),
        TEST(what_is_sealed_can_be_opened),
        TEST(nothing_else_opens_it),
        TEST(each_salt_has_a_key_of_its_own),
        TEST(a_key_that_is_not_there_is_named),
        TEST(failures_are_crypto),
        TEST(the_toy_tells_each_nonce),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
