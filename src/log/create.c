#include "log/create.h"

#include <string.h>

#include "base/codes.h"
#include "base/plant.h"
#include "log/directory.h"
#include "log/fresh.h"
#include "log/settle.h"
#include "segment/orphan.h"

int create_check_segments(struct wal *w, bool found)
{
    struct segment s;
    int lived = 0, e = 0;

    if (!found && w->leftovers.n)
        return fault_at(WAL_E_CORRUPT, 0, w->leftovers.segments[0], 0,
                        "%s/%s has no valid slot, but there are segments", w->path, NAME_CONTROL);
    for (size_t k = 0; e == 0 && k < w->leftovers.n; k++) {
        e = segment_open(&s, &w->folder, w->leftovers.segments[k], OS_READ);
        if (e == WAL_E_CORRUPT) {
            e = 0; /* its header never reached the disk */
            continue;
        }
        if (e == 0)
            e = orphan_lived(&s, w->alloc, &lived);
        segment_close(&s);
        if (e == 0 && lived)
            e = fault_at(WAL_E_CORRUPT, 0, w->leftovers.segments[k], 0,
                         "%s/%s was in use, but control names no segment", w->path, s.file.name);
    }
    return e;
}

static int first_control(struct wal *w)
{
    struct control *c = &w->control.now, before = *c;

    *c = (struct control){
        .major = FORMAT_MAJOR, .minor = FORMAT_MINOR, .epoch = 0, .first_lsn = w->config.first_lsn};
    c->pid = w->os->pid(w->os->ctx);
    /* A creation that was cut short keeps its name: until both slots are written again, one of them
     * is still the old one, and slots of two logs would contradict each other. */
    memcpy(c->uuid, before.uuid, UUID_BYTES);
    int r = w->control.found ? 0 : w->os->random(w->os->ctx, c->uuid, sizeof c->uuid);
    if (r < 0)
        return fault_os(-r, "no random bytes");
    int e = PLANTED(3) ? 0 : folder_sync(&w->folder);
    if (e == 0) /* the file has its full size from the start; no witness yet */
        e = file_write_zeros(&w->control.file, WITNESS_OFFSET, CONTROL_BYTES);
    if (e == 0)
        e = control_write(&w->control);
    if (e == 0 && !PLANTED(3))
        e = folder_sync(&w->folder);
    if (e == 0 && !PLANTED(3))
        e = directory_sync_parent(w->os, w->path, w->alloc, w->lock->made_directory);
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
        e = create_check_segments(w, w->control.found);
    if (e == 0 && !w->config.create)
        e = fault(WAL_E_NOTFOUND, "%s has no log", w->path);
    if (e == 0)
        e = first_control(w);
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
