/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a log by every way there is, and compares each record with the oracle. */
#ifndef WAL_TESTS_LOOK_H
#define WAL_TESTS_LOOK_H

#include "crash/session.h"

enum look {
    LOOK_OPENED,   /* all that is durable */
    LOOK_LIVING,   /* all that was handed in */
    LOOK_FOLLOWED, /* what a read-only handle is shown as durable */
    LOOK_SHOWN,    /* what a handle that writes shows as durable */
};
enum tried look_at(struct session *s, wal_t *log, enum look how, struct view *ret);

#define LOOK_META_KEY "vote"

#endif
