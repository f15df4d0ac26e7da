/* SPDX-License-Identifier: Apache-2.0 */
/* Batches as bytes: to send elsewhere, and append there. Part of <libwal/wal.h>, which has the
 * rules that hold everywhere. */
#ifndef LIBWAL_PORTABLE_H
#define LIBWAL_PORTABLE_H

#include <libwal/read.h>

LIBWAL_BEGIN

/* The form is laid down in docs/format.md: the same on every machine, checksummed, 36 bytes larger
 * than its payloads and 8 more per record. Neither function has to do with an open log; they may
 * run on any thread, inside callbacks too. */

/* Writes n records into buf (cap bytes), *ret_size is how many bytes that took. Types and payloads
 * travel; LSNs, flags and tags don't. Only type, data and data_size are read; records[0].size is
 * the array's stride. WAL_E_TOOBIG: cap is too small, *ret_size is the size needed (buf may be NULL
 * when cap is 0, to ask for it); or a record is above 1 GiB or all together above what one batch
 * holds, *ret_size is then 0. n = 0, a type above 65535: WAL_E_INVAL. Since 1.0. */
int wal_encode(const wal_record_t *records, size_t n, void *buf, size_t cap, size_t *ret_size);
/* Hands each record of a form to fn, in the order in which they were encoded, with lsn 0, flags 0
 * and no tag; their data lie in buf. All of the form is checked before the first call. fn's result
 * > 0 stops with 0; < 0 stops with WAL_E_CALLBACK. WAL_E_CORRUPT: something is wrong in it,
 * missing, or behind it; WAL_E_VERSION: it is right, but of a newer kind. Nothing is allocated,
 * whatever the bytes say. They may come from anybody: the checksum finds accidents, not forgers.
 * Since 1.0. */
int wal_decode(const void *buf, size_t size, wal_record_fn fn, void *ctx);

LIBWAL_END

#endif
