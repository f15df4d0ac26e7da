/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/keyring.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <string.h>

#include "crypto/aead.h"
#include "crypto/hkdf.h"

struct entry {
    uint32_t id, algorithm;
    EVP_CIPHER *cipher;
    uint8_t *bytes;
    size_t size;
};

struct keyring {
    EVP_KDF *hkdf;
    size_t n;
    struct entry entries[];
};

static const char label[] = "libwal segment key"; /* docs/format.md, 'Encoded bodies' */

enum { LABEL_BYTES = sizeof label - 1, INFO_BYTES = LABEL_BYTES + 2 + 4 };

static bool copy_key(struct entry *to, const void *bytes, size_t size)
{
    to->size = size;
    to->bytes = OPENSSL_secure_malloc(size);
    if (to->bytes)
        memcpy(to->bytes, bytes, size);
    return to->bytes != NULL;
}

/* What is there already when it fails is freed with the ring. */
static int fill(struct keyring *r, const struct keyring *old, const struct keyring_key *added)
{
    struct entry *last = &r->entries[r->n - 1];

    r->hkdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    last->id = added->id;
    last->algorithm = added->algorithm;
    last->cipher = EVP_CIPHER_fetch(NULL, aead_name(added->algorithm), NULL);
    if (!r->hkdf || !last->cipher)
        return WAL_E_UNSUPPORTED;
    for (size_t i = 0; i < r->n - 1; i++) {
        const struct entry *from = &old->entries[i];
        if (EVP_CIPHER_up_ref(from->cipher) != 1)
            return WAL_E_NOMEM;
        r->entries[i] = *from;
        if (!copy_key(&r->entries[i], from->bytes, from->size))
            return WAL_E_NOMEM;
    }
    return copy_key(last, added->bytes, added->size) ? 0 : WAL_E_NOMEM;
}

int keyring_with(const struct keyring *old, const struct keyring_key *added, struct keyring **ret)
{
    size_t n = old ? old->n + 1 : 1;
    struct keyring *r = OPENSSL_zalloc(sizeof *r + n * sizeof r->entries[0]);
    if (!r)
        return WAL_E_NOMEM;
    r->n = n;
    ERR_set_mark();
    int e = fill(r, old, added);
    ERR_pop_to_mark();
    if (e == 0)
        *ret = r;
    else
        keyring_free(r);
    return e;
}

void keyring_free(struct keyring *r)
{
    for (size_t i = 0; i < r->n; i++) {
        OPENSSL_secure_clear_free(r->entries[i].bytes, r->entries[i].size);
        EVP_CIPHER_free(r->entries[i].cipher);
    }
    EVP_KDF_free(r->hkdf);
    OPENSSL_free(r);
}

static const struct entry *find(const struct keyring *r, uint32_t key_id)
{
    for (size_t i = 0; i < r->n; i++)
        if (r->entries[i].id == key_id)
            return &r->entries[i];
    return NULL;
}

bool keyring_has(const struct keyring *r, uint32_t key_id)
{
    return find(r, key_id) != NULL;
}

/* The label, the algorithm (2 bytes), the key id (4 bytes): little-endian, as in the header. */
static void make_info(uint8_t info[INFO_BYTES], const struct entry *k)
{
    uint8_t *numbers = info + LABEL_BYTES;
    memcpy(info, label, LABEL_BYTES);
    for (int i = 0; i < 2; i++)
        numbers[i] = (uint8_t)(k->algorithm >> 8 * i);
    for (int i = 0; i < 4; i++)
        numbers[2 + i] = (uint8_t)(k->id >> 8 * i);
}

static struct aead_key *derived(const struct keyring *r, const struct entry *k, const uint8_t *salt,
                                size_t salt_size)
{
    uint8_t info[INFO_BYTES], bytes[AEAD_KEY_BYTES];
    struct aead_key *key = NULL;
    make_info(info, k);
    const struct hkdf_input in = {k->bytes, salt, info, k->size, salt_size, sizeof info};
    if (hkdf_sha256(r->hkdf, &in, bytes, sizeof bytes))
        key = aead_new(k->cipher, bytes);
    OPENSSL_cleanse(bytes, sizeof bytes);
    return key;
}

static int derive(void *ctx, uint32_t key_id, const uint8_t *salt, size_t salt_size, void **ret_key)
{
    const struct keyring *r = ctx;
    const struct entry *k = find(r, key_id);
    if (!k)
        return WAL_E_NOTFOUND;
    ERR_set_mark();
    struct aead_key *key = derived(r, k, salt, salt_size);
    ERR_pop_to_mark();
    if (!key)
        return WAL_E_CRYPTO;
    *ret_key = key;
    return 0;
}

static void drop(void *ctx, void *key)
{
    (void)ctx;
    aead_free(key);
}

static int seal(void *key, const uint8_t nonce[12], const void *aad, size_t aad_size,
                const void *in, size_t size, void *out, uint8_t tag[16])
{
    const struct aead_message m = {nonce, aad, in, aad_size, size, out};
    ERR_set_mark();
    bool done = aead_seal(key, &m, tag);
    ERR_pop_to_mark();
    return done ? 0 : WAL_E_CRYPTO;
}

static int open_sealed(void *key, const uint8_t nonce[12], const void *aad, size_t aad_size,
                       const void *in, size_t size, void *out, const uint8_t tag[16])
{
    const struct aead_message m = {nonce, aad, in, aad_size, size, out};
    ERR_set_mark();
    bool done = aead_open(key, &m, tag);
    ERR_pop_to_mark();
    return done ? 0 : WAL_E_CRYPTO;
}

static void release(void *ctx)
{
    keyring_free(ctx);
}

wal_cipher_t keyring_cipher(struct keyring *r)
{
    return (wal_cipher_t){.size = sizeof(wal_cipher_t),
                          .id = r->entries[r->n - 1].algorithm,
                          .ctx = r,
                          .derive = derive,
                          .drop = drop,
                          .seal = seal,
                          .open = open_sealed,
                          .release = release};
}

struct keyring *keyring_of(const wal_cipher_t *cipher)
{
    return cipher->derive == derive ? cipher->ctx : NULL;
}
