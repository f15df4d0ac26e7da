/* Logs as a whole: copying one that is open. Part of <libwal/wal.h>, which has the rules that hold
 * everywhere. */
#ifndef LIBWAL_OFFLINE_H
#define LIBWAL_OFFLINE_H

#include <libwal/open.h>
#include <libwal/read.h>

LIBWAL_BEGIN

/* How far a long call has got: done_bytes of total_bytes, from time to time and at the end. Any
 * result but 0 stops the call with WAL_E_CALLBACK. */
typedef int (*wal_progress_fn)(void *ctx, uint64_t done_bytes, uint64_t total_bytes);

/* Copies the log, as it is at one moment of this call, into the directory `dest`: the records that
 * are durable then (call wal_sync before, to have all of them), in the same segments and under the
 * same LSNs, batches, tags, metadata, checkpoints, label, first and next LSN. The copy is a log of
 * its own, with another UUID, as after a clean close, and durable when the call returns. dest may
 * be missing (its parent must be there: WAL_E_NOTFOUND), or a directory without a log; with one:
 * WAL_E_EXISTS. Meanwhile appends and rotations go on. Retention leaves what was not copied yet, up
 * to WAL_OPT_PIN_LIMIT_BYTES; what an explicit truncation takes away before its turn, and retention
 * where the handle is read-only: WAL_E_TRIMMED. All that is copied is checked: WAL_E_CORRUPT. fn
 * (NULL: none) runs on the calling thread. After any error there is no log in dest; a crash leaves
 * there what the next wal_copy, wal_open or wal_destroy removes. A file is never shared between log
 * and copy, since the UUID is part of each group's checksum. Since 1.0. */
int wal_copy(wal_t *w, const char *dest, wal_progress_fn fn, void *ctx);

LIBWAL_END

#endif
