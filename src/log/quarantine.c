/* SPDX-License-Identifier: Apache-2.0 */
#include "log/quarantine.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/codes.h"
#include "base/fault.h"
#include "log/directory.h"

enum { CHUNK_BYTES = 256 * 1024, NAMES_MAX = 10000 };

/* A link would lead the copies out of the log's directory. */
static int refuse_link(const struct quarantine *q)
{
    const struct os *os = q->log->os;
    struct os_stat st;

    int r = os->stat_at(os->ctx, q->log->fd, NAME_QUARANTINE, &st);
    if (r < 0)
        return fault_os(-r, "%s", q->path);
    return st.kind == OS_OTHER ? fault(WAL_E_PERM, "%s is no directory", q->path) : 0;
}

int quarantine_open(struct quarantine *q, const struct folder *log, const struct alloc *a,
                    uint32_t dir_mode, uint32_t file_mode)
{
    size_t n = strlen(log->path) + sizeof "/" NAME_QUARANTINE;
    bool made;

    *q = (struct quarantine){.log = log, .alloc = a, .file_mode = file_mode, .folder = {.fd = -1}};
    q->path = mem_new(a, n);
    if (!q->path)
        return fault_nomem();
    snprintf(q->path, n, "%s/" NAME_QUARANTINE, log->path);
    int e = directory_make(log->os, q->path, dir_mode, &made);
    if (e == 0)
        e = refuse_link(q);
    return e == 0 ? directory_open(&q->folder, log->os, q->path) : e;
}

/* A new file under the first free name. */
static int make(const struct quarantine *q, const char *name, struct file *ret)
{
    const int flags = OS_READ | OS_WRITE | OS_CREATE | OS_EXCLUSIVE;
    char numbered[NAME_BYTES + 8];

    int e = file_open(ret, &q->folder, name, flags, q->file_mode);
    for (int k = 1; e < 0 && fault_last()->sys_errno == EEXIST && k < NAMES_MAX; k++) {
        snprintf(numbered, sizeof numbered, "%.24s.%d", name, k);
        e = file_open(ret, &q->folder, numbered, flags, q->file_mode);
    }
    return e;
}

/* Without the holes. */
static int copy_bytes(const struct file *from, const struct file *to, uint8_t *chunk, uint64_t size)
{
    const struct os *os = from->folder->os;
    int e = 0;

    for (uint64_t at = 0; e == 0 && at < size;) {
        size_t got = 0;
        int64_t data = os->next_data(os->ctx, from->fd, at);
        if (data == -ENXIO)
            break;
        at = data > 0 ? max_u64(at, (uint64_t)data) : at;
        e = file_read(from, chunk, CHUNK_BYTES, at, &got);
        if (e < 0 || got == 0)
            break;
        e = file_write_bytes(to, chunk, got, at);
        at += got;
    }
    int r = e == 0 ? os->truncate(os->ctx, to->fd, size) : 0;
    return r < 0 ? fault_os(-r, "%s/%s can't get its size", to->folder->path, to->name) : e;
}

static int copy_file(const struct quarantine *q, const struct file *from, const struct file *to)
{
    struct os_stat st;
    uint8_t *chunk = mem_new(q->alloc, CHUNK_BYTES);

    if (!chunk)
        return fault_nomem();
    int e = file_stat(from, &st);
    if (e == 0)
        e = copy_bytes(from, to, chunk, st.size);
    if (e == 0)
        e = file_sync(to, OS_SYNC_FULL);
    mem_free(q->alloc, chunk);
    return e;
}

int quarantine_put(struct quarantine *q, const char *name)
{
    struct fault before = *fault_last();
    struct file from, to;

    int e = file_open(&from, q->log, name, OS_READ, 0);
    if (e == WAL_E_NOTFOUND)
        return fault_put(&before), 0;
    if (e < 0)
        return e;
    e = make(q, name, &to);
    if (e == 0) {
        e = copy_file(q, &from, &to);
        before = *fault_last();
        file_close(&to);
        if (e < 0) {
            (void)!folder_unlink(&q->folder, to.name);
            fault_put(&before);
        }
    }
    file_close(&from);
    return e;
}

int quarantine_sync(const struct quarantine *q)
{
    int e = folder_sync(&q->folder);
    return e == 0 ? folder_sync(q->log) : e;
}

void quarantine_close(struct quarantine *q)
{
    directory_close(&q->folder);
    mem_free(q->alloc, q->path);
}
