/* SPDX-License-Identifier: Apache-2.0 */
#include "log/lock.h"

#include <errno.h>
#include <string.h>

#include "base/codes.h"
#include "base/fault.h"
#include "base/plant.h"
#include "log/control_file.h"
#include "log/directory.h"

enum { START_OVER = 1, TRIES = 100 };

/* 0: unknown. With CLEAN, whoever has the lock has written nothing to control yet. */
static uint32_t holder_pid(const struct file *control)
{
    struct control_file c = {.file = *control};
    bool told = control_read(&c, false) == 0 && c.found && !(c.now.flags & CONTROL_CLEAN);
    return told ? c.now.pid : 0;
}

static int locked_elsewhere(const struct wal_lock *l)
{
    uint32_t pid = holder_pid(&l->control);
    if (pid)
        return fault(WAL_E_LOCKED, "%s is open for writing elsewhere, last by process %u", l->path,
                     pid);
    return fault(WAL_E_LOCKED, "%s is open for writing elsewhere", l->path);
}

/* The file that was locked must still be the one under the name: its directory may have been
 * destroyed and made anew meanwhile. */
static int check_still_there(const struct wal_lock *l)
{
    const struct os *os = l->folder.os;
    struct os_stat opened, named;

    int e = file_stat(&l->control, &opened);
    if (e < 0)
        return e;
    int r = os->stat_at(os->ctx, l->folder.fd, NAME_CONTROL, &named);
    if (r == -ENOENT)
        return START_OVER;
    if (r < 0)
        return fault_os(-r, "%s/%s: stat failed", l->path, NAME_CONTROL);
    bool same = opened.device == named.device && opened.inode == named.inode && opened.links > 0;
    return same || PLANTED(19) ? 0 : START_OVER;
}

/* Without control there is no log; with segments beside it, it was lost, and a new one would bury
 * them. */
static int check_not_lost(const struct wal_lock *l)
{
    const struct os *os = l->folder.os;
    struct os_stat st;
    struct names names;

    if (os->stat_at(os->ctx, l->folder.fd, NAME_CONTROL, &st) != -ENOENT)
        return 0;
    int e = directory_names(&l->folder, &alloc_default, &names);
    if (e < 0)
        return e;
    if (names.n)
        e = fault_at(WAL_E_CORRUPT, 0, names.segments[0], 0, "%s has segments but no control file",
                     l->path);
    names_free(&names, &alloc_default);
    return e;
}

static int lock_control(struct wal_lock *l, enum lock_makes makes, uint32_t file_mode)
{
    const struct os *os = l->folder.os;
    int flags = OS_READ | OS_WRITE | (makes != LOCK_ONLY ? OS_CREATE : 0);

    int e = makes == LOCK_REMAKE_CONTROL ? 0 : check_not_lost(l);
    if (e == 0)
        e = file_open(&l->control, &l->folder, NAME_CONTROL, flags, file_mode);
    if (e < 0)
        return e;
    int r = os->lock(os->ctx, l->control.fd);
    if (r == -EAGAIN || r == -EACCES)
        return locked_elsewhere(l);
    if (r < 0)
        return fault_os(-r, "%s/%s can't be locked", l->path, NAME_CONTROL);
    return check_still_there(l);
}

/* *ret_again: the directory, or the file in it, went away while we were at it. */
static int try_once(struct wal_lock *l, enum lock_makes makes, uint32_t dir_mode,
                    uint32_t file_mode, bool *ret_again)
{
    int e = 0;
    bool made = false, was_there = false;

    if (makes == LOCK_MAKE_DIRECTORY) {
        e = directory_make(l->folder.os, l->path, dir_mode, &made);
        was_there = e == 0;
    }
    if (e == 0)
        e = directory_open(&l->folder, l->folder.os, l->path);
    if (e == 0)
        e = lock_control(l, makes, file_mode);
    l->made_directory |= made;
    *ret_again = e == START_OVER || (e == WAL_E_NOTFOUND && was_there);
    if (e != 0) {
        file_close(&l->control);
        directory_close(&l->folder);
    }
    return e;
}

int lock_take(const struct os *os, const char *path, enum lock_makes makes, uint32_t dir_mode,
              uint32_t file_mode, struct wal_lock **ret)
{
    struct wal_lock *l = mem_new_zeroed(&alloc_default, sizeof *l);
    int e = START_OVER;
    bool again = true;

    if (!l)
        return fault_nomem();
    l->folder = (struct folder){.os = os, .fd = -1};
    l->generation = os->generation(os->ctx);
    l->control = (struct file){.folder = &l->folder, .fd = -1};
    l->path = mem_copy_string(&alloc_default, path);
    l->folder.path = l->path;
    if (!l->path)
        e = fault_nomem();
    for (int k = 0; l->path && again && k < TRIES; k++)
        e = try_once(l, makes, dir_mode, file_mode, &again);
    if (e == START_OVER)
        e = fault(WAL_E_BUSY, "%s is being removed and made again", path);
    if (e < 0) {
        lock_drop(l);
        return e;
    }
    *ret = l;
    return 0;
}

/* 1: held, 0: not. */
static int look_at_control(const struct folder *folder, uint32_t *ret_pid)
{
    struct file control;
    uint32_t pid = 0;

    int e = file_open(&control, folder, NAME_CONTROL, OS_READ, 0);
    if (e < 0)
        return e;
    int held = folder->os->locked(folder->os->ctx, control.fd);
    if (held < 0)
        e = fault_os(-held, "%s/%s: its lock can't be looked at", folder->path, NAME_CONTROL);
    else if (held)
        pid = holder_pid(&control);
    file_close(&control);
    if (e == 0)
        *ret_pid = pid;
    return e < 0 ? e : held;
}

int lock_holder(const struct os *os, const char *path, uint32_t *ret_pid)
{
    struct folder folder;

    int e = directory_open(&folder, os, path);
    if (e < 0)
        return e;
    struct fault before = *fault_last();
    e = look_at_control(&folder, ret_pid);
    directory_close(&folder);
    if (e != WAL_E_NOTFOUND)
        return e;
    fault_put(&before);
    *ret_pid = 0;
    return 0;
}

void lock_drop(struct wal_lock *l)
{
    if (!l)
        return;
    if (l->generation == l->folder.os->generation(l->folder.os->ctx)) {
        file_close(&l->control);
        directory_close(&l->folder);
    }
    mem_free(&alloc_default, l->path);
    mem_free(&alloc_default, l);
}

int lock_check_directory(const struct wal_lock *l, const char *path)
{
    struct folder other;
    struct os_stat ours, theirs;
    const struct os *os = l->folder.os;

    int e = directory_open(&other, os, path);
    if (e < 0)
        return e;
    int r = os->stat(os->ctx, l->folder.fd, &ours);
    if (r == 0)
        r = os->stat(os->ctx, other.fd, &theirs);
    directory_close(&other);
    if (r < 0)
        return fault_os(-r, "%s: stat failed", path);
    if (ours.device != theirs.device || ours.inode != theirs.inode)
        return fault(WAL_E_INVAL, "the lock is for %s, not for %s", l->path, path);
    return 0;
}
