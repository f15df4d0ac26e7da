/* SPDX-License-Identifier: Apache-2.0 */
#include "log/create.h"

#include <string.h>

#include "base/codes.h"
#include "base/plant.h"
#include "log/directory.h"
#include "log/fresh.h"
#include "log/settle.h"
#include "segment/orphan.h"

/* Until control names them, the segments of a copy are no part of a log, full as they are. */
static bool is_copy(const struct control *c)
{
    return c->epoch != 0;
}

int create_check_segments(const struct folder *folder, const struct alloc *a,
                          const struct names *names, const struct control_file *c)
{
    struct segment s;
    int lived = 0, e = 0;

    if (!(c && c->found) && names->n)
        return fault_at(WAL_E_CORRUPT, 0, names->segments[0], 0,
                        "%s/%s has no valid slot, but there are segments", folder->path,
                        NAME_CONTROL);
    if (names->n && is_copy(&c->now))
        return 0;
    for (size_t k = 0; e == 0 && k < names->n; k++) {
        e = segment_open(&s, folder, names->segments[k], OS_READ);
        if (e == WAL_E_CORRUPT) {
            e = 0; /* its header never reached the disk */
            continue;
        }
        if (e == 0)
            e = orphan_lived(&s, a, &lived);
        segment_close(&s);
        if (e == 0 && lived)
            e = fault_at(WAL_E_CORRUPT, 0, names->segments[k], 0,
                         "%s/%s was in use, but control names no segment", folder->path,
                         s.file.name);
    }
    return e;
}

int create_control(const struct wal_lock *lock, struct control_file *c, uint64_t first_lsn,
                   uint64_t epoch)
{
    const struct folder *folder = &lock->folder;
    const struct os *os = folder->os;
    struct control before = c->now;

    c->now = (struct control){
        .major = FORMAT_MAJOR, .minor = FORMAT_MINOR, .epoch = epoch, .first_lsn = first_lsn};
    c->now.pid = os->pid(os->ctx);
    memcpy(c->now.uuid, before.uuid, UUID_BYTES);
    int r = c->found ? 0 : os->random(os->ctx, c->now.uuid, sizeof c->now.uuid);
    if (r < 0)
        return fault_os(-r, "no random bytes");
    int e = PLANTED(3) ? 0 : folder_sync(folder);
    if (e == 0) /* the file has its full size from the start; no witness yet */
        e = file_write_zeros(&c->file, WITNESS_OFFSET, CONTROL_BYTES);
    if (e == 0)
        e = control_write(c);
    if (e == 0 && !PLANTED(3))
        e = folder_sync(folder);
    if (e == 0 && !PLANTED(3))
        e = directory_sync_parent(os, lock->path, &alloc_default, lock->made_directory);
    return e;
}

int create_log(struct wal *w)
{
    struct fresh f = {.base_lsn = w->config.first_lsn,
                      .first_lsn = w->config.first_lsn,
                      .births = {.alloc = w->alloc}};
    bool named;

    int e = directory_names(&w->folder, w->alloc, &w->leftovers);
    if (e == 0)
        e = create_check_segments(&w->folder, w->alloc, &w->leftovers, &w->control);
    if (e == 0 && !w->config.create)
        e = fault(WAL_E_NOTFOUND, "%s has no log", w->path);
    if (e == 0)
        e = create_control(w->lock, &w->control, w->config.first_lsn,
                           w->control.found ? w->control.now.epoch : 0);
    if (e == 0)
        e = settle_once(w);
    if (e == 0)
        e = fresh_salt(w, &f.salt);
    if (e < 0)
        return e;
    w->next_number = 1;
    w->next_lsn = w->config.first_lsn;
    w->report.verdict = WAL_RECOVERY_NEW;
    memcpy(w->catalog.uuid, w->control.now.uuid, UUID_BYTES);
    atomic_store(&w->first_lsn, w->config.first_lsn);
    atomic_store(&w->durable_lsn, w->config.first_lsn - 1);
    return fresh_make(w, &f, &named);
}
