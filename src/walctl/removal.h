/* SPDX-License-Identifier: Apache-2.0 */
/* What truncate and reset do around their work: say what goes, ask, and only then do it. */
#ifndef WALCTL_REMOVAL_H
#define WALCTL_REMOVAL_H

#include <libwal/wal.h>

struct removal {
    uint64_t first, last, next; /* of the log as it is; last is 0 when it is empty */
    uint64_t low, high;         /* the LSNs that would go; low > high: none */
    uint64_t then_next;         /* the next record's LSN afterwards */
};

/* Fills in what would go, from first, last and next. CODE_FINE, or the exit code after a message.
 */
typedef int (*removal_plan_fn)(struct removal *r);
/* The library's result. */
typedef int (*removal_do_fn)(wal_t *log);

/* Opens the log for writing (with --dry-run only for reading), plans, says, asks, does, closes. The
 * exit code. */
int removal_run(const char *dir, removal_plan_fn plan, removal_do_fn act);

#endif
