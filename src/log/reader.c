/* SPDX-License-Identifier: Apache-2.0 */
#include "log/reader.h"

#include "base/attr.h"
#include "base/bytes.h"
#include "base/plant.h"
#include "log/follow.h"
#include "log/pins.h"
#include "log/watch.h"

enum { BACKWARD_BLOCK_BYTES = 64 * 1024 /* most of what lies behind a group was read before */ };

void readers_cut(struct wal *w, uint64_t cut_lsn)
{
    pthread_mutex_lock(&w->readers_mu);
    for (struct wal_reader *r = w->readers; r; r = r->next) {
        r->cut = min_u64(r->cut, cut_lsn);
        atomic_store(&r->stale, 1);
        if (atomic_load(&r->position) > cut_lsn + 1)
            pin_lose(r);
    }
    pthread_mutex_unlock(&w->readers_mu);
}

static void enlist(struct wal_reader *r)
{
    struct wal *w = r->log;
    pthread_mutex_lock(&w->readers_mu);
    r->next = w->readers;
    if (w->readers)
        w->readers->prev = r;
    w->readers = r;
    pthread_mutex_unlock(&w->readers_mu);
}

static void delist(struct wal_reader *r)
{
    struct wal *w = r->log;
    pthread_mutex_lock(&w->readers_mu);
    *(r->prev ? &r->prev->next : &w->readers) = r->next;
    if (r->next)
        r->next->prev = r->prev;
    pthread_mutex_unlock(&w->readers_mu);
}

static void unload(struct wal_reader *r)
{
    place_free(r->log, &r->place);
    r->group = (struct group_view){0};
    r->low = UINT64_MAX;
    r->high = 0;
    r->n_steps = 0;
}

/* Where a reader may stand: from the first record to the next LSN, which for one that follows a
 * writer is behind what it may see. */
static int check_start(const struct wal_reader *r, uint64_t lsn, const struct horizon *h,
                       uint64_t *ret)
{
    uint64_t last = max_u64(h->next_lsn - 1, h->last_lsn);

    if (lsn == 0 && reader_backward(r)) {
        uint64_t end = h->last_lsn;
        *ret = end >= h->first_lsn ? end : 0;
        return 0;
    }
    if (lsn == 0)
        lsn = h->first_lsn;
    if (lsn < h->first_lsn || lsn > last + 1)
        return fault_at(WAL_E_RANGE, lsn, 0, 0, "LSN %llu is outside the log, %llu .. %llu",
                        (unsigned long long)lsn, (unsigned long long)h->first_lsn,
                        (unsigned long long)last);
    *ret = lsn;
    return 0;
}

/* Puts the reader at an LSN: later cuts concern it, earlier ones don't. An error changes nothing.
 */
static int stand(struct wal_reader *r, uint64_t lsn)
{
    struct wal *w = r->log;
    struct horizon h;
    uint64_t position = 0, earlier = UINT64_MAX;
    uint32_t stale = 0;
    int e;

    do {
        place_horizon(w, r->flags & WAL_READ_WRITTEN, &h);
        e = check_start(r, lsn, &h, &position);
        pthread_mutex_lock(&w->readers_mu);
        if (e == 0)
            e = pin_claim(r, lsn == 0, &position);
        if (e < 0) {
            pin_stay(r);
            r->cut = min_u64(r->cut, earlier);
            atomic_fetch_or(&r->stale, stale);
        } else {
            earlier = min_u64(r->cut, earlier);
            r->cut = UINT64_MAX;
            stale |= atomic_exchange(&r->stale, 0);
        }
        pthread_mutex_unlock(&w->readers_mu);
    } while (e == 0 && !place_same_shape(w, &h));
    if (e == 0) {
        pthread_mutex_lock(&w->readers_mu);
        pin_stand(r, position);
        pthread_mutex_unlock(&w->readers_mu);
        r->walks = false;
    }
    return e;
}

static int check_flags(const struct wal *w, uint32_t flags)
{
    if (flags & ~(uint32_t)(WAL_READ_WRITTEN | WAL_READ_REVERSE | WAL_READ_PIN))
        return fault(WAL_E_INVAL, "unknown reader flags 0x%x", flags);
    if ((flags & WAL_READ_PIN) && (flags & WAL_READ_REVERSE))
        return fault(WAL_E_INVAL, "a reader that walks backward can't pin what it has not read");
    if ((flags & WAL_READ_PIN) && w->follower)
        return fault(WAL_E_READONLY, "%s is open read-only: its readers can't pin", w->path);
    return 0;
}

int reader_open(struct wal *w, uint64_t from, uint32_t flags, struct wal_reader **ret)
{
    int e = check_flags(w, flags);
    if (e < 0)
        return e;
    if (flags & WAL_READ_WRITTEN)
        follow_want_written(w);
    e = follow_look(w);
    if (e < 0)
        return e;
    struct wal_reader *r = mem_new_zeroed(w->alloc, sizeof *r);
    if (!r)
        return fault_nomem();
    r->log = w;
    r->flags = flags;
    place_init(&r->place);
    r->low = r->claimed = UINT64_MAX;
    enlist(r);
    e = stand(r, from);
    if (e < 0) {
        delist(r);
        mem_free(w->alloc, r);
        return e;
    }
    wal_ref(w);
    *ret = r;
    return 0;
}

void reader_close(struct wal_reader *r)
{
    struct wal *w = r->log;
    if (!wal_is_ours(w) && !wal_disown(w))
        return;
    if (!wal_is_ours(w) && r->place.member)
        r->place.member->segment.file.fd = -1;
    delist(r);
    unload(r);
    mem_free(w->alloc, r->steps);
    mem_free(w->alloc, r);
    wal_unref(w);
}

int reader_seek(struct wal_reader *r, uint64_t lsn)
{
    int e = follow_look(r->log);
    if (e == 0)
        e = stand(r, lsn);
    if (e < 0)
        return e;
    unload(r);
    r->trimmed = false;
    return 0;
}

static int trimmed_fault(const struct wal_reader *r)
{
    return fault_at(WAL_E_TRIMMED, r->position, 0, 0,
                    "%s: the place of a reader, LSN %llu, was cut away", r->log->path,
                    (unsigned long long)r->position);
}

/* Whether the reader's place still is one. Backward, the next record must be there still; forward,
 * the one before it. */
static int check_place(struct wal_reader *r)
{
    struct wal *w = r->log;

    if (atomic_load(&r->stale)) {
        pthread_mutex_lock(&w->readers_mu);
        uint64_t cut = r->cut;
        r->cut = UINT64_MAX;
        atomic_store(&r->stale, 0);
        pthread_mutex_unlock(&w->readers_mu);
        unload(r);
        r->trimmed |= r->position > 0 && r->position - !reader_backward(r) > cut;
    }
    r->trimmed |= r->position > 0 && r->position < atomic_load(&w->first_lsn);
    return r->trimmed ? trimmed_fault(r) : 0;
}

/* A group that is right as a whole has records that are not: it was made so. */
static int bad_records(const struct wal_reader *r)
{
    const struct file *f = &r->place.member->segment.file;
    return fault_at(WAL_E_CORRUPT, r->position, f->number, r->group.offset,
                    "%s/%s at offset %llu, LSN %llu: the group's records don't fit its header",
                    f->folder->path, f->name, (unsigned long long)r->group.offset,
                    (unsigned long long)r->position);
}

int reader_bad_record(struct wal_reader *r)
{
    int e = bad_records(r);
    unload(r);
    return e;
}

/* Backward: all records of the group, so that they can be handed out from the last. */
static int list_steps(struct wal_reader *r)
{
    struct record_walk walk;
    size_t n = r->group.header.records;

    if (n > r->steps_room) {
        struct record *p = mem_resize(r->log->alloc, r->steps, n * sizeof *p);
        if (!p)
            return fault_nomem();
        r->steps = p;
        r->steps_room = n;
    }
    group_records(&r->group, &r->place.member->segment.header, &walk);
    r->n_steps = 0;
    while (r->n_steps < n && record_next(&walk, &r->steps[r->n_steps]) == 1)
        r->n_steps++;
    return r->n_steps == n ? 0 : bad_records(r);
}

/* Forward: the walk comes to the position. */
static int walk_up(struct wal_reader *r)
{
    struct record passed;

    group_records(&r->group, &r->place.member->segment.header, &r->walk);
    while (r->walk.lsn < r->position)
        if (record_next(&r->walk, &passed) != 1)
            return bad_records(r);
    return 0;
}

/* The next group in sequence, where the reader stands right before it in the same segment. 1: got
 * it. */
static int load_next(struct wal_reader *r, const struct horizon *h)
{
    if (!r->place.member || reader_backward(r) || r->place.groups.lsn != r->position)
        return 0;
    return place_next(r->log, &r->place, h, &r->group);
}

static bool in_group(const struct wal_reader *r)
{
    const struct group_header *g = &r->group.header;
    return g->records && r->position >= g->first_lsn && r->position <= group_last_lsn(g);
}

static int load_at(struct wal_reader *r, const struct horizon *h, uint64_t lsn)
{
    size_t block = reader_backward(r) ? BACKWARD_BLOCK_BYTES : GROUP_BLOCK_BYTES;
    int e = place_find(r->log, &r->place, lsn, h, block);
    return e < 0 ? e : place_group(&r->place, lsn, &r->group);
}

/* Whether a reader that has lost its place goes on from the record that it gave last: a segment's
 * end lies between it and the next one perhaps, which must be right too. */
static bool goes_on(const struct wal_reader *r, const struct horizon *h)
{
    return r->walks && !reader_backward(r) && !r->place.member && r->position > h->first_lsn;
}

/* The group that holds the position. */
static int load(struct wal_reader *r, const struct horizon *h)
{
    int e = goes_on(r, h) ? load_at(r, h, r->position - 1) : 0;
    if (e == 0 && !in_group(r)) {
        e = load_next(r, h);
        if (e == 0)
            e = load_at(r, h, r->position);
    }
    if (e >= 0)
        e = reader_backward(r) ? list_steps(r) : walk_up(r);
    if (e < 0)
        unload(r); /* the next look reads anew */
    return e;
}

/* Notes which records of the group at hand the horizon lets through. */
static void note_readable(struct wal_reader *r, const struct horizon *h)
{
    r->low = max_u64(r->group.header.first_lsn, h->first_lsn);
    r->high = min_u64(group_last_lsn(&r->group.header), h->last_lsn);
    r->shape = h->shape;
}

void reader_enter(struct wal_reader *r, const struct group_view *g, const struct horizon *h)
{
    r->group = *g;
    group_records(&r->group, &r->place.member->segment.header, &r->walk);
    note_readable(r, h);
}

/* 1: there is something to read at the position. */
static int look(struct wal_reader *r, struct horizon *h)
{
    /* In this order: a cut that the horizon knows of has reached the reader too. */
    place_horizon(r->log, r->flags & WAL_READ_WRITTEN, h);
    int e = check_place(r);
    if (e < 0)
        return e;
    return r->position >= h->first_lsn && r->position <= h->last_lsn;
}

/* The end may just be where nobody has looked for a while. */
static int look_again(struct wal_reader *r, struct horizon *h)
{
    int e = look(r, h);
    if (e != 0 || reader_backward(r) || !r->log->follower)
        return e;
    e = follow_look(r->log);
    return e < 0 ? e : look(r, h);
}

static int ready(struct wal_reader *r, struct horizon *h)
{
    int e;

    do {
        e = look_again(r, h);
        if (e != 1)
            return e;
        if (in_group(r))
            break;
        e = load(r, h);
        if (!place_same_shape(r->log, h))
            unload(r);
    } while (!in_group(r) && !place_same_shape(r->log, h));
    if (e < 0)
        return e;
    note_readable(r, h);
    return 1;
}

int reader_ready(struct wal_reader *r, struct horizon *ret)
{
    struct wal *w = r->log;

    struct fault last = {0};
    int e;

    do {
        e = ready(r, ret);
    } while (UNLIKELY(e < 0) && follow_anew(w, &e, &last));
    if (PLANTED(29) && e == WAL_E_CORRUPT)
        return 0;
    return place_result(w, e);
}

int reader_next(struct wal_reader *r, struct record *ret, bool *ret_durable)
{
    struct horizon h;

    if (LIKELY(reader_next_at_hand(r, ret, ret_durable)))
        return 1;
    int e = reader_ready(r, &h);
    if (e != 1 || reader_take(r, ret, ret_durable))
        return e;
    return place_result(r->log, reader_bad_record(r));
}

const uint8_t *reader_tag(const struct wal_reader *r, uint32_t *ret_size)
{
    return group_tag(&r->group, ret_size);
}

struct wait {
    uint64_t began;
    int64_t limit_ns; /* < 0: none */
    bool watches;     /* log/watch.h */
};

/* Under mu. */
static bool has_news(const struct wal_reader *r)
{
    const struct wal *w = r->log;
    uint64_t last = r->flags & WAL_READ_WRITTEN ? w->written_lsn : atomic_load(&w->durable_lsn);
    return last >= r->position || atomic_load(&r->stale) || atomic_load(&r->interrupted);
}

/* Under mu. No signal tells a follower of what isn't durable yet. */
static void sleep_till_news(const struct wal_reader *r, struct wait *x, int64_t left_ns)
{
    struct wal *w = r->log;

    if (!w->follower)
        (void)turn_sleep(w, left_ns);
    else
        watch_sleep(w, &x->watches, r->flags & WAL_READ_WRITTEN ? watch_limit(left_ns) : left_ns);
}

/* 1: look again; 0: the time is over. */
static int wait_step(const struct wal_reader *r, struct wait *x)
{
    struct wal *w = r->log;
    int64_t left = -1;

    if (x->limit_ns >= 0) {
        left = x->limit_ns - (int64_t)(w->os->now(w->os->ctx) - x->began);
        if (left <= 0)
            return 0;
    }
    pthread_mutex_lock(&w->mu);
    bool closed = atomic_load(&w->closed);
    if (!closed && !has_news(r))
        sleep_till_news(r, x, left);
    pthread_mutex_unlock(&w->mu);
    return closed ? fault(WAL_E_CLOSED, "%s was closed", w->path) : 1;
}

int reader_wait(struct wal_reader *r, int timeout_ms)
{
    struct wal *w = r->log;
    struct wait x = {.began = w->os->now(w->os->ctx),
                     .limit_ns = timeout_ms < 0 ? -1 : (int64_t)timeout_ms * 1000000};
    struct horizon h;
    int e;

    do {
        if (atomic_exchange(&r->interrupted, false)) {
            e = 0;
            break;
        }
        e = look_again(r, &h);
        if (e != 0 || reader_backward(r))
            break;
        e = wait_step(r, &x);
    } while (e == 1);
    watch_end(w, x.watches);
    return e;
}

void reader_interrupt(struct wal_reader *r)
{
    struct wal *w = r->log;

    /* Under mu it can't fall between the waiter's look and its sleep. */
    pthread_mutex_lock(&w->mu);
    atomic_store(&r->interrupted, true);
    turn_changed(w);
    pthread_mutex_unlock(&w->mu);
}
