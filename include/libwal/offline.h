/* SPDX-License-Identifier: Apache-2.0 */
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

/* What wal_repair may do. Since 1.0. */
#define WAL_REPAIR_DRY_RUN         1u /* nothing: what wal_verify says */
#define WAL_REPAIR_CUT_AT_DAMAGE   2u /* the log ends before its first damage */
#define WAL_REPAIR_REBUILD_CONTROL 4u /* control is made anew from the segments' headers */

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
 * first place is in *ret, the text says it too. With these three *ret is filled. Records that were
 * truncated at the front may be damaged, as long as readers find their way past them. Beside 0 a
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
/* Hands every record of the log in `dir` that can still be read to fn, in the order of their LSNs,
 * whatever is damaged: control, headers of segments, groups, single records, a segment that is
 * missing. Each was checked by checksums that cover its LSN, and belongs to the log; the batch that
 * a crash left unfinished at its end doesn't. gap (NULL: none) is told of each range of LSNs whose
 * records are lost, in the same order. Either function's result > 0 stops with 0, < 0 with
 * WAL_E_CALLBACK. 0: there were no gaps. WAL_E_CORRUPT: there were; all else was delivered. Others
 * as wal_verify has them.
 *
 * Of a group whose body is damaged the records that are right are given, without a tag (not where
 * the segment is compressed or encrypted: then all of the group is lost); so of a batch that damage
 * runs through only a part may be left, and WAL_RECORD_BATCH_LAST may be missing. Lost with its
 * header are all records of a segment of which both copies of the header are damaged, since the
 * checksums of the groups begin with a number from there; a file that has another name than its
 * own counts as missing: rename it first. Without a right control what was truncated at the front
 * may come back, as far as files have it. What was lost at the very end is told only where control
 * or the witness in it knew of it. Takes no lock and writes nothing. Nobody should have the log
 * open for writing: what a writer removes meanwhile looks lost. Memory: about 1 MiB, or the largest
 * group. Of the options (NULL: defaults) it uses the allocator and the cipher. Since 1.0. */
int wal_salvage(const char *dir, const wal_options_t *o, wal_record_fn fn, wal_gap_fn gap,
                void *ctx);
/* Makes a damaged log one that opens again. Takes the writer's lock: WAL_E_LOCKED while somebody
 * has it open (a lock in the options is used instead). flags, one or more of:
 * - WAL_REPAIR_DRY_RUN: nothing is done, as if it was wal_verify; others beside it are ignored;
 * - WAL_REPAIR_REBUILD_CONTROL: where no slot of control is right, or the newer ones were lost, it
 *   is made anew from the headers of the segments. Refused with WAL_E_CORRUPT where these leave a
 *   choice: one is damaged or missing, or files of two logs are there. What was truncated at the
 *   front comes back as far as its segments are there;
 * - WAL_REPAIR_CUT_AT_DAMAGE: the log ends before the first damage (after REBUILD_CONTROL, where
 *   both are given), behind the last whole batch in front of it; all before it stays, metadata too,
 *   and all behind it is given up. Where the damage is at its beginning an empty log stays, with
 *   the same first LSN. Refused with WAL_E_CORRUPT where a segment is missing, and the one before
 *   it doesn't show that it was complete: what was cut off must not come back.
 * What is given up or replaced is first copied, whole, into the directory `quarantine` in the
 * log's, under its name or NAME.1, NAME.2 ...; nothing ever removes it from there. wal_salvage
 * before a repair gets records behind the damage out. Segments are never written to, and what is
 * done is done in one step: after a crash, or an error, the log is as it was or as it was to
 * become, and another repair works. A log that is right stays untouched: 0; so does one whose end a
 * crash has torn, since wal_open repairs that. 0: the log opens now; *ret is what wal_verify says
 * of it. Otherwise *ret and the codes are as for wal_verify; flags 0: WAL_E_INVAL. Of the options
 * (NULL: defaults) it uses those of segments, files, allocator, cipher and lock. Since 1.0. */
int wal_repair(const char *dir, const wal_options_t *o, uint32_t flags, wal_verify_t *ret,
               uint32_t size);
/* Copies the log, as it is at one moment of this call, into the directory `dest`: the records that
 * are durable then (call wal_sync before, to have all of them), in the same segments and under the
 * same LSNs, batches, tags, metadata, checkpoints, label, first and next LSN. The copy is a log of
 * its own, with another UUID, as after a clean close, and durable when the call returns. dest may
 * be missing (its parent must be there: WAL_E_NOTFOUND), or a directory without a log; with one:
 * WAL_E_EXISTS. Meanwhile appends and rotations go on. Retention leaves what was not copied yet, up
 * to WAL_OPT_PIN_LIMIT_BYTES; what an explicit truncation takes away before its turn, and retention
 * where the handle is read-only: WAL_E_TRIMMED. fn (NULL: none) runs on the calling thread. After
 * any error there is no log in dest; a crash leaves there what the next wal_copy, wal_open or
 * wal_destroy removes.
 *
 * What is read is checked: WAL_E_CORRUPT. That is all of it, unless the file system lets two files
 * share blocks until one of them writes (XFS, Btrfs; the same one for both directories, and no
 * encryption): then groups of 32 KiB or more in all segments but the newest are shared, and of
 * these the headers alone are read. Damage in a shared body is the copy's too, and is found as in
 * the original, by whoever reads it; wal_verify reads all. No file is shared whole: the UUID is
 * part of each group's checksum, by its link to the one before. Since 1.0. */
int wal_copy(wal_t *w, const char *dest, wal_progress_fn fn, void *ctx);

LIBWAL_END

#endif
