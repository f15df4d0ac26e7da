/* SPDX-License-Identifier: Apache-2.0 */
/* The process that the kill test kills: opens the log, appends with four threads until it dies, and
 * says through a pipe which records were durable when a call returned. */
#ifndef WAL_TESTS_KILL_WORKER_H
#define WAL_TESTS_KILL_WORKER_H

#include <stdatomic.h>
#include <stdint.h>

#include "kill/plan.h"

/* One acknowledged record. Written in pieces that a pipe keeps whole. */
struct ack {
    uint64_t lsn;
    uint32_t thread, seq, size, reserved;
};

/* In memory that both processes share: how many records each thread has begun to hand in. */
struct submitted {
    _Atomic uint32_t records[WRITERS];
};

struct job {
    const char *dir;
    uint64_t seed;
    uint32_t round;
    int pipe;
    struct submitted *submitted;
};

/* Never returns. An error of the log is printed and ends the process with status 3. */
_Noreturn void worker_run(const struct job *job);

#endif
