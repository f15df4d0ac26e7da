/* SPDX-License-Identifier: Apache-2.0 */
#include "log/append.h"

#include <libwal/wal.h>

#include "base/bytes.h"
#include "base/plant.h"
#include "format/record.h"
#include "log/background.h"
#include "log/commit.h"
#include "log/fresh.h"
#include "log/long_batch.h"
#include "log/watch.h"

enum {
    FLUSH_BYTES = 64 * 1024, /* buffered groups are closed here, so that one fits the cache */
    BRIEF_BYTES = 512,       /* copied with the lock held: less than giving it back would take */
    SAMPLE_EVERY = 64
};

int append_how(const struct wal *w, uint32_t flags, enum append_how *ret)
{
    uint32_t known = WAL_APPEND_SYNC | WAL_APPEND_ASYNC | WAL_APPEND_NOWAIT | WAL_APPEND_SUBMIT;
    uint32_t how = flags & (WAL_APPEND_SYNC | WAL_APPEND_ASYNC | WAL_APPEND_SUBMIT);

    if (flags & ~known)
        return fault(WAL_E_INVAL, "unknown append flags 0x%x", flags);
    if (how & (how - 1))
        return fault(WAL_E_INVAL, "append flags SYNC, ASYNC and SUBMIT exclude each other");
    if (how == WAL_APPEND_SUBMIT && !w->config.background)
        return fault(WAL_E_INVAL, "SUBMIT needs option background");
    bool buffered_mode =
        w->config.sync_mode == WAL_SYNC_NONE || w->config.sync_mode == WAL_SYNC_INTERVAL;
    *ret = how == WAL_APPEND_SUBMIT                             ? APPEND_SUBMITTED
           : how == WAL_APPEND_ASYNC || (buffered_mode && !how) ? APPEND_BUFFERED
                                                                : APPEND_DURABLE;
    return 0;
}

static void count(struct wal *w, uint64_t records, uint64_t payload)
{
    stat_add_locked(&w->stats, WAL_STAT_APPEND_RECORDS, records);
    stat_add_locked(&w->stats, WAL_STAT_APPEND_BYTES, payload);
}

void append_count(struct wal *w, const struct source *s)
{
    count(w, s->records, s->payload);
}

static int busy_fault(const struct wal *w)
{
    return fault(WAL_E_BUSY, "%s: %llu bytes are waiting to be written", w->path,
                 (unsigned long long)w->stage.pending);
}

/* Modes and flags with which a buffered append has nothing to do but to be buffered. */
static bool only_buffers(const struct wal *w, uint32_t flags)
{
    uint32_t mode = w->config.sync_mode;
    flags &= ~WAL_APPEND_NOWAIT;
    return mode == WAL_SYNC_NONE ? (flags & ~WAL_APPEND_ASYNC) == 0
                                 : mode != WAL_SYNC_INTERVAL && flags == WAL_APPEND_ASYNC;
}

/* Under mu: nothing is in the way, nobody has to be told, and no time is to be taken. */
static bool is_plain(const struct wal *w)
{
    return !atomic_load_explicit(&w->closed, memory_order_relaxed) && !w->failure &&
           w->turn.gate == 0 && w->turn.ahead_lsn == 0 && w->next_lsn <= LSN_MAX &&
           stat_get(&w->stats, WAL_STAT_APPEND_RECORDS) % SAMPLE_EVERY != 0;
}

bool append_at_once(struct wal *w, uint32_t type, const void *data, size_t size, uint32_t flags,
                    uint64_t *ret_lsn)
{
    struct slot slot;

    if (size > BRIEF_BYTES || size > w->config.max_record_bytes || (size && !data) ||
        type > UINT16_MAX || !only_buffers(w, flags) || pthread_mutex_trylock(&w->mu) != 0)
        return false;
    uint64_t body = record_bytes(size);
    bool goes = is_plain(w) && w->stage.pending + body <= w->config.pending_bytes &&
                stage_has_room(&w->stage, &w->limits, body, FLUSH_BYTES) &&
                stage_reserve(&w->stage, &w->limits, body, 1, w->next_lsn, false, &slot) == 0;
    if (goes) {
        struct record r = {.lsn = w->next_lsn++,
                           .size = (uint32_t)size,
                           .type = (uint16_t)type,
                           .flags = RECORD_BATCH_LAST,
                           .payload = data};
        record_write(slot.at, &r, slot.group->salt);
        count(w, 1, size);
        *ret_lsn = r.lsn;
    }
    pthread_mutex_unlock(&w->mu);
    return goes;
}

/* Under mu: waits for an open gate and for room in memory. Where nobody is writing, this thread
 * does. */
static int admit(struct wal *w, uint64_t body, uint32_t flags)
{
    struct turn *t = &w->turn;
    bool tried = false;

    for (;;) {
        if (atomic_load(&w->closed))
            return fault(WAL_E_CLOSED, "%s is being closed", w->path);
        if (w->failure)
            return wal_failed_fault(w);
        bool full = w->stage.pending > 0 && w->stage.pending + body > w->config.pending_bytes;
        if (t->gate == 0 && !full)
            return 0;
        if (full && tried && w->write_error.code)
            return fault_put(&w->write_error);
        if (flags & WAL_APPEND_NOWAIT)
            return busy_fault(w);
        if (t->gate == 0 && turn_try(w)) {
            commit_write(w, true);
            turn_give(w);
            tried = true;
        } else if (t->gate) {
            gate_wait(w);
        } else {
            (void)turn_sleep(w, -1);
        }
    }
}

/* Under mu: where the records go. */
static int reserve(struct wal *w, const struct source *s, enum append_how how, struct slot *ret)
{
    struct stage *g = &w->stage;
    bool waits = how == APPEND_DURABLE;
    uint64_t salt, body = s->body;

    if (s->records > LSN_MAX - w->next_lsn + 1)
        return fault_at(WAL_E_FULL, w->next_lsn, 0, 0, "LSNs are used up: the next one is %llu",
                        (unsigned long long)w->next_lsn);
    if (UNLIKELY(s->tag != NULL)) { /* it joins no group */
        stage_close(g, &w->limits);
        body += tag_room(s->tag);
    }
    bool fresh = g->fresh && g->salt == 0;
    if (fresh || stage_wants_segment(g, &w->limits, body, s->records)) {
        int e = fresh_salt(w, &salt);
        if (e < 0)
            return e;
        uint64_t carried = w->started ? 0 : w->inherited.carry_records;
        stage_begin_segment(g, &w->limits, salt, fresh_birth_end(w), carried);
    }
    int e = UNLIKELY(s->tag != NULL)
                ? stage_reserve_tagged(g, &w->limits, s->tag, s->body, s->records, w->next_lsn,
                                       waits, ret)
                : stage_reserve(g, &w->limits, body, s->records, w->next_lsn, waits, ret);
    if (e == 0)
        w->next_lsn += s->records;
    return e;
}

/* Under mu: wal_wait may sleep for a record that was not handed out then. It drives the sync. */
static void wake_ahead(struct wal *w)
{
    struct turn *t = &w->turn;
    if (t->ahead_lsn == 0 || t->ahead_lsn >= w->next_lsn)
        return;
    t->ahead_lsn = 0;
    turn_changed(w);
}

static void note_buffered(struct wal *w, const struct source *s, enum append_how how)
{
    struct background *b = &w->background;

    if (how == APPEND_SUBMITTED) {
        b->submit_lsn = w->next_lsn - 1;
        return;
    }
    if (w->config.sync_mode != WAL_SYNC_INTERVAL) {
        wake_ahead(w);
        return;
    }
    bool first = b->unsynced_since == 0;
    if (first)
        b->unsynced_since = w->os->now(w->os->ctx);
    bool below = b->unsynced_bytes < w->config.interval_bytes;
    b->unsynced_bytes += s->body;
    if (first || (below && b->unsynced_bytes >= w->config.interval_bytes))
        background_kick(w);
}

/* Under mu: groups that are full go out, if nobody is at it. After a failed write they are tried
 * again when another one is full. */
static void write_when_full(struct wal *w, const struct slot *slot)
{
    struct stage *s = &w->stage;
    bool closes = s->open && s->last == slot->group && slot->group->used >= FLUSH_BYTES &&
                  !slot->group->wait_lsn;

    if (closes)
        stage_close(s, &w->limits);
    bool any = s->first && (s->first != s->last || !s->open) && s->pending >= FLUSH_BYTES;
    if (any && (closes || w->write_error.code == 0) && turn_try(w)) {
        commit_write(w, false);
        turn_give(w);
    }
}

/* Under mu, which is given back meanwhile for all but brief records. */
static int copy_in(struct wal *w, struct source *s, const struct slot *slot)
{
    struct staged *g = slot->group;
    bool brief = s->body <= BRIEF_BYTES;
    struct filled f;

    if (!brief) {
        atomic_fetch_add_explicit(&g->copying, 1, memory_order_relaxed);
        pthread_mutex_unlock(&w->mu);
    }
    int e = source_fill(s, s->body, slot->at, slot->first_lsn, g->salt, &f);
    if (!brief) {
        atomic_fetch_sub_explicit(&g->copying, 1, memory_order_release);
        pthread_mutex_lock(&w->mu);
    }
    return e;
}

static int append_short(struct wal *w, struct source *s, uint32_t flags, enum append_how how,
                        uint64_t *ret_first)
{
    struct waiter me;
    struct slot slot;

    pthread_mutex_lock(&w->mu);
    int e = admit(w, s->body, flags);
    if (e == 0)
        e = reserve(w, s, how, &slot);
    if (e < 0) {
        pthread_mutex_unlock(&w->mu);
        return e;
    }
    if (how == APPEND_DURABLE)
        waiter_add(w, &me, slot.first_lsn + s->records - 1);
    (void)copy_in(w, s, &slot); /* what was checked when the source was made can't fail here */
    if (how == APPEND_DURABLE) {
        e = commit_wait(w, &me, -1);
    } else {
        note_buffered(w, s, how);
        if (how == APPEND_SUBMITTED)
            background_kick(w);
        else
            write_when_full(w, &slot);
    }
    if (e == 0) {
        append_count(w, s);
        *ret_first = slot.first_lsn;
    }
    pthread_mutex_unlock(&w->mu);
    return e;
}

int append_source(struct wal *w, struct source *s, uint32_t flags, uint64_t *ret_first)
{
    enum append_how how;
    uint64_t first = 0;

    int e = append_how(w, flags, &how);
    if (e < 0)
        return e;
    bool timed =
        how == APPEND_DURABLE || stat_get(&w->stats, WAL_STAT_APPEND_RECORDS) % SAMPLE_EVERY == 0;
    uint64_t began = timed ? w->os->now(w->os->ctx) : 0;
    if (s->alone || (s->records > 1 && s->body + tag_room(s->tag) > w->config.group_bytes))
        e = long_batch(w, s, how, flags, &first);
    else
        e = append_short(w, s, flags, how, &first);
    if (e < 0)
        return e;
    if (timed)
        stat_sample(&w->stats, WAL_HIST_APPEND_NS, w->os->now(w->os->ctx) - began);
    *ret_first = first;
    return 0;
}

int append_flush(struct wal *w)
{
    int e = 0;
    pthread_mutex_lock(&w->mu);
    turn_take(w);
    w->write_error.code = 0;
    if (w->failure)
        e = wal_failed_fault(w);
    else
        commit_write(w, true);
    if (e == 0 && w->failure)
        e = wal_indoubt_fault(w, w->next_lsn - 1);
    else if (e == 0 && w->write_error.code)
        e = fault_put(&w->write_error);
    turn_give(w);
    pthread_mutex_unlock(&w->mu);
    return e;
}

int append_sync(struct wal *w, uint64_t lsn)
{
    struct waiter me;
    int e = 0;

    pthread_mutex_lock(&w->mu);
    uint64_t target = lsn ? lsn : w->next_lsn - 1;
    if (target >= w->next_lsn)
        e = fault_at(WAL_E_RANGE, lsn, 0, 0, "LSN %llu is above the last one",
                     (unsigned long long)lsn);
    else if (w->failure)
        e = wal_failed_fault(w);
    if (e == 0) {
        waiter_add(w, &me, target);
        e = commit_wait(w, &me, -1);
    }
    pthread_mutex_unlock(&w->mu);
    return e;
}

/* Under mu: one look, or one wait, at a record that may not have been handed out yet. 1: look
 * again. */
static int wait_step(struct wal *w, uint64_t lsn, uint64_t began, int64_t timeout_ns)
{
    struct waiter me;
    int64_t left = -1;

    if (atomic_load(&w->durable_lsn) >= lsn)
        return 0;
    if (w->failure && lsn > w->indoubt_lsn)
        return wal_failed_fault(w);
    if (w->failure)
        return wal_indoubt_fault(w, lsn);
    if (atomic_load(&w->closed))
        return fault(WAL_E_CLOSED, "%s was closed", w->path);
    if (timeout_ns >= 0) {
        left = timeout_ns - (int64_t)(w->os->now(w->os->ctx) - began);
        if (left <= 0)
            return wal_timeout_fault(lsn);
    }
    /* An INTERVAL log leaves the sync to its timer, where there is one. */
    bool drives = w->config.sync_mode != WAL_SYNC_INTERVAL || w->background.refused;
    if (drives && lsn < w->next_lsn) {
        waiter_add(w, &me, lsn);
        return commit_wait(w, &me, left);
    }
    if (drives)
        w->turn.ahead_lsn = w->turn.ahead_lsn ? min_u64(w->turn.ahead_lsn, lsn) : lsn;
    (void)turn_sleep(w, left);
    return 1;
}

int append_wait(struct wal *w, uint64_t lsn, int timeout_ms)
{
    int64_t timeout_ns = timeout_ms < 0 ? -1 : (int64_t)timeout_ms * 1000000;
    uint64_t began = w->os->now(w->os->ctx);
    int e = 1;

    if (lsn == 0)
        return fault(WAL_E_INVAL, "LSN 0 is no record");
    if (w->follower)
        return watch_durable(w, lsn, timeout_ns);
    pthread_mutex_lock(&w->mu);
    while (e == 1)
        e = wait_step(w, lsn, began, timeout_ns);
    pthread_mutex_unlock(&w->mu);
    return e;
}
