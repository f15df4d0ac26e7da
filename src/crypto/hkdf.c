/* SPDX-License-Identifier: Apache-2.0 */
#include "crypto/hkdf.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

/* OpenSSL only reads what these parameters point to. */
static OSSL_PARAM octets(const char *name, const uint8_t *data, size_t size)
{
    return OSSL_PARAM_construct_octet_string(name, (void *)(uintptr_t)data, size);
}

bool hkdf_sha256(EVP_KDF *kdf, const struct hkdf_input *in, uint8_t *out, size_t out_size)
{
    char digest[] = "SHA256";
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
        octets(OSSL_KDF_PARAM_KEY, in->key, in->key_size),
        octets(OSSL_KDF_PARAM_SALT, in->salt, in->salt_size),
        octets(OSSL_KDF_PARAM_INFO, in->info, in->info_size),
        OSSL_PARAM_construct_end(),
    };
    EVP_KDF_CTX *c = EVP_KDF_CTX_new(kdf);
    bool done = c && EVP_KDF_derive(c, out, out_size, params) == 1;
    EVP_KDF_CTX_free(c);
    return done;
}
