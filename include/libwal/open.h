/* SPDX-License-Identifier: Apache-2.0 */
/* Life of a log: its lock, open, close, where it stands. Part of <libwal/wal.h>, which has the
 * rules that hold everywhere. */
#ifndef LIBWAL_OPEN_H
#define LIBWAL_OPEN_H

#include <libwal/error.h>

LIBWAL_BEGIN

/* Takes the exclusive lock of a log's directory without opening the log. The directory must exist;
 * a log need not. WAL_E_LOCKED: somebody has it (the text names the directory and, where known, the
 * holder's process); WAL_E_NOTFOUND: no such directory; WAL_E_INVAL: not a directory; WAL_E_PERM;
 * WAL_E_IO. Since 1.0. */
int wal_lock_acquire(const char *dir, wal_lock_t **ret);
/* Gives the lock back and frees it. Close the log that it was lent to first. NULL is allowed; in
 * the child of a fork it frees without unlocking. Since 1.0. */
void wal_lock_release(wal_lock_t *lock);
/* Whether somebody holds that lock, thus has the log open for writing: 1, or 0 (also where there is
 * no log). *ret_pid: the holder's process id where the log tells it, which it does from the
 * holder's first write on, else 0. It takes no lock and changes nothing, so it is never in a
 * writer's way; its answer may be out of date when it comes. WAL_E_NOTFOUND: no such directory;
 * WAL_E_INVAL: not a directory; WAL_E_PERM; WAL_E_IO. Since 1.0. */
int wal_lock_holder(const char *dir, uint32_t *ret_pid);

/* What open found at the end of the log. All since 1.0. */
#define WAL_RECOVERY_NEW       0u /* the log was made by this open */
#define WAL_RECOVERY_CLEAN     1u /* nothing had to be given up */
#define WAL_RECOVERY_TORN      2u /* a write was cut short, unacknowledged, and given up */
#define WAL_RECOVERY_AMBIGUOUS 3u /* as TORN, or damage to the very last write */

/* Open's report. Since 1.0. */
typedef struct {
    uint32_t size;
    uint32_t verdict;   /* WAL_RECOVERY_... */
    uint64_t first_lsn; /* as wal_range gave them right after open */
    uint64_t last_lsn;
    uint64_t next_lsn;
    uint64_t durable_lsn;
    uint64_t checkpoint_lsn;  /* of the newest checkpoint, 0: none */
    uint64_t discarded_bytes; /* not zero, and given up */
    uint64_t carried_records; /* written again: nothing vouched for their being on the disk */
    uint64_t segments;        /* found */
    uint64_t duration_ns;     /* of the whole open */
    uint64_t cut_segment;     /* number of the segment that was cut, 0: none */
    uint64_t cut_offset;      /* bytes from its start */
    uint64_t header_repairs;  /* segment headers of which one of two copies was damaged */
} wal_recovery_t;

/* Opens the log in directory `dir` (a path, copied), by default making it where there is none. o
 * NULL: defaults; else copied. One handle at a time writes; read-only handles in any number read
 * beside it, in this process and in others. Closed by wal_close. After an error or a crash in the
 * middle of creation the next open makes the log. WAL_E_INVAL: options contradict each other, path
 * is a file, lock of another directory; WAL_E_NOTFOUND: no log, or missing parent; WAL_E_EXISTS;
 * WAL_E_LOCKED (the text names the directory and, where known, the holder's process);
 * WAL_E_CORRUPT; WAL_E_TORN (STRICT only); WAL_E_VERSION; WAL_E_CRYPTO; WAL_E_UNSUPPORTED;
 * WAL_E_PERM: no rights, directory is group- or world-writable without the sticky bit or owned by
 * neither this user nor root, or a symbolic link, device or directory stands under a name of the
 * log; WAL_E_NOSPC; WAL_E_IO. Nothing on the disk is changed before damage is ruled out. Since 1.0.
 */
int wal_open(const char *dir, const wal_options_t *o, wal_t **ret);
/* Wakes every waiter (WAL_E_CLOSED), waits for calls inside, writes and syncs what is buffered, and
 * frees the handle in any case but WAL_E_BUSY (from a callback). Returns the first error of that
 * last sync; NULL is 0. Callbacks under way come to their end first; those that still wait for
 * their LSN are called with WAL_E_CLOSED. Batches, readers and subscriptions outlive it: their
 * calls give WAL_E_CLOSED, and each is still freed by its own function. In the child of a fork it
 * only frees. Since 1.0. */
int wal_close(wal_t *w);
/* Open's report. `size` is sizeof *ret as the caller knows it. Since 1.0. */
int wal_recovery(wal_t *w, wal_recovery_t *ret, uint32_t size);
/* The smallest LSN that is there; the next LSN when the log is empty. 0 for NULL and in the child
 * of a fork. A read-only handle looks anew at each of these calls. Since 1.0. */
uint64_t wal_first_lsn(wal_t *w);
/* The largest LSN handed out that is there; 0 when the log is empty, for NULL and in the child of a
 * fork. Since 1.0. */
uint64_t wal_last_lsn(wal_t *w);
/* The LSN that the next record will get, from 1. 0 for NULL and in the child of a fork. Since 1.0.
 */
uint64_t wal_next_lsn(wal_t *w);
/* Every record up to this LSN has survived a successful sync; it never overstates, in any mode. 0:
 * none yet, NULL, or in the child of a fork. Since 1.0. */
uint64_t wal_durable_lsn(wal_t *w);
/* The four above in one consistent look. Each pointer may be NULL. Since 1.0. */
int wal_range(wal_t *w, uint64_t *ret_first, uint64_t *ret_last, uint64_t *ret_next,
              uint64_t *ret_durable);
/* The code of what made the log fail (WAL_E_IO, WAL_E_NOSPC ...), 0 while it is healthy. Since 1.0.
 */
int wal_failure(wal_t *w);
/* The same with everything that was known when it failed: code, errno, the first record concerned,
 * segment, offset, a text with the path. It never changes any more. While the log is healthy the
 * code is 0, and so is the rest. `size` is sizeof *ret as the caller knows it. Since 1.0. */
int wal_failure_error(wal_t *w, wal_error_t *ret, uint32_t size);
/* Removes the log in `dir`: its own files only, then the directory if it is empty. WAL_E_LOCKED:
 * open for writing somewhere; WAL_E_NOTFOUND: no log there; WAL_E_INVAL: not a directory;
 * WAL_E_PERM; WAL_E_IO. Cut short by a crash or an error, it can be called again. Since 1.0. */
int wal_destroy(const char *dir);

LIBWAL_END

#endif
