/* SPDX-License-Identifier: Apache-2.0 */
/* Before a handle's first write or removal: what it read of directory and control, perhaps from the
 * page cache of a killed process only, becomes durable; then leftovers go. With the write turn. */
#ifndef WAL_LOG_SETTLE_H
#define WAL_LOG_SETTLE_H

#include "base/attr.h"
#include "log/log.h"

/* Until it has succeeded once; later calls do nothing. */
MUST_USE int settle_once(struct wal *w);

#endif
