/* SPDX-License-Identifier: Apache-2.0 */
/* The POSIX system with a spy in front: it lists the calls that matter, makes one of them fail or
 * come back short, and can do something just before one. For tests of one thread.
 *
 *     struct spy_os spy;
 *     spy_init(&spy);                        &spy.os is the table to hand in
 *     spy_fail(&spy, SPY_SYNC, 2, ENOSPC);   the second sync from now on
 *     spy_short(&spy, SPY_WRITE, 1, 10);     the next write stops after 10 bytes
 *     spy.trace                              "write control 0+256, sync control, " */
#ifndef WAL_TESTS_SPY_OS_H
#define WAL_TESTS_SPY_OS_H

#include "os/os.h"

enum spy_call {
    SPY_DIR_MAKE,
    SPY_DIR_OPEN,
    SPY_LIST,
    SPY_OPEN,
    SPY_STAT_AT,
    SPY_UNLINK,
    SPY_STAT,
    SPY_READ,
    SPY_WRITE,
    SPY_SYNC,
    SPY_CLONE,
    SPY_NEXT_DATA,
    SPY_LOCK,
    SPY_CALLS
};

struct spy_fault {
    unsigned at; /* which call from now on; 0: the fault is free */
    enum spy_call call;
    int err; /* 0: come back short */
    size_t amount;
};

struct spy_os {
    struct os os;
    const struct os *real;
    unsigned calls[SPY_CALLS];
    struct spy_fault faults[8];
    char names[1024][32]; /* by descriptor */
    char trace[8192];     /* opens, writes, syncs, unlinks: what fits */
    int uid;              /* what uid() says; -1: the truth */
    uint32_t forks;       /* that generation() is to have seen beside the real ones */
    /* Called before each call of this kind does anything. */
    enum spy_call hook_call;
    void (*hook)(void *arg);
    void *hook_arg;
};

void spy_init(struct spy_os *spy);
void spy_fail(struct spy_os *spy, enum spy_call call, unsigned at, int err);
void spy_short(struct spy_os *spy, enum spy_call call, unsigned at, size_t amount);
/* Forgets faults, trace and counts. */
void spy_clear(struct spy_os *spy);

#endif
