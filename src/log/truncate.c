/* SPDX-License-Identifier: Apache-2.0 */
#include "log/truncate.h"

#include "base/bytes.h"
#include "base/plant.h"
#include "log/append.h"
#include "log/checkpoint.h"
#include "log/commit.h"
#include "log/fresh.h"
#include "log/meta_changes.h"
#include "log/place.h"
#include "log/removal.h"
#include "log/retain.h"
#include "log/rotate.h"
#include "log/settle.h"
#include "log/start.h"

static int outside(const struct wal *w, uint64_t lsn)
{
    return fault_at(WAL_E_RANGE, lsn, 0, 0, "LSN %llu is outside the log, %llu .. %llu",
                    (unsigned long long)lsn, (unsigned long long)atomic_load(&w->first_lsn),
                    (unsigned long long)(w->next_lsn - 1));
}

/* After a change with the turn, under mu again: a fatal failure ends the handle. */
static int end_change(struct wal *w, int e, bool fatal)
{
    if (e < 0 && fatal) {
        wal_fail(w);
        e = wal_indoubt_fault(w, 0);
    }
    if (!w->failure)
        commit_publish(w);
    return e;
}

static void tell(struct wal *w, uint64_t lsn, uint64_t segment)
{
    event_tell(w, &(wal_event_t){.kind = WAL_EVENT_TRUNCATED, .lsn = lsn, .segment = segment});
}

/* Truncation at the front */

struct front {
    uint64_t lsn, oldest;
};

/* The oldest member that still has something at or above the LSN. */
static void find_oldest(void *ctx, const struct member *m, const struct member *after)
{
    struct front *f = ctx;
    if (f->oldest == m->number && after && after->segment.header.base_lsn <= f->lsn)
        f->oldest = after->number;
    else if (f->oldest == 0)
        f->oldest = after && after->segment.header.base_lsn <= f->lsn ? after->number : m->number;
}

/* A machine comes up from the newest checkpoint and what lies behind it, without a gap. */
static bool needs_checkpoint(const struct wal *w, const struct front *f)
{
    const struct checkpoint_ref *c = &w->checkpoint;
    return (c->place.segment && c->place.segment < f->oldest && !PLANTED(33)) ||
           (w->machine.ready && c->lsn + 1 < f->lsn);
}

/* What is left when the change is done and others can write again. */
struct dropped {
    struct numbers files; /* of segments that have left the log */
    uint64_t records;     /* so many went with them */
};

/* 1: the newest checkpoint has to be taken over first. */
static int cut_front(struct wal *w, const struct front *front, struct dropped *ret, bool *ret_fatal)
{
    *ret_fatal = false;
    if (needs_checkpoint(w, front))
        return 1;
    *ret_fatal = true;
    int e = settle_once(w);
    if (e < 0)
        return e;
    uint64_t removed = front->lsn - atomic_load(&w->first_lsn);
    w->control.now.first_lsn = front->lsn;
    w->control.now.oldest = front->oldest;
    w->control.now.checkpoint = w->checkpoint;
    e = control_write(&w->control);
    if (e < 0)
        return e;
    pthread_mutex_lock(&w->mu);
    atomic_fetch_add(&w->shape, 1);
    atomic_store(&w->first_lsn, front->lsn);
    catalog_drop_before(&w->catalog, front->oldest, &ret->files);
    pthread_mutex_unlock(&w->mu);
    if (w->started)
        fresh_witness(w);
    stat_add(&w->stats, WAL_STAT_TRUNCATED_FRONT, removed);
    ret->records = removed;
    *ret_fatal = false;
    return 0;
}

/* Under mu. */
static int check_front(const struct wal *w, uint64_t lsn)
{
    if (atomic_load(&w->closed))
        return fault(WAL_E_CLOSED, "%s is being closed", w->path);
    if (w->failure)
        return wal_failed_fault(w);
    return lsn > w->next_lsn ? outside(w, lsn) : 0;
}

/* Without any lock: nobody waits for the files. lsn: the log's first one as the change left it. */
static void remove_dropped(struct wal *w, struct dropped *d, uint64_t lsn)
{
    remove_segments(w, &d->files);
    if (d->records > 0)
        tell(w, lsn, 0);
    notify_events(w);
}

/* Under mu, with the turn; drops mu meanwhile. */
static int change_front(struct wal *w, const struct front *front, struct dropped *ret)
{
    bool fatal;

    pthread_mutex_unlock(&w->mu);
    int e = cut_front(w, front, ret, &fatal);
    pthread_mutex_lock(&w->mu);
    return end_change(w, e, fatal);
}

/* 1: not done, see cut_front. */
static int cut_before(struct wal *w, uint64_t lsn, struct dropped *ret)
{
    struct front front = {.lsn = lsn};

    pthread_mutex_lock(&w->mu);
    turn_take(w);
    int e = check_front(w, lsn); /* others may have cut meanwhile */
    if (e == 0 && lsn > atomic_load(&w->first_lsn)) {
        catalog_each(&w->catalog, find_oldest, &front);
        e = change_front(w, &front, ret);
    }
    turn_give(w);
    pthread_mutex_unlock(&w->mu);
    return e;
}

int truncate_before(struct wal *w, uint64_t lsn)
{
    struct dropped dropped = {0};

    pthread_mutex_lock(&w->mu);
    int e = check_front(w, lsn);
    bool nothing = lsn <= atomic_load(&w->first_lsn);
    bool buffered = lsn > 0 && lsn - 1 > atomic_load(&w->durable_lsn);
    pthread_mutex_unlock(&w->mu);
    if (e == 0 && nothing)
        return 0;
    if (e == 0 && buffered)
        e = append_sync(w, lsn - 1);
    if (e == 0) /* now, not while nobody else can write */
        e = catalog_walk(&w->catalog);
    while (e == 0 && (e = cut_before(w, lsn, &dropped)) == 1)
        e = checkpoint_forward(w);
    remove_dropped(w, &dropped, lsn);
    return e;
}

/* Whole segments at the front */

struct drained {
    uint64_t through; /* the members up to this number go ... */
    struct front front;
    size_t count; /* ... so many */
};

static void find_drained(void *ctx, const struct member *m, const struct member *after)
{
    struct drained *d = ctx;
    if (!after || m->number > d->through)
        return;
    d->front.oldest = after->number;
    d->front.lsn = after->segment.header.base_lsn;
    d->count++;
}

/* 1: not done, see cut_front. */
static int cut_drained(struct wal *w, struct drained *d, struct dropped *ret)
{
    pthread_mutex_lock(&w->mu);
    turn_take(w);
    int e = check_front(w, 0);
    d->count = 0;
    if (e == 0) {
        catalog_each(&w->catalog, find_drained, d);
        d->front.lsn = max_u64(d->front.lsn, atomic_load(&w->first_lsn));
    }
    if (d->count > 0)
        e = change_front(w, &d->front, ret);
    turn_give(w);
    pthread_mutex_unlock(&w->mu);
    return e;
}

int truncate_segments(struct wal *w, uint64_t through, size_t *ret_count)
{
    struct drained d = {.through = through};
    struct dropped dropped = {0};
    int e;

    while ((e = cut_drained(w, &d, &dropped)) == 1 && (e = checkpoint_forward(w)) == 0)
        ;
    remove_dropped(w, &dropped, d.front.lsn);
    if (e == 0)
        *ret_count = d.count;
    return e;
}

int truncate_retain(struct wal *w)
{
    struct dropped dropped = {0};
    struct retain_plan plan;
    bool fatal;

    if (!retain_begin(w, NULL, &plan))
        return 0;
    struct front front = {.lsn = plan.first_lsn, .oldest = plan.oldest};
    int e = cut_front(w, &front, &dropped, &fatal);
    retain_over(w, 0);
    pthread_mutex_lock(&w->mu);
    removal_later(w, &dropped.files);
    pthread_mutex_unlock(&w->mu);
    return e;
}

/* Truncation at the end */

/* Where the cut is in its segment, and what lies before it. */
static int find_cut(struct wal *w, struct fresh *f, struct member **ret)
{
    struct births *b = &f->births;
    struct member *m;

    int e = catalog_find(&w->catalog, f->cut_lsn + 1, &m);
    if (e < 0)
        return e;
    *ret = m;
    e = place_boundary(w, m, f->cut_lsn, w->written_offset, &b->begin, &b->split);
    if (e == 0)
        e = tag_read(&m->segment, w->alloc, b->begin.tag_offset, &b->tag);
    b->from = &m->segment;
    b->end = f->advance.end = b->begin;
    f->advance.drop_from = m->number + 1;
    f->base_lsn = b->begin.next_lsn;
    segment_follow(&m->segment, &b->begin, &f->follow);
    return e;
}

/* With the turn, without mu: a new segment that goes on behind the cut. map NULL: the metadata stay
 * as they are. */
static int cut_end(struct wal *w, uint64_t lsn, struct source *source, struct meta_map *map,
                   bool *ret_fatal)
{
    const struct checkpoint_ref none = {0};
    struct member *m = NULL, *kept = NULL;
    struct fresh f = {
        .births = {.meta = map ? map : &w->meta,
                   .last_kept = lsn,
                   .source = source,
                   .alloc = w->alloc,
                   .group_bytes = w->config.group_bytes},
        .advance = {.oldest = w->control.now.oldest, .ends = true},
        .first_lsn = w->control.now.first_lsn,
        .checkpoint = w->checkpoint.lsn <= lsn ? w->checkpoint : none,
        .map = map,
        .cuts = true,
        .cut_lsn = lsn,
    };
    uint64_t removed = w->next_lsn - 1 - lsn;

    int e = settle_once(w);
    *ret_fatal = e < 0;
    if (e == 0)
        e = find_cut(w, &f, &m);
    if (e == 0 && PLANTED(17) && w->started && !source && !f.births.split &&
        m->number == w->writer.segment.header.number) {
        w->writer.end = f.births.begin;
        w->writer.watermark = lsn;
        w->next_lsn = lsn + 1;
        catalog_release(&w->catalog, m);
        return 0;
    }
    if (e == 0 && f.checkpoint.lsn)
        e = checkpoint_carry(w, m->number, f.births.begin.offset, &f.births, &kept);
    if (e == 0)
        e = fresh_salt(w, &f.salt);
    if (e == 0)
        e = fresh_make(w, &f, ret_fatal);
    catalog_release(&w->catalog, kept);
    catalog_release(&w->catalog, m);
    if (e == 0)
        stat_add(&w->stats, WAL_STAT_TRUNCATED_BACK, removed);
    if (e == 0 && removed > 0)
        tell(w, lsn, w->writer.segment.header.number);
    return e;
}

/* Under mu, with the turn. 1: nothing to do. */
static int check_end(const struct wal *w, uint64_t lsn, const struct source *source)
{
    uint64_t first = atomic_load(&w->first_lsn), records = source ? source->records : 0;

    if (lsn < first - 1 || (records && lsn >= w->next_lsn))
        return outside(w, lsn);
    if (records > LSN_MAX - lsn)
        return fault_at(WAL_E_FULL, lsn, 0, 0, "LSNs are used up behind %llu",
                        (unsigned long long)lsn);
    return !source && lsn >= w->next_lsn - 1;
}

/* Under mu, with the turn; drops mu meanwhile. */
static int replace(struct wal *w, uint64_t lsn, struct source *source)
{
    const struct meta_changes *changes = source ? source->changes : NULL;
    struct meta_map map = {0};
    bool fatal = false;

    int e = changes ? meta_map_with(&w->meta, w->alloc, changes->list, changes->n, &map) : 0;
    if (e < 0)
        return e;
    lsn = min_u64(lsn, w->next_lsn - 1); /* without records it may have lain above */
    pthread_mutex_unlock(&w->mu);
    e = cut_end(w, lsn, source, changes ? &map : NULL, &fatal);
    pthread_mutex_lock(&w->mu);
    e = end_change(w, e, fatal);
    meta_map_free(&map, w->alloc);
    if (e == 0 && source)
        append_count(w, source);
    return e;
}

/* What was applied can't be taken back. */
static int check_machine(const struct wal *w)
{
    return w->config.has_machine
               ? fault(WAL_E_UNSUPPORTED, "%s has a machine: it can't be cut at its end", w->path)
               : 0;
}

int truncate_replace(struct wal *w, uint64_t lsn, struct source *source, uint64_t *ret_first)
{
    if (check_machine(w) < 0)
        return WAL_E_UNSUPPORTED;
    pthread_mutex_lock(&w->mu);
    int e = exclusive_begin(w, true);
    if (e == 0) {
        e = check_end(w, lsn, source);
        if (e == 0)
            e = replace(w, lsn, source);
        exclusive_end(w);
    }
    pthread_mutex_unlock(&w->mu);
    if (e < 0)
        return e;
    *ret_first = source && source->records ? lsn + 1 : 0;
    return 0;
}

/* Reset and rotate */

static int cut_all(struct wal *w, uint64_t next, bool *ret_fatal)
{
    struct fresh f = {
        .base_lsn = next,
        .flags = SEGMENT_RESET,
        .births = {.meta = &w->meta, .alloc = w->alloc, .group_bytes = w->config.group_bytes},
        .advance = {.drop_from = 1},
        .first_lsn = next,
        .cuts = true,
        .cut_lsn = next - 1,
    };
    uint64_t removed = w->next_lsn - atomic_load(&w->first_lsn);

    int e = catalog_walk(&w->catalog);
    *ret_fatal = false;
    if (e == 0) {
        e = settle_once(w);
        *ret_fatal = e < 0;
    }
    if (e == 0)
        e = fresh_salt(w, &f.salt);
    if (e == 0)
        e = fresh_make(w, &f, ret_fatal);
    if (e == 0) {
        stat_add(&w->stats, WAL_STAT_TRUNCATED_BACK, removed);
        tell(w, next - 1, w->writer.segment.header.number);
    }
    return e;
}

int truncate_reset(struct wal *w, uint64_t next)
{
    bool fatal = false;

    if (check_machine(w) < 0)
        return WAL_E_UNSUPPORTED;
    if (next == 0 || next > LSN_MAX)
        return fault(WAL_E_INVAL, "a log can't go on at LSN %llu", (unsigned long long)next);
    pthread_mutex_lock(&w->mu);
    int e = exclusive_begin(w, true);
    if (e == 0) {
        pthread_mutex_unlock(&w->mu);
        e = cut_all(w, next, &fatal);
        pthread_mutex_lock(&w->mu);
        e = end_change(w, e, fatal);
        exclusive_end(w);
    }
    pthread_mutex_unlock(&w->mu);
    return e;
}

/* With the turn: whether the newest segment has records. */
static bool has_records(const struct wal *w)
{
    if (!w->started)
        return w->inherited.carry_records > 0 || !w->inherited.small;
    return w->writer.end.next_lsn > w->writer.segment.header.base_lsn;
}

int truncate_rotate(struct wal *w)
{
    bool fatal = false;
    uint64_t salt;

    pthread_mutex_lock(&w->mu);
    int e = exclusive_begin(w, true);
    if (e == 0) {
        if (has_records(w)) {
            pthread_mutex_unlock(&w->mu);
            e = fresh_salt(w, &salt);
            if (e == 0 && !w->started)
                e = start_segment(w, salt, &fatal);
            if (e == 0)
                fatal = false; /* the new segment is there, and whole */
            if (e == 0)
                e = fresh_salt(w, &salt);
            if (e == 0)
                e = rotate_segment(w, salt, &fatal);
            pthread_mutex_lock(&w->mu);
            e = end_change(w, e, fatal);
        }
        exclusive_end(w);
    }
    pthread_mutex_unlock(&w->mu);
    return e;
}
