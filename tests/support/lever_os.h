/* SPDX-License-Identifier: Apache-2.0 */
/* The POSIX system with levers: writes and syncs of the log's segments can be held, made to fail,
 * or (syncs) left out, at the moment when a test wants it. control and the directory go by
 * unharmed. Any thread. */
#ifndef WAL_TESTS_LEVER_OS_H
#define WAL_TESTS_LEVER_OS_H

#include <stdatomic.h>

#include "os/os.h"

struct lever {
    _Atomic uint32_t calls;   /* so many came */
    _Atomic uint32_t held;    /* so many are, or were, held at the gate */
    _Atomic uint32_t hold;    /* 1: they wait there until it is 0 again */
    _Atomic uint32_t after;   /* so many more go well, then ... */
    _Atomic uint32_t fail;    /* ... so many fail */
    _Atomic uint32_t one_in;  /* every so many-th fails, 0: none */
    _Atomic int err;          /* in this way */
    _Atomic uint32_t skipped; /* 1: done as if, without the call */
    _Atomic uint32_t failures;
};

struct lever_os {
    struct os os;
    struct lever write, sync;
    _Atomic char is_segment[1024]; /* by descriptor */
};

void lever_init(struct lever_os *l);
/* The next `after` calls go well, `times` ones behind them fail. */
void lever_fail(struct lever *l, uint32_t after, uint32_t times, int err);

#endif
