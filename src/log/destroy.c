/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/codes.h"
#include "log/directory.h"
#include "log/lock.h"
#include "log/open.h"

static int remove_files(const struct wal_lock *l)
{
    char name[NAME_BYTES];
    struct names names;
    int e = directory_names(&l->folder, &alloc_default, &names);

    if (e < 0)
        return e;
    for (size_t k = names.n; e == 0 && k > 0;
         k--) { /* newest first: what stays after a crash is no log that opens */
        name_segment(name, names.segments[k - 1]);
        e = folder_unlink(&l->folder, name);
    }
    for (size_t k = 0; e == 0 && k < names.n_temps; k++)
        e = folder_unlink(&l->folder, names.temps[k]);
    if (e == 0)
        e = folder_unlink(&l->folder, NAME_RESERVE);
    if (e == 0)
        e = folder_sync(&l->folder);
    names_free(&names, &alloc_default);
    return e;
}

static int remove_all(const struct os *os, const struct wal_lock *l)
{
    int e = remove_files(l);
    if (e == 0)
        e = folder_unlink(&l->folder, NAME_CONTROL);
    if (e == 0)
        e = folder_sync(&l->folder);
    if (e < 0)
        return e;
    int r = os->dir_remove(os->ctx, l->path);
    if (r < 0 && r != -ENOTEMPTY && r != -EEXIST && r != -ENOTDIR) /* the last: a link to it */
        return fault_os(-r, "%s can't be removed", l->path);
    return r == 0 ? directory_sync_parent(os, l->path, &alloc_default, false) : 0;
}

int log_destroy(const struct os *os, const char *path)
{
    struct wal_lock *l;
    int e = lock_take(os, path, LOCK_ONLY, 0, 0, &l);
    if (e < 0)
        return e;
    e = remove_all(os, l);
    lock_drop(l);
    return e;
}
