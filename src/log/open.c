/* SPDX-License-Identifier: Apache-2.0 */
#include "log/open.h"

#include <string.h>

#include "base/bytes.h"
#include "base/codes.h"
#include "base/plant.h"
#include "log/background.h"
#include "log/commit.h"
#include "log/create.h"
#include "log/direct.h"
#include "log/follow.h"
#include "log/fresh.h"
#include "log/prepared.h"
#include "log/recover.h"
#include "log/removal.h"
#include "log/reserve.h"
#include "log/rotate.h"
#include "log/settle.h"
#include "log/start.h"
#include "log/truncate.h"
#include "log/zeros.h"
#include "segment/cipher.h"

int log_new(const char *path, const struct config *config, struct wal **ret)
{
    struct wal *w = mem_new_zeroed(&config->alloc, sizeof *w);
    if (!w)
        return fault_nomem();
    w->config = *config;
    w->alloc = &w->config.alloc;
    w->os = config->os;
    w->generation = w->os->generation(w->os->ctx);
    w->folder.fd = w->prepared.fd = w->control.file.fd = -1;
    w->limits = (struct stage_limits){.alloc = w->alloc,
                                      .segment_bytes = config->segment_bytes,
                                      .segment_records = config->segment_records,
                                      .group_bytes = config->group_bytes,
                                      .group_align = config->group_align,
                                      .overhead = config->cipher ? CIPHER_TAG_BYTES : 0};
    w->stage.fresh = true;
    atomic_store(&w->refs, 1);
    w->path = mem_copy_string(w->alloc, path);
    if (!w->path || pthread_mutex_init(&w->mu, NULL) != 0 ||
        pthread_mutex_init(&w->readers_mu, NULL) != 0 || events_init(w) < 0 ||
        catalog_init(&w->catalog, &w->folder, w->alloc, config->index_bytes) < 0) {
        struct alloc a = *w->alloc;
        listener_free(w, w->events.own);
        mem_free(&a, w->path);
        mem_free(&a, w);
        return fault_nomem();
    }
    w->config.cipher = cipher_ref(config->cipher);
    int e = config->read_only ? 0
                              : encoder_init(&w->encoder, w->alloc, config->codec,
                                             (int)config->codec_level, config->codec_min_bytes);
    if (e < 0)
        wal_unref(w);
    else
        *ret = w;
    return e;
}

int log_lock(struct wal *w)
{
    const struct config *c = &w->config;
    int e = 0;

    if (c->lock) {
        e = lock_check_directory(c->lock, w->path);
        if (e < 0)
            return e;
        if (atomic_exchange(&c->lock->lent, true))
            return fault(WAL_E_LOCKED, "%s is open already under this lock", w->path);
        w->lock = c->lock;
    } else {
        e = lock_take(w->os, w->path, c->create ? LOCK_MAKE_DIRECTORY : LOCK_ONLY, c->dir_mode,
                      c->file_mode, &w->lock);
        w->own_lock = e == 0;
    }
    if (e < 0)
        return e;
    w->folder = w->lock->folder;
    w->folder.cipher = w->config.cipher;
    w->control.file = w->lock->control;
    return 0;
}

static void give_lock(struct wal *w)
{
    if (w->own_lock)
        lock_drop(w->lock);
    else if (w->lock)
        atomic_store(&w->lock->lent, false);
    w->lock = NULL;
}

/* Planted: what most logs do, append to the file that a crash has left. */
static int go_on_in_old_segment(struct wal *w)
{
    struct writer *x = &w->writer;
    int e = segment_open(&x->segment, &w->folder, w->control.now.newest, OS_READ | OS_WRITE);
    if (e < 0)
        return e;
    x->encoder = &w->encoder;
    x->end = w->inherited.end;
    x->durable_offset = x->zeroed_to = x->end.offset;
    x->watermark = w->next_lsn - 1;
    w->started = w->settled = true;
    if (PLANTED(30)) { /* as if what lies behind the end were zeros */
        x->zeroed_to = SEGMENT_END_MAX;
        return writer_sync(x, OS_SYNC_DATA);
    }
    return 0;
}

/* Planted: what looks like an empty leftover of a crash is the segment that control names. */
static void remove_if_empty(struct wal *w, const struct ending *end)
{
    char name[NAME_BYTES];
    name_segment(name, w->control.now.newest);
    if (end->tail.records == 0)
        (void)!folder_unlink(&w->folder, name);
}

/* R4: a log that was not closed cleanly gets this handle's segment before open returns: what a
 * killed process left in the page cache alone must not be shown before it is durable. */
static int settle_at_open(struct wal *w, const struct ending *end)
{
    uint64_t salt;
    bool fatal;

    if (PLANTED(1) || PLANTED(30))
        return go_on_in_old_segment(w);
    if (end->clean_close)
        return w->control.even ? 0 : settle_once(w);
    int e = fresh_salt(w, &salt);
    if (e == 0)
        e = start_segment(w, salt, &fatal);
    if (e == 0)
        w->report.carried_records = w->inherited.carry_records;
    return e;
}

static int recover(struct wal *w)
{
    struct ending end;

    if (w->config.exclusive)
        return fault(WAL_E_EXISTS, "%s has a log already", w->path);
    memcpy(w->catalog.uuid, w->control.now.uuid, UUID_BYTES);
    int e = recover_chain(w);
    if (e == 0)
        e = recover_ending(w, &end);
    if (e == 0)
        e = recover_adopt(w, &end);
    if (e == 0 && PLANTED(13))
        remove_if_empty(w, &end);
    if (e == 0)
        e = settle_at_open(w, &end);
    return e;
}

static int open_for_writing(struct wal *w)
{
    int e = log_lock(w);
    if (e == 0)
        direct_try(w);
    if (e == 0)
        e = control_read(&w->control, false);
    if (e == 0)
        e = w->control.found && w->control.now.newest ? recover(w) : create_log(w);
    return e == 0 ? truncate_retain(w) : e;
}

static void finish_report(struct wal *w, uint64_t began)
{
    struct report *r = &w->report;
    r->first_lsn = atomic_load(&w->first_lsn);
    r->next_lsn = w->next_lsn;
    r->last_lsn = r->next_lsn > r->first_lsn ? r->next_lsn - 1 : 0;
    r->durable_lsn = atomic_load(&w->durable_lsn);
    r->checkpoint_lsn = w->checkpoint.lsn;
    r->duration_ns = w->os->now(w->os->ctx) - began;
    stat_set(&w->stats, WAL_STAT_DISCARDED_BYTES, r->discarded_bytes);
    stat_set(&w->stats, WAL_STAT_RECOVERY_NS, r->duration_ns);
}

static void abandon_open(struct wal *w)
{
    prepared_discard(w);
    give_lock(w);
    wal_unref(w);
}

/* What retention took away at open, now that somebody listens. */
static void tell_retention(struct wal *w)
{
    if (stat_get(&w->stats, WAL_STAT_TRUNCATED_FRONT) > 0)
        event_tell(w,
                   &(wal_event_t){.kind = WAL_EVENT_TRUNCATED, .lsn = atomic_load(&w->first_lsn)});
    pthread_mutex_lock(&w->mu);
    removal_begin(w);
    pthread_mutex_unlock(&w->mu);
}

int log_open(const char *path, const struct config *config, struct wal **ret)
{
    uint64_t began = config->os->now(config->os->ctx);
    struct wal *w = NULL;

    int e = config_check(config);
    if (e == 0)
        e = log_new(path, config, &w);
    if (e < 0)
        return e;
    e = config->read_only ? follow_open(w) : open_for_writing(w);
    if (e < 0) {
        abandon_open(w);
        return e;
    }
    if (!w->follower) {
        pthread_mutex_lock(&w->mu);
        commit_publish(w);
        pthread_mutex_unlock(&w->mu);
    }
    e = w->follower ? 0 : reserve_fill(w);
    if (e == 0)
        e = machine_open(w);
    if (e < 0) {
        background_stop(w);
        abandon_open(w);
        return e;
    }
    finish_report(w, began);
    *ret = w;
    events_open(w);
    tell_retention(w);
    notify_events(w);
    return 0;
}

static int state_clean_close(struct wal *w)
{
    struct control *c = &w->control.now;
    c->flags |= CONTROL_CLEAN;
    c->end_lsn = w->writer.end.next_lsn - 1;
    c->end_offset = w->writer.end.offset;
    fresh_refer(c, &w->writer.end);
    c->checkpoint = w->checkpoint;
    return control_write(&w->control);
}

/* What is buffered is written and synced, the segment sealed. A log that this handle has not
 * written to stays as it was. */
static int finish(struct wal *w)
{
    bool fatal;

    pthread_mutex_lock(&w->mu);
    turn_take(w);
    w->write_error.code = 0;
    int before = w->failure, e = 0;
    if (commit_behind(w, true))
        commit_round(w);
    if (before)
        e = wal_failed_fault(w);
    else if (w->failure)
        e = wal_indoubt_fault(w, atomic_load(&w->durable_lsn) + 1);
    else if (w->write_error.code)
        e = fault_put(&w->write_error);
    zeros_wait(w);
    pthread_mutex_unlock(&w->mu);
    if (e == 0 && w->started)
        e = rotate_seal(w, &fatal);
    if (e == 0 && w->started)
        e = state_clean_close(w);
    if (e == 0 && w->started)
        fresh_witness(w);
    prepared_discard(w);
    return e;
}

int log_close(struct wal *w)
{
    int e = 0;
    if (!w->follower) {
        background_stop(w);
        e = finish(w);
        removal_rest(w);
    }
    notify_close(w);
    events_end(w);
    if (!w->follower)
        give_lock(w);
    wal_unref(w);
    return e;
}

void log_abandon(struct wal *w)
{
    if (!wal_disown(w))
        return;
    give_lock(w);
    wal_unref(w);
}
