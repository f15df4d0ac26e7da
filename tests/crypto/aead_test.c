/* SPDX-License-Identifier: Apache-2.0 */
/* Test vectors of the standards, by a context that is fresh and by one that was used before; what
 * must be refused, and leaves no plaintext; threads. */
#include "crypto/aead.h"

#include "crypto/hex.h"

#include <libwal/crypto.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <stdlib.h>

/* AES: The Galois/Counter Mode of Operation (McGrew, Viega), test cases 13, 14, 16. ChaCha20: RFC
 * 8439, 2.8.2. */
static const struct {
    uint32_t algorithm;
    const char *key, *nonce, *aad, *plain, *sealed, *tag;
} vectors[] = {
    {WAL_AEAD_AES_256_GCM, "0000000000000000000000000000000000000000000000000000000000000000",
     "000000000000000000000000", "", "", "", "530f8afbc74536b9a963b4f1c4cb738b"},
    {WAL_AEAD_AES_256_GCM, "0000000000000000000000000000000000000000000000000000000000000000",
     "000000000000000000000000", "", "00000000000000000000000000000000",
     "cea7403d4d606b6e074ec5d3baf39d18", "d0d1c8a799996bf0265b98b5d48ab919"},
    {WAL_AEAD_AES_256_GCM, "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
     "cafebabefacedbaddecaf888", "feedfacedeadbeeffeedfacedeadbeefabaddad2",
     "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
     "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
     "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662",
     "76fc6ece0f4e1768cddf8853bb2d551b"},
    {WAL_AEAD_CHACHA20_POLY1305, "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f",
     "070000004041424344454647", "50515253c0c1c2c3c4c5c6c7",
     "4c616469657320616e642047656e746c656d656e206f662074686520636c617373206f66202739393a204966"
     "204920636f756c64206f6666657220796f75206f6e6c79206f6e652074697020666f7220746865206675747572"
     "652c2073756e73637265656e20776f756c642062652069742e",
     "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d63dbea45e8ca9671282fafb69da"
     "92728b1a71de0a9e060b2905d6a5b67ecd3b3692ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585"
     "808b4831d7bc3ff4def08e4b7a9de576d26586cec64b6116",
     "1ae10b594f09e26a7e902ecbd0600691"},
};

enum { VECTORS = sizeof vectors / sizeof vectors[0] };

/* One key with what belongs to its vector. */
struct seal {
    EVP_CIPHER *cipher;
    struct aead_key *key;
    struct bytes nonce, aad, plain, sealed, tag;
};

static struct seal seal_of(size_t i)
{
    struct bytes key = hex(vectors[i].key);
    struct seal s = {.cipher = EVP_CIPHER_fetch(NULL, aead_name(vectors[i].algorithm), NULL),
                     .nonce = hex(vectors[i].nonce),
                     .aad = hex(vectors[i].aad),
                     .plain = hex(vectors[i].plain),
                     .sealed = hex(vectors[i].sealed),
                     .tag = hex(vectors[i].tag)};

    assert_int_equal(key.size, AEAD_KEY_BYTES);
    assert_non_null(s.cipher);
    s.key = aead_new(s.cipher, key.at);
    assert_non_null(s.key);
    return s;
}

static void done(struct seal *s)
{
    aead_free(s->key);
    EVP_CIPHER_free(s->cipher);
}

static struct aead_message message(const struct seal *s, const struct bytes *in, uint8_t *out)
{
    return (struct aead_message){s->nonce.at, s->aad.at, in->at, s->aad.size, in->size, out};
}

static void test_vectors(void **state)
{
    (void)state;
    for (size_t i = 0; i < VECTORS; i++) {
        struct seal s = seal_of(i);
        for (int round = 0; round < 3; round++) {
            struct bytes out, back, tag;
            struct aead_message m = message(&s, &s.plain, out.at);
            assert_true(aead_seal(s.key, &m, tag.at));
            assert_memory_equal(out.at, s.sealed.at, s.sealed.size);
            assert_memory_equal(tag.at, s.tag.at, AEAD_TAG_BYTES);
            m = message(&s, &s.sealed, back.at);
            assert_true(aead_open(s.key, &m, s.tag.at));
            assert_memory_equal(back.at, s.plain.at, s.plain.size);
        }
        done(&s);
    }
}

static void test_in_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < VECTORS; i++) {
        struct seal s = seal_of(i);
        struct bytes both = s.plain, tag;
        struct aead_message m = message(&s, &both, both.at);
        assert_true(aead_seal(s.key, &m, tag.at));
        assert_memory_equal(both.at, s.sealed.at, s.sealed.size);
        assert_true(aead_open(s.key, &m, tag.at));
        assert_memory_equal(both.at, s.plain.at, s.plain.size);
        done(&s);
    }
}

/* Refused, with zeros for plaintext; and the right one is still opened. */
static void refused(struct seal *s, const struct aead_message *m, const uint8_t *tag)
{
    static const uint8_t zeros[HEX_MAX];
    struct aead_message right;

    memset(m->out, 0xee, m->size);
    assert_false(aead_open(s->key, m, tag));
    assert_memory_equal(m->out, zeros, m->size);
    right = message(s, &s->sealed, m->out);
    assert_true(aead_open(s->key, &right, s->tag.at));
    assert_memory_equal(m->out, s->plain.at, s->plain.size);
}

/* Each bit of each part. */
static void test_any_other_part_is_refused(void **state)
{
    (void)state;
    for (size_t i = 2; i < VECTORS; i++) {
        struct seal s = seal_of(i), wrong = s;
        struct bytes out;
        struct bytes *const parts[] = {&wrong.nonce, &wrong.aad, &wrong.sealed, &wrong.tag};
        struct aead_message m = message(&wrong, &wrong.sealed, out.at);
        for (size_t part = 0; part < 4; part++)
            for (size_t bit = 0; bit < 8 * parts[part]->size; bit++) {
                parts[part]->at[bit / 8] ^= (uint8_t)(1 << bit % 8);
                refused(&s, &m, wrong.tag.at);
                parts[part]->at[bit / 8] ^= (uint8_t)(1 << bit % 8);
            }
        m.size--;
        refused(&s, &m, s.tag.at);
        m.size++;
        m.aad_size--;
        refused(&s, &m, s.tag.at);
        done(&s);
    }
}

static void test_another_key_is_refused(void **state)
{
    (void)state;
    for (size_t i = 2; i < VECTORS; i++) {
        struct seal s = seal_of(i);
        struct bytes out, other = hex(vectors[i].key);
        struct aead_message m = message(&s, &s.sealed, out.at);
        other.at[31] ^= 1;
        struct aead_key *k = aead_new(s.cipher, other.at);
        assert_false(aead_open(k, &m, s.tag.at));
        aead_free(k);
        done(&s);
    }
    aead_free(NULL);
}

static void test_names(void **state)
{
    (void)state;
    assert_string_equal(aead_name(WAL_AEAD_AES_256_GCM), "AES-256-GCM");
    assert_string_equal(aead_name(WAL_AEAD_CHACHA20_POLY1305), "ChaCha20-Poly1305");
    assert_null(aead_name(0));
    assert_null(aead_name(3));
}

/* OpenSSL gets it in parts, which must not show. */
static void test_long_ones(void **state)
{
    enum { LONG = (5 << 20) / 2 + 3 };
    static uint8_t in[LONG], out[2][LONG], tag[2][AEAD_TAG_BYTES];
    (void)state;

    for (size_t i = 2; i < VECTORS; i++) {
        struct seal s = seal_of(i);
        struct bytes key = hex(vectors[i].key);
        const struct aead_message m = {s.nonce.at, in, in, LONG, LONG, out[0]};
        EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
        int n;
        for (size_t k = 0; k < LONG; k++)
            in[k] = (uint8_t)(k ^ k >> 8 ^ k >> 16);
        assert_true(aead_seal(s.key, &m, tag[0]));
        assert_int_equal(EVP_EncryptInit_ex2(c, s.cipher, key.at, s.nonce.at, NULL), 1);
        assert_int_equal(EVP_EncryptUpdate(c, NULL, &n, in, LONG), 1);
        assert_int_equal(EVP_EncryptUpdate(c, out[1], &n, in, LONG), 1);
        assert_int_equal(EVP_EncryptFinal_ex(c, out[1] + n, &n), 1);
        assert_int_equal(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, 16, tag[1]), 1);
        assert_memory_equal(out[0], out[1], LONG);
        assert_memory_equal(tag[0], tag[1], AEAD_TAG_BYTES);
        EVP_CIPHER_CTX_free(c);
        done(&s);
    }
}

enum { THREADS = 4, ROUNDS = 400, SIZE = 3000 };

struct worker {
    struct aead_key *key;
    uint8_t number;
    int wrong;
};

/* Each with nonces of its own; asserts nothing, since cmocka is in the main thread. */
static void *work(void *arg)
{
    struct worker *w = arg;
    uint8_t nonce[AEAD_NONCE_BYTES] = {w->number}, tag[AEAD_TAG_BYTES];
    uint8_t plain[SIZE], sealed[SIZE], opened[SIZE];

    memset(plain, w->number, sizeof plain);
    for (int i = 0; i < ROUNDS; i++) {
        memcpy(nonce + 8, &i, sizeof i);
        struct aead_message m = {nonce, "aad", plain, 3, sizeof plain, sealed};
        w->wrong += !aead_seal(w->key, &m, tag);
        m.in = sealed;
        m.out = opened;
        w->wrong += !aead_open(w->key, &m, tag) || memcmp(opened, plain, sizeof plain) != 0;
        tag[0] ^= 1;
        w->wrong += aead_open(w->key, &m, tag);
    }
    return NULL;
}

static void test_several_threads_on_one_key(void **state)
{
    (void)state;
    for (size_t i = 2; i < VECTORS; i++) {
        struct seal s = seal_of(i);
        struct worker workers[THREADS];
        pthread_t threads[THREADS];
        for (int t = 0; t < THREADS; t++) {
            workers[t] = (struct worker){.key = s.key, .number = (uint8_t)(t + 1)};
            assert_int_equal(pthread_create(&threads[t], NULL, work, &workers[t]), 0);
        }
        for (int t = 0; t < THREADS; t++) {
            assert_int_equal(pthread_join(threads[t], NULL), 0);
            assert_int_equal(workers[t].wrong, 0);
        }
        done(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_in_place),
        cmocka_unit_test(test_any_other_part_is_refused),
        cmocka_unit_test(test_another_key_is_refused),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_long_ones),
        cmocka_unit_test(test_several_threads_on_one_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
