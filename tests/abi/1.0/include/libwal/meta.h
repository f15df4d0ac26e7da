/* SPDX-License-Identifier: Apache-2.0 */
/* Metadata: small keys beside the records. Part of <libwal/wal.h>, which has the rules that
 * hold everywhere. */
#ifndef LIBWAL_META_H
#define LIBWAL_META_H

#include <libwal/types.h>

LIBWAL_BEGIN

/* Up to 64 small keys beside the records (a vote, a cursor). They survive truncation and reset. */

/* Sets a key of 1 .. 64 bytes to a value of 0 .. 1024 bytes; durable when it returns. WAL_E_INVAL:
 * empty key; WAL_E_TOOBIG: key or value above that; WAL_E_FULL: a 65th key; WAL_E_NOSPC, WAL_E_IO,
 * WAL_E_INDOUBT as appends. Since 1.0. */
int wal_meta_set(wal_t *w, const void *key, size_t klen, const void *value, size_t vlen);
/* Copies a key's value to buf. WAL_E_NOTFOUND: no such key; WAL_E_TOOBIG: cap is too small,
 * *ret_vlen is the size needed. Sees what wal_meta_set has made durable. Since 1.0. */
int wal_meta_get(wal_t *w, const void *key, size_t klen, void *buf, size_t cap, size_t *ret_vlen);
/* Removes a key; durable when it returns. WAL_E_NOTFOUND: no such key. Else as wal_meta_set.
 * Since 1.0. */
int wal_meta_delete(wal_t *w, const void *key, size_t klen);

/* Gets each key and its value, valid inside the call only. 0: go on; > 0: stop, the caller returns
 * 0; < 0: stop with WAL_E_CALLBACK. Since 1.0. */
typedef int (*wal_meta_fn)(void *ctx, const void *key, size_t klen, const void *value, size_t vlen);

/* Hands every key to fn, in the order of their bytes, as of one moment. Since 1.0. */
int wal_meta_each(wal_t *w, wal_meta_fn fn, void *ctx);

LIBWAL_END

#endif
