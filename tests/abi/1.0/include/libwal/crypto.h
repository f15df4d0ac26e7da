/* SPDX-License-Identifier: Apache-2.0 */
/* libwal-crypto: encrypted logs by OpenSSL. A library of its own (link libwal-crypto beside
 * libwal), so that programs without encryption don't need OpenSSL. <libwal/wal.h>, which doesn't
 * include this header, has the rules that hold everywhere. */
#ifndef LIBWAL_CRYPTO_H
#define LIBWAL_CRYPTO_H

#include <libwal/options.h>

LIBWAL_BEGIN

/* Algorithms, which are cipher ids in the log's files too. Since 1.0. */
#define WAL_AEAD_AES_256_GCM       1u
#define WAL_AEAD_CHACHA20_POLY1305 2u

/* Adds a key to the options, in place of a cipher by wal_options_set_cipher. Logs opened with them
 * from now on write with the key that was added last, and read what was written with any of them.
 * So a key is replaced by adding a new one under a new id; the old one stays until no segment of
 * the log needs it (wal_info tells the id of the newest).
 *
 * The key: 16 to 1024 bytes from a random source, 32 as a rule. It is no password. Each segment is
 * encrypted with a key of its own, derived from this one. The bytes are copied, and wiped when the
 * options and every log opened with them are gone; they lie in OpenSSL's secure heap where the
 * program has set one up (CRYPTO_secure_malloc_init), else in ordinary memory.
 *
 * key_id: any number, 0 too; it stands in the log's files as it is, with the algorithm. The log
 * gives WAL_E_CRYPTO where a segment names a key that isn't here, or was written with another one.
 *
 * WAL_E_EXISTS: there is a key of that id already. WAL_E_INVAL: an unknown algorithm; the key's
 * size; the options have a cipher of another kind, which is to be taken away first
 * (wal_options_set_cipher with NULL, which takes these keys away too). WAL_E_UNSUPPORTED: this
 * OpenSSL lacks the algorithm, or HKDF. Nothing is changed then. Since 1.0. */
int wal_options_set_aead(wal_options_t *o, uint32_t algorithm, uint32_t key_id, const void *key,
                         size_t key_size);

LIBWAL_END

#endif
