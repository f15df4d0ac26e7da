/* SPDX-License-Identifier: Apache-2.0 */
/* Files of segments that have left the log. By then control says so on the disk: a crash in between
 * leaves them to the next handle that writes. Nobody waits for their removal: not under mu, nor
 * with the write turn. */
#ifndef WAL_LOG_REMOVAL_H
#define WAL_LOG_REMOVAL_H

#include <stdbool.h>

#include "log/catalog.h"

struct wal;

/* Removes a name. One that is gone, or that can't be removed now, is no error here. */
void remove_quietly(const struct wal *w, const char *name);
/* Without mu: removes the files, tells of each, frees the list. A failure is not reported: what
 * stays is a leftover. */
void remove_segments(struct wal *w, struct numbers *numbers);

struct removals {
    struct numbers files;
    bool begun; /* the background thread knows */
};

/* Under mu: takes over the list, for whoever calls removal_begin. */
void removal_later(struct wal *w, struct numbers *numbers);
/* Under mu, when the turn was given back: leaves what there is to the background thread. In a log
 * without one it removes the files now, and drops mu meanwhile. */
void removal_begin(struct wal *w);
/* Under mu, which it drops meanwhile: one of them, by the background thread, which has other work
 * as well. Returns whether there was something to do. */
bool removal_work(struct wal *w);
/* Without mu, at close: all that are left. */
void removal_rest(struct wal *w);

#endif
