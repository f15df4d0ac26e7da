/* SPDX-License-Identifier: Apache-2.0 */
/* Opening, creating and closing a log. */
#ifndef WAL_LOG_OPEN_H
#define WAL_LOG_OPEN_H

#include "base/attr.h"
#include "log/log.h"

MUST_USE int log_open(const char *path, const struct config *config, struct wal **ret);
/* For repair. A log object without a log yet; wal_unref frees it. */
MUST_USE int log_new(const char *path, const struct config *config, struct wal **ret);
/* It gets the lock, which log_close gives back, and with it directory and control. */
MUST_USE int log_lock(struct wal *w);
/* Nobody else is inside any more and w->closed is set: syncs, seals, states the clean close, gives
 * up the lock and the handle's reference. Returns the first error. */
int log_close(struct wal *w);
/* In the child of a fork: frees what can be, without touching files. */
void log_abandon(struct wal *w);
/* Removes the log in a directory, its own files only. */
MUST_USE int log_destroy(const struct os *os, const char *path);

#endif
