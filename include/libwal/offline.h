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

/* Reads all of the log in `dir`: control, every header, every group and record with all of its
 * checksums, and what they say of each other; goes on behind damage. Nothing is written and no lock
 * taken. A log that somebody has open for writing is verified up to what is durable; one that isn't
 * in use, up to its end. 0: all is right. WAL_E_TORN: nothing but its end is torn, as a crash
 * leaves it, and the next open for writing gives it up. WAL_E_CORRUPT: something is damaged: the
 * first place is in *ret, the text says it too. With these three *ret is filled. Beside 0 a
 * damaged_segment says that one of the two copies of this segment's header is damaged, which does
 * no harm. WAL_E_NOTFOUND: no log, or no such directory; WAL_E_INVAL: not a directory;
 * WAL_E_VERSION; WAL_E_UNSUPPORTED; WAL_E_CRYPTO; WAL_E_CALLBACK; WAL_E_PERM; WAL_E_IO.
 *
 * Of the options (NULL: defaults) it uses the allocator, the cipher and READ_THREADS: so many
 * threads read segments at the same time, with the same result. fn (NULL: none) is called on this
 * thread only, without any lock. `size` is sizeof *ret as the caller knows it. Memory: for each
 * thread 1 MiB, or the largest group, and some 200 bytes for each segment. Since 1.0. */
int wal_verify(const char *dir, const wal_options_t *o, wal_progress_fn fn, void *ctx,
               wal_verify_t *ret, uint32_t size);

LIBWAL_END

#endif
