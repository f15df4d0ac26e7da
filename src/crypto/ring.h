/* The user's keys by their ids, and the callbacks by which a log uses them. A ring never changes:
 * adding a key makes a new one, so that logs that are open keep theirs. */
#ifndef WAL_CRYPTO_RING_H
#define WAL_CRYPTO_RING_H

#include <libwal/wal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RING_KEY_MIN = 16, RING_KEY_MAX = 1024 };

struct ring;

struct ring_key {
    uint32_t id, algorithm; /* WAL_AEAD_... */
    const uint8_t *bytes;
    size_t size;
};

/* The keys of `old` (NULL: none) and one more, copied, whose id is new. NOMEM; UNSUPPORTED: this
 * OpenSSL can't. */
int ring_with(const struct ring *old, const struct ring_key *added, struct ring **ret);
void ring_free(struct ring *r);
bool ring_has(const struct ring *r, uint32_t key_id);

/* The cipher that writes with the key that was added last; its release frees the ring. */
wal_cipher_t ring_cipher(struct ring *r);
/* The ring of such a cipher; NULL: it is of another kind. */
struct ring *ring_of(const wal_cipher_t *cipher);

#endif
