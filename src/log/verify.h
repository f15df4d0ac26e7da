/* SPDX-License-Identifier: Apache-2.0 */
/* Reads all of a log and says what is right. Any thread; the log may be in use. */
#ifndef WAL_LOG_VERIFY_H
#define WAL_LOG_VERIFY_H

#include <libwal/wal.h>

#include "base/attr.h"
#include "log/config.h"

/* 0, TORN, CORRUPT: *ret is filled. fn may be NULL; it is called on this thread only. With
 * config->read_threads above 1 segments are read at the same time, by this thread too. */
MUST_USE int verify_log(const char *path, const struct config *config, wal_progress_fn fn,
                        void *ctx, wal_verify_t *ret);

#endif
