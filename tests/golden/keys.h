/* The keys of the golden logs that are encrypted, for who makes them and for who reads them: id 1
 * is one of AES-256-GCM, id 2 of ChaCha20-Poly1305. */
#ifndef WAL_TESTS_GOLDEN_KEYS_H
#define WAL_TESTS_GOLDEN_KEYS_H

#include <libwal/crypto.h>

enum { GOLDEN_KEY_BYTES = 32 };

static inline void golden_key(uint32_t id, uint8_t key[GOLDEN_KEY_BYTES])
{
    for (uint32_t k = 0; k < GOLDEN_KEY_BYTES; k++)
        key[k] = (uint8_t)(31 * id + k);
}

static inline uint32_t golden_algorithm(uint32_t id)
{
    return id == 1 ? WAL_AEAD_AES_256_GCM : WAL_AEAD_CHACHA20_POLY1305;
}

#endif
