/* SPDX-License-Identifier: Apache-2.0 */
#include "log/directory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/codes.h"
#include "base/fault.h"

enum { WRITABLE_BY_OTHERS = 0022, STICKY = 01000, NAMES_MAX = 1 << 24 };

int directory_make(const struct os *os, const char *path, uint32_t mode, bool *ret_made)
{
    int r = os->dir_make(os->ctx, path, mode);
    if (r < 0 && r != -EEXIST)
        return fault_os(-r, "%s can't be made", path);
    *ret_made = r == 0;
    return 0;
}

static int check_safe(const struct folder *f)
{
    struct os_stat st;
    uint32_t me = f->os->uid(f->os->ctx);
    int r = f->os->stat(f->os->ctx, f->fd, &st);

    if (r < 0)
        return fault_os(-r, "%s: stat failed", f->path);
    if (st.uid != me && st.uid != 0)
        return fault(WAL_E_PERM, "%s belongs to user %u", f->path, st.uid);
    if ((st.mode & WRITABLE_BY_OTHERS) && !(st.mode & STICKY))
        return fault(WAL_E_PERM, "%s can be written by other users (mode %04o)", f->path, st.mode);
    return 0;
}

int directory_open(struct folder *ret, const struct os *os, const char *path)
{
    struct folder f = {.os = os, .path = path};

    f.fd = os->dir_open(os->ctx, path);
    if (f.fd == -ENOTDIR)
        return fault_sys(WAL_E_INVAL, ENOTDIR, "%s", path);
    if (f.fd < 0)
        return fault_os(-f.fd, "%s can't be opened", path);
    int e = check_safe(&f);
    if (e < 0) {
        directory_close(&f);
        return e;
    }
    *ret = f;
    return 0;
}

void directory_close(struct folder *f)
{
    if (f->fd >= 0)
        f->os->close(f->os->ctx, f->fd);
    f->fd = -1;
}

/* "a/b/" -> "a", "b" -> ".", "/b" -> "/" */
static char *parent_of(const char *path, const struct alloc *a)
{
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/')
        n--;
    while (n > 0 && path[n - 1] != '/')
        n--;
    while (n > 1 && path[n - 1] == '/')
        n--;
    char *parent = mem_copy(a, n ? path : ".", (n ? n : 1) + 1);
    if (parent)
        parent[n ? n : 1] = '\0';
    return parent;
}

int directory_sync_parent(const struct os *os, const char *path, const struct alloc *a, bool must)
{
    char *parent = parent_of(path, a);
    if (!parent)
        return fault_nomem();
    int e = 0, fd = os->dir_open(os->ctx, parent);
    if (fd >= 0) {
        int r = os->sync(os->ctx, fd, OS_SYNC_FULL);
        os->close(os->ctx, fd);
        e = r < 0 ? fault_sys(WAL_E_IO, -r, "%s: sync of the directory failed", parent) : 0;
    } else if (must) {
        e = fault_os(-fd, "%s can't be opened for its sync", parent);
    }
    mem_free(a, parent);
    return e;
}

struct listing {
    struct names *names;
    const struct alloc *alloc;
    size_t room, room_temps;
    int failure; /* of ours, whose number may be that of an errno too */
};

static int add_segment(struct listing *l, uint64_t number)
{
    struct names *n = l->names;
    if (n->n == l->room) {
        size_t room = l->room ? 2 * l->room : 64;
        uint64_t *p = room > NAMES_MAX ? NULL : mem_resize(l->alloc, n->segments, room * sizeof *p);
        if (!p)
            return fault_nomem();
        n->segments = p;
        l->room = room;
    }
    n->segments[n->n++] = number;
    return 0;
}

static int add_temp(struct listing *l, const char *name)
{
    struct names *n = l->names;
    if (n->n_temps == l->room_temps) {
        size_t room = l->room_temps ? 2 * l->room_temps : 4;
        char(*p)[NAME_BYTES] =
            room > NAMES_MAX ? NULL : mem_resize(l->alloc, n->temps, room * sizeof *p);
        if (!p)
            return fault_nomem();
        n->temps = p;
        l->room_temps = room;
    }
    memcpy(n->temps[n->n_temps++], name, strlen(name) + 1);
    return 0;
}

static int take_name(void *arg, const char *name)
{
    struct listing *l = arg;
    uint64_t number;

    if (name_is_segment(name, &number))
        return l->failure = add_segment(l, number);
    if (name_is_temp(name))
        return l->failure = add_temp(l, name);
    if (strcmp(name, NAME_CONTROL) != 0 && strcmp(name, NAME_RESERVE) != 0 &&
        strcmp(name, NAME_QUARANTINE) != 0)
        l->names->strays++;
    return 0;
}

static int ascending(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

int directory_names(const struct folder *f, const struct alloc *a, struct names *ret)
{
    struct names names = {0};
    struct listing l = {.names = &names, .alloc = a};

    int r = f->os->dir_list(f->os->ctx, f->fd, take_name, &l);
    int e = l.failure;
    if (r < 0 && e == 0)
        e = fault_os(-r, "%s can't be listed", f->path);
    if (e < 0) {
        names_free(&names, a);
        return e;
    }
    if (names.n)
        qsort(names.segments, names.n, sizeof *names.segments, ascending);
    *ret = names;
    return 0;
}

void names_free(struct names *names, const struct alloc *a)
{
    mem_free(a, names->segments);
    mem_free(a, names->temps);
    *names = (struct names){0};
}
