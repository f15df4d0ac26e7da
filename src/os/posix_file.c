/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/plant.h"
#include "os/posix.h"

void posix_stat_fill(const struct stat *st, struct os_stat *ret)
{
    ret->kind = S_ISREG(st->st_mode) ? OS_FILE : S_ISDIR(st->st_mode) ? OS_DIR : OS_OTHER;
    ret->mode = st->st_mode & 07777;
    ret->uid = st->st_uid;
    ret->size = (uint64_t)st->st_size;
    ret->disk_bytes = (uint64_t)st->st_blocks * 512;
    ret->device = st->st_dev;
    ret->inode = st->st_ino;
    ret->links = st->st_nlink;
}

int posix_stat(void *ctx, int fd, struct os_stat *ret)
{
    (void)ctx;
    struct stat st;
    if (fstat(fd, &st) < 0)
        return -errno;
    posix_stat_fill(&st, ret);
    return 0;
}

int64_t posix_pread(void *ctx, int fd, void *buf, size_t size, uint64_t offset)
{
    (void)ctx;
    ssize_t n = pread(fd, buf, size, (off_t)offset);
    return n < 0 ? -errno : n;
}

int64_t posix_pwritev(void *ctx, int fd, const struct iovec *iov, int n, uint64_t offset, int flags)
{
    (void)ctx;
    ssize_t done;
    if ((flags & OS_WRITE_DSYNC) != 0) {
        done = pwritev2(fd, iov, n, (off_t)offset, RWF_DSYNC);
        if (done < 0 && errno == ENOSYS)
            return -EOPNOTSUPP;
    } else if (n == 1) {
        done = pwrite(fd, iov->iov_base, iov->iov_len, (off_t)offset);
    } else {
        done = pwritev(fd, iov, n, (off_t)offset);
    }
    return done < 0 ? -errno : done;
}

int posix_sync(void *ctx, int fd, enum os_sync how)
{
    (void)ctx;
    int result = how == OS_SYNC_DATA ? fdatasync(fd) : fsync(fd);
    return result < 0 ? -errno : 0;
}

int posix_truncate(void *ctx, int fd, uint64_t size)
{
    (void)ctx;
    return ftruncate(fd, (off_t)size) < 0 ? -errno : 0;
}

int posix_clone(void *ctx, int from, int to)
{
    (void)ctx;
    return ioctl(to, FICLONE, from) < 0 ? -errno : 0;
}

int posix_writeback(void *ctx, int fd, uint64_t offset, uint64_t size)
{
    (void)ctx;
    int result = sync_file_range(fd, (off_t)offset, (off_t)size, SYNC_FILE_RANGE_WRITE);
    return result < 0 ? -errno : 0;
}

int64_t posix_next_data(void *ctx, int fd, uint64_t offset)
{
    struct os_stat st;
    off_t at = lseek(fd, (off_t)offset, SEEK_DATA);
    if (at >= 0)
        return at;
    if (errno != EINVAL)
        return -errno;
    /* A file system that can't tell holes: everything up to the end may be data. */
    int error = posix_stat(ctx, fd, &st);
    if (error < 0)
        return error;
    return offset < st.size ? (int64_t)offset : -ENXIO;
}

int posix_lock(void *ctx, int fd)
{
    (void)ctx;
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(fd, PLANTED(20) ? F_SETLK : F_OFD_SETLK, &whole) == 0)
        return 0;
    return errno == EACCES ? -EAGAIN : -errno;
}

int posix_locked(void *ctx, int fd)
{
    (void)ctx;
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(fd, F_OFD_GETLK, &whole) < 0)
        return -errno;
    return whole.l_type != F_UNLCK;
}
