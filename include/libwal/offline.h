/* Tools for a log that nobody needs to have open. Part of <libwal/wal.h>, which has the rules that
 * hold everywhere. */
#ifndef LIBWAL_OFFLINE_H
#define LIBWAL_OFFLINE_H

#include <libwal/open.h>
#include <libwal/options.h>
#include <libwal/read.h>

LIBWAL_BEGIN

/* A verdict besides those of wal_recovery_t: something is damaged that was durable. Since 1.0. */
#define WAL_RECOVERY_DAMAGED 4u

/* What was found in a log. Since 1.0. */
typedef struct {
    uint32_t size;
    uint32_t verdict;         /* WAL_RECOVERY_CLEAN, TORN, AMBIGUOUS or DAMAGED */
    uint64_t segments;        /* that make up the log */
    uint64_t records;         /* that are there and right */
    uint64_t bytes;           /* of their payloads */
    uint64_t first_lsn;       /* of them; 0: there are none */
    uint64_t last_lsn;        /* the same */
    uint64_t damaged_segment; /* number of the first one with damage; 0: there is none, or it is
                                 control that is damaged */
    uint64_t damaged_offset;  /* of the damage, bytes from the segment's start */
    uint64_t damaged_lsn;     /* of the first record that the damage may concern; 0: unknown */
    uint64_t gaps;            /* ranges of LSNs that can't be read */
    uint64_t duration_ns;
} wal_verify_t;

/* How far a long operation has come: done_bytes never falls, and is total_bytes at the end. A
 * result other than 0 stops the operation with WAL_E_CALLBACK. Since 1.0. */
typedef int (*wal_progress_fn)(void *ctx, uint64_t done_bytes, uint64_t total_bytes);
/* LSNs whose records can't be read. Since 1.0. */
typedef int (*wal_gap_fn)(void *ctx, uint64_t first_lsn, uint64_t last_lsn);

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
