/* SPDX-License-Identifier: Apache-2.0 */
#include "support/spy_os.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/attr.h"

PRINTF(2, 3) static void note(struct spy_os *spy, const char *fmt, ...)
{
    size_t used = strlen(spy->trace);
    va_list args;

    va_start(args, fmt);
    vsnprintf(spy->trace + used, sizeof spy->trace - used, fmt, args);
    va_end(args);
}

static const char *name_of(const struct spy_os *spy, int fd)
{
    return fd >= 0 && (size_t)fd < COUNT_OF(spy->names) ? spy->names[fd] : "?";
}

static int named(struct spy_os *spy, int fd, const char *name)
{
    if (fd >= 0 && (size_t)fd < COUNT_OF(spy->names))
        snprintf(spy->names[fd], sizeof spy->names[fd], "%s", name);
    return fd;
}

/* Counts a call. The fault that strikes it; NULL: none. */
static const struct spy_fault *come(struct spy_os *spy, enum spy_call call)
{
    const struct spy_fault *struck = NULL;

    if (spy->hook && spy->hook_call == call)
        spy->hook(spy->hook_arg);
    spy->calls[call]++;
    for (size_t k = 0; k < COUNT_OF(spy->faults); k++) {
        struct spy_fault *f = &spy->faults[k];
        if (f->at > 0 && f->call == call && --f->at == 0)
            struck = f;
    }
    return struck;
}

/* What the call has to return; 0: it goes on. */
static int refusal(struct spy_os *spy, enum spy_call call)
{
    const struct spy_fault *f = come(spy, call);
    return f ? -f->err : 0;
}

static int spy_dir_make(void *ctx, const char *path, uint32_t mode)
{
    struct spy_os *spy = ctx;
    int r = refusal(spy, SPY_DIR_MAKE);
    return r ? r : spy->real->dir_make(NULL, path, mode);
}

static int spy_dir_open(void *ctx, const char *path)
{
    struct spy_os *spy = ctx;
    const char *slash = strrchr(path, '/');
    int r = refusal(spy, SPY_DIR_OPEN);
    note(spy, "opendir %s, ", path);
    return r ? r : named(spy, spy->real->dir_open(NULL, path), slash ? slash : path);
}

static int spy_list(void *ctx, int dir, int (*fn)(void *arg, const char *name), void *arg)
{
    struct spy_os *spy = ctx;
    int r = refusal(spy, SPY_LIST);
    return r ? r : spy->real->dir_list(NULL, dir, fn, arg);
}

static int spy_open(void *ctx, int dir, const char *name, int flags, uint32_t mode)
{
    struct spy_os *spy = ctx;
    int r = refusal(spy, SPY_OPEN);
    note(spy, "open %s, ", name);
    return r ? r : named(spy, spy->real->file_open(NULL, dir, name, flags, mode), name);
}

static int spy_stat_at(void *ctx, int dir, const char *name, struct os_stat *ret)
{
    struct spy_os *spy = ctx;
    int r = refusal(spy, SPY_STAT_AT);
    return r ? r : spy->real->stat_at(NULL, dir, name, ret);
}

static int spy_unlink(void *ctx, int dir, const char *name)
{
    struct spy_os *spy = ctx;
    int r = refusal(spy, SPY_UNLINK);
    note(spy, "unlink %s, ", name);
    return r ? r : spy->real->unlink(NULL, dir, name);
}

static int spy_stat(void *ctx, int fd, struct os_stat *ret)
{
    struct spy_os *spy = ctx;
    int r = refusal(spy, SPY_STAT);
    return r ? r : spy->real->stat(NULL, fd, ret);
}

static int64_t spy_read(void *ctx, int fd, void *buf, size_t size, uint64_t offset)
{
    struct spy_os *spy = ctx;
    const struct spy_fault *f = come(spy, SPY_READ);

    if (f && f->err)
        return -f->err;
    return spy->real->pread(NULL, fd, buf, f && f->amount < size ? f->amount : size, offset);
}

/* Shortens iov to `amount` bytes; returns how many entries are left. */
static int shorten(struct iovec *iov, int n, size_t amount)
{
    int k = 0;
    for (; k < n && amount > 0; k++) {
        if (iov[k].iov_len > amount)
            iov[k].iov_len = amount;
        amount -= iov[k].iov_len;
    }
    return k;
}

static int64_t spy_write(void *ctx, int fd, const struct iovec *iov, int n, uint64_t offset,
                         int flags)
{
    struct spy_os *spy = ctx;
    struct iovec copy[1024];
    size_t size = 0;
    const struct spy_fault *f = come(spy, SPY_WRITE);

    for (int k = 0; k < n; k++)
        size += iov[k].iov_len;
    note(spy, "write %s %" PRIu64 "+%zu%s, ", name_of(spy, fd), offset, size,
         flags & OS_WRITE_DSYNC ? " dsync" : "");
    if (f && f->err)
        return -f->err;
    if (n > (int)COUNT_OF(copy))
        return -EINVAL;
    memcpy(copy, iov, (size_t)n * sizeof copy[0]);
    if (f)
        n = shorten(copy, n, f->amount);
    return n > 0 ? spy->real->pwritev(NULL, fd, copy, n, offset, flags) : 0;
}

static int spy_sync(void *ctx, int fd, enum os_sync how)
{
    struct spy_os *spy = ctx;
    int r = refusal(spy, SPY_SYNC);
    note(spy, "sync %s%s, ", name_of(spy, fd), how == OS_SYNC_DATA ? " data" : "");
    return r ? r : spy->real->sync(NULL, fd, how);
}

static int spy_clone(void *ctx, int from, int to)
{
    struct spy_os *spy = ctx;
    int r = refusal(spy, SPY_CLONE);
    note(spy, "clone %s, ", name_of(spy, to));
    return r ? r : spy->real->clone(NULL, from, to);
}

static int64_t spy_next_data(void *ctx, int fd, uint64_t offset)
{
    struct spy_os *spy = ctx;
    int r = refusal(spy, SPY_NEXT_DATA);
    return r ? r : spy->real->next_data(NULL, fd, offset);
}

static int spy_lock(void *ctx, int fd)
{
    struct spy_os *spy = ctx;
    int r = refusal(spy, SPY_LOCK);
    return r ? r : spy->real->lock(NULL, fd);
}

static int spy_locked(void *ctx, int fd)
{
    struct spy_os *spy = ctx;
    int r = refusal(spy, SPY_LOCK);
    return r ? r : spy->real->locked(NULL, fd);
}

static uint32_t spy_generation(void *ctx)
{
    struct spy_os *spy = ctx;
    return spy->real->generation(NULL) + spy->forks;
}

static uint32_t spy_uid(void *ctx)
{
    struct spy_os *spy = ctx;
    return spy->uid < 0 ? spy->real->uid(NULL) : (uint32_t)spy->uid;
}

void spy_init(struct spy_os *spy)
{
    memset(spy, 0, sizeof *spy);
    spy->real = os_posix(); /* its context is NULL, and its functions look at none */
    spy->os = *spy->real;
    spy->os.ctx = spy;
    spy->os.dir_make = spy_dir_make;
    spy->os.dir_open = spy_dir_open;
    spy->os.dir_list = spy_list;
    spy->os.file_open = spy_open;
    spy->os.stat_at = spy_stat_at;
    spy->os.unlink = spy_unlink;
    spy->os.stat = spy_stat;
    spy->os.pread = spy_read;
    spy->os.pwritev = spy_write;
    spy->os.sync = spy_sync;
    spy->os.clone = spy_clone;
    spy->os.next_data = spy_next_data;
    spy->os.lock = spy_lock;
    spy->os.locked = spy_locked;
    spy->os.generation = spy_generation;
    spy->os.uid = spy_uid;
    spy->uid = -1;
}

static void add_fault(struct spy_os *spy, const struct spy_fault *fault)
{
    size_t k = 0;
    while (k < COUNT_OF(spy->faults) && spy->faults[k].at > 0)
        k++;
    if (k == COUNT_OF(spy->faults))
        abort();
    spy->faults[k] = *fault;
}

void spy_fail(struct spy_os *spy, enum spy_call call, unsigned at, int err)
{
    add_fault(spy, &(struct spy_fault){.at = at, .call = call, .err = err});
}

void spy_short(struct spy_os *spy, enum spy_call call, unsigned at, size_t amount)
{
    add_fault(spy, &(struct spy_fault){.at = at, .call = call, .amount = amount});
}

void spy_clear(struct spy_os *spy)
{
    memset(spy->calls, 0, sizeof spy->calls);
    memset(spy->faults, 0, sizeof spy->faults);
    memset(spy->trace, 0, sizeof spy->trace);
}
