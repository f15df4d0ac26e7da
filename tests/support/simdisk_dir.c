/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of os.h for directories and names. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "support/simdisk_inner.h"

static int fault_of(const struct simdisk_fault *f)
{
    return f == NULL ? 0 : -f->error;
}

static int dir_make(void *ctx, const char *path, uint32_t mode)
{
    struct simdisk *d = ctx;
    uint32_t dir;
    char name[SIM_NAME];
    int error = fault_of(sim_enter(d, SIMDISK_DIR_MAKE, path));
    if (error == 0)
        error = sim_path(d, path, &dir, name);
    if (error < 0)
        return error;
    if (name[0] == 0 || sim_names_find(&sim_node_of(d, dir)->names, name) != 0)
        return -EEXIST;
    sim_dir_do(sim_own(d, dir), "", name, sim_inode_new(d, OS_DIR, mode));
    return 0;
}

static int dir_remove(void *ctx, const char *path)
{
    struct simdisk *d = ctx;
    uint32_t dir;
    char name[SIM_NAME];
    int error = fault_of(sim_enter(d, SIMDISK_DIR_REMOVE, path));
    if (error == 0)
        error = sim_path(d, path, &dir, name);
    if (error < 0)
        return error;
    if (name[0] == 0)
        return -EBUSY;
    uint32_t ino = sim_names_find(&sim_node_of(d, dir)->names, name);
    if (ino == 0)
        return -ENOENT;
    const struct sim_node *n = sim_node_of(d, ino);
    if (n->kind != OS_DIR)
        return -ENOTDIR;
    if (n->names.count > 0)
        return -ENOTEMPTY;
    sim_dir_do(sim_own(d, dir), name, "", 0);
    return 0;
}

static int dir_open(void *ctx, const char *path)
{
    struct simdisk *d = ctx;
    int error = fault_of(sim_enter(d, SIMDISK_DIR_OPEN, path));
    if (error < 0)
        return error;
    int64_t ino = sim_walk(d, path);
    if (ino < 0)
        return (int)ino;
    if (sim_node_of(d, (uint32_t)ino)->kind != OS_DIR)
        return -ENOTDIR;
    return sim_fd_new(d, (uint32_t)ino, OS_READ);
}

/* The directory behind a descriptor; 0 and the error where it is none. */
static uint32_t dir_of(const struct simdisk *d, int fd, int *ret_error)
{
    const struct sim_fd *f = sim_fd_of(d, fd);
    if (f == NULL)
        *ret_error = -EBADF;
    else if (sim_node_of(d, f->ino)->kind != OS_DIR)
        *ret_error = -ENOTDIR;
    else
        return f->ino;
    return 0;
}

static int dir_list(void *ctx, int fd, int (*fn)(void *arg, const char *name), void *arg)
{
    struct simdisk *d = ctx;
    int error = fault_of(sim_enter_fd(d, SIMDISK_DIR_LIST, fd));
    uint32_t dir = error < 0 ? 0 : dir_of(d, fd, &error);
    if (dir == 0)
        return error;
    struct sim_names names; /* fn may change the directory */
    sim_names_copy(&names, &sim_node_of(d, dir)->names);
    /* In an order that only this listing has: nobody may rely on one. */
    uint32_t first = names.count == 0 ? 0 : (uint32_t)sim_mix(names.count, dir) % names.count;
    int result = 0;
    for (uint32_t i = 0; i < names.count && result == 0; i++)
        result = fn(arg, names.list[(first + i) % names.count].name);
    free(names.list);
    return result;
}

static int file_open(void *ctx, int dir_fd, const char *name, int flags, uint32_t mode)
{
    struct simdisk *d = ctx;
    int error = fault_of(sim_enter(d, SIMDISK_FILE_OPEN, name));
    uint32_t dir = error < 0 ? 0 : dir_of(d, dir_fd, &error);
    if (dir == 0)
        return error;
    error = sim_name_check(name);
    if (error < 0)
        return error;
    uint32_t ino = sim_names_find(&sim_node_of(d, dir)->names, name);
    if (ino != 0 && (flags & OS_CREATE) != 0 && (flags & OS_EXCLUSIVE) != 0)
        return -EEXIST;
    if (ino == 0 && (flags & OS_CREATE) == 0)
        return -ENOENT;
    if (ino == 0) {
        ino = sim_inode_new(d, OS_FILE, mode);
        sim_dir_do(sim_own(d, dir), "", name, ino);
    }
    int access = flags & (OS_READ | OS_WRITE);
    if (access == 0)
        access = OS_READ;
    if (sim_node_of(d, ino)->kind == OS_DIR && (flags & (OS_WRITE | OS_CREATE)) != 0)
        access = 0; /* only stat works on it */
    if (access & OS_WRITE)
        access |= flags & OS_DIRECT;
    return sim_fd_new(d, ino, access);
}

static int direct_align(void *ctx, int fd)
{
    (void)ctx;
    (void)fd;
    return SIM_DIRECT_ALIGN;
}

static int temp_open(void *ctx, int dir_fd, uint32_t mode)
{
    struct simdisk *d = ctx;
    int error = fault_of(sim_enter(d, SIMDISK_TEMP_OPEN, ""));
    uint32_t dir = error < 0 ? 0 : dir_of(d, dir_fd, &error);
    if (dir == 0)
        return error;
    return sim_fd_new(d, sim_inode_new(d, OS_FILE, mode), OS_READ | OS_WRITE);
}

static uint64_t links_of(const struct simdisk *d, uint32_t ino)
{
    uint64_t links = 0;
    for (uint32_t i = 0; i < d->inode_count; i++) {
        const struct sim_names *names = &d->inodes[i].node->names;
        for (uint32_t j = 0; j < names->count; j++)
            links += names->list[j].ino == ino;
    }
    return links;
}

static void fill(const struct simdisk *d, uint32_t ino, struct os_stat *ret)
{
    const struct sim_node *n = sim_node_of(d, ino);
    *ret = (struct os_stat){
        .kind = n->kind,
        .mode = n->mode,
        .uid = SIMDISK_UID,
        .size = n->size,
        .disk_bytes = sim_node_pages(n) * SIM_PAGE,
        .device = 1,
        .inode = ino,
        .links = links_of(d, ino),
    };
}

static int stat_at(void *ctx, int dir_fd, const char *name, struct os_stat *ret)
{
    struct simdisk *d = ctx;
    int error = fault_of(sim_enter(d, SIMDISK_STAT_AT, name));
    uint32_t dir = error < 0 ? 0 : dir_of(d, dir_fd, &error);
    if (dir == 0)
        return error;
    uint32_t ino = sim_names_find(&sim_node_of(d, dir)->names, name);
    if (ino == 0)
        return -ENOENT;
    fill(d, ino, ret);
    return 0;
}

static int stat_fd(void *ctx, int fd, struct os_stat *ret)
{
    struct simdisk *d = ctx;
    int error = fault_of(sim_enter_fd(d, SIMDISK_STAT, fd));
    if (error < 0)
        return error;
    const struct sim_fd *f = sim_fd_of(d, fd);
    if (f == NULL)
        return -EBADF;
    fill(d, f->ino, ret);
    return 0;
}

static int rename_at(void *ctx, int dir_fd, const char *from, const char *to)
{
    struct simdisk *d = ctx;
    int error = fault_of(sim_enter(d, SIMDISK_RENAME, from));
    uint32_t dir = error < 0 ? 0 : dir_of(d, dir_fd, &error);
    if (dir == 0)
        return error;
    error = sim_name_check(to);
    if (error < 0)
        return error;
    uint32_t ino = sim_names_find(&sim_node_of(d, dir)->names, from);
    if (ino == 0)
        return -ENOENT;
    if (sim_names_find(&sim_node_of(d, dir)->names, to) != 0)
        return -EEXIST;
    sim_dir_do(sim_own(d, dir), from, to, ino);
    return 0;
}

static int unlink_at(void *ctx, int dir_fd, const char *name)
{
    struct simdisk *d = ctx;
    int error = fault_of(sim_enter(d, SIMDISK_UNLINK, name));
    uint32_t dir = error < 0 ? 0 : dir_of(d, dir_fd, &error);
    if (dir == 0)
        return error;
    uint32_t ino = sim_names_find(&sim_node_of(d, dir)->names, name);
    if (ino == 0)
        return -ENOENT;
    if (sim_node_of(d, ino)->kind == OS_DIR)
        return -EISDIR;
    sim_dir_do(sim_own(d, dir), name, "", 0);
    return 0;
}

void sim_dir_functions(struct os *os)
{
    os->dir_make = dir_make;
    os->dir_remove = dir_remove;
    os->dir_open = dir_open;
    os->dir_list = dir_list;
    os->file_open = file_open;
    os->direct_align = direct_align;
    os->temp_open = temp_open;
    os->stat_at = stat_at;
    os->stat = stat_fd;
    os->rename = rename_at;
    os->unlink = unlink_at;
}
