/* The first moments of a log: control with newest = 0, then segment 1, then control. Begun again by
 * the next open wherever it was cut short. */
#ifndef WAL_LOG_CREATE_H
#define WAL_LOG_CREATE_H

#include "base/attr.h"
#include "log/log.h"

/* Control was read: it has no valid slot, or one that says that creation was cut short. NOTFOUND
 * without CREATE. */
MUST_USE int create_log(struct wal *w);
/* What w->leftovers says where control names no segment: 0 if all that is there are parts of a
 * creation that was cut short, CORRUPT if a segment was in use. `found`: control has a valid slot;
 * without one any segment is CORRUPT. */
MUST_USE int create_check_segments(struct wal *w, bool found);

#endif
