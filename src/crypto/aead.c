/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/aead.h"

#include <libwal/crypto.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdatomic.h>
#include <string.h>

enum { OPENING, SEALING, CHUNK = 1 << 20 /* OpenSSL's sizes are ints */ };

/* Making a context costs as much as sealing some hundred bytes. So one of each direction is kept
 * for the next call; a call that finds none, since others are under way, makes its own. */
struct aead_key {
    const EVP_CIPHER *algorithm;
    _Atomic(EVP_CIPHER_CTX *) idle[2];
    uint8_t bytes[AEAD_KEY_BYTES];
};

const char *aead_name(uint32_t algorithm)
{
    switch (algorithm) {
    case WAL_AEAD_AES_256_GCM:
        return "AES-256-GCM";
    case WAL_AEAD_CHACHA20_POLY1305:
        return "ChaCha20-Poly1305";
    default:
        return NULL;
    }
}

struct aead_key *aead_new(const EVP_CIPHER *algorithm, const uint8_t bytes[AEAD_KEY_BYTES])
{
    struct aead_key *k = OPENSSL_secure_zalloc(sizeof *k);
    if (!k)
        return NULL;
    k->algorithm = algorithm;
    memcpy(k->bytes, bytes, AEAD_KEY_BYTES);
    return k;
}

void aead_free(struct aead_key *k)
{
    if (!k)
        return;
    EVP_CIPHER_CTX_free(atomic_load(&k->idle[OPENING]));
    EVP_CIPHER_CTX_free(atomic_load(&k->idle[SEALING]));
    OPENSSL_secure_clear_free(k, sizeof *k);
}

/* A context with the key in it. */
static EVP_CIPHER_CTX *take(struct aead_key *k, int direction)
{
    EVP_CIPHER_CTX *c = atomic_exchange(&k->idle[direction], NULL);
    if (c)
        return c;
    c = EVP_CIPHER_CTX_new();
    if (c && EVP_CipherInit_ex2(c, k->algorithm, k->bytes, NULL, direction, NULL) == 1)
        return c;
    EVP_CIPHER_CTX_free(c);
    return NULL;
}

static void give_back(struct aead_key *k, int direction, EVP_CIPHER_CTX *c)
{
    EVP_CIPHER_CTX_free(atomic_exchange(&k->idle[direction], c));
}

/* out NULL: it is associated data. */
static bool feed(EVP_CIPHER_CTX *c, const uint8_t *in, size_t size, uint8_t *out)
{
    for (size_t at = 0; at < size; at += CHUNK) {
        int n = size - at < CHUNK ? (int)(size - at) : CHUNK, got;
        if (EVP_CipherUpdate(c, out ? out + at : NULL, &got, in + at, n) != 1)
            return false;
    }
    return true;
}

static bool run(EVP_CIPHER_CTX *c, const struct aead_message *m, int direction, void *tag)
{
    uint8_t rest[EVP_MAX_BLOCK_LENGTH];
    int none;
    return EVP_CipherInit_ex2(c, NULL, NULL, m->nonce, direction, NULL) == 1 &&
           (direction == SEALING ||
            EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, AEAD_TAG_BYTES, tag) == 1) &&
           feed(c, m->aad, m->aad_size, NULL) && feed(c, m->in, m->size, m->out) &&
           EVP_CipherFinal_ex(c, rest, &none) == 1 &&
           (direction == OPENING ||
            EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, AEAD_TAG_BYTES, tag) == 1);
}

static bool transform(struct aead_key *k, const struct aead_message *m, int direction, void *tag)
{
    EVP_CIPHER_CTX *c = take(k, direction);
    if (c && run(c, m, direction, tag)) {
        give_back(k, direction, c);
        return true;
    }
    EVP_CIPHER_CTX_free(c);
    OPENSSL_cleanse(m->out, m->size);
    return false;
}

bool aead_seal(struct aead_key *k, const struct aead_message *m, uint8_t tag[AEAD_TAG_BYTES])
{
    return transform(k, m, SEALING, tag);
}

bool aead_open(struct aead_key *k, const struct aead_message *m, const uint8_t tag[AEAD_TAG_BYTES])
{
    uint8_t copy[AEAD_TAG_BYTES];
    memcpy(copy, tag, sizeof copy);
    return transform(k, m, OPENING, copy);
}
