/* SPDX-License-Identifier: Apache-2.0 */
/* What a crash has left of a log, and what the next open makes of it, in the words of
 * docs/recovery.md. The image is looked at with the format layer, and opened through the public
 * API: for reading, strictly, and for writing. */
#ifndef WAL_TESTS_STATES_H
#define WAL_TESTS_STATES_H

#include "crash/rows.h"
#include "crash/session.h"

/* The operation that was crashed: what it found and what it leaves when it is over. */
struct frame {
    uint64_t sequence;           /* of control, before it; 0: there was none */
    struct oracle before, after; /* equal: it changes nothing that can be read */
    bool destroys; /* it takes the log away: an open may refuse what is left of it, and trying again
                      takes that away too */
};

/* The sequence of the slot that a writer would take; 0: there is none. */
uint64_t state_sequence(const struct simdisk *d);

/* The row of a table: "| control | other files | newest segment | operation |". The session is on
 * the image, its log is closed before and after; a writing open may have changed the image.
 * TRIED_WRONG: an open did what it must not; s->why tells. */
enum tried state_row(struct session *s, const struct frame *f, char ret[ROW_TEXT]);

#endif
