/* SPDX-License-Identifier: Apache-2.0 */
/* The write turn: one thread at a time writes and syncs. Waiting commits sleep on one of two words
 * by the parity of their round, so that a finished round wakes its own members and one leader of
 * the next. No timers.
 *
 * Everything here runs under the log's mutex; functions that wait drop it meanwhile. */
#ifndef WAL_LOG_TURN_H
#define WAL_LOG_TURN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/fault.h"
#include "os/os.h"

struct wal;

/* A thread that waits until an LSN is durable. Lies on its stack, in the log's list until it is
 * done. */
struct waiter {
    struct waiter *prev, *next;
    uint64_t lsn;
    uint32_t round;     /* that will make it durable */
    bool done;          /* answered by somebody else: `error` counts */
    struct fault error; /* code 0: durable */
};

/* For whom the turn is kept while nobody has it. */
enum kept { KEPT_FOR_NOBODY, KEPT_FOR_WORK, KEPT_FOR_A_ROUND };

/* Each in a cache line of its own. (Not by _Alignas: the user's allocator need not align more than
 * malloc does.) */
struct word {
    _Atomic uint32_t value;
    uint8_t apart[60];
};

struct turn {
    struct word round_done[2]; /* by parity */
    struct word changed;       /* anything else that a thread may wait for */
    bool busy;                 /* somebody has the turn */
    bool works;                /* for other work than commits */
    enum kept kept;
    uint32_t wanted;  /* how many threads wait for it for other work than commits */
    uint32_t gate;    /* > 0: no new appends */
    uint32_t opened;  /* how often the gate was */
    uint32_t held;    /* appends that it holds up */
    uint32_t let_in;  /* of those that it held up before, how many have yet to look again */
    uint32_t round;   /* in which new waiters are */
    uint32_t over;    /* the rounds before this one are over */
    bool finished[2]; /* by parity: a round is over, its members are to be woken when the turn is
                         given */
    struct waiter *waiters;
    uint32_t sleepers;              /* on `changed` */
    const struct os_signal *polled; /* somebody sleeps on this instead; NULL: nobody */
    uint64_t ahead_lsn; /* the lowest LSN that one of them waits for and that is to be handed out;
                           0: none */

    /* Group commit: how long the leader waits for returning committers. */
    uint32_t expect, members, skip, backoff;
    uint64_t sync_ns;
};

/* Waits for the turn and takes it for other work than commits. */
void turn_take(struct wal *w);
/* Takes it for a commit, if it is free. */
bool turn_try(struct wal *w);
/* Gives it back: wakes a leader for what is waiting, or who wants it for other work; where there
 * are both, these alternate. Then runs the callbacks of
 * the user that are due (and in a log without background thread removes files), and drops mu for
 * that. */
void turn_give(struct wal *w);

/* With the turn: no new appends from here on; they wait. First those come in that a gate held up
 * before: who closes it again and again would keep them out for ever. */
void gate_close(struct wal *w);
void gate_open(struct wal *w);
/* Sleeps until a closed gate is open, or something else has changed. */
void gate_wait(struct wal *w);

void waiter_add(struct wal *w, struct waiter *me, uint64_t lsn);
void waiter_remove(struct wal *w, struct waiter *me);
/* Answers everybody who waits for an LSN from `from` to `to` with the thread's fault (code 0 in
 * place of it: durable). */
void waiters_answer(struct wal *w, uint64_t from, uint64_t to, const struct fault *with);
/* Wakes all waiters of both rounds, to look again. */
void waiters_wake_all(struct wal *w);

/* Sleeps until something changes, at most timeout_ns (< 0: no limit). -ETIMEDOUT, or 0 for a reason
 * to look again. */
int turn_sleep(struct wal *w, int64_t timeout_ns);
/* The same, also until the signal is set; then it is clear. One thread at a time. */
int turn_poll(struct wal *w, const struct os_signal *s, int64_t timeout_ns);
/* Something that a sleeper may wait for has changed. */
void turn_changed(struct wal *w);
/* Sleeps until the waiter's round is done or somebody must lead. */
void waiter_sleep(struct wal *w, struct waiter *me, int64_t timeout_ns);

#endif
