/* SPDX-License-Identifier: Apache-2.0 */
/* The open control file: two slots, one state, and the witness. Writing belongs to whoever has the
 * log's write turn. */
#ifndef WAL_LOG_CONTROL_FILE_H
#define WAL_LOG_CONTROL_FILE_H

#include <stdbool.h>

#include "base/attr.h"
#include "format/control.h"
#include "segment/file.h"

/* No log comes to such a sequence of control or number of a segment by itself. */
#define COUNT_MAX (UINT64_MAX / 2)

struct control_file {
    struct file file;
    struct control now;                /* the state that counts ... */
    uint8_t bytes[CONTROL_SLOT_BYTES]; /* ... and as the slot has it: a newer minor version may have
                                          put more there than `now` holds */
    uint64_t sequence;                 /* the higher of the two slots' */
    bool found;                        /* there was a valid slot */
    bool even;                         /* both slots are valid and hold the same sequence */
    bool chosen_b;                     /* `now` was read from slot B */
    bool newer; /* `higher` differs from `now`: a reader found the slots apart */
    struct control higher;
    bool has_witness;
    struct witness witness;
};

/* Reads slots and witness. `reader`: the lower slot counts, not the higher one. VERSION: a newer
 * format. No valid slot: found is false. */
MUST_USE int control_read(struct control_file *c, bool reader);
/* Both slots get c->now with the next sequence, each made durable before the next one is touched. A
 * failure fails the handle. */
MUST_USE int control_write(struct control_file *c);
/* Before a handle's first write: what was read may be in the page cache alone. The chosen slot's
 * bytes go to it again, then to the other. */
MUST_USE int control_settle(struct control_file *c);
/* One small write without a sync. What it says is durable already, so a failure does no harm and is
 * not reported. */
void control_write_witness(struct control_file *c, const struct witness *w);
/* Whether the witness is newer than both slots, which can't be unless a slot was lost. */
bool control_is_stale(const struct control_file *c);
/* Whether it counts so far that a writer could not go on. */
bool control_is_at_its_end(const struct control_file *c);

#endif
