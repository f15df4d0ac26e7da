/* SPDX-License-Identifier: Apache-2.0 */
/* What a look at a log's end came to, in the words that all commands use. */
#ifndef WALCTL_VERDICT_H
#define WALCTL_VERDICT_H

#include <libwal/wal.h>

#include <stdbool.h>

enum verdict {
    VERDICT_CLEAN,
    VERDICT_IN_USE,    /* as torn, but its writer lives: it is in the middle of a write */
    VERDICT_TORN,      /* a write that was cut short, which nobody was told about */
    VERDICT_AMBIGUOUS, /* the same, or damage to the very last write */
    VERDICT_DAMAGED
};

/* By open's report; `in_use`: somebody has the log open for writing. */
enum verdict verdict_of(const wal_recovery_t *r, bool in_use);
/* By a verification's. */
enum verdict verdict_of_verify(const wal_verify_t *v);
const char *verdict_name(enum verdict v);
/* "clean" in its colour. */
void verdict_print(enum verdict v);
/* The exit code of a verification. */
int verdict_code(enum verdict v);

#endif
