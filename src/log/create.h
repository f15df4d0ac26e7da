/* SPDX-License-Identifier: Apache-2.0 */
/* The first moments of a log: control with newest = 0, then segment 1, then control. Begun again by
 * the next open wherever it was cut short. */
#ifndef WAL_LOG_CREATE_H
#define WAL_LOG_CREATE_H

#include "base/attr.h"
#include "log/log.h"

/* Control was read: it has no valid slot, or one that says that creation was cut short. NOTFOUND
 * without CREATE. */
MUST_USE int create_log(struct wal *w);
/* What the names say where control names no segment: 0 if all that is there are parts of a creation
 * or a copy that was cut short, CORRUPT if a segment was in use. c: what control says; NULL: there
 * is none. Without a valid slot any segment is CORRUPT. */
MUST_USE int create_check_segments(const struct folder *folder, const struct alloc *a,
                                   const struct names *names, const struct control_file *c);
/* The first control of the log under this lock, durable: it names no segment. A creation that was
 * cut short keeps its name: until both slots are written again, one of them is still the old one,
 * and slots of two logs would contradict each other. epoch: 0, but for a copy. */
MUST_USE int create_control(const struct wal_lock *lock, struct control_file *c, uint64_t first_lsn,
                            uint64_t epoch);

#endif
