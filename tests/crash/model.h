/* SPDX-License-Identifier: Apache-2.0 */
/* A state machine for logs that are being tried: it remembers what each record was. Everything that
 * it is given is held against the oracle when the log has been opened. */
#ifndef WAL_TESTS_MODEL_H
#define WAL_TESTS_MODEL_H

#include <libwal/wal.h>

#include "crash/oracle.h"

enum { MODEL_RECORDS = 256 /* the newest ones */ };

struct model {
    uint64_t lsn;                  /* the last record that it was given */
    uint32_t marks[MODEL_RECORDS]; /* by LSN: a checksum of type and payload */
    char wrong[100];               /* what the log has done to it; empty: nothing */
};

/* As a new process has it. */
void model_begin(struct model *m);
wal_machine_t model_machine(struct model *m);
/* Why it isn't at the end of what the view shows, or has other records; NULL: it is right. */
const char *model_check(struct model *m, const struct oracle *o, const struct view *v);

#endif
