/* SPDX-License-Identifier: Apache-2.0 */
/* HKDF with SHA-256 (RFC 5869), by OpenSSL. */
#ifndef WAL_CRYPTO_HKDF_H
#define WAL_CRYPTO_HKDF_H

#include <openssl/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hkdf_input {
    const uint8_t *key, *salt, *info;
    size_t key_size, salt_size, info_size;
};

/* `kdf` is what EVP_KDF_fetch gives for "HKDF"; any number of threads may use it. False: OpenSSL
 * refuses; what is in out then means nothing. */
bool hkdf_sha256(EVP_KDF *kdf, const struct hkdf_input *in, uint8_t *out, size_t out_size);

#endif
