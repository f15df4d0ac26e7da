/* SPDX-License-Identifier: Apache-2.0 */
/* The exclusive lock of a log: an open file description lock on `control`, which is never unlinked
 * while the log exists. */
#ifndef WAL_LOG_LOCK_H
#define WAL_LOG_LOCK_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "segment/file.h"

/* struct wal_lock is the public wal_lock_t. */
struct wal_lock {
    struct folder folder;
    struct file control; /* the locked descriptor */
    char *path;          /* folder.path */
    uint32_t generation; /* of the process that took it */
    bool made_directory;
    atomic_bool lent; /* a log is open under it */
};

/* What may be made where it is missing: nothing, the control file, the directory too; the control
 * file even beside segments, by who is about to write it anew. */
enum lock_makes { LOCK_ONLY, LOCK_MAKE_CONTROL, LOCK_MAKE_DIRECTORY, LOCK_REMAKE_CONTROL };

/* Opens the directory and its control file, each made where it is missing and `makes` says so, and
 * locks the file. LOCKED names the directory, and the holder's process id where control tells it.
 * NOTFOUND: nothing there and not to be made. */
MUST_USE int lock_take(const struct os *os, const char *path, enum lock_makes makes,
                       uint32_t dir_mode, uint32_t file_mode, struct wal_lock **ret);
/* Whether somebody holds the lock: 1, 0 (also without a control file), or an error. *ret_pid: the
 * holder's process id where control tells it, else 0. Takes no lock. */
MUST_USE int lock_holder(const struct os *os, const char *path, uint32_t *ret_pid);
/* Closes both descriptors, which drops the lock; in the child of a fork, whose copies are closed
 * already, it only frees. NULL is fine. */
void lock_drop(struct wal_lock *l);
/* Whether `path` is the locked directory. INVAL otherwise. */
MUST_USE int lock_check_directory(const struct wal_lock *l, const char *path);

#endif
