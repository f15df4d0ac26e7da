/* SPDX-License-Identifier: Apache-2.0 */
#include "support/toy_cipher.h"

#include <stdlib.h>
#include <string.h>

struct toy_key {
    struct toy *toy;
    struct toy_secret secret;
};

static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

static uint64_t digest(uint64_t h, const void *data, size_t size)
{
    const uint8_t *p = data;
    h = mix(h + size + 1);
    for (size_t i = 0; i < size; i += 8) {
        uint64_t word = 0;
        memcpy(&word, p + i, size - i < 8 ? size - i : 8);
        h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        h ^= h >> 29;
    }
    return mix(h);
}

/* Counts the call; whether it is to fail. */
static int called(struct toy *toy, enum toy_call which)
{
    atomic_fetch_add(&toy->n[which], 1);
    return atomic_fetch_sub(&toy->fail[which], 1) == 1;
}

static void keystream(const struct toy_key *k, const uint8_t nonce[12], const void *in, size_t size,
                      void *out)
{
    const uint8_t *from = in;
    uint8_t *to = out;
    uint64_t seed = digest(k->secret.word[0], nonce, 12), word = 0;
    for (size_t i = 0; i < size; i += 8) {
        size_t n = size - i < 8 ? size - i : 8;
        memcpy(&word, from + i, n);
        word ^= (seed ^ i) * UINT64_C(0xbf58476d1ce4e5b9);
        memcpy(to + i, &word, n);
    }
}

static void make_tag(const struct toy_key *k, const uint8_t nonce[12], const void *aad,
                     size_t aad_size, const void *sealed, size_t size, uint8_t tag[16])
{
    uint64_t h = digest(k->secret.word[1], nonce, 12);
    h = digest(digest(h, aad, aad_size), sealed, size);
    const uint64_t words[2] = {h ^ k->secret.word[2], mix(h ^ k->secret.word[3])};
    memcpy(tag, words, 16);
}

static int derive(void *ctx, uint32_t key_id, const uint8_t *salt, size_t salt_size, void **ret_key)
{
    struct toy *toy = ctx;
    if (called(toy, TOY_DERIVE))
        return TOY_FAILED;
    if (key_id > 63 || !(toy->keys & TOY_KEY(key_id)))
        return WAL_E_NOTFOUND;
    struct toy_key *k = malloc(sizeof *k);
    if (!k)
        return WAL_E_NOMEM;
    k->toy = toy;
    uint64_t h = digest(mix(toy->secret) + key_id, salt, salt_size);
    for (int i = 0; i < 4; i++)
        k->secret.word[i] = h = mix(h + 1);
    *ret_key = k;
    return 0;
}

static void drop(void *ctx, void *key)
{
    called(ctx, TOY_DROP);
    free(key);
}

static int seal(void *key, const uint8_t nonce[12], const void *aad, size_t aad_size,
                const void *in, size_t size, void *out, uint8_t tag[16])
{
    const struct toy_key *k = key;
    if (k->toy->on_seal)
        k->toy->on_seal(k->toy->on_seal_ctx, &k->secret, nonce);
    if (called(k->toy, TOY_SEAL))
        return TOY_FAILED;
    keystream(k, nonce, in, size, out);
    make_tag(k, nonce, aad, aad_size, out, size, tag);
    return 0;
}

static int open_sealed(void *key, const uint8_t nonce[12], const void *aad, size_t aad_size,
                       const void *in, size_t size, void *out, const uint8_t tag[16])
{
    const struct toy_key *k = key;
    uint8_t right[16];
    if (called(k->toy, TOY_OPEN))
        return TOY_FAILED;
    make_tag(k, nonce, aad, aad_size, in, size, right);
    if (memcmp(tag, right, 16) != 0)
        return -1;
    keystream(k, nonce, in, size, out);
    return 0;
}

static void release(void *ctx)
{
    called(ctx, TOY_RELEASE);
}

wal_cipher_t toy_cipher(struct toy *toy)
{
    return (wal_cipher_t){.size = sizeof(wal_cipher_t),
                          .id = TOY_ID,
                          .ctx = toy,
                          .derive = derive,
                          .drop = drop,
                          .seal = seal,
                          .open = open_sealed,
                          .release = release};
}

void toy_fail(struct toy *toy, enum toy_call which, int64_t nth)
{
    atomic_store(&toy->fail[which], nth);
}
