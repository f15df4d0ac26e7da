/* SPDX-License-Identifier: Apache-2.0 */
#include "log/ahead.h"

#include "base/bytes.h"

enum {
    LANES = 4,
    AWAKE_AT = 2, /* so many lanes free before the thread is woken for them */
    FIRST_VIEWS = 64
};

/* Verified groups, one behind the other, that are in one reader's memory. */
struct lane {
    struct group_reader groups;
    struct group_view *views;
    size_t n, room;
    bool last; /* nothing comes behind them */
};

struct ahead {
    struct wal *log;
    struct os_thread *thread; /* NULL: not started */
    bool refused;             /* it can't be had */

    /* Lanes go round: the thread fills them, the reader gives them back. */
    struct lane lanes[LANES];
    _Atomic uint32_t filled, taken; /* counted since the beginning */
    _Atomic uint32_t idle;          /* the thread sleeps until lanes are free */
    _Atomic uint32_t waiting;       /* the reader sleeps until one is filled */
    atomic_bool active, cancelled;  /* there is a segment to read; not any more */

    /* The segment under way. What follows is the thread's as long as it is active. */
    struct member *member; /* held; NULL: none */
    struct group_reader cursor;
    /* The reader's. */
    struct horizon horizon;
    size_t view; /* of the lane at hand: groups that were given */
    uint64_t skip_number,
        skip_until; /* of this segment there is nothing to read ahead up to here */
};

static struct lane *lane_of(struct ahead *a, uint32_t count)
{
    return &a->lanes[count % LANES];
}

/* The thread's part */

static bool make_room(struct ahead *a, struct lane *l)
{
    if (l->n < l->room)
        return true;
    size_t room = l->room ? 2 * l->room : FIRST_VIEWS;
    struct group_view *p = mem_resize(a->log->alloc, l->views, room * sizeof *p);
    if (!p)
        return false;
    l->views = p;
    l->room = room;
    return true;
}

/* One block's groups; of those whose bodies have to be decoded, one. */
static void fill(struct ahead *a, struct lane *l)
{
    struct group_reader *r = &l->groups;

    group_reader_go_on(r, &a->cursor);
    l->n = 0;
    do {
        l->last = atomic_load(&a->cancelled) || !make_room(a, l) ||
                  group_reader_next(r, &l->views[l->n]) != 1;
        if (l->last)
            break;
        l->n++;
    } while (group_reader_at_hand(r));
    group_reader_go_on(&a->cursor, r);
}

static bool may_fill(struct ahead *a)
{
    return atomic_load(&a->filled) - atomic_load(&a->taken) < LANES;
}

static int64_t step(void *arg)
{
    struct ahead *a = arg;
    const struct os *os = a->log->os;

    while (atomic_load(&a->active) && may_fill(a)) {
        struct lane *l = lane_of(a, atomic_load(&a->filled));
        fill(a, l);
        if (l->last)
            atomic_store(&a->active, false);
        atomic_fetch_add(&a->filled, 1);
        if (atomic_exchange(&a->waiting, 0))
            os->wake(os->ctx, &a->filled, 1);
    }
    atomic_store(&a->idle, 1);
    return atomic_load(&a->active) && may_fill(a) ? 0 : -1; /* one may have become free meanwhile */
}

/* The reader's part */

static void kick(struct ahead *a)
{
    if (atomic_exchange(&a->idle, 0))
        a->log->os->thread_kick(a->log->os->ctx, a->thread);
}

static struct lane *wait_for_lane(struct ahead *a)
{
    const struct os *os = a->log->os;
    uint32_t taken = atomic_load(&a->taken), filled;

    while ((filled = atomic_load(&a->filled)) == taken) {
        atomic_store(&a->waiting, 1);
        if (atomic_load(&a->filled) == filled)
            (void)os->park(os->ctx, &a->filled, filled, -1);
    }
    return lane_of(a, taken);
}

/* Returns whether more come. */
static bool give_back(struct ahead *a, const struct lane *l)
{
    bool last = l->last;

    a->view = 0;
    atomic_fetch_add(&a->taken, 1);
    if (!last && atomic_load(&a->filled) - atomic_load(&a->taken) <= LANES - AWAKE_AT)
        kick(a);
    return !last;
}

static void leave(struct ahead *a)
{
    catalog_release(&a->log->catalog, a->member);
    a->member = NULL;
}

/* The thread is done with the segment when it has said so by its last lane. */
static void cancel(struct ahead *a)
{
    if (!a->member)
        return;
    atomic_store(&a->cancelled, true);
    while (give_back(a, wait_for_lane(a)))
        continue;
    leave(a);
}

static bool start_thread(struct ahead *a)
{
    const struct os *os = a->log->os;

    if (!a->thread && !a->refused) {
        a->refused = os->thread_start(os->ctx, step, a, &a->thread) < 0;
        atomic_store(&a->idle, 1);
    }
    return a->thread != NULL;
}

static bool hold_member(struct ahead *a, const struct wal_reader *r)
{
    struct fault before = *fault_last();
    struct member *m;

    if (catalog_numbered(&a->log->catalog, r->place.member->number, &m) < 0) {
        fault_put(&before);
        return false;
    }
    if (m != r->place.member) {
        catalog_release(&a->log->catalog, m);
        return false;
    }
    a->member = m;
    return true;
}

/* Whether there is so much in the reader's segment that it pays. *ret: where that ends. */
static bool is_worth_it(struct ahead *a, const struct wal_reader *r, uint64_t *ret)
{
    const struct member *m = r->place.member;
    struct member_state state;

    if (m->number == a->skip_number && r->place.groups.offset < a->skip_until)
        return false;
    place_horizon(a->log, false, &a->horizon);
    catalog_state(&a->log->catalog, m, &state);
    *ret = state.sealed ? state.end.offset : a->horizon.end_offset;
    a->skip_number = m->number;
    a->skip_until = *ret;
    return a->horizon.shape == r->shape && !state.gone &&
           *ret > r->place.groups.offset + GROUP_BLOCK_BYTES;
}

static bool begin(struct ahead *a, const struct wal_reader *r)
{
    uint64_t limit;

    if (!is_worth_it(a, r, &limit) || !start_thread(a) || !hold_member(a, r))
        return false;
    for (int k = 0; k < LANES; k++) {
        group_reader_free(&a->lanes[k].groups);
        group_reader_init(&a->lanes[k].groups, &a->member->segment, a->log->alloc,
                          GROUP_BLOCK_BYTES);
        a->lanes[k].groups.limit = limit;
    }
    group_reader_go_on(&a->cursor, &r->place.groups);
    atomic_store(&a->cancelled, false);
    atomic_store(&a->active, true);
    kick(a);
    return true;
}

/* The next group that has records; those without are passed. NULL: nothing more comes. */
static const struct group_view *next_view(struct ahead *a, struct wal_reader *r)
{
    for (;;) {
        struct lane *l = wait_for_lane(a);
        while (a->view < l->n) {
            const struct group_view *g = &l->views[a->view++];
            group_reader_pass(&r->place.groups, g);
            if (g->header.records)
                return g;
        }
        if (!give_back(a, l)) {
            leave(a);
            return NULL;
        }
    }
}

static bool goes_with(const struct ahead *a, const struct wal_reader *r)
{
    return r->place.member == a->member && r->shape == a->horizon.shape &&
           place_same_shape(a->log, &a->horizon) && reader_at(r) <= a->horizon.last_lsn;
}

void ahead_load(struct ahead *a, struct wal_reader *r)
{
    /* It must stand behind the group that it had. */
    if (!a || !wal_is_ours(a->log) || !r->place.member || r->place.groups.lsn != reader_at(r))
        return;
    if (!a->member && !begin(a, r))
        return;
    if (!goes_with(a, r)) {
        cancel(a);
        return;
    }
    const struct group_view *g = next_view(a, r);
    if (g)
        reader_enter(r, g, &a->horizon);
}

struct ahead *ahead_new(struct wal *w)
{
    struct ahead *a = mem_new_zeroed(w->alloc, sizeof *a);
    if (a)
        a->log = w;
    return a;
}

void ahead_free(struct ahead *a)
{
    if (!a)
        return;
    struct wal *w = a->log;
    if (wal_is_ours(w))
        cancel(a);
    if (a->thread)
        w->os->thread_stop(w->os->ctx, a->thread);
    if (!wal_is_ours(w))
        return; /* what the thread was in the middle of stays as it was */
    for (int k = 0; k < LANES; k++) {
        group_reader_free(&a->lanes[k].groups);
        mem_free(w->alloc, a->lanes[k].views);
    }
    mem_free(w->alloc, a);
}
