/* SPDX-License-Identifier: Apache-2.0 */
#include <libwal/wal.h>

#include <errno.h>

#include "api/options.h"
#include "base/codes.h"
#include "base/fault.h"
#include "log/lock.h"

int wal_lock_acquire(const char *dir, wal_lock_t **ret)
{
    struct config c;
    int saved = errno;

    if (!dir || !*dir || !ret)
        return fault(WAL_E_INVAL, "%s is NULL or empty", !ret ? "ret" : "dir");
    options_resolve(NULL, &c);
    int e = lock_take(c.os, dir, LOCK_MAKE_CONTROL, c.dir_mode, c.file_mode, ret);
    errno = saved;
    return e;
}

int wal_lock_holder(const char *dir, uint32_t *ret_pid)
{
    struct config c;
    int saved = errno;

    if (!dir || !*dir || !ret_pid)
        return fault(WAL_E_INVAL, "%s is NULL or empty", !ret_pid ? "ret_pid" : "dir");
    options_resolve(NULL, &c);
    int e = lock_holder(c.os, dir, ret_pid);
    errno = saved;
    return e;
}

void wal_lock_release(wal_lock_t *lock)
{
    int saved = errno;
    lock_drop(lock);
    errno = saved;
}
