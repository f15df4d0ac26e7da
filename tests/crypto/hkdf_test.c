/* SPDX-License-Identifier: Apache-2.0 */
/* The test cases of RFC 5869, appendix A, that are for SHA-256. */
#include "crypto/hkdf.h"

#include "crypto/hex.h"

#include <openssl/kdf.h>

static const struct {
    const char *key, *salt, *info, *out;
} cases[] = {
    {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "000102030405060708090a0b0c",
     "f0f1f2f3f4f5f6f7f8f9",
     "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"},
    {"000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2021222324252627"
     "28292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f",
     "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f8081828384858687"
     "88898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
     "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7"
     "d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeeff0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
     "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e"
     "590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"},
    {"0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "",
     "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"},
};

static void test_cases_of_the_standard(void **state)
{
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    (void)state;

    assert_non_null(kdf);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct bytes key = hex(cases[i].key), salt = hex(cases[i].salt);
        struct bytes info = hex(cases[i].info), out = hex(cases[i].out);
        const struct hkdf_input in = {key.at, salt.at, info.at, key.size, salt.size, info.size};
        uint8_t got[HEX_MAX];
        assert_true(hkdf_sha256(kdf, &in, got, out.size));
        assert_memory_equal(got, out.at, out.size);
    }
    EVP_KDF_free(kdf);
}

static void test_what_openssl_refuses(void **state)
{
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    const uint8_t key[16] = {0};
    const struct hkdf_input in = {key, key, key, 16, 16, 16};
    static uint8_t out[255 * 32 + 1]; /* HKDF can't give more than 255 hashes */
    (void)state;

    assert_true(hkdf_sha256(kdf, &in, out, sizeof out - 1));
    assert_false(hkdf_sha256(kdf, &in, out, sizeof out));
    EVP_KDF_free(kdf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases_of_the_standard),
        cmocka_unit_test(test_what_openssl_refuses),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
