/* SPDX-License-Identifier: Apache-2.0 */
/* The operating system as the library sees it: a table of functions. os_posix() is the only place
 * of system calls; tests hand in another table (tests/support/simdisk.h), a disk that loses,
 * reorders and tears whatever no sync has covered.
 *
 * Rules for every implementation
 * - Results are >= 0, or a negative errno. No fault is set and nothing is retried or looped here:
 *   callers see EINTR and short counts.
 * - File descriptors are small non-negative numbers. Everything that opens one makes it
 *   close-on-exec.
 * - In the child of a fork all descriptors that this table opened are closed (close of such a
 *   number is -EBADF and harmless), and generation() has changed.
 * - Thread-safe. */
#ifndef WAL_OS_OS_H
#define WAL_OS_OS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

enum {
    OS_READ = 1,
    OS_WRITE = 2,
    OS_CREATE = 4,
    OS_EXCLUSIVE = 8,
    OS_DIRECT = 16 /* past the page cache; -EINVAL where that can't be */
};
enum os_kind { OS_FILE = 1, OS_DIR = 2, OS_OTHER = 3 /* link, device, socket, pipe */ };
enum os_sync { OS_SYNC_DATA = 1 /* fdatasync */, OS_SYNC_FULL = 2 /* fsync */ };
enum { OS_WRITE_DSYNC = 1 /* durable when it returns (RWF_DSYNC) */ };

struct os_stat {
    enum os_kind kind;
    uint32_t mode; /* permission bits, sticky bit included (07777) */
    uint32_t uid;
    uint64_t size;
    uint64_t disk_bytes; /* what it takes on the disk */
    uint64_t device, inode, links;
};

/* Descriptors; -1: none. */
struct os_signal {
    int fd;            /* for the user to poll */
    int event, change; /* the implementation's own: what makes it readable */
};

struct os_thread; /* a background worker */

/* One unit of work of a background worker. Returns in how many nanoseconds it wants to be called
 * again: 0 at once, < 0 when kicked. */
typedef int64_t (*os_step_fn)(void *arg);

struct os {
    void *ctx;

    /* Directories. `path` is as the user gave it; links in it are followed. */
    int (*dir_make)(void *ctx, const char *path, uint32_t mode);
    int (*dir_remove)(void *ctx, const char *path);
    int (*dir_open)(void *ctx, const char *path); /* -ENOTDIR for anything else */
    /* Calls fn for every name but "." and ".."; returns its first result that is not 0. */
    int (*dir_list)(void *ctx, int dir, int (*fn)(void *arg, const char *name), void *arg);

    /* Names in an open directory. Links are never followed: a link as `name` is -ELOOP in
     * file_open, kind OS_OTHER in stat_at. A directory or a device as `name`: file_open returns a
     * descriptor without blocking, and stat tells; nothing else needs to work on it. */
    int (*file_open)(void *ctx, int dir, const char *name, int flags, uint32_t mode);
    int (*temp_open)(void *ctx, int dir, uint32_t mode); /* a file without a name, read and write */
    int (*stat_at)(void *ctx, int dir, const char *name, struct os_stat *ret);
    /* -EEXIST where `to` exists */
    int (*rename)(void *ctx, int dir, const char *from, const char *to);
    int (*unlink)(void *ctx, int dir, const char *name);

    /* Open files. One system call each. */
    /* What memory, offset and size must be multiples of on a descriptor with OS_DIRECT of the same
     * file system; -EOPNOTSUPP: it doesn't do that. */
    int (*direct_align)(void *ctx, int fd);
    int (*close)(void *ctx, int fd);
    int (*stat)(void *ctx, int fd, struct os_stat *ret);
    int64_t (*pread)(void *ctx, int fd, void *buf, size_t size, uint64_t offset);
    /* -EOPNOTSUPP: OS_WRITE_DSYNC is not to be had here; nothing was written. */
    int64_t (*pwritev)(void *ctx, int fd, const struct iovec *iov, int n, uint64_t offset,
                       int flags);
    int (*sync)(void *ctx, int fd, enum os_sync how); /* directories too */
    int (*truncate)(void *ctx, int fd, uint64_t size);
    /* Makes `to` hold what `from` holds, sharing the blocks until one of them is written to.
     * -EOPNOTSUPP, -EXDEV, -EINVAL, -ENOTTY: not here. After any failure `to` may hold a part. */
    int (*clone)(void *ctx, int from, int to);
    /* Starts writing out and waits for nothing; a hint. */
    int (*writeback)(void *ctx, int fd, uint64_t offset, uint64_t size);
    /* The first offset >= offset that is no hole; -ENXIO: only holes up to the end. */
    int64_t (*next_data)(void *ctx, int fd, uint64_t offset);
    /* Exclusive, belongs to the open file description; -EAGAIN when another has it. */
    int (*lock)(void *ctx, int fd);
    /* Whether another open file description has it: 1 or 0. Takes nothing. */
    int (*locked)(void *ctx, int fd);

    /* Time, chance, identity. */
    uint64_t (*now)(void *ctx);                       /* ns, monotonic */
    uint64_t (*wall)(void *ctx);                      /* ns since 1970 */
    int (*random)(void *ctx, void *buf, size_t size); /* 0: all of it */
    uint32_t (*pid)(void *ctx);
    uint32_t (*uid)(void *ctx);
    uint32_t (*generation)(void *ctx); /* changes in the child of a fork; cheap */

    /* Waiting. park returns when woken, when *word != seen, after timeout_ns (with -ETIMEDOUT; < 0:
     * no limit), or for no reason. */
    int (*park)(void *ctx, _Atomic uint32_t *word, uint32_t seen, int64_t timeout_ns);
    void (*wake)(void *ctx, _Atomic uint32_t *word, int n);
    void (*yield)(void *ctx); /* lets other threads run */

    /* A background worker that calls step(arg) whenever it is due or kicked, and now and then for
     * no reason, all signals blocked. stop waits until it has ended, and frees it; in the child of
     * a fork, where it does not run, it only frees. */
    int (*thread_start)(void *ctx, os_step_fn step, void *arg, struct os_thread **ret);
    void (*thread_kick)(void *ctx, struct os_thread *t);
    void (*thread_stop)(void *ctx, struct os_thread *t);

    /* Signals for poll. s->fd is readable from set until clear. Where `file` is an open file, not
     * -1, it becomes so too when anybody writes to that file, in whichever process; where the
     * system can't tell, every few milliseconds. set may be called from any thread. wait returns as
     * park does, when s->fd is readable. */
    int (*signal_open)(void *ctx, int file, struct os_signal *ret);
    int (*signal_wait)(void *ctx, const struct os_signal *s, int64_t timeout_ns);
    void (*signal_set)(void *ctx, const struct os_signal *s);
    void (*signal_clear)(void *ctx, const struct os_signal *s);
    void (*signal_close)(void *ctx, struct os_signal *s);
};

const struct os *os_posix(void);

#endif
