/* SPDX-License-Identifier: Apache-2.0 */
#include "log/commit.h"

#include <errno.h>

#include "base/bytes.h"
#include "base/codes.h"
#include "base/plant.h"
#include "log/background.h"
#include "log/catalog_index.h"
#include "log/direct.h"
#include "log/fresh.h"
#include "log/reserve.h"
#include "log/rotate.h"
#include "log/start.h"
#include "log/zeros.h"

enum { CHUNK_GROUPS = 32, CHUNK_BYTES = 4 << 20, SPINS = 64, COPY_WAIT_NS = 50 * 1000 };

/* What became of a round. */
struct outcome {
    struct staged *rest; /* what is not in the segment; NULL: all is */
    uint64_t touched;    /* how far a failed write may have gone */
    int error;
    bool fatal;
};

static enum os_sync sync_kind(const struct wal *w)
{
    return w->config.sync_mode == WAL_SYNC_FULL ? OS_SYNC_FULL : OS_SYNC_DATA;
}

/* What was written is durable: the numbers that say so, the witness before anybody is told, and the
 * machine. */
static int synced(struct wal *w)
{
    struct writer *x = &w->writer;
    x->watermark = (w->batch_lsn ? w->batch_lsn : x->end.next_lsn) - 1;
    if (PLANTED(10))
        x->watermark = w->next_lsn - 1;
    fresh_witness(w);
    return machine_apply(w);
}

static void tell_sync(struct wal *w, uint64_t ns, uint64_t bytes)
{
    wal_event_t e = {.kind = WAL_EVENT_SYNCED,
                     .lsn = w->writer.watermark,
                     .segment = w->writer.segment.header.number,
                     .bytes = bytes,
                     .duration_ns = ns};
    event_tell(w, &e);
    e.kind = WAL_EVENT_SLOW_SYNC;
    if (w->config.slow_sync_us && ns > w->config.slow_sync_us * 1000)
        event_tell(w, &e);
}

/* A sync has gone well, or a write that was one. */
static int count_sync(struct wal *w, uint64_t ns, uint64_t bytes)
{
    stat_add(&w->stats, WAL_STAT_SYNCS, 1);
    stat_add(&w->stats, WAL_STAT_SYNC_NS, ns);
    stat_sample(&w->stats, WAL_HIST_SYNC_NS, ns);
    int e = synced(w);
    if (event_wanted(&w->events, WAL_EVENT_SYNCED | WAL_EVENT_SLOW_SYNC))
        tell_sync(w, ns, bytes);
    return e;
}

int commit_sync(struct wal *w)
{
    uint64_t bytes = w->writer.end.offset - w->writer.durable_offset;

    if (w->writer.durable_offset == w->writer.end.offset)
        return synced(w); /* an erase may have been the sync */
    uint64_t began = w->os->now(w->os->ctx);
    int e = writer_sync(&w->writer, sync_kind(w));
    uint64_t ns = w->os->now(w->os->ctx) - began;
    if (e < 0)
        return e;
    w->turn.sync_ns = w->turn.sync_ns ? (w->turn.sync_ns * 9 + ns) / 10 : ns;
    return count_sync(w, ns, bytes);
}

static void count_groups(struct wal *w, const struct outgoing *groups, size_t n, uint64_t bytes)
{
    stat_add(&w->stats, WAL_STAT_WRITES, 1);
    stat_add(&w->stats, WAL_STAT_GROUPS, n);
    stat_add(&w->stats, WAL_STAT_WRITTEN_BYTES, bytes);
    for (size_t k = 0; k < n; k++) {
        const struct group_header *h = &groups[k].header;
        stat_add(&w->stats, WAL_STAT_RAW_BYTES, h->raw_bytes);
        stat_add(&w->stats, WAL_STAT_STORED_BYTES, h->stored_bytes);
        stat_sample(&w->stats, WAL_HIST_GROUP_RECORDS, h->records);
        stat_sample(&w->stats, WAL_HIST_GROUP_BYTES, h->stored_bytes);
        if (!h->records)
            continue;
        catalog_index(&w->catalog, h->first_lsn, (uint64_t)h->place * PLACE_UNIT);
        catalog_note_written(&w->catalog, h, groups[k].bytes);
    }
}

/* flags: OS_WRITE_DSYNC when the write is to be durable by itself. */
static int put(struct wal *w, struct outgoing *groups, size_t n, int flags, uint64_t *touched,
               bool *ret_fatal)
{
    struct writer *x = &w->writer;
    uint64_t bytes = writer_bytes(x, groups, n), began_at = x->end.offset;
    bool moves = PLANTED(24) && flags; /* also where the write is not to be durable by itself */

    *ret_fatal = false;
    *touched = x->end.offset;
    if (!writer_in_window(x, bytes)) {
        int e = commit_sync(w);
        *ret_fatal = e < 0;
        if (e < 0)
            return e;
    }
    zeros_before_put(w, bytes);
    w->handed_lsn = max_u64(w->handed_lsn, group_last_lsn(&groups[n - 1].header));
    /* What lies before needs a sync in any case. And where new blocks are needed a write may fail
     * for want of space, which must not look like a failed sync. */
    if (x->durable_offset != x->end.offset ||
        x->end.offset + bytes + GROUP_HEADER_BYTES > x->zeroed_durable)
        flags = 0;
    uint64_t began = flags ? w->os->now(w->os->ctx) : 0;
    int e = writer_prepare(x, groups, n);
    if (e < 0)
        return e;
    e = writer_put(x, groups, n, flags, touched);
    if (e < 0 && flags && fault_last()->sys_errno == EOPNOTSUPP) {
        flags = 0;
        e = writer_put(x, groups, n, flags, touched);
    }
    if (flags == 0 && reserve_spend(w, e)) {
        uint64_t before = *touched;
        e = writer_put(x, groups, n, flags, touched);
        *touched = max_u64(*touched, before);
    }
    direct_look(w);
    if (e < 0) {
        stat_add(&w->stats, WAL_STAT_WRITE_ERRORS, 1);
        *ret_fatal = flags != 0; /* the sync in it may be what failed */
        return e;
    }
    count_groups(w, groups, n, x->end.offset - began_at);
    if (flags || moves) {
        x->durable_offset = x->end.offset;
        x->durable_link = x->end.link;
        e = count_sync(w, w->os->now(w->os->ctx) - began, bytes);
        *ret_fatal = e < 0;
    }
    return e;
}

int commit_put(struct wal *w, struct outgoing *groups, size_t n, uint64_t *touched, bool *ret_fatal)
{
    return put(w, groups, n, 0, touched, ret_fatal);
}

/* Waits until those who reserved room in the group have copied their records in. */
static void wait_copied(const struct wal *w, struct staged *g)
{
    for (int spins = 0;; spins++) {
        uint32_t copying = atomic_load_explicit(&g->copying, memory_order_acquire);
        if (copying == 0)
            return;
        if (spins < SPINS)
            w->os->yield(w->os->ctx);
        else
            (void)w->os->park(w->os->ctx, &g->copying, copying, COPY_WAIT_NS);
    }
}

static struct outgoing outgoing_of(const struct staged *g)
{
    return (struct outgoing){
        .header = {.type = GROUP_DATA,
                   .first_lsn = g->first_lsn,
                   .records = (uint32_t)g->records,
                   .raw_bytes = (uint32_t)g->used,
                   .tag_bytes = g->tag_bytes},
        .bytes = g->bytes,
    };
}

/* As many groups from *at on as go to the present segment in one write. Moves *at behind them. */
static size_t collect(const struct wal *w, struct staged **at, struct outgoing *ret)
{
    size_t n = 0;
    uint64_t bytes = 0;

    while (*at && n < CHUNK_GROUPS &&
           (n == 0 || (!(*at)->fresh && bytes + (*at)->used <= CHUNK_BYTES))) {
        wait_copied(w, *at);
        bytes += (*at)->used;
        ret[n++] = outgoing_of(*at);
        *at = (*at)->next;
    }
    return n;
}

/* Writes the groups of a list, in segment after segment. */
static void write_list(struct wal *w, struct staged *list, bool sync, struct outcome *o)
{
    struct outgoing groups[CHUNK_GROUPS];
    int flags = sync && w->config.sync_mode == WAL_SYNC_DSYNC ? OS_WRITE_DSYNC : 0;

    while (list && o->error == 0) {
        o->rest = list;
        o->touched = 0;
        if (list->fresh)
            o->error = w->started ? rotate_segment(w, list->salt, &o->fatal)
                                  : start_segment(w, list->salt, &o->fatal);
        if (o->error < 0)
            return;
        size_t n = collect(w, &list, groups);
        o->error = put(w, groups, n, list ? 0 : flags, &o->touched, &o->fatal);
        if (o->error == 0)
            o->rest = list;
    }
    if (sync && o->error == 0 && w->started) {
        o->error = commit_sync(w);
        o->fatal = o->error < 0;
    }
}

/* Before it takes a round, the leader waits a little for the threads that the last sync set free,
 * since they are about to append again: without this, two groups of half the threads take turns.
 * Backs off where it doesn't pay, unless the user has said how long to wait. Once all are back that
 * can be expected, waiting longer would bring nobody. */
static void gather(struct wal *w)
{
    struct turn *t = &w->turn;
    uint64_t limit = min_u64(t->sync_ns / 4, 250 * 1000), began = w->os->now(w->os->ctx);

    if (w->config.group_wait_us) {
        limit = (uint64_t)w->config.group_wait_us * 1000;
    } else if (t->members >= t->expect || t->expect < 2) {
        return;
    } else if (t->skip) {
        t->skip--;
        return;
    }
    while ((t->members < t->expect || t->expect == 0) && w->stage.pending < w->config.group_bytes &&
           w->os->now(w->os->ctx) - began < limit) {
        pthread_mutex_unlock(&w->mu);
        w->os->yield(w->os->ctx);
        pthread_mutex_lock(&w->mu);
    }
    t->backoff = t->members >= t->expect ? 0
                 : t->backoff == 0       ? 1
                                         : (uint32_t)min_u64(t->backoff * 2, 64);
    t->skip = t->backoff;
}

static void resync_stage(struct wal *w)
{
    const struct writer *x = &w->writer;
    struct stage_end now = {.fresh = true};
    if (w->started && !x->spent)
        now = (struct stage_end){.salt = x->segment.header.salt,
                                 .end = x->end.offset,
                                 .records = x->end.next_lsn - x->segment.header.base_lsn};
    stage_resync(&w->stage, &w->limits, &now, fresh_birth_end(w));
}

/* An INTERVAL log has synced what was written. What came meanwhile waits for the next time. */
static void begin_interval(struct wal *w)
{
    struct background *b = &w->background;

    b->unsynced_bytes = w->stage.pending;
    b->unsynced_since = w->stage.first ? w->os->now(w->os->ctx) : 0;
    if (b->unsynced_bytes >= w->config.interval_bytes)
        background_kick(w);
}

void commit_publish(struct wal *w)
{
    const struct writer *x = &w->writer;
    if (w->started) {
        w->written_lsn = x->end.next_lsn - 1;
        w->written_offset = x->end.offset;
        w->tag_offset = x->end.tag_offset;
        uint64_t durable = machine_shown(w, x->watermark);
        if (durable != atomic_load(&w->durable_lsn))
            notify_durable(w, durable);
        if (w->config.sync_mode == WAL_SYNC_INTERVAL && w->written_lsn == x->watermark)
            begin_interval(w);
    }
    resync_stage(w);
    zeros_ask(w);
}

static void wait_all_copied(struct wal *w)
{
    pthread_mutex_unlock(&w->mu);
    for (struct staged *g = w->stage.first; g; g = g->next)
        wait_copied(w, g);
    pthread_mutex_lock(&w->mu);
}

/* Zeros over what the failed write may have left, durable before anybody hears of the failure. */
static int erase(struct wal *w, uint64_t touched)
{
    if (!w->started)
        return 0;
    zeros_wait(w);
    pthread_mutex_unlock(&w->mu);
    int e = writer_erase(&w->writer, max_u64(touched, w->writer.end.offset));
    if (e == 0)
        e = synced(w);
    pthread_mutex_lock(&w->mu);
    return e;
}

void commit_tell_unwritten(struct wal *w, uint64_t lsn)
{
    const struct fault *cause = fault_last();
    event_tell(w, &(wal_event_t){.kind = WAL_EVENT_WRITE_ERROR,
                                 .lsn = lsn,
                                 .segment = cause->segment,
                                 .code = cause->code});
}

/* A write failed before its sync: what waits for durability is taken back; what is buffered stays.
 * The gate is closed. */
static void withdraw(struct wal *w, uint64_t touched)
{
    struct fault cause = *fault_last();
    uint64_t from = stage_first_waiting(&w->stage);

    w->write_error = cause;
    commit_tell_unwritten(w, w->written_lsn + 1);
    if (from == 0) {
        waiters_answer(w, w->written_lsn + 1, UINT64_MAX, &cause);
        return;
    }
    bool buffered_behind = stage_buffered_behind(&w->stage);
    if (erase(w, touched) < 0) {
        wal_fail(w);
        return;
    }
    stage_cut(&w->stage, &w->limits, from);
    w->next_lsn = from;
    w->handed_lsn = min_u64(w->handed_lsn, from - 1);
    waiters_answer(w, from, UINT64_MAX, &cause);
    if (!w->stage.first)
        w->write_error.code = 0;
    fault_put(&cause);
    if (buffered_behind)
        wal_fail(w);
}

/* After a failed write: the segment may take nothing more, then the log goes on in a new one. */
static void leave_spent(struct wal *w)
{
    uint64_t salt;

    if (!w->started || !w->writer.spent || w->failure)
        return;
    if (fresh_salt(w, &salt) < 0)
        wal_fail(w);
    else
        stage_move(&w->stage, salt);
}

static void round_failed(struct wal *w, struct outcome *o, bool sync)
{
    struct fault cause = *fault_last();

    stage_put_back(&w->stage, o->rest);
    if (o->fatal) {
        wal_fail(w);
        return;
    }
    gate_close(w);
    wait_all_copied(w);
    fault_put(&cause);
    withdraw(w, o->touched);
    leave_spent(w);
    if (sync && !w->failure && w->started && w->writer.durable_offset < w->writer.end.offset) {
        pthread_mutex_unlock(
            &w->mu); /* what had been written before the failure has waiters of its own */
        int e = commit_sync(w);
        pthread_mutex_lock(&w->mu);
        if (e < 0)
            wal_fail(w);
    }
    gate_open(w);
}

static void run(struct wal *w, bool sync, bool all)
{
    struct turn *t = &w->turn;
    struct outcome o = {0};

    if (w->failure)
        return;
    if (sync)
        gather(w);
    struct staged *list = stage_take(&w->stage, &w->limits, all);
    uint32_t round = t->round, members = t->members;
    if (sync) {
        t->round++;
        t->members = 0;
    }
    w->flying = list;
    pthread_mutex_unlock(&w->mu);
    write_list(w, list, sync, &o);
    pthread_mutex_lock(&w->mu);
    w->flying = NULL;
    while (list != o.rest) {
        struct staged *next = list->next;
        stage_recycle(&w->stage, &w->limits, list);
        list = next;
    }
    if (!o.rest && o.error == 0)
        w->write_error.code = 0;
    commit_publish(w);
    if (o.error < 0) {
        round_failed(w, &o, sync);
        if (!w->failure)
            commit_publish(w);
    }
    if (sync) {
        t->expect = members + t->members;
        t->finished[round & 1] = true;
        t->over = round + 1;
    }
}

void commit_round(struct wal *w)
{
    run(w, true, true);
}

void commit_write(struct wal *w, bool all)
{
    run(w, false, all);
}

/* The answer for a waiter that is done, or whose LSN is durable. */
static int answer(const struct waiter *me)
{
    return me->done && me->error.code ? fault_put(&me->error) : 0;
}

static bool time_is_up(struct wal *w, uint64_t began, int64_t timeout_ns, int64_t *ret_left)
{
    *ret_left = -1;
    if (timeout_ns < 0)
        return false;
    int64_t passed = (int64_t)(w->os->now(w->os->ctx) - began);
    *ret_left = timeout_ns - passed;
    return passed >= timeout_ns;
}

int commit_wait(struct wal *w, struct waiter *me, int64_t timeout_ns)
{
    uint64_t began = timeout_ns < 0 ? 0 : w->os->now(w->os->ctx);
    int64_t left;
    int e = 0;

    while (!me->done && atomic_load(&w->durable_lsn) < me->lsn) {
        if (time_is_up(w, began, timeout_ns, &left)) {
            e = fault_at(WAL_E_TIMEOUT, me->lsn, 0, 0, "record %llu is not durable yet",
                         (unsigned long long)me->lsn);
            break;
        }
        if (turn_try(w)) {
            commit_round(w);
            turn_give(w);
        } else {
            waiter_sleep(w, me, left);
        }
    }
    waiter_remove(w, me);
    return e < 0 ? e : answer(me);
}

/* Setting back a failed write is a sync, too, of which nobody was told. */
bool commit_behind(const struct wal *w, bool durable)
{
    const struct writer *x = &w->writer;
    bool unsynced = w->started && (x->durable_offset < x->end.offset ||
                                   atomic_load(&w->durable_lsn) + 1 < x->end.next_lsn);
    return w->stage.first || (durable && unsynced);
}

int exclusive_begin(struct wal *w, bool durable)
{
    turn_take(w);
    gate_close(w);
    w->write_error.code = 0;
    while (!w->failure && w->write_error.code == 0 && commit_behind(w, durable))
        run(w, durable, true);
    int e = atomic_load(&w->closed) ? fault(WAL_E_CLOSED, "%s is being closed", w->path)
            : w->failure            ? wal_failed_fault(w)
            : w->stage.first        ? fault_put(&w->write_error)
                                    : 0;
    if (e < 0)
        exclusive_end(w);
    return e;
}

/* The gate first: callbacks may append. */
void exclusive_end(struct wal *w)
{
    gate_open(w);
    turn_give(w);
}
