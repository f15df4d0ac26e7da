/* SPDX-License-Identifier: Apache-2.0 */
/* What a log can tell about itself. Any thread. */
#ifndef WAL_LOG_INFO_H
#define WAL_LOG_INFO_H

#include "base/attr.h"
#include "log/log.h"

struct segment_info {
    uint64_t number, first_lsn, last_lsn; /* of the records that count; last = first - 1: none */
    uint64_t bytes;                       /* used */
    uint64_t created_ns;
    bool active;
    uint64_t checkpoint_lsn; /* 0: none lies in it */
};

/* Oldest first; freed by mem_free. */
MUST_USE int info_segments(struct wal *w, struct segment_info **ret, size_t *ret_n);
/* The header of the newest segment, and how many names in the directory are none of the log's. */
MUST_USE int info_log(struct wal *w, struct segment_header *ret_newest, uint64_t *ret_strays);
/* Blocks that the log's files take. */
MUST_USE int info_disk_bytes(struct wal *w, uint64_t *ret);
/* Brings the statistics that are present values up to date. */
void info_refresh_stats(struct wal *w);

#endif
