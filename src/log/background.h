/* SPDX-License-Identifier: Apache-2.0 */
/* The log's background thread: commits what was handed in by SUBMIT, syncs INTERVAL logs, writes
 * zeros ahead, prepares the next segment, removes files that have left the log. It is started when
 * there is something for it to do. */
#ifndef WAL_LOG_BACKGROUND_H
#define WAL_LOG_BACKGROUND_H

#include "log/log.h"

/* Under mu: has the thread look for work, and starts it if it isn't there. Where it can't be
 * started the callers' threads do without. */
void background_kick(struct wal *w);
/* Without mu: ends the thread. */
void background_stop(struct wal *w);

#endif
