/* SPDX-License-Identifier: Apache-2.0 */
#include <libwal/crypto.h>
#include <libwal/wal.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "crypto/aead.h"
#include "crypto/keyring.h"

__attribute__((format(printf, 2, 3))) static int fail(int code, const char *fmt, ...)
{
    wal_error_t error = {.size = sizeof error, .code = code};
    va_list args;

    va_start(args, fmt);
    vsnprintf(error.message, sizeof error.message, fmt, args);
    va_end(args);
    return wal_error_set(&error);
}

/* The ring that is in the options, NULL: none yet, which is no error and leaves the last one. */
static int present_ring(const wal_options_t *o, const struct keyring **ret)
{
    wal_cipher_t cipher = {.size = sizeof cipher};
    wal_error_t before = {.size = sizeof before};
    int e = wal_last_error(&before, sizeof before);

    *ret = NULL;
    if (e == 0)
        e = wal_options_cipher(o, &cipher, NULL);
    if (e == WAL_E_NOTFOUND) {
        (void)wal_error_set(&before);
        return 0;
    }
    if (e < 0)
        return e;
    *ret = keyring_of(&cipher);
    return *ret ? 0 : fail(WAL_E_INVAL, "the options have a cipher of another kind");
}

static int check(const struct keyring_key *key)
{
    if (!aead_name(key->algorithm))
        return fail(WAL_E_INVAL, "no AEAD algorithm has the number %u", key->algorithm);
    if (!key->bytes)
        return fail(WAL_E_INVAL, "key is NULL");
    if (key->size < RING_KEY_MIN || key->size > RING_KEY_MAX)
        return fail(WAL_E_INVAL, "a key of %zu bytes, not %d to %d", key->size, RING_KEY_MIN,
                    RING_KEY_MAX);
    return 0;
}

static int add(wal_options_t *o, const struct keyring *old, const struct keyring_key *key)
{
    struct keyring *ring;
    int e = keyring_with(old, key, &ring);
    if (e < 0)
        return fail(e, "key id %u, %s: %s", key->id, aead_name(key->algorithm), wal_strerror(e));
    const wal_cipher_t cipher = keyring_cipher(ring);
    e = wal_options_set_cipher(o, &cipher, key->id);
    if (e < 0)
        keyring_free(ring);
    return e;
}

static int set_aead(wal_options_t *o, const struct keyring_key *key)
{
    const struct keyring *old;
    int e = check(key);
    if (e == 0)
        e = present_ring(o, &old);
    if (e < 0)
        return e;
    if (old && keyring_has(old, key->id))
        return fail(WAL_E_EXISTS, "there is a key with the id %u already", key->id);
    return add(o, old, key);
}

int wal_options_set_aead(wal_options_t *o, uint32_t algorithm, uint32_t key_id, const void *key,
                         size_t key_size)
{
    const struct keyring_key added = {key_id, algorithm, key, key_size};
    int saved = errno;
    int e = set_aead(o, &added);
    errno = saved;
    return e;
}
