/* SPDX-License-Identifier: Apache-2.0 */
#include "segment/cipher.h"

#include <errno.h>

#include "base/alloc.h"
#include "base/codes.h"
#include "base/fault.h"

int cipher_new(const wal_cipher_t *calls, uint32_t key_id, struct cipher **ret)
{
    struct cipher *c = mem_new(&alloc_default, sizeof *c);
    if (!c)
        return fault_nomem();
    c->calls = *calls;
    c->key_id = key_id;
    atomic_init(&c->refs, 1);
    *ret = c;
    return 0;
}

struct cipher *cipher_ref(struct cipher *c)
{
    if (c)
        atomic_fetch_add(&c->refs, 1);
    return c;
}

void cipher_unref(struct cipher *c)
{
    if (!c || atomic_fetch_sub(&c->refs, 1) != 1)
        return;
    int saved = errno;
    if (c->calls.release)
        c->calls.release(c->calls.ctx);
    errno = saved;
    mem_free(&alloc_default, c);
}

int cipher_derive(const struct cipher *c, uint32_t key_id, const uint8_t salt[KDF_SALT_BYTES],
                  void **ret_key)
{
    void *key = NULL;
    int saved = errno;
    int e = c->calls.derive(c->calls.ctx, key_id, salt, KDF_SALT_BYTES, &key);
    errno = saved;
    if (e == WAL_E_NOTFOUND)
        return fault(WAL_E_CRYPTO, "key id %u is not among the keys given", key_id);
    if (e != 0 || !key)
        return fault(WAL_E_CRYPTO, "deriving from the key %u failed (%d)", key_id, e);
    *ret_key = key;
    return 0;
}

void cipher_drop(const struct cipher *c, void *key)
{
    int saved = errno;
    if (key && c->calls.drop)
        c->calls.drop(c->calls.ctx, key);
    errno = saved;
}

static int result(int e, int saved_errno, const char *what)
{
    errno = saved_errno;
    return e == 0 ? 0 : fault(WAL_E_CRYPTO, "%s (%d)", what, e);
}

int cipher_seal(const struct cipher *c, void *key, const struct cipher_place *at, const void *in,
                size_t size, void *out, uint8_t tag[CIPHER_TAG_BYTES])
{
    int saved = errno;
    return result(c->calls.seal(key, at->nonce, at->aad, at->aad_size, in, size, out, tag), saved,
                  "encrypting failed");
}

int cipher_open(const struct cipher *c, void *key, const struct cipher_place *at, const void *in,
                size_t size, void *out, const uint8_t tag[CIPHER_TAG_BYTES])
{
    int saved = errno;
    return result(c->calls.open(key, at->nonce, at->aad, at->aad_size, in, size, out, tag), saved,
                  "decrypting failed: another key or cipher, or changed by somebody");
}
