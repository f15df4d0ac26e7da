/* SPDX-License-Identifier: Apache-2.0 */
#include "log/turn.h"

#include "base/plant.h"
#include "log/log.h"

static void bump(struct wal *w, struct word *word, int n)
{
    atomic_fetch_add(&word->value, 1);
    w->os->wake(w->os->ctx, &word->value, n);
}

static int sleep_on(struct wal *w, struct word *word, int64_t timeout_ns)
{
    uint32_t seen = atomic_load(&word->value);
    pthread_mutex_unlock(&w->mu);
    int r = w->os->park(w->os->ctx, &word->value, seen, timeout_ns);
    pthread_mutex_lock(&w->mu);
    return r;
}

int turn_sleep(struct wal *w, int64_t timeout_ns)
{
    w->turn.sleepers++;
    int r = sleep_on(w, &w->turn.changed, timeout_ns);
    w->turn.sleepers--;
    return r;
}

int turn_poll(struct wal *w, const struct os_signal *s, int64_t timeout_ns)
{
    w->turn.polled = s;
    pthread_mutex_unlock(&w->mu);
    int r = w->os->signal_wait(w->os->ctx, s, timeout_ns);
    if (r == 0)
        w->os->signal_clear(w->os->ctx, s);
    pthread_mutex_lock(&w->mu);
    w->turn.polled = NULL;
    return r;
}

void turn_changed(struct wal *w)
{
    if (w->turn.sleepers)
        bump(w, &w->turn.changed, INT32_MAX);
    if (w->turn.polled)
        w->os->signal_set(w->os->ctx, w->turn.polled);
}

void waiter_sleep(struct wal *w, struct waiter *me, int64_t timeout_ns)
{
    struct turn *t = &w->turn;
    if ((int32_t)(t->over - me->round) > 0) /* and it has no answer: it belongs to the next one */
        me->round = t->round;
    (void)sleep_on(w, &t->round_done[me->round & 1], timeout_ns);
}

bool turn_try(struct wal *w)
{
    struct turn *t = &w->turn;
    if (t->busy || t->kept == KEPT_FOR_WORK)
        return false;
    t->busy = true;
    t->works = false;
    t->kept = KEPT_FOR_NOBODY;
    return true;
}

void turn_take(struct wal *w)
{
    struct turn *t = &w->turn;
    t->wanted++;
    while (t->busy || t->kept == KEPT_FOR_A_ROUND)
        (void)turn_sleep(w, -1);
    t->wanted--;
    t->busy = true;
    t->works = true;
    t->kept = KEPT_FOR_NOBODY;
}

void turn_give(struct wal *w)
{
    struct turn *t = &w->turn;
    t->busy = false;
    t->kept = t->waiters && t->works ? KEPT_FOR_A_ROUND
              : t->wanted            ? KEPT_FOR_WORK
                                     : KEPT_FOR_NOBODY;
    if (t->kept != KEPT_FOR_WORK && t->waiters && !PLANTED(27))
        bump(w, &t->round_done[t->round & 1], 1); /* the next leader first, then the rest */
    for (int k = 0; k < 2; k++) {
        if (t->finished[k])
            bump(w, &t->round_done[k], INT32_MAX);
        t->finished[k] = false;
    }
    turn_changed(w);
    removal_begin(w);
    notify_run(w);
}

void gate_close(struct wal *w)
{
    while (w->turn.let_in)
        (void)turn_sleep(w, -1);
    w->turn.gate++;
}

void gate_open(struct wal *w)
{
    struct turn *t = &w->turn;
    if (--t->gate == 0) {
        t->opened++;
        t->let_in = t->held;
    }
    turn_changed(w);
}

void gate_wait(struct wal *w)
{
    struct turn *t = &w->turn;
    uint32_t opened = t->opened;

    t->held++;
    (void)turn_sleep(w, -1);
    t->held--;
    if (t->opened != opened && --t->let_in == 0)
        turn_changed(w);
}

void waiter_add(struct wal *w, struct waiter *me, uint64_t lsn)
{
    struct turn *t = &w->turn;
    *me = (struct waiter){.next = t->waiters, .lsn = lsn, .round = t->round};
    if (t->waiters)
        t->waiters->prev = me;
    t->waiters = me;
    t->members++;
}

void waiter_remove(struct wal *w, struct waiter *me)
{
    struct turn *t = &w->turn;
    *(me->prev ? &me->prev->next : &t->waiters) = me->next;
    if (me->next)
        me->next->prev = me->prev;
    if (t->waiters && !t->busy && t->kept != KEPT_FOR_WORK &&
        !PLANTED(27)) /* it may have been woken to lead, and leaves */
        bump(w, &t->round_done[t->round & 1], 1);
    if (!t->waiters) {
        if (t->kept == KEPT_FOR_A_ROUND)
            t->kept = KEPT_FOR_NOBODY;
        turn_changed(w); /* close waits for this */
    }
}

void waiters_answer(struct wal *w, uint64_t from, uint64_t to, const struct fault *with)
{
    for (struct waiter *x = w->turn.waiters; x; x = x->next) {
        if (x->done || x->lsn < from || x->lsn > to)
            continue;
        x->done = true;
        x->error = *with;
        if (with->code)
            x->error.lsn = x->lsn;
    }
    waiters_wake_all(w);
}

void waiters_wake_all(struct wal *w)
{
    bump(w, &w->turn.round_done[0], INT32_MAX);
    bump(w, &w->turn.round_done[1], INT32_MAX);
    turn_changed(w);
}
