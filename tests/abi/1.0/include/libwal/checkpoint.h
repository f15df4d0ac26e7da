/* SPDX-License-Identifier: Apache-2.0 */
/* Checkpoints: the user's word that his state up to a record is safe. Part of <libwal/wal.h>, which
 * has the rules that hold everywhere. */
#ifndef LIBWAL_CHECKPOINT_H
#define LIBWAL_CHECKPOINT_H

#include <libwal/types.h>

LIBWAL_BEGIN

/* A checkpoint says 'my state up to record lsn is safe', and may hold that state, whole or as much
 * of it as is needed to find the rest. wal_replay from 0 begins behind the newest one, which every
 * open finds without reading the log. It survives wal_truncate_before, whatever segment it lies in;
 * a cut below its LSN, or a reset, takes it away, and no older one comes back. */

/* Writes a checkpoint with `size` bytes of state (NULL and 0: none); durable when it returns.
 * WAL_E_RANGE: lsn is 0, not yet durable, or below the newest checkpoint's; WAL_E_TOOBIG: above
 * CHECKPOINT_BYTES; WAL_E_NOSPC, WAL_E_IO, WAL_E_INDOUBT as appends. Waits for the commits that
 * came before it. Since 1.0. */
int wal_checkpoint(wal_t *w, uint64_t lsn, const void *state, size_t size);

/* Copies the newest checkpoint's state to buf (cap bytes). WAL_E_NOTFOUND: there is none;
 * WAL_E_TOOBIG: cap is too small, *ret_size is the size needed. ret_lsn and ret_size may be NULL.
 * WAL_E_CORRUPT; WAL_E_CRYPTO; WAL_E_IO. Sees what is durable, on a read-only log as of a new look.
 * Since 1.0. */
int wal_checkpoint_get(wal_t *w, void *buf, size_t cap, uint64_t *ret_lsn, size_t *ret_size);

/* The same for the newest checkpoint that lies in one segment (wal_segments has the numbers); what
 * a callback of wal_drain may ask for. WAL_E_NOTFOUND: none lies there, or there is no such
 * segment. In a segment that was there before this open, the first call looks through the headers
 * of its groups. Since 1.0. */
int wal_segment_checkpoint(wal_t *w, uint64_t segment, void *buf, size_t cap, uint64_t *ret_lsn,
                           size_t *ret_size);

LIBWAL_END

#endif
