/* SPDX-License-Identifier: Apache-2.0 */
/* A copy of an open log in another directory, with a UUID of its own, while the log goes on. */
#ifndef WAL_LOG_COPY_H
#define WAL_LOG_COPY_H

#include <libwal/wal.h>

#include "base/attr.h"
#include "log/log.h"

/* What is durable at one moment goes over: whole batches, with the same segments, places and LSNs.
 * It counts once its control names the segments, which comes last; whatever fails before leaves
 * nothing. fn: NULL or the user's. Any thread. */
MUST_USE int log_copy(struct wal *w, const char *path, wal_progress_fn fn, void *ctx);

#endif
