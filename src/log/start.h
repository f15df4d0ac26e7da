/* SPDX-License-Identifier: Apache-2.0 */
/* A handle's own first segment: a handle never writes to one that an earlier handle has left. */
#ifndef WAL_LOG_START_H
#define WAL_LOG_START_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "log/log.h"

/* With the write turn: makes it, with what has to be carried over. *ret_fatal: no way back. */
MUST_USE int start_segment(struct wal *w, uint64_t salt, bool *ret_fatal);

#endif
