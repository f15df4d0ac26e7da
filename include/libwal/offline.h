/* Tools for a log that nobody needs to have open. Part of <libwal/wal.h>, which has the rules that
 * hold everywhere. */
#ifndef LIBWAL_OFFLINE_H
#define LIBWAL_OFFLINE_H

#include <libwal/open.h>
#include <libwal/options.h>

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

LIBWAL_END

#endif
