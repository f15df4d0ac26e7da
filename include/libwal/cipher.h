/* SPDX-License-Identifier: Apache-2.0 */
/* Encryption: the functions by which a log seals what it writes and opens what it reads. Part of
 * <libwal/wal.h>, which has the rules that hold everywhere. Who wants a tried cipher rather than
 * one of his own takes <libwal/crypto.h>. */
#ifndef LIBWAL_CIPHER_H
#define LIBWAL_CIPHER_H

#include <libwal/types.h>

LIBWAL_BEGIN

/* An AEAD cipher with a 12-byte nonce and a 16-byte tag, and the keys for it. Each segment has a
 * key of its own, which is derived from one of the user's keys and a random salt; the segment's
 * header names the user's key by its id, and the cipher. No nonce comes twice under one derived
 * key.
 *
 * derive, seal and open are called on several threads at once, also with the same key. They must
 * not call a function of libwal. Each returns 0, or a negative number, which the log's call gives
 * back as WAL_E_CRYPTO; a result above 0 is a failure too. Since 1.0. */
typedef struct {
    uint32_t size;
    uint32_t id; /* of the cipher, written into headers: 1 to 65535; those below 256 are libwal's */
    void *ctx;   /* stays valid until release */
    /* The key of one segment: from the user's key `key_id` and the salt (32 bytes). It is never
     * NULL, and goes to seal, open and drop only. WAL_E_NOTFOUND: there is no key of that id. */
    int (*derive)(void *ctx, uint32_t key_id, const uint8_t *salt, size_t salt_size,
                  void **ret_key);
    /* A derived key is needed no longer. May be NULL. */
    void (*drop)(void *ctx, void *key);
    /* Encrypts `size` bytes from in to out, and writes the tag, which is over the aad too. in may
     * equal out, or is apart from it. size may be 0. */
    int (*seal)(void *key, const uint8_t nonce[12], const void *aad, size_t aad_size,
                const void *in, size_t size, void *out, uint8_t tag[16]);
    /* The opposite. A tag that doesn't fit is an error; what is in out then is not looked at. */
    int (*open)(void *key, const uint8_t nonce[12], const void *aad, size_t aad_size,
                const void *in, size_t size, void *out, const uint8_t tag[16]);
    /* Called once, when every derived key is dropped, and the options and all logs opened with them
     * are gone, with their readers and batches: by whichever call ends the last of them. May be
     * NULL. */
    void (*release)(void *ctx);
} wal_cipher_t;

/* Logs opened with the options from now on encrypt with this cipher and the key key_id (any number,
 * 0 too), and read what was written with any key that derive knows, whichever cipher id its header
 * has. Copies the struct. NULL: none any more, key_id is ignored then. A cipher that was there
 * before is released, or goes on serving the logs that were opened with it. WAL_E_INVAL: derive,
 * seal or open is missing, or the id isn't in range. release isn't called when this fails.
 * Since 1.0. */
int wal_options_set_cipher(wal_options_t *o, const wal_cipher_t *cipher, uint32_t key_id);

/* The cipher of the options, for those who wrap it or add keys to it: fills *ret, whose size the
 * caller has set; ret_key_id may be NULL. What ret has is valid as long as the options keep that
 * cipher; drop and release are NULL where none was given. WAL_E_NOTFOUND: there is none.
 * Since 1.0. */
int wal_options_cipher(const wal_options_t *o, wal_cipher_t *ret, uint32_t *ret_key_id);

LIBWAL_END

#endif
