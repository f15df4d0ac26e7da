/* SPDX-License-Identifier: Apache-2.0 */
/* The functions of os.h for open files. */
#include <errno.h>
#include <limits.h>

#include "base/bytes.h"
#include "support/simdisk_inner.h"

struct sim_fd *sim_fd_of(const struct simdisk *d, int fd)
{
    if (fd < SIM_FIRST_FD || (uint32_t)(fd - SIM_FIRST_FD) >= d->fd_count)
        return NULL;
    struct sim_fd *f = &d->fds[fd - SIM_FIRST_FD];
    return f->ino == 0 ? NULL : f;
}

int sim_fd_new(struct simdisk *d, uint32_t ino, int access)
{
    uint32_t at = 0;
    while (at < d->fd_count && d->fds[at].ino != 0)
        at++;
    if (at == d->fd_count) {
        d->fds = sim_grow(d->fds, sizeof *d->fds, d->fd_count, &d->fd_room);
        d->fd_count++;
    }
    d->fds[at] = (struct sim_fd){.ino = ino, .access = access};
    return SIM_FIRST_FD + (int)at;
}

/* What a call on a descriptor begins with: its file for this kind of access. */
static int find_file(const struct simdisk *d, int fd, int access, uint32_t *ret_ino)
{
    const struct sim_fd *f = sim_fd_of(d, fd);
    if (f == NULL || (f->access & access) != access)
        return -EBADF;
    if (sim_node_of(d, f->ino)->kind == OS_DIR)
        return -EISDIR;
    *ret_ino = f->ino;
    return 0;
}

static int close_fd(void *ctx, int fd)
{
    struct simdisk *d = ctx;
    const struct simdisk_fault *fault = sim_enter_fd(d, SIMDISK_CLOSE, fd);
    struct sim_fd *f = sim_fd_of(d, fd);
    if (f == NULL)
        return -EBADF;
    *f = (struct sim_fd){0};
    sim_collect(d);
    return fault != NULL ? -fault->error : 0; /* closed in any case, as on Linux */
}

static size_t shortened(const struct simdisk_fault *fault, size_t size)
{
    size_t part = fault->amount != 0 ? fault->amount : size / 2;
    return part == 0 || part > size ? size : part;
}

static int64_t pread_fd(void *ctx, int fd, void *buf, size_t size, uint64_t offset)
{
    struct simdisk *d = ctx;
    const struct simdisk_fault *fault = sim_enter_fd(d, SIMDISK_PREAD, fd);
    uint32_t ino;
    int error = find_file(d, fd, OS_READ, &ino);
    if (error < 0)
        return error;
    if (offset > INT64_MAX)
        return -EINVAL;
    if (fault != NULL && fault->error > 0)
        return -fault->error;
    if (fault != NULL)
        size = shortened(fault, size);
    return (int64_t)sim_file_read(sim_node_of(d, ino), offset, buf, size);
}

static bool is_open(const struct simdisk *d, uint32_t ino)
{
    for (uint32_t i = 0; i < d->fd_count; i++) {
        if (d->fds[i].ino == ino)
            return true;
    }
    return false;
}

/* Files that are gone but for the unsynced directory take no space. */
static uint64_t pages_in_use(const struct simdisk *d)
{
    uint64_t pages = 0;
    for (uint32_t i = 0; i < d->inode_count; i++) {
        uint32_t ino = d->inodes[i].ino;
        if (sim_name_of(d, ino)[0] != 0 || is_open(d, ino))
            pages += sim_node_pages(d->inodes[i].node);
    }
    return pages;
}

/* How much of a write the file system has room for, and why not for all of it. */
static size_t room_for(const struct simdisk *d, const struct sim_node *n, uint64_t offset,
                       size_t size, int *ret_error)
{
    bool full = d->full_error != 0 && d->calls[SIMDISK_ANY] >= d->full_from;
    if (!full && d->capacity == 0)
        return size;
    uint64_t used = full ? 0 : pages_in_use(d), may_have = full ? 0 : d->capacity;
    uint32_t at = sim_slot_find(n, offset / SIM_PAGE);
    for (uint64_t index = offset / SIM_PAGE; index * SIM_PAGE < offset + size; index++) {
        bool there = at < n->slot_count && n->slots[at].index == index;
        bool new_space = !there || n->slots[at].cached == NULL;
        at += there;
        used += new_space;
        if (new_space && used > may_have) {
            *ret_error = full ? d->full_error : ENOSPC;
            return index * SIM_PAGE <= offset ? 0 : index * SIM_PAGE - offset;
        }
    }
    return size;
}

static int total_size(const struct iovec *iov, int n, uint64_t offset, size_t *ret)
{
    size_t size = 0;
    if (n < 0 || n > IOV_MAX || offset > INT64_MAX)
        return -EINVAL;
    for (int i = 0; i < n; i++)
        size += iov[i].iov_len;
    if (size > INT64_MAX - offset)
        return -EFBIG;
    *ret = size;
    return 0;
}

static void sync_written(struct sim_node *n, uint64_t offset, size_t size,
                         enum simdisk_part durable, uint64_t seed)
{
    sim_file_sync(n, offset / SIM_PAGE, (offset + size - 1) / SIM_PAGE, durable, seed);
}

static int64_t fail_write(struct sim_node *n, const struct iovec *iov, size_t size, uint64_t offset,
                          bool dsync, const struct simdisk_fault *fault)
{
    size_t reaches = fault->part == SIMDISK_NONE   ? 0
                     : fault->part == SIMDISK_HALF ? size / 2
                                                   : size;
    if (dsync)
        reaches = size; /* it is the sync behind the write that fails */
    if (reaches > 0)
        sim_file_write(n, offset, iov, reaches);
    if (dsync && reaches > 0)
        sync_written(n, offset, reaches, fault->part, fault->seed);
    return -fault->error;
}

static bool aligned(const struct iovec *iov, int n, uint64_t offset)
{
    uint64_t odd = offset;
    for (int k = 0; k < n; k++)
        odd |= (uintptr_t)iov[k].iov_base | iov[k].iov_len;
    return odd % SIM_DIRECT_ALIGN == 0;
}

static int64_t pwritev_fd(void *ctx, int fd, const struct iovec *iov, int n, uint64_t offset,
                          int flags)
{
    struct simdisk *d = ctx;
    const struct simdisk_fault *fault = sim_enter_fd(d, SIMDISK_PWRITEV, fd);
    bool dsync = (flags & OS_WRITE_DSYNC) != 0;
    uint32_t ino;
    size_t size = 0;
    int error = find_file(d, fd, OS_WRITE, &ino);
    if (error == 0)
        error = total_size(iov, n, offset, &size);
    if (error == 0 && (sim_fd_of(d, fd)->access & OS_DIRECT) && !aligned(iov, n, offset))
        error = -EINVAL;
    if (error < 0)
        return error;
    if (fault != NULL && fault->error == EOPNOTSUPP)
        return -EOPNOTSUPP;
    if (fault != NULL && fault->error > 0)
        return fail_write(sim_own(d, ino), iov, size, offset, dsync, fault);
    if (fault != NULL)
        size = shortened(fault, size);
    size_t room = room_for(d, sim_node_of(d, ino), offset, size, &error);
    if (room == 0 && size > 0)
        return -error;
    if (room > 0) {
        struct sim_node *node = sim_own(d, ino);
        sim_file_write(node, offset, iov, room);
        sim_written(d, ino);
        if (dsync)
            sync_written(node, offset, room, SIMDISK_ALL, 0);
    }
    return (int64_t)room;
}

static int sync_fd(void *ctx, int fd, enum os_sync how)
{
    struct simdisk *d = ctx;
    (void)how; /* fdatasync writes the size too where reading what was written needs it */
    const struct simdisk_fault *fault = sim_enter_fd(d, SIMDISK_SYNC, fd);
    const struct sim_fd *f = sim_fd_of(d, fd);
    if (f == NULL || f->access == 0)
        return -EBADF;
    enum simdisk_part durable = fault == NULL ? SIMDISK_ALL : fault->part;
    uint64_t seed = fault == NULL ? 0 : fault->seed;
    struct sim_node *n = sim_own(d, f->ino);
    if (n->kind == OS_DIR) {
        sim_dir_sync(n, durable, seed);
        sim_collect(d);
    } else {
        sim_file_sync(n, 0, UINT64_MAX, durable, seed);
    }
    return fault == NULL ? 0 : -fault->error;
}

static bool not_open_for_writing(const struct simdisk *d, int fd)
{
    const struct sim_fd *f = sim_fd_of(d, fd);
    return f != NULL && f->access == OS_READ;
}

static int truncate_fd(void *ctx, int fd, uint64_t size)
{
    struct simdisk *d = ctx;
    const struct simdisk_fault *fault = sim_enter_fd(d, SIMDISK_TRUNCATE, fd);
    uint32_t ino;
    int error = find_file(d, fd, OS_WRITE, &ino);
    if (error < 0)
        return not_open_for_writing(d, fd) ? -EINVAL : error;
    if (size > INT64_MAX)
        return -EINVAL;
    if (fault != NULL)
        return -fault->error;
    sim_file_truncate(sim_own(d, ino), size);
    return 0;
}

void simdisk_set_clones(struct simdisk *d, bool can)
{
    d->clones = can;
}

static void copy_pages(struct sim_node *to, const struct sim_node *from)
{
    sim_file_truncate(to, 0);
    for (uint32_t i = 0; i < from->slot_count; i++) {
        uint64_t at = from->slots[i].index * SIM_PAGE;
        const uint8_t *bytes = sim_page_bytes(from->slots[i].cached);
        struct iovec iov = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = SIM_PAGE};
        if (from->slots[i].cached != NULL && at < from->size)
            sim_file_write(to, at, &iov, min_u64(SIM_PAGE, from->size - at));
    }
    sim_file_truncate(to, from->size);
}

static int clone_fd(void *ctx, int from, int to)
{
    struct simdisk *d = ctx;
    const struct simdisk_fault *fault = sim_enter_fd(d, SIMDISK_CLONE, to);
    uint32_t source, target;
    int error = find_file(d, from, OS_READ, &source);
    if (error == 0)
        error = find_file(d, to, OS_WRITE, &target);
    if (error < 0)
        return error;
    if (fault != NULL && fault->part == SIMDISK_NONE)
        return -fault->error;
    if (source == target)
        return -EINVAL;
    if (!d->clones)
        return -EOPNOTSUPP;
    struct sim_node *node = sim_own(d, target);
    copy_pages(node, sim_node_of(d, source));
    if (fault != NULL && fault->part == SIMDISK_HALF)
        sim_file_truncate(node, node->size / 2);
    return fault == NULL ? 0 : -fault->error;
}

/* The model has the kernel write out whatever it likes, whenever it likes, in any case. */
static int writeback_fd(void *ctx, int fd, uint64_t offset, uint64_t size)
{
    struct simdisk *d = ctx;
    (void)offset;
    (void)size;
    const struct simdisk_fault *fault = sim_enter_fd(d, SIMDISK_WRITEBACK, fd);
    if (sim_fd_of(d, fd) == NULL)
        return -EBADF;
    return fault != NULL ? -fault->error : 0;
}

static int64_t next_data(void *ctx, int fd, uint64_t offset)
{
    struct simdisk *d = ctx;
    const struct simdisk_fault *fault = sim_enter_fd(d, SIMDISK_NEXT_DATA, fd);
    uint32_t ino;
    int error = find_file(d, fd, 0, &ino);
    if (error < 0)
        return error;
    if (fault != NULL)
        return -fault->error;
    const struct sim_node *n = sim_node_of(d, ino);
    for (uint32_t i = sim_slot_find(n, offset / SIM_PAGE); i < n->slot_count; i++) {
        uint64_t at = max_u64(offset, n->slots[i].index * SIM_PAGE);
        if (n->slots[i].cached != NULL && at < n->size)
            return (int64_t)at;
    }
    return -ENXIO;
}

static bool held_elsewhere(const struct simdisk *d, const struct sim_fd *f)
{
    for (uint32_t i = 0; i < d->fd_count; i++) {
        if (d->fds[i].ino == f->ino && d->fds[i].locked && &d->fds[i] != f)
            return true;
    }
    return false;
}

static int lock_fd(void *ctx, int fd)
{
    struct simdisk *d = ctx;
    const struct simdisk_fault *fault = sim_enter_fd(d, SIMDISK_LOCK, fd);
    struct sim_fd *f = sim_fd_of(d, fd);
    if (f == NULL || (f->access & OS_WRITE) == 0)
        return -EBADF;
    if (fault != NULL)
        return -fault->error;
    if (held_elsewhere(d, f))
        return -EAGAIN;
    f->locked = true;
    return 0;
}

static int locked_fd(void *ctx, int fd)
{
    struct simdisk *d = ctx;
    const struct simdisk_fault *fault = sim_enter_fd(d, SIMDISK_LOCK, fd);
    const struct sim_fd *f = sim_fd_of(d, fd);
    if (f == NULL)
        return -EBADF;
    return fault != NULL ? -fault->error : held_elsewhere(d, f);
}

void sim_file_functions(struct os *os)
{
    os->close = close_fd;
    os->pread = pread_fd;
    os->pwritev = pwritev_fd;
    os->sync = sync_fd;
    os->truncate = truncate_fd;
    os->clone = clone_fd;
    os->writeback = writeback_fd;
    os->next_data = next_data;
    os->lock = lock_fd;
    os->locked = locked_fd;
}
