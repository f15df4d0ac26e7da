/* SPDX-License-Identifier: Apache-2.0 */
/* How one log was asked to work: the values of all options, as wal_open resolved them. It doesn't
 * change while the log is open. */
#ifndef WAL_LOG_CONFIG_H
#define WAL_LOG_CONFIG_H

#include <libwal/wal.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "format/limits.h"
#include "os/os.h"

struct cipher;
struct wal_lock;

/* Units and ranges: wal.h, at WAL_OPT_... */
struct config {
    bool create, exclusive, read_only, strict;
    bool background; /* the log may have a thread of its own */

    uint32_t sync_mode; /* WAL_SYNC_... */
    uint32_t interval_ms, group_wait_us;
    uint64_t interval_bytes, pending_bytes;

    uint64_t segment_bytes, segment_records; /* segment_records 0: no limit */
    uint64_t zero_ahead_bytes;
    uint32_t max_record_bytes, group_bytes, group_align;
    uint64_t index_bytes;
    uint64_t first_lsn; /* of a log that this open makes */
    uint32_t file_mode, dir_mode;
    uint32_t checkpoint_bytes;
    uint64_t reserve_bytes; /* 0: no space-holder */
    bool has_label;         /* false: new segments take over the label of the one before */
    uint8_t label[SEGMENT_LABEL_BYTES];

    uint64_t slow_sync_us; /* 0: off */
    uint32_t event_ring;
    uint32_t event_mask; /* of the callback */
    wal_event_fn event_fn;
    void *event_ctx;

    uint32_t codec, codec_level, codec_min_bytes;
    bool retain_from_checkpoint;
    uint64_t retain_bytes, retain_segments, retain_age_ms, pin_limit_bytes;
    bool direct_io;
    uint32_t read_threads;

    bool has_machine;
    wal_machine_t machine;

    struct cipher *cipher; /* NULL: none. The log has a reference of its own */

    struct alloc alloc;
    struct wal_lock *lock; /* lent by the caller; NULL: the log takes its own */
    const struct os *os;
};

/* Brings values that depend on each other together: pending_bytes holds one largest record at
 * least; interval_bytes is not above pending_bytes, at which appends would wait for the timer. */
void config_adjust(struct config *c);

/* INVAL with the fault set for options that contradict each other. */
MUST_USE int config_check(const struct config *c);

#endif
