/* SPDX-License-Identifier: Apache-2.0 */
/* The end of a segment that this handle writes, and the next one. With the write turn. *ret_fatal:
 * there is no way back. */
#ifndef WAL_LOG_ROTATE_H
#define WAL_LOG_ROTATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "log/log.h"

/* Writes the seal behind the last group and makes everything durable. */
MUST_USE int rotate_seal(struct wal *w, bool *ret_fatal);
/* Seals the present segment and goes on in a new one. */
MUST_USE int rotate_segment(struct wal *w, uint64_t salt, bool *ret_fatal);

#endif
