/* SPDX-License-Identifier: Apache-2.0 */
#include "support/lever_os.h"

#include <errno.h>
#include <string.h>

#include "base/attr.h"
#include "format/name.h"
#include "support/crew.h"

static bool segment(struct lever_os *l, int fd)
{
    return fd >= 0 && (size_t)fd < COUNT_OF(l->is_segment) && atomic_load(&l->is_segment[fd]);
}

static bool count_down(_Atomic uint32_t *n)
{
    uint32_t now = atomic_load(n);
    while (now > 0)
        if (atomic_compare_exchange_weak(n, &now, now - 1))
            return true;
    return false;
}

/* 0, or the error that the call shall have. */
static int pass(struct lever *l)
{
    uint32_t mine = atomic_fetch_add(&l->calls, 1) + 1, one_in = atomic_load(&l->one_in);

    if (atomic_load(&l->hold))
        atomic_fetch_add(&l->held, 1);
    while (atomic_load(&l->hold))
        crew_pause();
    bool fails = (!count_down(&l->after) && count_down(&l->fail)) || (one_in && mine % one_in == 0);
    if (!fails)
        return 0;
    atomic_fetch_add(&l->failures, 1);
    return -atomic_load(&l->err);
}

static int lever_open(void *ctx, int dir, const char *name, int flags, uint32_t mode)
{
    struct lever_os *l = ctx;
    int fd = os_posix()->file_open(NULL, dir, name, flags, mode);
    MUST(fd < (int)COUNT_OF(l->is_segment));
    if (fd >= 0)
        atomic_store(&l->is_segment[fd], strcmp(name, NAME_CONTROL) != 0);
    return fd;
}

static int lever_dir_open(void *ctx, const char *path)
{
    struct lever_os *l = ctx;
    int fd = os_posix()->dir_open(NULL, path);
    if (fd >= 0)
        atomic_store(&l->is_segment[fd], 0);
    return fd;
}

static int64_t lever_pwritev(void *ctx, int fd, const struct iovec *iov, int n, uint64_t offset,
                             int flags)
{
    struct lever_os *l = ctx;
    int r = segment(l, fd) ? pass(&l->write) : 0;
    return r < 0 ? r : os_posix()->pwritev(NULL, fd, iov, n, offset, flags);
}

static int lever_sync(void *ctx, int fd, enum os_sync how)
{
    struct lever_os *l = ctx;
    int r = segment(l, fd) ? pass(&l->sync) : 0;
    if (r == 0 && atomic_load(&l->sync.skipped)) {
        os_posix()->yield(NULL);
        return 0;
    }
    return r < 0 ? r : os_posix()->sync(NULL, fd, how);
}

void lever_init(struct lever_os *l)
{
    memset(l, 0, sizeof *l);
    l->os = *os_posix();
    l->os.ctx = l;
    l->os.file_open = lever_open;
    l->os.dir_open = lever_dir_open;
    l->os.pwritev = lever_pwritev;
    l->os.sync = lever_sync;
}

void lever_fail(struct lever *l, uint32_t after, uint32_t times, int err)
{
    atomic_store(&l->err, err);
    atomic_store(&l->fail, 0);
    atomic_store(&l->after, after);
    atomic_store(&l->fail, times);
}
