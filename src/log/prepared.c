/* SPDX-License-Identifier: Apache-2.0 */
#include "log/prepared.h"

#include <errno.h>

#include "log/fresh.h"
#include "log/removal.h"
#include "log/reserve.h"
#include "log/zeros.h"

static int make_temp(struct wal *w, struct file *ret)
{
    const int flags = OS_READ | OS_WRITE | OS_CREATE | OS_EXCLUSIVE;
    char name[NAME_BYTES];

    name_temp(name, w->next_number);
    int e = file_open(ret, &w->folder, name, flags, w->config.file_mode);
    if (e < 0 && fault_last()->sys_errno == EEXIST) {
        e = folder_unlink(&w->folder, name); /* it is of an attempt that failed half way */
        if (e == 0)
            e = file_open(ret, &w->folder, name, flags, w->config.file_mode);
    }
    return e;
}

int prepared_zeros(struct wal *w, uint64_t bytes, struct file *ret)
{
    int e = make_temp(w, ret);
    if (e < 0)
        return e;
    e = file_write_zeros(ret, 0, bytes);
    if (e == 0)
        e = file_sync(ret, OS_SYNC_DATA);
    if (e < 0) {
        remove_quietly(w, ret->name);
        file_close(ret);
        return e;
    }
    stat_add(&w->stats, WAL_STAT_WRITTEN_BYTES, bytes);
    return 0;
}

int prepared_make(struct wal *w)
{
    pthread_mutex_lock(&w->mu);
    zeros_wait(w); /* the background thread may be about to make the same file */
    pthread_mutex_unlock(&w->mu);
    if (w->prepared.fd >= 0)
        return 0;
    uint64_t bytes = zeros_prepared(w);
    int e = prepared_zeros(w, bytes, &w->prepared);
    if (reserve_spend(w, e))
        e = prepared_zeros(w, bytes, &w->prepared);
    if (e == 0)
        w->prepared_bytes = bytes;
    else
        w->prepared.fd = -1;
    return e;
}

int prepared_take(struct wal *w, struct writer *n)
{
    if (w->prepared.fd < 0)
        return make_temp(w, &n->segment.file);
    n->segment.file = w->prepared;
    n->zeroed_to = w->prepared_bytes;
    w->prepared.fd = -1;
    return 0;
}

void prepared_discard(struct wal *w)
{
    if (w->prepared.fd < 0)
        return;
    remove_quietly(w, w->prepared.name);
    file_close(&w->prepared);
}
