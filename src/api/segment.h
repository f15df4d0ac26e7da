/* SPDX-License-Identifier: Apache-2.0 */
/* A segment as the user sees it. */
#ifndef WAL_API_SEGMENT_H
#define WAL_API_SEGMENT_H

#include <libwal/wal.h>

#include "log/info.h"

static inline wal_segment_t segment_shown(const struct segment_info *s)
{
    return (wal_segment_t){
        .size = sizeof(wal_segment_t),
        .flags = s->active ? WAL_SEGMENT_ACTIVE : WAL_SEGMENT_SEALED,
        .number = s->number,
        .first_lsn = s->first_lsn,
        .last_lsn = s->last_lsn,
        .bytes = s->bytes,
        .records = s->last_lsn + 1 - s->first_lsn,
        .created_ns = s->created_ns,
        .checkpoint_lsn = s->checkpoint_lsn,
    };
}

#endif
