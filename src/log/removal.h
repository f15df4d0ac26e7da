/* Files that go, where it is no error that one stays: it is a leftover, which the next handle
 * removes. With the write turn. */
#ifndef WAL_LOG_REMOVAL_H
#define WAL_LOG_REMOVAL_H

#include "log/log.h"

/* The thread's fault stays as it was. */
void remove_quietly(const struct wal *w, const char *name);
/* Segments that are no longer part of the log; frees the list. */
void remove_segments(struct wal *w, struct numbers *numbers);

#endif
