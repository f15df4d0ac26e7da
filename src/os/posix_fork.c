/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/plant.h"
#include "os/posix.h"

/* Protects the registry, and is held over open and close themselves: a descriptor that a fork could
 * see exists exactly while its bit is set. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t *words; /* bit fd % 64 of word fd / 64: this layer has opened fd */
static size_t word_count;

static _Atomic uint32_t generation = 1;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static int handlers_error = 0;

static void before_fork(void)
{
    pthread_mutex_lock(&lock);
}

static void after_fork_parent(void)
{
    pthread_mutex_unlock(&lock);
}

/* Between fork and exec of a process with threads only async-signal-safe calls are allowed; close
 * is one. */
static void after_fork_child(void)
{
    for (size_t i = 0; i < word_count && !PLANTED(21); i++) {
        for (uint64_t w = words[i]; w != 0; w &= w - 1)
            close((int)(i * 64) + __builtin_ctzll(w));
        words[i] = 0;
    }
    atomic_fetch_add(&generation, 1);
    pthread_mutex_unlock(&lock);
}

static void install_handlers(void)
{
    handlers_error = pthread_atfork(before_fork, after_fork_parent, after_fork_child);
}

/* With the lock held. */
static bool make_room(size_t index)
{
    if (index < word_count)
        return true;
    size_t count = index + 16;
    uint64_t *grown = realloc(words, count * sizeof *words);
    if (grown == NULL)
        return false;
    memset(grown + word_count, 0, (count - word_count) * sizeof *words);
    words = grown;
    word_count = count;
    return true;
}

int posix_fork_prepare(void)
{
    pthread_once(&once, install_handlers);
    return -handlers_error;
}

int posix_open_begin(void)
{
    int error = posix_fork_prepare();
    if (error < 0)
        return error;
    pthread_mutex_lock(&lock);
    return 0;
}

int posix_open_end(int fd)
{
    int result = fd < 0 ? -errno : fd;
    if (fd >= 0) {
        if (make_room((size_t)fd / 64)) {
            words[fd / 64] |= UINT64_C(1) << (fd % 64);
        } else {
            close(fd);
            result = -ENOMEM;
        }
    }
    pthread_mutex_unlock(&lock);
    return result;
}

int posix_close(void *ctx, int fd)
{
    (void)ctx;
    if (fd < 0)
        return -EBADF;
    int result = -EBADF;
    size_t index = (size_t)fd / 64;
    uint64_t bit = UINT64_C(1) << (fd % 64);
    pthread_mutex_lock(&lock);
    if (index < word_count && (words[index] & bit) != 0) {
        words[index] &= ~bit;
        result = close(fd) < 0 ? -errno : 0;
    }
    pthread_mutex_unlock(&lock);
    return result;
}

uint32_t posix_generation(void *ctx)
{
    (void)ctx;
    return atomic_load_explicit(&generation, memory_order_relaxed);
}
