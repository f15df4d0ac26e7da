/* SPDX-License-Identifier: Apache-2.0 */
#include "log/reserve.h"

#include "base/codes.h"
#include "base/fault.h"

static int open_it(struct wal *w, int flags, struct file *ret)
{
    return file_open(ret, &w->folder, NAME_RESERVE, OS_READ | OS_WRITE | flags,
                     w->config.file_mode);
}

/* On the disk it must be gone before its blocks can go to others. What fails here shows where the
 * space is missed. */
static void empty(struct wal *w, const struct file *f)
{
    struct fault before = *fault_last();
    if (w->os->truncate(w->os->ctx, f->fd, 0) == 0)
        (void)!file_sync(f, OS_SYNC_FULL);
    fault_put(&before);
}

/* A file with holes holds no space. */
static bool is_full(const struct wal *w, const struct file *f)
{
    struct fault before = *fault_last();
    struct os_stat st;
    if (file_stat(f, &st) == 0)
        return st.size == w->config.reserve_bytes && st.disk_bytes >= st.size;
    fault_put(&before);
    return false;
}

int reserve_fill(struct wal *w)
{
    uint64_t bytes = w->config.reserve_bytes;
    struct fault before = *fault_last();
    struct file f;

    if (bytes == 0 || w->reserved)
        return 0;
    int e = open_it(w, OS_CREATE, &f);
    if (e < 0)
        return e == WAL_E_PERM ? e : (fault_put(&before), 0);
    w->reserved = is_full(w, &f);
    if (!w->reserved) {
        empty(w, &f);
        w->reserved = file_write_zeros(&f, 0, bytes) == 0 && file_sync(&f, OS_SYNC_FULL) == 0;
        if (!w->reserved)
            empty(w, &f);
    }
    fault_put(&before);
    file_close(&f);
    return 0;
}

bool reserve_spend(struct wal *w, int e)
{
    struct fault before = *fault_last();
    struct file f;

    if (e != WAL_E_NOSPC || w->config.reserve_bytes == 0)
        return false;
    bool had = open_it(w, 0, &f) == 0;
    if (had) {
        had = w->reserved || is_full(w, &f);
        empty(w, &f);
        file_close(&f);
    }
    w->reserved = false;
    fault_put(&before);
    if (had)
        event_tell(w, &(wal_event_t){.kind = WAL_EVENT_WRITE_ERROR,
                                     .lsn = w->writer.end.next_lsn,
                                     .bytes = w->config.reserve_bytes,
                                     .code = e});
    return had;
}
