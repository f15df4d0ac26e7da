/* SPDX-License-Identifier: Apache-2.0 */
/* The user's cipher (wal_options_set_cipher), held together by the options and each log that was
 * opened with them: counted references, from any thread. The callbacks run without any lock of the
 * library, on the calling thread; whatever they make of errno is undone. */
#ifndef WAL_SEGMENT_CIPHER_H
#define WAL_SEGMENT_CIPHER_H

#include <libwal/wal.h>
#include <stdatomic.h>
#include <stdint.h>

#include "base/attr.h"
#include "format/limits.h"

struct cipher {
    wal_cipher_t calls; /* never changes, nor does key_id */
    uint32_t key_id;    /* of the key for writing */
    _Atomic uint32_t refs;
};

/* With one reference, in malloc's memory. `calls` is copied. NOMEM: release is not called. */
MUST_USE int cipher_new(const wal_cipher_t *calls, uint32_t key_id, struct cipher **ret);
/* One more reference; returns c. NULL is no cipher, here and below. */
struct cipher *cipher_ref(struct cipher *c);
/* The last one calls release. */
void cipher_unref(struct cipher *c);

/* The rest returns 0 or CRYPTO. The key of a segment is given back by cipher_drop; key NULL is no
 * key. */
MUST_USE int cipher_derive(const struct cipher *c, uint32_t key_id,
                           const uint8_t salt[KDF_SALT_BYTES], void **ret_key);
void cipher_drop(const struct cipher *c, void *key);

/* What a run of bytes is sealed with beside the key: never the same nonce twice. */
struct cipher_place {
    uint8_t nonce[CIPHER_NONCE_BYTES];
    const void *aad;
    size_t aad_size;
};

/* `size` bytes from in to out, which are the same place or apart. */
MUST_USE int cipher_seal(const struct cipher *c, void *key, const struct cipher_place *at,
                         const void *in, size_t size, void *out, uint8_t tag[CIPHER_TAG_BYTES]);
MUST_USE int cipher_open(const struct cipher *c, void *key, const struct cipher_place *at,
                         const void *in, size_t size, void *out,
                         const uint8_t tag[CIPHER_TAG_BYTES]);

#endif
