/* SPDX-License-Identifier: Apache-2.0 */
#include "support/listen_os.h"

#include <errno.h>
#include <string.h>

enum { NO_FILE = 100000 };

static int listen_open(void *ctx, int file, struct os_signal *ret)
{
    struct listen_os *l = ctx;

    atomic_fetch_add(&l->opens, 1);
    if (l->hearing == HEARS_NOTHING)
        return -EMFILE;
    if (l->hearing == HEARS_TICKS && file >= 0)
        file = NO_FILE; /* can't be watched, so the clock is */
    return os_posix()->signal_open(NULL, file, ret);
}

static int listen_wait(void *ctx, const struct os_signal *s, int64_t timeout_ns)
{
    struct listen_os *l = ctx;
    atomic_fetch_add(&l->sleeps, 1);
    return os_posix()->signal_wait(NULL, s, timeout_ns);
}

static int listen_park(void *ctx, _Atomic uint32_t *word, uint32_t seen, int64_t timeout_ns)
{
    struct listen_os *l = ctx;
    atomic_fetch_add(&l->sleeps, 1);
    return os_posix()->park(NULL, word, seen, timeout_ns);
}

static int64_t listen_read(void *ctx, int fd, void *buf, size_t size, uint64_t offset)
{
    struct listen_os *l = ctx;
    atomic_fetch_add(&l->reads, 1);
    return os_posix()->pread(NULL, fd, buf, size, offset);
}

void listen_init(struct listen_os *l, enum hearing hearing)
{
    memset(l, 0, sizeof *l);
    l->os = *os_posix();
    l->os.ctx = l;
    l->os.signal_open = listen_open;
    l->os.signal_wait = listen_wait;
    l->os.park = listen_park;
    l->os.pread = listen_read;
    l->hearing = hearing;
}
