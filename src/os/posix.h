/* SPDX-License-Identifier: Apache-2.0 */
/* The POSIX implementation of os.h, in parts; only the files src/os/posix*.c include this. Every
 * descriptor is opened and closed by way of the registry, so that the child of a fork knows which
 * ones to close. */
#ifndef WAL_OS_POSIX_H
#define WAL_OS_POSIX_H

#include <sys/types.h>

#include "base/attr.h"
#include "os/os.h"

_Static_assert(sizeof(off_t) == 8, "files above 2 GiB need a 64-bit off_t");

/* Forks and descriptors (posix_fork.c). Before prepare has returned 0 no fork changes the
 * generation; what depends on that (an open descriptor, a thread) must not come to be. A fork waits
 * while a thread is between begin and end, so that none slips into the child unregistered: open
 * within, and hand the result (fd or -1 with errno) to end, which returns the fd or a negative
 * errno. */
int posix_fork_prepare(void);
MUST_USE int posix_open_begin(void); /* 0, or a negative errno: then there is no end to call */
MUST_USE int posix_open_end(int fd);
/* -EBADF for what is not registered, e.g. in the child of a fork. */
int posix_close(void *ctx, int fd);
uint32_t posix_generation(void *ctx);

/* Directories and names (posix_dir.c) */
int posix_dir_make(void *ctx, const char *path, uint32_t mode);
int posix_dir_remove(void *ctx, const char *path);
int posix_dir_open(void *ctx, const char *path);
int posix_dir_list(void *ctx, int dir, int (*fn)(void *arg, const char *name), void *arg);
int posix_stat_at(void *ctx, int dir, const char *name, struct os_stat *ret);
int posix_rename(void *ctx, int dir, const char *from, const char *to);
int posix_rename_by_link(int dir, const char *from, const char *to); /* where renameat2 can't */
int posix_unlink(void *ctx, int dir, const char *name);

/* Opening by name (posix_open.c) */
int posix_file_open(void *ctx, int dir, const char *name, int flags, uint32_t mode);
int posix_direct_align(void *ctx, int fd);
int posix_temp_open(void *ctx, int dir, uint32_t mode);
int posix_temp_by_name(int dir, uint32_t mode); /* where O_TMPFILE can't */

/* Open files (posix_file.c) */
struct stat;
void posix_stat_fill(const struct stat *st, struct os_stat *ret);
int posix_stat(void *ctx, int fd, struct os_stat *ret);
int64_t posix_pread(void *ctx, int fd, void *buf, size_t size, uint64_t offset);
int64_t posix_pwritev(void *ctx, int fd, const struct iovec *iov, int n, uint64_t offset,
                      int flags);
int posix_sync(void *ctx, int fd, enum os_sync how);
int posix_truncate(void *ctx, int fd, uint64_t size);
int posix_clone(void *ctx, int from, int to);
int posix_writeback(void *ctx, int fd, uint64_t offset, uint64_t size);
int64_t posix_next_data(void *ctx, int fd, uint64_t offset);
int posix_lock(void *ctx, int fd);
int posix_locked(void *ctx, int fd);

/* Time, chance, identity (posix.c) */
int posix_random(void *ctx, void *buf, size_t size);

/* Signals for poll (posix_signal.c) */
int posix_signal_open(void *ctx, int file, struct os_signal *ret);
int posix_signal_wait(void *ctx, const struct os_signal *s, int64_t timeout_ns);
void posix_signal_set(void *ctx, const struct os_signal *s);
void posix_signal_clear(void *ctx, const struct os_signal *s);
void posix_signal_close(void *ctx, struct os_signal *s);
bool posix_is_shared(long type); /* a file system, by statfs, that other machines may write to */
int posix_watch(int file);       /* readable when somebody writes to the file, or removes it */
int posix_watch_by_time(void);   /* where inotify can't: readable every few milliseconds */

/* Waiting and workers (posix_thread.c) */
int posix_park(void *ctx, _Atomic uint32_t *word, uint32_t seen, int64_t timeout_ns);
void posix_wake(void *ctx, _Atomic uint32_t *word, int n);
void posix_yield(void *ctx);
int posix_thread_start(void *ctx, os_step_fn step, void *arg, struct os_thread **ret);
void posix_thread_kick(void *ctx, struct os_thread *t);
void posix_thread_stop(void *ctx, struct os_thread *t);

#endif
