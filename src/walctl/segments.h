/* SPDX-License-Identifier: Apache-2.0 */
/* The segments of a log. */
#ifndef WALCTL_SEGMENTS_H
#define WALCTL_SEGMENTS_H

#include <libwal/wal.h>

#include <stdbool.h>

/* All of them, the oldest first, in memory that the caller frees. CODE_FINE, or the exit code after
 * a message. */
int segments_list(wal_t *log, wal_segment_t **ret, size_t *ret_n);
bool segments_active(const wal_segment_t *s);

#endif
