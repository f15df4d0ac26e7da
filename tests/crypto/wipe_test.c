/* SPDX-License-Identifier: Apache-2.0 */
/* OpenSSL's allocator, which the library uses too, is ours here. No block of memory that is given
 * back still has a key in it; and each allocation may fail. */
#include "crypto/keyring.h"

#include "crypto/hex.h"

#include <libwal/crypto.h>
#include <malloc.h>
#include <openssl/crypto.h>
#include <stdlib.h>

/* The first 16 bytes of each key of keyring_test.c, and of what is derived from it. */
static const char *const secrets[] = {
    "404142434445464748494a4b4c4d4e4f",
    "06cf620d4c8cca02cf46e7998d76b887",
    "b56399bc3b76411c6deaa9120532f862",
};

enum { SECRETS = 3, FRAGMENT = 16 };

static struct bytes needles[SECRETS];
static int watching, blocks, leaks;
static int until_failure; /* so many allocations succeed; -1: all */

static int fails(void)
{
    return until_failure == 0 || (until_failure > 0 && until_failure-- == 0);
}

static void look_into(const void *block)
{
    if (!watching || !block)
        return;
    blocks++;
    for (int i = 0; i < SECRETS; i++)
        leaks += memmem(block, malloc_usable_size((void *)(uintptr_t)block), needles[i].at,
                        FRAGMENT) != NULL;
}

static void *new_block(size_t size, const char *file, int line)
{
    (void)file, (void)line;
    return fails() ? NULL : malloc(size);
}

static void give_back(void *block, const char *file, int line)
{
    (void)file, (void)line;
    look_into(block);
    free(block);
}

/* Always moves, since realloc frees without asking. */
static void *other_block(void *block, size_t size, const char *file, int line)
{
    void *moved = new_block(size, file, line);
    if (moved && block) {
        size_t old = malloc_usable_size(block);
        memcpy(moved, block, old < size ? old : size);
        give_back(block, file, line);
    }
    return moved;
}

static int group_setup(void **state)
{
    (void)state;
    until_failure = -1;
    return !CRYPTO_set_mem_functions(new_block, other_block, give_back);
}

static int setup(void **state)
{
    (void)state;
    for (int i = 0; i < SECRETS; i++)
        needles[i] = hex(secrets[i]);
    blocks = leaks = 0;
    watching = 1;
    until_failure = -1;
    return 0;
}

static int both_keys(struct keyring **ret)
{
    uint8_t bytes[32];
    struct keyring *one;
    for (uint8_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(0x40 + i);
    const struct keyring_key first = {7, WAL_AEAD_AES_256_GCM, bytes, 32};
    const struct keyring_key second = {0x01020304, WAL_AEAD_CHACHA20_POLY1305, bytes, 16};

    int e = keyring_with(NULL, &first, &one);
    if (e < 0)
        return e;
    e = keyring_with(one, &second, ret);
    keyring_free(one);
    return e;
}

static int use_key(const wal_cipher_t *c, uint32_t key_id)
{
    uint8_t salt[32], nonce[12] = {0}, text[100] = {0}, tag[16];
    void *key;
    for (uint8_t i = 0; i < sizeof salt; i++)
        salt[i] = i;

    int e = c->derive(c->ctx, key_id, salt, sizeof salt, &key);
    if (e < 0)
        return e;
    e = c->seal(key, nonce, NULL, 0, text, sizeof text, text, tag);
    if (e == 0)
        e = c->open(key, nonce, NULL, 0, text, sizeof text, text, tag);
    tag[0] ^= 1;
    if (e == 0 && c->open(key, nonce, NULL, 0, text, sizeof text, text, tag) == 0)
        e = 1; /* a wrong tag */
    c->drop(c->ctx, key);
    return e;
}

static int use_both_keys(void)
{
    struct keyring *ring;
    int e = both_keys(&ring);
    if (e < 0)
        return e;
    wal_cipher_t c = keyring_cipher(ring);
    e = use_key(&c, 7);
    if (e == 0)
        e = use_key(&c, 0x01020304);
    c.release(c.ctx);
    return e;
}

static void test_keys_are_wiped(void **state)
{
    (void)state;
    assert_int_equal(use_both_keys(), 0);
    assert_true(blocks > 10);
    assert_int_equal(leaks, 0);
}

static void test_each_allocation_may_fail(void **state)
{
    (void)state;
    int e = -1, n;

    for (n = 0; e != 0; n++) {
        until_failure = n;
        e = use_both_keys();
        assert_true(e == 0 || e == WAL_E_NOMEM || e == WAL_E_UNSUPPORTED || e == WAL_E_CRYPTO);
    }
    until_failure = -1;
    assert_true(n > 10);
    assert_int_equal(leaks, 0);
}

static void test_a_secure_heap_is_used_where_there_is_one(void **state)
{
    (void)state;
    struct keyring *ring;

    assert_true(CRYPTO_secure_malloc_init(1 << 16, 16));
    assert_int_equal(both_keys(&ring), 0);
    wal_cipher_t c = keyring_cipher(ring);
    size_t keys = CRYPTO_secure_used();
    assert_true(keys >= 32 + 16);
    uint8_t salt[32] = {0};
    void *key;
    assert_int_equal(c.derive(c.ctx, 7, salt, sizeof salt, &key), 0);
    assert_true(CRYPTO_secure_allocated(key));
    c.drop(c.ctx, key);
    assert_int_equal(CRYPTO_secure_used(), keys);
    c.release(c.ctx);
    assert_int_equal(CRYPTO_secure_used(), 0);
    assert_true(CRYPTO_secure_malloc_done());
}

/* What the other tests rest on. */
static void test_a_leak_would_be_seen(void **state)
{
    (void)state;
    uint8_t *copy = OPENSSL_malloc(100);

    assert_non_null(copy);
    memset(copy, 0, 100);
    memcpy(copy + 50, needles[1].at, FRAGMENT);
    OPENSSL_free(copy);
    assert_int_equal(leaks, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_keys_are_wiped, setup),
        cmocka_unit_test_setup(test_each_allocation_may_fail, setup),
        cmocka_unit_test_setup(test_a_secure_heap_is_used_where_there_is_one, setup),
        cmocka_unit_test_setup(test_a_leak_would_be_seen, setup),
    };

    return cmocka_run_group_tests(tests, group_setup, NULL);
}
