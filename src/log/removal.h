/* Files of segments that have left the log. By then control says so on the disk: a crash in between
 * leaves them to the next handle that writes. Nobody waits for their removal: not under mu, nor
 * with the write turn. */
#ifndef WAL_LOG_REMOVAL_H
#define WAL_LOG_REMOVAL_H

#include <stdbool.h>

#include "log/catalog.h"

struct wal;

/* Removes a name. One that is gone, or that can't be removed now, is no error here. */
void removal_unlink(const struct wal *w, const char *name);
/* Without mu: removes the files, tells of each, frees the list. A failure is not reported: what
 * stays is a leftover. */
void removal_now(struct wal *w, struct numbers *numbers);

/* Under mu: takes over the list, for whoever removes such files: the background thread, or in a log
 * without one the thread that has the write turn, when it has given it back. */
void removal_later(struct wal *w, struct numbers *numbers);
/* Under mu, which it drops meanwhile: a few of them, by the background thread. Returns whether
 * there was something to do. */
bool removal_work(struct wal *w);
/* The same for all of them in a log that has no background thread. */
void removal_without_thread(struct wal *w);
/* Without mu, at close: all that are left. */
void removal_rest(struct wal *w);

#endif
