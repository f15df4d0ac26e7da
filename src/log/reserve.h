/* SPDX-License-Identifier: Apache-2.0 */
/* The space-holder: a file of zeros whose blocks the log takes when the file system has none left,
 * so that a full disk leaves time to make room. With the turn, or at open. */
#ifndef WAL_LOG_RESERVE_H
#define WAL_LOG_RESERVE_H

#include <stdbool.h>

#include "base/attr.h"
#include "log/log.h"

/* Makes it as large as it shall be, unless it is: all of it, or where there is no room nothing.
 * Whether it comes about is nobody's error, but for a file under its name that isn't ours: PERM. */
MUST_USE int reserve_fill(struct wal *w);
/* A call has failed with code e: whether its space was given back for it, so that the call can be
 * tried once more. The thread's fault stays. */
bool reserve_spend(struct wal *w, int e);

#endif
