/* SPDX-License-Identifier: Apache-2.0 */
/* The operations that a log is tried with, each one letter, each a few calls of the public API that
 * are followed in the oracle. */
#ifndef WAL_TESTS_OPS_H
#define WAL_TESTS_OPS_H

#include "crash/session.h"

struct op {
    char letter;
    const char *meaning;
    enum tried (*run)(struct session *s);
    bool machine; /* what a log with a machine can do, too */
};
extern const struct op ops[];
extern const uint32_t op_count;

/* Runs one operation, and the background thread after it where the setup says so. One that makes no
 * sense in the log's present state does nothing. Aborts for an unknown letter. */
enum tried op_run(struct session *s, char letter);
/* A batch that is longer than the torn window: a part of it is durable before the last is written.
 */
enum tried op_window_batch(struct session *s);
/* What setups with a large log begin with. */
enum tried op_prologue(struct session *s);

#endif
