/* SPDX-License-Identifier: Apache-2.0 */
/* To and from the real file system. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "support/simdisk_inner.h"

enum { PATH_BYTES = 1024 };

static int join(char out[PATH_BYTES], const char *path, const char *name)
{
    int size = snprintf(out, PATH_BYTES, "%s/%s", path, name);
    return size < 0 || size >= PATH_BYTES ? -ENAMETOOLONG : 0;
}

static int write_all(int fd, const uint8_t *bytes, size_t size, uint64_t offset)
{
    while (size > 0) {
        ssize_t n = pwrite(fd, bytes, size, (off_t)offset);
        if (n < 0)
            return -errno;
        bytes += n;
        size -= (size_t)n;
        offset += (uint64_t)n;
    }
    return 0;
}

static int copy_file_out(const struct sim_node *n, const char *real)
{
    int fd = open(real, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        return -errno;
    int error = ftruncate(fd, (off_t)n->size) < 0 ? -errno : 0;
    for (uint32_t i = 0; i < n->slot_count && error == 0; i++) {
        uint64_t start = n->slots[i].index * SIM_PAGE;
        if (n->slots[i].cached != NULL && start < n->size)
            error =
                write_all(fd, n->slots[i].cached->bytes, min_u64(SIM_PAGE, n->size - start), start);
    }
    if (close(fd) < 0 && error == 0)
        error = -errno;
    return error;
}

static int copy_dir_out(const struct simdisk *d, const struct sim_node *n, const char *real)
{
    for (uint32_t i = 0; i < n->names.count; i++) {
        char path[PATH_BYTES];
        const struct sim_node *child = sim_node_of(d, n->names.list[i].ino);
        int error = join(path, real, n->names.list[i].name);
        if (error < 0)
            return error;
        if (child->kind == OS_FILE)
            error = copy_file_out(child, path);
        else if (mkdir(path, 0700) < 0 && errno != EEXIST)
            error = -errno;
        else
            error = copy_dir_out(d, child, path);
        if (error < 0)
            return error;
    }
    return 0;
}

int simdisk_copy_out(const struct simdisk *d, const char *path, const char *real)
{
    int64_t ino = sim_walk(d, path);
    if (ino < 0)
        return (int)ino;
    const struct sim_node *n = sim_node_of(d, (uint32_t)ino);
    return n->kind == OS_DIR ? copy_dir_out(d, n, real) : -ENOTDIR;
}

/* One stretch of data, without a hole in it. */
static int load_stretch(struct simdisk *d, const char *path, int fd, off_t at, off_t end)
{
    uint8_t bytes[SIM_PAGE];
    while (at < end) {
        ssize_t n = pread(fd, bytes, min_u64(sizeof bytes, (uint64_t)(end - at)), at);
        if (n <= 0)
            return n < 0 ? -errno : -EIO;
        int error = simdisk_patch(d, path, (uint64_t)at, bytes, (size_t)n);
        if (error < 0)
            return error;
        at += n;
    }
    return 0;
}

static int load_file(struct simdisk *d, const char *path, const char *real)
{
    struct stat st;
    int fd = open(real, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int error = fstat(fd, &st) < 0 ? -errno : simdisk_put(d, path, NULL, 0);
    if (error == 0)
        error = simdisk_set_size(d, path, (uint64_t)st.st_size);
    for (off_t at = 0; error == 0 && (at = lseek(fd, at, SEEK_DATA)) >= 0;) {
        off_t end = lseek(fd, at, SEEK_HOLE);
        error = end < 0 ? -errno : load_stretch(d, path, fd, at, end);
        at = end;
    }
    close(fd);
    return error;
}

static int load_entry(struct simdisk *d, const char *path, const char *real)
{
    struct stat st;
    if (lstat(real, &st) < 0)
        return -errno;
    if (S_ISREG(st.st_mode))
        return load_file(d, path, real);
    if (!S_ISDIR(st.st_mode))
        return 0;
    int error = simdisk_make_dir(d, path);
    return error < 0 && error != -EEXIST ? error : simdisk_load(d, path, real);
}

int simdisk_load(struct simdisk *d, const char *path, const char *real)
{
    DIR *dir = opendir(real);
    if (dir == NULL)
        return -errno;
    int error = 0;
    for (const struct dirent *e; error == 0 && (e = readdir(dir)) != NULL;) {
        char real_path[PATH_BYTES], own_path[PATH_BYTES];
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        error = join(real_path, real, e->d_name);
        if (error == 0)
            error = join(own_path, path, e->d_name);
        if (error == 0)
            error = load_entry(d, own_path, real_path);
    }
    closedir(dir);
    return error;
}
