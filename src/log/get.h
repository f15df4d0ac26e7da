/* SPDX-License-Identifier: Apache-2.0 */
/* One record by its LSN. */
#ifndef WAL_LOG_GET_H
#define WAL_LOG_GET_H

#include <libwal/wal.h>

#include "base/attr.h"
#include "log/log.h"

/* Copies the payload to buf. TOOBIG: cap is too small, *ret_size says what is needed. */
struct got {
    uint64_t size;
    uint32_t type, flags; /* flags: WAL_RECORD_... */
};
MUST_USE int get_record(struct wal *w, uint64_t lsn, void *buf, size_t cap, struct got *ret);

#endif
