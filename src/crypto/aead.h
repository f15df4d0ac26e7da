/* SPDX-License-Identifier: Apache-2.0 */
/* One key of an AEAD algorithm, by OpenSSL: 32 bytes of key, 12 of nonce, 16 of tag. Any number of
 * threads may seal and open with one at once. The errors that OpenSSL queues are the caller's to
 * take away. */
#ifndef WAL_CRYPTO_AEAD_H
#define WAL_CRYPTO_AEAD_H

#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { AEAD_KEY_BYTES = 32, AEAD_NONCE_BYTES = 12, AEAD_TAG_BYTES = 16 };

struct aead_key;

/* OpenSSL's name of a WAL_AEAD_ algorithm; NULL: there is none of that number. */
const char *aead_name(uint32_t algorithm);

/* Copies the bytes; `algorithm` outlives it. NULL: no memory. */
struct aead_key *aead_new(const EVP_CIPHER *algorithm, const uint8_t bytes[AEAD_KEY_BYTES]);
/* Wipes it. NULL is none. */
void aead_free(struct aead_key *k);

struct aead_message {
    const uint8_t *nonce;
    const void *aad, *in;
    size_t aad_size, size; /* of in and out, which are the same place or apart */
    void *out;
};

/* False: OpenSSL fails, or the tag is wrong; `out` is all zeros then, so that nothing leaks by it
 * that was not checked. */
bool aead_seal(struct aead_key *k, const struct aead_message *m, uint8_t tag[AEAD_TAG_BYTES]);
bool aead_open(struct aead_key *k, const struct aead_message *m, const uint8_t tag[AEAD_TAG_BYTES]);

#endif
