/* SPDX-License-Identifier: Apache-2.0 */
/* Control, made anew from the headers of the segments. */
#ifndef WAL_LOG_REBUILD_H
#define WAL_LOG_REBUILD_H

#include "base/attr.h"
#include "log/remains.h"

/* Whether control doesn't say what the segments are: no slot is right, or newer ones were lost. */
bool rebuild_is_due(const struct remains *x);
/* What it has to say. CORRUPT: that can't be told from the segments. */
MUST_USE int rebuild_control(const struct remains *x, struct control *ret);

#endif
