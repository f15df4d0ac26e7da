/* SPDX-License-Identifier: Apache-2.0 */
/* wal_options_set_aead by the shared library, as a program links it. */
#include "support/log_fixture.h"

#include <libwal/crypto.h>
#include <string.h>

#include "support/toy_cipher.h"

static const uint8_t key_bytes[1025] = {1, 2, 3, 4};

static int set(struct log_fixture *f, uint32_t algorithm, uint32_t key_id)
{
    return wal_options_set_aead(f->options, algorithm, key_id, key_bytes, 32);
}

/* What the options have: the cipher, the key for writing; whether a key can be derived. */
static wal_cipher_t present(struct log_fixture *f, uint32_t id, uint32_t key_id)
{
    wal_cipher_t c = {.size = sizeof c};
    uint32_t got = 0;

    must(wal_options_cipher(f->options, &c, &got));
    assert_int_equal(c.id, id);
    assert_int_equal(got, key_id);
    return c;
}

static int has_key(const wal_cipher_t *c, uint32_t key_id)
{
    static const uint8_t salt[32];
    void *key;
    int e = c->derive(c->ctx, key_id, salt, sizeof salt, &key);

    if (e == 0)
        c->drop(c->ctx, key);
    else
        assert_int_equal(e, WAL_E_NOTFOUND);
    return e == 0;
}

static void test_the_last_key_writes_and_all_read(void **state)
{
    struct log_fixture *f = *state;
    wal_cipher_t c;

    must(set(f, WAL_AEAD_AES_256_GCM, 0));
    c = present(f, WAL_AEAD_AES_256_GCM, 0);
    assert_true(has_key(&c, 0));
    assert_false(has_key(&c, 1));
    must(set(f, WAL_AEAD_CHACHA20_POLY1305, UINT32_MAX));
    must(set(f, WAL_AEAD_AES_256_GCM, 3));
    c = present(f, WAL_AEAD_AES_256_GCM, 3);
    assert_true(has_key(&c, 0) && has_key(&c, UINT32_MAX) && has_key(&c, 3));
    must(wal_options_set_cipher(f->options, NULL, 0));
    must(set(f, WAL_AEAD_CHACHA20_POLY1305, 0));
    c = present(f, WAL_AEAD_CHACHA20_POLY1305, 0);
    assert_false(has_key(&c, 3));
}

static void test_an_id_twice_is_refused(void **state)
{
    struct log_fixture *f = *state;

    must(set(f, WAL_AEAD_AES_256_GCM, 7));
    must(set(f, WAL_AEAD_AES_256_GCM, 8));
    expect_error(WAL_E_EXISTS, set(f, WAL_AEAD_AES_256_GCM, 7), "the id 7 already");
    expect_error(WAL_E_EXISTS, set(f, WAL_AEAD_CHACHA20_POLY1305, 8), "the id 8 already");
    (void)present(f, WAL_AEAD_AES_256_GCM, 8);
}

static void test_sizes_of_keys(void **state)
{
    struct log_fixture *f = *state;
    wal_options_t *o = f->options;

    must(wal_options_set_aead(o, WAL_AEAD_AES_256_GCM, 16, key_bytes, 16));
    must(wal_options_set_aead(o, WAL_AEAD_AES_256_GCM, 1024, key_bytes, 1024));
    expect_error(WAL_E_INVAL, wal_options_set_aead(o, WAL_AEAD_AES_256_GCM, 1, key_bytes, 15),
                 "a key of 15 bytes");
    expect_error(WAL_E_INVAL, wal_options_set_aead(o, WAL_AEAD_AES_256_GCM, 1, key_bytes, 1025),
                 "a key of 1025 bytes");
    (void)present(f, WAL_AEAD_AES_256_GCM, 1024);
}

static void test_what_is_refused(void **state)
{
    struct log_fixture *f = *state;
    wal_cipher_t c = {.size = sizeof c};

    expect_error(WAL_E_INVAL, set(f, 0, 1), "has the number 0");
    expect_error(WAL_E_INVAL, set(f, 3, 1), "has the number 3");
    expect_error(WAL_E_INVAL, wal_options_set_aead(f->options, 1, 1, NULL, 32), "key is NULL");
    expect_error(WAL_E_INVAL, wal_options_set_aead(NULL, 1, 1, key_bytes, 32), "options are NULL");
    expect_error(WAL_E_NOTFOUND, wal_options_cipher(f->options, &c, NULL), NULL);
}

static void test_another_cipher_is_not_replaced(void **state)
{
    struct log_fixture *f = *state;
    struct toy toy = {.keys = TOY_KEY(1)};
    const wal_cipher_t cipher = toy_cipher(&toy);

    must(wal_options_set_cipher(f->options, &cipher, 1));
    expect_error(WAL_E_INVAL, set(f, WAL_AEAD_AES_256_GCM, 2), "of another kind");
    (void)present(f, TOY_ID, 1);
    assert_int_equal(toy.n[TOY_RELEASE], 0);
    must(wal_options_set_cipher(f->options, NULL, 0));
}

static void test_success_leaves_the_last_error(void **state)
{
    struct log_fixture *f = *state;
    wal_error_t before = {.size = sizeof before}, after = {.size = sizeof after};

    expect_error(WAL_E_INVAL, wal_options_set(f->options, 999, 1), "999");
    must(wal_last_error(&before, sizeof before));
    must(set(f, WAL_AEAD_AES_256_GCM, 1));
    must(set(f, WAL_AEAD_AES_256_GCM, 2));
    must(wal_last_error(&after, sizeof after));
    assert_memory_equal(&before, &after, sizeof before);
}

/* Two pairs of options, each with its own keys; the log outlives them. */
static void test_options_and_logs_have_their_own_rings(void **state)
{
    struct log_fixture *f = *state;
    wal_options_t *o;

    must(wal_options_new(&o));
    must(wal_options_set_aead(o, WAL_AEAD_AES_256_GCM, 1, key_bytes, 32));
    must(set(f, WAL_AEAD_CHACHA20_POLY1305, 1));
    (void)present(f, WAL_AEAD_CHACHA20_POLY1305, 1);
    fixture_open(f);
    must(set(f, WAL_AEAD_AES_256_GCM, 2));
    must(wal_options_set_cipher(f->options, NULL, 0));
    wal_options_free(o);
    fixture_append(f, "one");
    expect_record(f->log, 1, "one");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(test_the_last_key_writes_and_all_read),
        fixture_test(test_an_id_twice_is_refused),
        fixture_test(test_sizes_of_keys),
        fixture_test(test_what_is_refused),
        fixture_test(test_another_cipher_is_not_replaced),
        fixture_test(test_success_leaves_the_last_error),
        fixture_test(test_options_and_logs_have_their_own_rings),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
