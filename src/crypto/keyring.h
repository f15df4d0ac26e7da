/* SPDX-License-Identifier: Apache-2.0 */
/* The user's keys by their ids, and the callbacks by which a log uses them. A ring never changes:
 * adding a key makes a new one, so that logs that are open keep theirs. */
#ifndef WAL_CRYPTO_KEYRING_H
#define WAL_CRYPTO_KEYRING_H

#include <libwal/wal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RING_KEY_MIN = 16, RING_KEY_MAX = 1024 };

struct keyring;

struct keyring_key {
    uint32_t id, algorithm; /* WAL_AEAD_... */
    const uint8_t *bytes;
    size_t size;
};

/* The keys of `old` (NULL: none) and one more, copied, whose id is new. NOMEM; UNSUPPORTED: this
 * OpenSSL can't. */
int keyring_with(const struct keyring *old, const struct keyring_key *added, struct keyring **ret);
void keyring_free(struct keyring *r);
bool keyring_has(const struct keyring *r, uint32_t key_id);

/* The cipher that writes with the key that was added last; its release frees the ring. */
wal_cipher_t keyring_cipher(struct keyring *r);
/* The ring of such a cipher; NULL: it is of another kind. */
struct keyring *keyring_of(const wal_cipher_t *cipher);

#endif
