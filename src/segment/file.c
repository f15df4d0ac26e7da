/* SPDX-License-Identifier: Apache-2.0 */
#include "segment/file.h"

#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "base/codes.h"
#include "base/fault.h"
#include "base/plant.h"

enum { ZERO_CHUNK = 64 * 1024, IOV_LIMIT = 1024 };

/* Never written; const would put 64 KiB of zeros into the library. */
static uint8_t zeros[ZERO_CHUNK];

static int refuse_kind(struct file *f)
{
    file_close(f);
    return fault(WAL_E_PERM, "%s/%s is not a regular file", f->folder->path, f->name);
}

int file_open(struct file *f, const struct folder *folder, const char *name, int flags,
              uint32_t mode)
{
    const struct os *os = folder->os;
    struct os_stat st;

    *f = (struct file){.folder = folder, .fd = -1};
    strncpy(f->name, name, sizeof f->name - 1);
    int fd = os->file_open(os->ctx, folder->fd, name, flags, mode);
    if (fd == -ELOOP || fd == -ENXIO || fd == -EISDIR)
        return refuse_kind(f);
    if (fd < 0)
        return fault_os(-fd, "%s/%s can't be opened", folder->path, name);
    f->fd = fd;
    int r = file_stat(f, &st);
    if (r == 0 && st.kind != OS_FILE)
        return refuse_kind(f);
    if (r < 0)
        file_close(f);
    return r;
}

void file_close(struct file *f)
{
    if (f->fd >= 0)
        f->folder->os->close(f->folder->os->ctx, f->fd);
    f->fd = -1;
}

static int failed(const struct file *f, int64_t err, uint64_t offset, const char *what)
{
    int code = fault_code_of((int)-err);
    if (code != WAL_E_NOSPC && code != WAL_E_NOMEM)
        code = WAL_E_IO;
    fault_sys(code, (int)-err, "%s/%s: %s at %llu failed", f->folder->path, f->name, what,
              (unsigned long long)offset);
    return fault_place(0, f->number, offset);
}

int file_read(const struct file *f, void *buf, size_t size, uint64_t offset, size_t *ret_got)
{
    const struct os *os = f->folder->os;
    size_t got = 0;

    while (got < size) {
        int64_t n = os->pread(os->ctx, f->fd, (uint8_t *)buf + got, size - got, offset + got);
        if (n == -EINTR)
            continue;
        if (n < 0)
            return failed(f, n, offset + got, "read");
        if (n == 0)
            break;
        got += (size_t)n;
        if (PLANTED(4))
            break;
    }
    *ret_got = got;
    return 0;
}

/* Drops the first n bytes of iov; returns how many of its entries are used up. */
static int iov_advance(struct iovec *iov, int n, uint64_t bytes)
{
    int k = 0;
    for (; k < n && bytes >= iov[k].iov_len; k++)
        bytes -= iov[k].iov_len;
    if (k < n && bytes) {
        iov[k].iov_base = (uint8_t *)iov[k].iov_base + bytes;
        iov[k].iov_len -= bytes;
    }
    return k;
}

int file_write(const struct file *f, struct iovec *iov, int n, uint64_t offset, int flags,
               uint64_t *touched)
{
    const struct os *os = f->folder->os;

    while (n > 0) {
        int now = n < IOV_LIMIT ? n : IOV_LIMIT;
        uint64_t want = 0;
        for (int k = 0; k < now; k++)
            want += iov[k].iov_len;
        *touched = max_u64(*touched, offset + want);
        int64_t w = os->pwritev(os->ctx, f->fd, iov, now, offset, flags);
        if (w == -EINTR &&
            !(flags & OS_WRITE_DSYNC)) /* there it may be the sync's, which is final */
            continue;
        if (w < 0 || (w == 0 && want > 0))
            return failed(f, w < 0 ? w : -EIO, offset, "write");
        offset += (uint64_t)w;
        int used = iov_advance(iov, now, (uint64_t)w);
        iov += used;
        n -= used;
    }
    return 0;
}

int file_write_bytes(const struct file *f, const void *data, size_t size, uint64_t offset)
{
    struct iovec iov = {.iov_base = (void *)(uintptr_t)data, .iov_len = size};
    uint64_t touched = 0;
    return file_write(f, &iov, 1, offset, 0, &touched);
}

int file_write_zeros(const struct file *f, uint64_t from, uint64_t to)
{
    while (from < to) {
        size_t n = (size_t)min_u64(to - from, ZERO_CHUNK);
        int r = file_write_bytes(f, zeros, n, from);
        if (r < 0)
            return r;
        from += n;
    }
    return 0;
}

int file_sync(const struct file *f, enum os_sync how)
{
    const struct os *os = f->folder->os;
    int r = os->sync(os->ctx, f->fd, how);
    if (PLANTED(2) && r < 0)
        r = os->sync(os->ctx, f->fd, how);
    return r < 0 ? failed(f, r, 0, "sync") : 0;
}

int file_stat(const struct file *f, struct os_stat *ret)
{
    int r = f->folder->os->stat(f->folder->os->ctx, f->fd, ret);
    return r < 0 ? failed(f, r, 0, "stat") : 0;
}

static uint64_t first_nonzero(const uint8_t *p, size_t n)
{
    size_t k = 0;
    while (k < n && p[k] == 0)
        k++;
    return k;
}

int file_zero(const struct file *f, uint64_t from, uint64_t to, int *ret, uint64_t *ret_at)
{
    const struct os *os = f->folder->os;
    uint8_t block[16 * 1024];

    while (from < to) {
        int64_t data = os->next_data(os->ctx, f->fd, from);
        if (data == -ENXIO || (data >= 0 && (uint64_t)data >= to))
            break;
        from = data > 0 ? max_u64(from, (uint64_t)data) : from;
        size_t got = 0;
        int r = file_read(f, block, (size_t)min_u64(sizeof block, to - from), from, &got);
        if (r < 0)
            return r;
        if (got == 0)
            break;
        if (!all_zero(block, got)) {
            *ret_at = from + first_nonzero(block, got);
            *ret = 0;
            return 0;
        }
        from += got;
    }
    *ret = 1;
    return 0;
}

int folder_sync(const struct folder *folder)
{
    int r = folder->os->sync(folder->os->ctx, folder->fd, OS_SYNC_FULL);
    return r < 0 ? fault_sys(WAL_E_IO, -r, "%s: sync of the directory failed", folder->path) : 0;
}

int folder_unlink(const struct folder *folder, const char *name)
{
    int r = folder->os->unlink(folder->os->ctx, folder->fd, name);
    if (r == 0 || r == -ENOENT)
        return 0;
    bool refused = r == -EISDIR || fault_code_of(-r) == WAL_E_PERM;
    return fault_sys(refused ? WAL_E_PERM : WAL_E_IO, -r, "%s/%s can't be removed", folder->path,
                     name);
}
