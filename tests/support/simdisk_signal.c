/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of os.h for signals. A write to a file makes those that watch it readable. */
#include <errno.h>
#include <stdlib.h>

#include "support/simdisk_inner.h"

static struct sim_signal *signal_of(const struct simdisk *d, int fd)
{
    int at = fd - SIM_FIRST_SIGNAL;
    bool open = at >= 0 && (uint32_t)at < d->signal_count && d->signals[at].open;
    return open ? &d->signals[at] : NULL;
}

static int signal_open(void *ctx, int file, struct os_signal *ret)
{
    struct simdisk *d = ctx;
    const struct sim_fd *f = sim_fd_of(d, file);
    uint32_t at = 0;

    if (file >= 0 && f == NULL)
        return -EBADF;
    while (at < d->signal_count && d->signals[at].open)
        at++;
    if (at == d->signal_count) {
        d->signals = sim_grow(d->signals, sizeof *d->signals, d->signal_count, &d->signal_room);
        d->signal_count++;
    }
    d->signals[at] = (struct sim_signal){.open = true, .ino = f != NULL ? f->ino : 0};
    int fd = SIM_FIRST_SIGNAL + (int)at;
    *ret = (struct os_signal){.fd = fd, .event = fd, .change = -1};
    return 0;
}

static void make_readable(const struct simdisk *d, int fd, bool readable)
{
    struct sim_signal *s = signal_of(d, fd);
    if (s == NULL)
        sim_die("signal %d is not open", fd);
    s->readable = readable;
}

static void signal_set(void *ctx, const struct os_signal *s)
{
    make_readable(ctx, s->event, true);
}

static void signal_clear(void *ctx, const struct os_signal *s)
{
    make_readable(ctx, s->event, false);
}

struct polled {
    const struct simdisk *d;
    int fd;
};

static bool is_readable(const void *arg)
{
    const struct polled *p = arg;
    return simdisk_readable(p->d, p->fd);
}

static int signal_wait(void *ctx, const struct os_signal *s, int64_t timeout_ns)
{
    return sim_wait(ctx, is_readable, &(struct polled){ctx, s->fd}, timeout_ns);
}

static void signal_close(void *ctx, struct os_signal *s)
{
    struct sim_signal *open = signal_of(ctx, s->event);
    if (open != NULL)
        open->open = false;
    *s = (struct os_signal){.fd = -1, .event = -1, .change = -1};
}

bool simdisk_readable(const struct simdisk *d, int fd)
{
    const struct sim_signal *s = signal_of(d, fd);
    return s != NULL && s->readable;
}

void sim_written(struct simdisk *d, uint32_t ino)
{
    for (uint32_t i = 0; i < d->signal_count; i++)
        d->signals[i].readable |= d->signals[i].open && d->signals[i].ino == ino;
}

void sim_signal_functions(struct os *os)
{
    os->signal_open = signal_open;
    os->signal_wait = signal_wait;
    os->signal_set = signal_set;
    os->signal_clear = signal_clear;
    os->signal_close = signal_close;
}
