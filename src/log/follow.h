/* SPDX-License-Identifier: Apache-2.0 */
/* Read-only handles: a log that somebody else may be writing, seen through control, the witness and
 * the segments. Nothing is written. On a handle that writes each of these does nothing and returns
 * 0. */
#ifndef WAL_LOG_FOLLOW_H
#define WAL_LOG_FOLLOW_H

#include "base/attr.h"
#include "log/log.h"
#include "log/watch.h"

struct follower {
    pthread_mutex_t mu; /* one look at a time */
    struct folder folder;
    struct file control;
    struct boundary seen; /* how far the newest segment was read for readers that want what is not
                             durable yet */
    uint64_t durable_offset; /* in the newest segment */
    atomic_bool want_written;
    struct watch watch;
    struct tag tag;                             /* the newest durable one */
    uint64_t searched_segment, searched_offset; /* the newest segment was searched for metadata and
                                                   tag up to here */
};

MUST_USE int follow_open(struct wal *w);
/* Looks whether the log has changed. */
MUST_USE int follow_look(struct wal *w);
/* What somebody read in the log was damaged, or not there: *e is CORRUPT. The log may have changed
 * under his eyes, and again under the next look, as long as it isn't the same twice in a row. True:
 * it was looked at anew, and he is to try again; *last, which begins as zeros, is for the next
 * time. Else *e is the result. On a handle that writes nothing is done. */
bool follow_anew(struct wal *w, int *e, struct fault *last);
/* The newest durable metadata and checkpoint. */
MUST_USE int follow_meta(struct wal *w);
/* The newest durable tag; for followers only. */
MUST_USE int follow_tag(struct wal *w, struct tag *ret);
/* A reader wants to see what is not durable yet. */
void follow_want_written(struct wal *w);
/* Its files are closed already. */
void follow_disown(struct wal *w);
void follow_free(struct wal *w);

#endif
