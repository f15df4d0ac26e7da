// SPDX-License-Identifier: Apache-2.0

// Package heldsync is for tests: a program that it is part of can hold up its syncs. The C library
// calls this package's fdatasync and pwritev2 in place of those of libc.
package heldsync

/*
#cgo CFLAGS: -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64

#include <pthread.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool held;       // under mutex, and so the next one
static int waiting;

static void hold(bool on)
{
    pthread_mutex_lock(&mutex);
    held = on;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
}

static int count_waiting(void)
{
    pthread_mutex_lock(&mutex);
    int count = waiting;
    pthread_mutex_unlock(&mutex);
    return count;
}

static void pass(void)
{
    pthread_mutex_lock(&mutex);
    waiting++;
    while (held)
        pthread_cond_wait(&changed, &mutex);
    waiting--;
    pthread_mutex_unlock(&mutex);
}

int fdatasync(int fd)
{
    pass();
    return (int)syscall(SYS_fdatasync, fd);
}

ssize_t pwritev2(int fd, const struct iovec *iov, int count, off_t offset, int flags)
{
    if (flags & RWF_DSYNC)
        pass();
    return syscall(SYS_pwritev2, fd, iov, count, offset, 0L, flags);
}
*/
import "C"

// Hold has all syncs from now on wait for Release.
func Hold() { C.hold(true) }

// Release lets all go on.
func Release() { C.hold(false) }

// Waiting says how many syncs are under way, thus wait.
func Waiting() int { return int(C.count_waiting()) }
