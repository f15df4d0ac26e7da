/* SPDX-License-Identifier: Apache-2.0 */
/* Direct access to what is on the disk, past the calls. */
#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "support/simdisk_inner.h"

static int64_t file_at(const struct simdisk *d, const char *path)
{
    int64_t ino = sim_walk(d, path);
    if (ino > 0 && sim_node_of(d, (uint32_t)ino)->kind != OS_FILE)
        return -EISDIR;
    return ino;
}

int64_t simdisk_size(const struct simdisk *d, const char *path)
{
    int64_t ino = file_at(d, path);
    return ino < 0 ? ino : (int64_t)sim_node_of(d, (uint32_t)ino)->size;
}

int64_t simdisk_read(const struct simdisk *d, const char *path, uint64_t offset, void *buf,
                     size_t size)
{
    int64_t ino = file_at(d, path);
    if (ino < 0)
        return ino;
    return (int64_t)sim_file_read(sim_node_of(d, (uint32_t)ino), offset, buf, size);
}

static struct sim_page *patched(struct sim_page *old, size_t within, const void *bytes, size_t size)
{
    struct sim_page *page = sim_page_new(old);
    memcpy(page->bytes + within, bytes, size);
    sim_page_drop(old);
    return sim_page_done(page);
}

static void patch_slot(struct sim_slot *s, size_t within, const void *bytes, size_t size)
{
    /* Durable and cached stay one page where they were one: the slot stays clean. */
    bool one = s->durable == s->cached;
    s->durable = patched(s->durable, within, bytes, size);
    if (one) {
        sim_page_drop(s->cached);
        s->cached = sim_page_ref(s->durable);
    } else {
        s->cached = patched(s->cached, within, bytes, size);
    }
    for (uint32_t i = 0; i < s->count; i++)
        s->states[i] = patched(s->states[i], within, bytes, size);
}

int simdisk_patch(struct simdisk *d, const char *path, uint64_t offset, const void *bytes,
                  size_t size)
{
    int64_t ino = file_at(d, path);
    if (ino < 0)
        return (int)ino;
    struct sim_node *n = sim_own(d, (uint32_t)ino);
    for (size_t done = 0; done < size;) {
        uint64_t index = (offset + done) / SIM_PAGE;
        size_t within = (offset + done) % SIM_PAGE, part = min_u64(size - done, SIM_PAGE - within);
        uint32_t at = sim_slot_find(n, index);
        if (at == n->slot_count || n->slots[at].index != index)
            sim_slot_add(n, at, index);
        patch_slot(&n->slots[at], within, (const uint8_t *)bytes + done, part);
        done += part;
    }
    n->size = max_u64(n->size, offset + size);
    n->durable_size = max_u64(n->durable_size, offset + size);
    for (uint32_t i = 0; i < n->size_count; i++)
        n->sizes[i] = max_u64(n->sizes[i], offset + size);
    return 0;
}

int simdisk_set_size(struct simdisk *d, const char *path, uint64_t size)
{
    static const uint8_t zeros[SIM_PAGE];
    int64_t ino = file_at(d, path);
    if (ino < 0)
        return (int)ino;
    struct sim_node *n = sim_own(d, (uint32_t)ino);
    uint32_t at = sim_slot_find(n, size / SIM_PAGE);
    size_t within = size % SIM_PAGE;
    if (within != 0 && at < n->slot_count && n->slots[at].index == size / SIM_PAGE)
        patch_slot(&n->slots[at++], within, zeros, SIM_PAGE - within);
    while (n->slot_count > at)
        sim_slot_set(&n->slots[--n->slot_count], NULL, NULL);
    n->size = n->durable_size = size;
    n->size_count = 0;
    return 0;
}

/* Where something new can be put: no such name, in a directory that is there. */
static int free_place(const struct simdisk *d, const char *path, uint32_t *ret_dir,
                      char ret_name[SIM_NAME])
{
    int error = sim_path(d, path, ret_dir, ret_name);
    if (error < 0)
        return error;
    if (ret_name[0] == 0 || sim_names_find(&sim_node_of(d, *ret_dir)->names, ret_name) != 0)
        return -EEXIST;
    return 0;
}

static void set_name(struct simdisk *d, uint32_t dir, const char *name, uint32_t ino)
{
    struct sim_node *n = sim_own(d, dir);
    sim_names_set(&n->names, name, ino);
    sim_names_set(&n->durable_names, name, ino);
}

int simdisk_put(struct simdisk *d, const char *path, const void *bytes, size_t size)
{
    uint32_t dir;
    char name[SIM_NAME];
    int error = free_place(d, path, &dir, name);
    if (error < 0)
        return error;
    set_name(d, dir, name, sim_inode_new(d, OS_FILE, 0600));
    return size == 0 ? 0 : simdisk_patch(d, path, 0, bytes, size);
}

int simdisk_make_dir(struct simdisk *d, const char *path)
{
    uint32_t dir;
    char name[SIM_NAME];
    int error = free_place(d, path, &dir, name);
    if (error < 0)
        return error;
    set_name(d, dir, name, sim_inode_new(d, OS_DIR, 0700));
    return 0;
}

int simdisk_remove(struct simdisk *d, const char *path)
{
    uint32_t dir;
    char name[SIM_NAME];
    int error = sim_path(d, path, &dir, name);
    if (error < 0)
        return error;
    if (name[0] == 0)
        return -EBUSY;
    if (sim_names_find(&sim_node_of(d, dir)->names, name) == 0)
        return -ENOENT;
    set_name(d, dir, name, 0);
    sim_collect(d);
    return 0;
}

int simdisk_rename(struct simdisk *d, const char *from, const char *to)
{
    uint32_t from_dir, to_dir;
    char from_name[SIM_NAME], to_name[SIM_NAME];
    int64_t ino = sim_walk(d, from);
    if (ino < 0)
        return (int)ino;
    int error = sim_path(d, from, &from_dir, from_name);
    if (error == 0)
        error = free_place(d, to, &to_dir, to_name);
    if (error < 0)
        return error;
    set_name(d, from_dir, from_name, 0);
    set_name(d, to_dir, to_name, (uint32_t)ino);
    return 0;
}

int simdisk_duplicate(struct simdisk *d, const char *from, const char *to)
{
    uint32_t dir;
    char name[SIM_NAME];
    int64_t ino = file_at(d, from);
    if (ino < 0)
        return (int)ino;
    int error = free_place(d, to, &dir, name);
    if (error < 0)
        return error;
    struct sim_node *n = sim_node_of(d, (uint32_t)ino);
    n->refs++;
    sim_inode_add(d, d->next_ino, n);
    set_name(d, dir, name, d->next_ino++);
    return 0;
}

int simdisk_list(const struct simdisk *d, const char *path, int (*fn)(void *arg, const char *name),
                 void *arg)
{
    int64_t ino = sim_walk(d, path);
    if (ino < 0)
        return (int)ino;
    const struct sim_node *n = sim_node_of(d, (uint32_t)ino);
    if (n->kind != OS_DIR)
        return -ENOTDIR;
    int result = 0;
    for (uint32_t i = 0; i < n->names.count && result == 0; i++)
        result = fn(arg, n->names.list[i].name);
    return result;
}
