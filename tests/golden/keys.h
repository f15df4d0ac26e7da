/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of the golden logs that are encrypted, for who makes them and for who reads them: id 1
 * is one of AES-256-GCM, id 2 of ChaCha20-Poly1305. */
#ifndef WAL_TESTS_GOLDEN_KEYS_H
#define WAL_TESTS_GOLDEN_KEYS_H

#include <libwal/crypto.h>

static inline int golden_add_key(wal_options_t *o, uint32_t id)
{
    uint8_t key[32];
    for (uint32_t k = 0; k < sizeof key; k++)
        key[k] = (uint8_t)(31 * id + k);
    return wal_options_set_aead(o, id == 1 ? WAL_AEAD_AES_256_GCM : WAL_AEAD_CHACHA20_POLY1305, id,
                                key, sizeof key);
}

#endif
