/* SPDX-License-Identifier: Apache-2.0 */
/* Who wants to be called when an LSN is durable (wal_on_durable): each is called once, in the order
 * of LSNs, those for the same LSN in the order in which they came.
 *
 * Knows nothing of threads or of the log; its owner has a lock. */
#ifndef WAL_LOG_DURABLE_CALLS_H
#define WAL_LOG_DURABLE_CALLS_H

#include <libwal/wal.h>

#include "base/alloc.h"

struct durable_call {
    struct durable_call *child, *next; /* in a heap; `next` also in the list of what is due */
    uint64_t lsn, order;
    int result; /* once it is due */
    wal_durable_fn fn;
    void *ctx;
};

struct durable_calls {
    struct durable_call *waiting; /* a heap by LSN: for records that are not durable yet */
    struct durable_call *passed;  /* and one for LSNs that a reset has jumped over: nobody will have
                                     them unless a later cut goes back below them */
    struct durable_call *due, *last; /* to be called, in this order ... */
    uint64_t due_count;              /* ... so many */
    uint64_t order;
};

/* The record is not durable yet. */
void durable_calls_add(struct durable_calls *d, struct durable_call *x);
/* What waits for LSNs up to here is due, with this result. */
void durable_calls_answer(struct durable_calls *d, uint64_t lsn, int result);
/* The same for everything that waits at all. */
void durable_calls_answer_all(struct durable_calls *d, int result);
/* The log was cut behind `kept`; then records up to `durable` came, in the same step. */
void durable_calls_cut(struct durable_calls *d, uint64_t kept, uint64_t durable);

/* Puts one that needn't wait among those that are due, at its place. How many are to be called up
 * to it, itself included. */
uint64_t durable_calls_insert(struct durable_calls *d, struct durable_call *x);
/* The next one to be called; NULL: none. Now the caller's. */
struct durable_call *durable_calls_take(struct durable_calls *d);

void durable_calls_free(struct durable_calls *d, const struct alloc *a);

#endif
