/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdalign.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/posix.h"

int posix_dir_make(void *ctx, const char *path, uint32_t mode)
{
    (void)ctx;
    return mkdir(path, (mode_t)mode) < 0 ? -errno : 0;
}

int posix_dir_remove(void *ctx, const char *path)
{
    (void)ctx;
    return rmdir(path) < 0 ? -errno : 0;
}

static int open_dir_at(int dir, const char *path)
{
    int error = posix_open_begin();
    if (error < 0)
        return error;
    return posix_open_end(openat(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

int posix_dir_open(void *ctx, const char *path)
{
    (void)ctx;
    return open_dir_at(AT_FDCWD, path);
}

static int each_name(const char *entries, size_t size, int (*fn)(void *, const char *), void *arg)
{
    for (size_t at = 0; at < size;) {
        const struct dirent64 *e = (const void *)(entries + at);
        bool self = strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0;
        int result = self ? 0 : fn(arg, e->d_name);
        if (result != 0)
            return result;
        at += e->d_reclen;
    }
    return 0;
}

int posix_dir_list(void *ctx, int dir, int (*fn)(void *arg, const char *name), void *arg)
{
    /* A second descriptor, since where the listing stands belongs to the open directory, and two
     * threads may list at once. */
    int fd = open_dir_at(dir, ".");
    if (fd < 0)
        return fd;
    alignas(struct dirent64) char entries[8192];
    int result = 0;
    do {
        ssize_t n = getdents64(fd, entries, sizeof entries);
        if (n < 0)
            result = -errno;
        else if (n == 0)
            break;
        else
            result = each_name(entries, (size_t)n, fn, arg);
    } while (result == 0);
    int error = posix_close(ctx, fd);
    return result != 0 ? result : error;
}

int posix_stat_at(void *ctx, int dir, const char *name, struct os_stat *ret)
{
    (void)ctx;
    struct stat st;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return -errno;
    posix_stat_fill(&st, ret);
    return 0;
}

int posix_rename(void *ctx, int dir, const char *from, const char *to)
{
    (void)ctx;
    if (renameat2(dir, from, dir, to, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno == EINVAL || errno == ENOSYS)
        return posix_rename_by_link(dir, from, to);
    return -errno;
}

int posix_rename_by_link(int dir, const char *from, const char *to)
{
    if (linkat(dir, from, dir, to, 0) < 0 || unlinkat(dir, from, 0) < 0)
        return -errno;
    return 0;
}

int posix_unlink(void *ctx, int dir, const char *name)
{
    (void)ctx;
    return unlinkat(dir, name, 0) < 0 ? -errno : 0;
}
