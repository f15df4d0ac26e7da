/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "os/posix.h"

enum { RANDOM_WHOLE = 256 }; /* getrandom fills so much in one piece, uninterrupted */

static uint64_t clock_ns(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static uint64_t posix_now(void *ctx)
{
    (void)ctx;
    return clock_ns(CLOCK_MONOTONIC);
}

static uint64_t posix_wall(void *ctx)
{
    (void)ctx;
    return clock_ns(CLOCK_REALTIME);
}

int posix_random(void *ctx, void *buf, size_t size)
{
    (void)ctx;
    for (size_t at = 0; at < size; at += RANDOM_WHOLE) {
        size_t part = min_u64(size - at, RANDOM_WHOLE);
        ssize_t n = getrandom((uint8_t *)buf + at, part, 0);
        if (n < 0)
            return -errno;
        if ((size_t)n != part)
            return -EINTR;
    }
    return 0;
}

static uint32_t posix_pid(void *ctx)
{
    (void)ctx;
    return (uint32_t)getpid();
}

static uint32_t posix_uid(void *ctx)
{
    (void)ctx;
    return geteuid();
}

static const struct os posix_os = {
    .dir_make = posix_dir_make,
    .dir_remove = posix_dir_remove,
    .dir_open = posix_dir_open,
    .dir_list = posix_dir_list,
    .file_open = posix_file_open,
    .temp_open = posix_temp_open,
    .stat_at = posix_stat_at,
    .rename = posix_rename,
    .unlink = posix_unlink,
    .direct_align = posix_direct_align,
    .close = posix_close,
    .stat = posix_stat,
    .pread = posix_pread,
    .pwritev = posix_pwritev,
    .sync = posix_sync,
    .truncate = posix_truncate,
    .clone = posix_clone,
    .writeback = posix_writeback,
    .next_data = posix_next_data,
    .lock = posix_lock,
    .locked = posix_locked,
    .now = posix_now,
    .wall = posix_wall,
    .random = posix_random,
    .pid = posix_pid,
    .uid = posix_uid,
    .generation = posix_generation,
    .park = posix_park,
    .wake = posix_wake,
    .yield = posix_yield,
    .thread_start = posix_thread_start,
    .thread_kick = posix_thread_kick,
    .thread_stop = posix_thread_stop,
    .signal_open = posix_signal_open,
    .signal_wait = posix_signal_wait,
    .signal_set = posix_signal_set,
    .signal_clear = posix_signal_clear,
    .signal_close = posix_signal_close,
};

const struct os *os_posix(void)
{
    posix_fork_prepare(); /* where it fails, whatever needs it fails in turn */
    return &posix_os;
}
