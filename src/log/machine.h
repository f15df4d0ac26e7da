/* SPDX-License-Identifier: Apache-2.0 */
/* The user's state machine: restored and brought up to date at open, then fed with each record that
 * becomes durable. Everything here belongs to whoever has the write turn, and runs without mu. */
#ifndef WAL_LOG_MACHINE_H
#define WAL_LOG_MACHINE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "segment/checkpoint.h"

struct wal;
struct fault;

struct machine {
    bool ready;         /* there is one, and it is up to date */
    uint64_t applied;   /* the last LSN that it was given */
    struct boundary at; /* behind that record's group, in this handle's segment if there is one */
    uint8_t *state;     /* memory of the last snapshot */
    size_t room;
    _Atomic uint64_t head_bytes; /* what it took in its segment; any thread reads it */
};

/* At open, when the log can be read: restore, then everything behind it. */
MUST_USE int machine_open(struct wal *w);
/* Applies what has become durable. CALLBACK: it refused a record. */
MUST_USE int machine_apply(struct wal *w);
/* This handle's segment is a new one, whose records were applied before. */
void machine_move(struct wal *w);
/* The state now, for the head of a new segment. 1: *ret is filled, valid until the next call; 0:
 * there is none to be had. */
MUST_USE int machine_snapshot(struct wal *w, struct checkpoint_state *ret);
/* Without the turn: a checkpoint of the state as it is now. TOOBIG: it is above the limit. */
MUST_USE int machine_checkpoint(struct wal *w);
/* What may be shown as durable, of what is: not before it was applied. Under mu. */
uint64_t machine_shown(const struct wal *w, uint64_t durable);
/* Under mu: the log fails because the machine did: those whose records it took have their answer,
 * the others that are durable get the fault. */
void machine_failed(struct wal *w, const struct fault *why);
void machine_free(struct wal *w);

#endif
