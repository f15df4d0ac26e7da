/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "support/simdisk_inner.h"

struct simdisk *sim_disk_bare(const struct simdisk *like)
{
    struct simdisk *d = sim_alloc(sizeof *d);
    d->os.ctx = d;
    sim_dir_functions(&d->os);
    sim_file_functions(&d->os);
    sim_host_functions(&d->os);
    sim_signal_functions(&d->os);
    d->next_ino = SIM_ROOT;
    d->pid = SIMDISK_PID;
    d->tear = SIMDISK_TEAR_SECTORS;
    if (like != NULL) {
        d->next_ino = like->next_ino;
        d->clock = like->clock;
        d->random = like->random;
        d->version = like->version;
        d->pid = like->pid;
        d->tear = like->tear;
        d->capacity = like->capacity;
        d->clones = like->clones;
    }
    return d;
}

struct simdisk *simdisk_new(uint64_t seed)
{
    struct simdisk *d = sim_disk_bare(NULL);
    d->random = seed;
    sim_inode_new(d, OS_DIR, 0755);
    return d;
}

void simdisk_free(struct simdisk *d)
{
    if (d == NULL)
        return;
    for (uint32_t i = 0; i < d->inode_count; i++)
        sim_node_drop(d->inodes[i].node);
    for (uint32_t i = 0; i < d->thread_count; i++)
        free(d->threads[i]);
    free(d->inodes);
    free(d->fds);
    free(d->threads);
    free(d->signals);
    free(d);
}

const struct os *simdisk_os(struct simdisk *d)
{
    return &d->os;
}

struct simdisk *simdisk_clone(const struct simdisk *from)
{
    struct simdisk *d = sim_disk_bare(from);
    d->inodes = sim_alloc(from->inode_count * sizeof *d->inodes);
    d->inode_count = d->inode_room = from->inode_count;
    memcpy(d->inodes, from->inodes, from->inode_count * sizeof *d->inodes);
    for (uint32_t i = 0; i < d->inode_count; i++)
        d->inodes[i].node->refs++;
    return d;
}

struct simdisk *simdisk_kill_image(const struct simdisk *from)
{
    struct simdisk *d = simdisk_clone(from);
    d->pid++;
    sim_collect(d);
    return d;
}

void simdisk_settle(struct simdisk *d)
{
    for (uint32_t i = 0; i < d->inode_count; i++) {
        struct sim_node *n = sim_own(d, d->inodes[i].ino);
        sim_file_sync(n, 0, UINT64_MAX, SIMDISK_ALL, 0);
        sim_dir_sync(n, SIMDISK_ALL, 0);
    }
    sim_collect(d);
}

void simdisk_evict(struct simdisk *d)
{
    for (uint32_t i = 0; i < d->inode_count; i++)
        sim_file_evict(sim_own(d, d->inodes[i].ino));
}

void simdisk_set_tear(struct simdisk *d, enum simdisk_tear tear)
{
    d->tear = tear;
}

static uint32_t inode_place(const struct simdisk *d, uint32_t ino)
{
    uint32_t low = 0, high = d->inode_count;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (d->inodes[middle].ino < ino)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct sim_node *sim_node_of(const struct simdisk *d, uint32_t ino)
{
    uint32_t at = inode_place(d, ino);
    return at < d->inode_count && d->inodes[at].ino == ino ? d->inodes[at].node : NULL;
}

struct sim_node *sim_own(struct simdisk *d, uint32_t ino)
{
    struct sim_inode *i = &d->inodes[inode_place(d, ino)];
    if (i->node->refs > 1) {
        struct sim_node *copy = sim_node_copy(i->node);
        sim_node_drop(i->node);
        i->node = copy;
    }
    i->node->hash = 0;
    d->version++;
    return i->node;
}

void sim_inode_add(struct simdisk *d, uint32_t ino, struct sim_node *node)
{
    uint32_t at = inode_place(d, ino);
    d->inodes = sim_grow(d->inodes, sizeof *d->inodes, d->inode_count, &d->inode_room);
    memmove(d->inodes + at + 1, d->inodes + at, (d->inode_count - at) * sizeof *d->inodes);
    d->inodes[at] = (struct sim_inode){ino, node};
    d->inode_count++;
}

void sim_inode_put(struct simdisk *d, uint32_t ino, struct sim_node *node)
{
    struct sim_inode *i = &d->inodes[inode_place(d, ino)];
    sim_node_drop(i->node);
    i->node = node;
}

uint32_t sim_inode_new(struct simdisk *d, enum os_kind kind, uint32_t mode)
{
    uint32_t ino = d->next_ino++;
    sim_inode_add(d, ino, sim_node_new(kind, mode));
    return ino;
}

static void mark(const struct simdisk *d, bool *used, uint32_t ino)
{
    uint32_t at = inode_place(d, ino);
    if (at == d->inode_count || d->inodes[at].ino != ino || used[at])
        return;
    used[at] = true;
    const struct sim_node *n = d->inodes[at].node;
    for (uint32_t i = 0; i < n->names.count; i++)
        mark(d, used, n->names.list[i].ino);
    for (uint32_t i = 0; i < n->durable_names.count; i++)
        mark(d, used, n->durable_names.list[i].ino);
    for (uint32_t i = 0; i < n->op_count; i++)
        mark(d, used, n->ops[i].ino);
}

void sim_collect(struct simdisk *d)
{
    bool *used = sim_alloc(d->inode_count * sizeof *used);
    uint32_t kept = 0;
    mark(d, used, SIM_ROOT);
    for (uint32_t i = 0; i < d->fd_count; i++)
        mark(d, used, d->fds[i].ino);
    for (uint32_t i = 0; i < d->inode_count; i++) {
        if (used[i])
            d->inodes[kept++] = d->inodes[i];
        else
            sim_node_drop(d->inodes[i].node);
    }
    d->inode_count = kept;
    free(used);
}

static uint64_t tree_hash(struct simdisk *d, uint32_t ino)
{
    struct sim_node *n = sim_node_of(d, ino);
    if (n == NULL)
        return 0;
    if (n->kind == OS_FILE)
        return sim_file_hash(n);
    uint64_t h = 1;
    for (uint32_t i = 0; i < n->names.count; i++)
        h = sim_mix(h ^ sim_hash_text(n->names.list[i].name), tree_hash(d, n->names.list[i].ino));
    for (uint32_t i = 0; i < n->durable_names.count; i++) {
        h = sim_mix(h, sim_hash_text(n->durable_names.list[i].name));
        h = sim_mix(h, tree_hash(d, n->durable_names.list[i].ino));
    }
    for (uint32_t i = 0; i < n->op_count; i++) {
        h = sim_mix(h, sim_hash_text(n->ops[i].from));
        h = sim_mix(h, sim_hash_text(n->ops[i].to));
        h = sim_mix(h, tree_hash(d, n->ops[i].ino));
    }
    return h;
}

uint64_t simdisk_hash(struct simdisk *d)
{
    return tree_hash(d, SIM_ROOT);
}

int sim_name_check(const char *name)
{
    size_t size = strlen(name);
    if (size >= SIM_NAME)
        return -ENAMETOOLONG;
    return size == 0 || strchr(name, '/') != NULL ? -ENOENT : 0;
}

/* Where a path has come to: a directory with those above it, and a name in it that is not yet
 * looked up;
 * "": the directory itself. */
struct walk {
    const struct simdisk *d;
    uint32_t dirs[SIM_DEPTH];
    uint32_t depth;
    char name[SIM_NAME];
};

static int look_up(struct walk *w)
{
    if (w->name[0] == 0)
        return 0;
    uint32_t ino = sim_names_find(&sim_node_of(w->d, w->dirs[w->depth])->names, w->name);
    if (ino == 0)
        return -ENOENT;
    if (sim_node_of(w->d, ino)->kind != OS_DIR)
        return -ENOTDIR;
    if (++w->depth == SIM_DEPTH)
        return -ENAMETOOLONG;
    w->dirs[w->depth] = ino;
    w->name[0] = 0;
    return 0;
}

static int step(struct walk *w, const char *name, size_t size)
{
    if (size == 0 || (size == 1 && name[0] == '.'))
        return 0;
    if (size >= SIM_NAME)
        return -ENAMETOOLONG;
    int error = look_up(w);
    if (error < 0)
        return error;
    if (size == 2 && name[0] == '.' && name[1] == '.') {
        w->depth -= w->depth > 0;
        return 0;
    }
    memcpy(w->name, name, size);
    w->name[size] = 0;
    return 0;
}

int sim_path(const struct simdisk *d, const char *path, uint32_t *ret_dir, char ret_name[SIM_NAME])
{
    struct walk w = {.d = d, .dirs = {SIM_ROOT}};
    for (const char *at = path; *at != 0;) {
        size_t size = strcspn(at, "/");
        int error = step(&w, at, size);
        if (error < 0)
            return error;
        at += size + (at[size] == '/');
    }
    *ret_dir = w.dirs[w.depth];
    memcpy(ret_name, w.name, SIM_NAME);
    return 0;
}

int64_t sim_walk(const struct simdisk *d, const char *path)
{
    uint32_t dir;
    char name[SIM_NAME];
    int error = sim_path(d, path, &dir, name);
    if (error < 0)
        return error;
    if (name[0] == 0)
        return dir;
    uint32_t ino = sim_names_find(&sim_node_of(d, dir)->names, name);
    return ino == 0 ? -ENOENT : (int64_t)ino;
}

const char *sim_name_of(const struct simdisk *d, uint32_t ino)
{
    for (uint32_t i = 0; i < d->inode_count; i++) {
        const struct sim_names *names = &d->inodes[i].node->names;
        for (uint32_t j = 0; j < names->count; j++) {
            if (names->list[j].ino == ino)
                return names->list[j].name;
        }
    }
    return "";
}
