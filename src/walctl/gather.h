/* SPDX-License-Identifier: Apache-2.0 */
/* The records of one batch, copied, until it is complete and can be handed on. */
#ifndef WALCTL_GATHER_H
#define WALCTL_GATHER_H

#include <libwal/wal.h>

#include <stddef.h>

#include "walctl/bytes.h"

/* Gets the records of a batch, the last one with BATCH_LAST and no other; valid inside only. An
 * exit code, after a message where it isn't CODE_FINE. */
typedef int (*gather_fn)(void *ctx, const wal_record_t *records, size_t n);

/* Set put and ctx; the rest is zero. */
struct gather {
    gather_fn put;
    void *ctx;
    struct bytes records, data, tag;
    size_t n;
};

/* Takes a copy of the record, and of its tag, which all of a batch have. */
void gather_add(struct gather *g, const wal_record_t *record);
/* Hands on what was gathered, if anything was. The function's exit code. */
int gather_put(struct gather *g);
void gather_free(struct gather *g);

#endif
