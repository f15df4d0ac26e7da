/* SPDX-License-Identifier: Apache-2.0 */
/* Makes a damaged log one that opens again. Segments are never written to: the log gets a new one
 * whose header states where it ends, as a truncation does it, or another control. So a crash leaves
 * the one state or the other, and a repair can begin again. */
#ifndef WAL_LOG_REPAIR_H
#define WAL_LOG_REPAIR_H

#include <libwal/wal.h>

#include "base/attr.h"
#include "log/config.h"

/* flags: WAL_REPAIR_CUT_AT_DAMAGE, WAL_REPAIR_REBUILD_CONTROL. 0: the log opens, and *ret says what
 * is in it. CORRUPT: there is damage still that the flags don't cover, or that can't be repaired;
 * *ret tells. Takes the writer's lock. Any thread. */
MUST_USE int repair_log(const char *path, const struct config *config, uint32_t flags,
                        wal_verify_t *ret);

#endif
