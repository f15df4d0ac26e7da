/* SPDX-License-Identifier: Apache-2.0 */
/* All that can still be read of a log, damaged or not. Nothing is written and no lock taken. */
#ifndef WAL_LOG_SALVAGE_H
#define WAL_LOG_SALVAGE_H

#include <libwal/wal.h>

#include "base/attr.h"
#include "log/config.h"

/* The functions' results above 0 stop it with 0, those below with CALLBACK; gap may be NULL.
 * CORRUPT when there were gaps. Any thread. */
MUST_USE int salvage_log(const char *path, const struct config *config, wal_record_fn fn,
                         wal_gap_fn gap, void *ctx);

#endif
