/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/posix.h"

/* O_NONBLOCK: opening a fifo must not wait for its other end; it has no effect on regular files. */
enum { OPEN_ALWAYS = O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, TEMP_NAME_TRIES = 16 };

static int registered_openat(int dir, const char *name, int flags, uint32_t mode)
{
    int error = posix_open_begin();
    if (error < 0)
        return error;
    return posix_open_end(openat(dir, name, flags, (mode_t)mode));
}

int posix_file_open(void *ctx, int dir, const char *name, int flags, uint32_t mode)
{
    (void)ctx;
    int open_flags = OPEN_ALWAYS;
    if ((flags & OS_WRITE) == 0)
        open_flags |= O_RDONLY;
    else
        open_flags |= (flags & OS_READ) != 0 ? O_RDWR : O_WRONLY;
    if ((flags & OS_CREATE) != 0)
        open_flags |= O_CREAT;
    if ((flags & OS_EXCLUSIVE) != 0)
        open_flags |= O_EXCL;
    if ((flags & OS_DIRECT) != 0)
        open_flags |= O_DIRECT;
    int fd = registered_openat(dir, name, open_flags, mode);
    /* Directories, sockets, fifos without a reader and devices without a driver can't be opened
     * like this. O_PATH gives a descriptor that only stat works on, which is all that a caller
     * needs to refuse them. */
    if (fd == -EISDIR || fd == -ENXIO || fd == -ENODEV)
        fd = registered_openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
    return fd;
}

int posix_direct_align(void *ctx, int fd)
{
    (void)ctx;
    int align = 4096; /* kernels before 6.1 don't tell: more than any disk asks for */
#ifdef STATX_DIOALIGN
    struct statx st;
    if (statx(fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &st) == 0 && (st.stx_mask & STATX_DIOALIGN)) {
        align = (int)st.stx_dio_offset_align;
        if ((int)st.stx_dio_mem_align > align)
            align = (int)st.stx_dio_mem_align;
    }
#endif
    return align ? align : -EOPNOTSUPP;
}

int posix_temp_open(void *ctx, int dir, uint32_t mode)
{
    (void)ctx;
    int fd = registered_openat(dir, ".", O_TMPFILE | O_EXCL | O_RDWR | O_CLOEXEC, mode);
    if (fd == -EOPNOTSUPP || fd == -EISDIR || fd == -EINVAL)
        fd = posix_temp_by_name(dir, mode);
    return fd;
}

int posix_temp_by_name(int dir, uint32_t mode)
{
    for (int i = 0; i < TEMP_NAME_TRIES; i++) {
        uint64_t number;
        char name[32];
        int error = posix_random(NULL, &number, sizeof number);
        if (error < 0)
            return error;
        snprintf(name, sizeof name, "tmp-%020llu", (unsigned long long)number);
        int fd = registered_openat(dir, name, O_CREAT | O_EXCL | O_RDWR | OPEN_ALWAYS, mode);
        if (fd == -EEXIST)
            continue;
        if (fd >= 0 && unlinkat(dir, name, 0) < 0) {
            error = -errno;
            posix_close(NULL, fd);
            return error;
        }
        return fd;
    }
    return -EEXIST;
}
