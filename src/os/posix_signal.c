/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdalign.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "base/attr.h"
#include "os/posix.h"

enum { TICK_NS = 5 * 1000 * 1000 };

static int new_event(void)
{
    return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

static int new_inotify(void)
{
    return inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
}

static int new_timer(void)
{
    return timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
}

static int new_epoll(void)
{
    return epoll_create1(EPOLL_CLOEXEC);
}

/* Opened within the registry of posix_fork.c. */
static int registered(int (*new)(void))
{
    int error = posix_open_begin();
    return error < 0 ? error : posix_open_end(new ());
}

static int give_up(int fd, int error)
{
    posix_close(NULL, fd);
    return error;
}

/* There inotify tells of this machine's writers only, and nothing says so. */
bool posix_is_shared(long type)
{
    enum { GFS2 = 0x01161970, LUSTRE = 0x0bd00bd0, VIRTUALBOX = 0x786f4256 };
    static const uint32_t shared[] = {
        NFS_SUPER_MAGIC,  SMB_SUPER_MAGIC,  CIFS_SUPER_MAGIC,  SMB2_SUPER_MAGIC,
        FUSE_SUPER_MAGIC, V9FS_MAGIC,       CEPH_SUPER_MAGIC,  AFS_SUPER_MAGIC,
        AFS_FS_MAGIC,     CODA_SUPER_MAGIC, OCFS2_SUPER_MAGIC, GFS2,
        LUSTRE,           VIRTUALBOX,
    };
    size_t k = 0;
    while (k < COUNT_OF(shared) && shared[k] != (uint32_t)type)
        k++;
    return k < COUNT_OF(shared);
}

static int check_telling(int file)
{
    struct statfs s;
    if (fstatfs(file, &s) < 0)
        return -errno;
    return posix_is_shared((long)s.f_type) ? -EOPNOTSUPP : 0;
}

/* By way of /proc the watch is on the file that is open, whatever its name is by now. */
int posix_watch(int file)
{
    char path[32];
    int fd = check_telling(file);
    if (fd == 0)
        fd = registered(new_inotify);
    if (fd < 0)
        return fd;
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    return inotify_add_watch(fd, path, IN_MODIFY | IN_ATTRIB) < 0 ? give_up(fd, -errno) : fd;
}

int posix_watch_by_time(void)
{
    const struct itimerspec ticks = {.it_interval.tv_nsec = TICK_NS, .it_value.tv_nsec = TICK_NS};
    int fd = registered(new_timer);
    if (fd < 0)
        return fd;
    return timerfd_settime(fd, 0, &ticks, NULL) < 0 ? give_up(fd, -errno) : fd;
}

static int add(int epoll, int fd)
{
    struct epoll_event readable = {.events = EPOLLIN};
    return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &readable) < 0 ? -errno : 0;
}

/* Both kinds of signal under one descriptor. */
static int join(struct os_signal *s, int file)
{
    s->change = posix_watch(file);
    if (s->change < 0)
        s->change = posix_watch_by_time();
    if (s->change < 0)
        return s->change;
    s->fd = registered(new_epoll);
    if (s->fd < 0)
        return s->fd;
    int error = add(s->fd, s->event);
    return error < 0 ? error : add(s->fd, s->change);
}

int posix_signal_open(void *ctx, int file, struct os_signal *ret)
{
    struct os_signal s = {.fd = -1, .event = registered(new_event), .change = -1};
    int error = s.event < 0 ? s.event : 0;

    if (error == 0 && file >= 0)
        error = join(&s, file);
    else
        s.fd = s.event;
    if (error < 0) {
        posix_signal_close(ctx, &s);
        return error;
    }
    *ret = s;
    return 0;
}

int posix_signal_wait(void *ctx, const struct os_signal *s, int64_t timeout_ns)
{
    struct pollfd p = {.fd = s->fd, .events = POLLIN};
    const struct timespec t = {
        .tv_sec = (time_t)(timeout_ns / 1000000000),
        .tv_nsec = (long)(timeout_ns % 1000000000),
    };

    (void)ctx;
    int n = ppoll(&p, 1, timeout_ns < 0 ? NULL : &t, NULL);
    if (n < 0)
        return errno == EINTR ? 0 : -errno;
    return n > 0 ? 0 : -ETIMEDOUT;
}

void posix_signal_set(void *ctx, const struct os_signal *s)
{
    (void)ctx;
    (void)eventfd_write(s->event, 1); /* fails only where it is readable for ever */
}

/* What more may wait than one read takes leaves the descriptor readable, which does no harm. */
void posix_signal_clear(void *ctx, const struct os_signal *s)
{
    alignas(struct inotify_event) char changes[4096];
    eventfd_t n;

    (void)ctx;
    (void)eventfd_read(s->event, &n);
    if (s->change >= 0 && read(s->change, changes, sizeof changes) < 0)
        return; /* nothing was there */
}

void posix_signal_close(void *ctx, struct os_signal *s)
{
    if (s->fd != s->event)
        posix_close(ctx, s->fd);
    posix_close(ctx, s->change);
    posix_close(ctx, s->event);
    *s = (struct os_signal){.fd = -1, .event = -1, .change = -1};
}
