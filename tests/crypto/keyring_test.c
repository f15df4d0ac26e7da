/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of both algorithms in one ring, and what is derived from them: the expected keys were made
 * by another program from docs/format.md. */
#include "crypto/keyring.h"

#include "crypto/hex.h"

#include <libwal/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "crypto/aead.h"

static const struct {
    uint32_t id, algorithm;
    const char *key, *derived; /* with the salt 00 01 02 ... 1f */
} keys[] = {
    {7, WAL_AEAD_AES_256_GCM, "404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f",
     "06cf620d4c8cca02cf46e7998d76b8873dc96c6378bfd5441658d2e4e5d2de86"},
    {0x01020304, WAL_AEAD_CHACHA20_POLY1305, "404142434445464748494a4b4c4d4e4f",
     "b56399bc3b76411c6deaa9120532f8620f087fb518993e06c22d6edc4ea8451a"},
};

enum { KEYS = 2, SIZE = 50 };

static uint8_t salt[32];
static const uint8_t nonce[12] = {1, 2, 3};
static const uint8_t plain[SIZE] = "what nobody shall know";

static struct keyring *add(const struct keyring *old, size_t i)
{
    struct bytes key = hex(keys[i].key);
    const struct keyring_key added = {keys[i].id, keys[i].algorithm, key.at, key.size};
    struct keyring *ring;

    assert_int_equal(keyring_with(old, &added, &ring), 0);
    return ring;
}

static int setup(void **state)
{
    for (uint8_t i = 0; i < sizeof salt; i++)
        salt[i] = i;
    struct keyring *first = add(NULL, 0);
    *state = add(first, 1);
    keyring_free(first);
    ERR_clear_error();
    return 0;
}

static int teardown(void **state)
{
    wal_cipher_t c = keyring_cipher(*state);
    c.release(c.ctx);
    return ERR_peek_error() != 0; /* nothing stays in OpenSSL's queue */
}

static void *derived(const wal_cipher_t *c, uint32_t key_id, const uint8_t *by)
{
    void *key = NULL;

    assert_int_equal(c->derive(c->ctx, key_id, by, 32, &key), 0);
    assert_non_null(key);
    return key;
}

static void test_keys_are_derived_as_the_format_says(void **state)
{
    wal_cipher_t c = keyring_cipher(*state);

    for (size_t i = 0; i < KEYS; i++) {
        struct bytes bytes = hex(keys[i].derived);
        EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, aead_name(keys[i].algorithm), NULL);
        struct aead_key *right = aead_new(cipher, bytes.at);
        uint8_t out[2][SIZE], tag[2][16];
        const struct aead_message m = {nonce, "aad", plain, 3, SIZE, out[0]};
        void *key = derived(&c, keys[i].id, salt);

        assert_true(aead_seal(right, &m, tag[0]));
        assert_int_equal(c.seal(key, nonce, "aad", 3, plain, SIZE, out[1], tag[1]), 0);
        assert_memory_equal(out[0], out[1], SIZE);
        assert_memory_equal(tag[0], tag[1], 16);
        c.drop(c.ctx, key);
        aead_free(right);
        EVP_CIPHER_free(cipher);
    }
}

static void test_only_the_same_salt_and_key_open(void **state)
{
    wal_cipher_t c = keyring_cipher(*state);
    uint8_t sealed[SIZE], opened[SIZE], tag[16], other_salt[32] = {1};
    void *key = derived(&c, 7, salt), *same = derived(&c, 7, salt);
    void *others[] = {derived(&c, 7, other_salt), derived(&c, keys[1].id, salt)};

    assert_int_equal(c.seal(key, nonce, NULL, 0, plain, SIZE, sealed, tag), 0);
    assert_int_equal(c.open(same, nonce, NULL, 0, sealed, SIZE, opened, tag), 0);
    assert_memory_equal(opened, plain, SIZE);
    for (int i = 0; i < 2; i++) {
        assert_true(c.open(others[i], nonce, NULL, 0, sealed, SIZE, opened, tag) < 0);
        assert_true(memcmp(opened, plain, SIZE) != 0);
        c.drop(c.ctx, others[i]);
    }
    c.drop(c.ctx, key);
    c.drop(c.ctx, same);
}

static void test_keys_that_are_not_there(void **state)
{
    wal_cipher_t c = keyring_cipher(*state);
    void *key = &c;

    assert_true(keyring_has(*state, 7));
    assert_true(keyring_has(*state, keys[1].id));
    assert_false(keyring_has(*state, 8));
    assert_int_equal(c.derive(c.ctx, 8, salt, 32, &key), WAL_E_NOTFOUND);
    assert_ptr_equal(key, &c);
}

static void test_the_last_key_names_the_cipher(void **state)
{
    wal_cipher_t c = keyring_cipher(*state);
    struct keyring *first = add(NULL, 0);
    wal_cipher_t other = keyring_cipher(first);

    assert_int_equal(c.id, WAL_AEAD_CHACHA20_POLY1305);
    assert_int_equal(other.id, WAL_AEAD_AES_256_GCM);
    assert_ptr_equal(keyring_of(&c), *state);
    other.derive = NULL;
    assert_null(keyring_of(&other));
    keyring_free(first);
}

/* Nothing can be fetched; teardown looks into the queue of errors. */
static void test_an_openssl_that_lacks_it(void **state)
{
    wal_cipher_t c = keyring_cipher(*state);
    const struct keyring_key added = {9, WAL_AEAD_AES_256_GCM, salt, sizeof salt};
    struct keyring *ring = *state;
    void *key = &c;

    assert_int_equal(EVP_set_default_properties(NULL, "provider=none"), 1);
    assert_int_equal(keyring_with(*state, &added, &ring), WAL_E_UNSUPPORTED);
    assert_int_equal(c.derive(c.ctx, 7, salt, 32, &key), WAL_E_CRYPTO);
    assert_int_equal(EVP_set_default_properties(NULL, ""), 1);
    assert_ptr_equal(ring, *state);
    assert_ptr_equal(key, &c);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_keys_are_derived_as_the_format_says),
        TEST(test_only_the_same_salt_and_key_open),
        TEST(test_keys_that_are_not_there),
        TEST(test_the_last_key_names_the_cipher),
        TEST(test_an_openssl_that_lacks_it),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
