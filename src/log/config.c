/* SPDX-License-Identifier: Apache-2.0 */
#include "log/config.h"

#include "base/bytes.h"
#include "base/codes.h"
#include "base/fault.h"
#include "format/group.h"
#include "format/record.h"

void config_adjust(struct config *c)
{
    uint64_t largest = group_disk_bytes(record_bytes(c->max_record_bytes), c->group_align);

    c->pending_bytes = max_u64(c->pending_bytes, largest);
    c->interval_bytes = min_u64(c->interval_bytes, c->pending_bytes);
}

int config_check(const struct config *c)
{
    if (c->read_only && c->exclusive)
        return fault(WAL_E_INVAL, "options read_only and exclusive contradict each other");
    if (c->exclusive && !c->create)
        return fault(WAL_E_INVAL, "option exclusive needs create");
    if (c->sync_mode == WAL_SYNC_INTERVAL && !c->background)
        return fault(WAL_E_INVAL, "option sync = interval needs background");
    if (c->has_machine && c->read_only)
        return fault(WAL_E_UNSUPPORTED, "a machine needs a log that can be written");
    if (c->has_machine && (c->sync_mode == WAL_SYNC_NONE || c->sync_mode == WAL_SYNC_INTERVAL))
        return fault(WAL_E_INVAL, "a machine needs option sync = data, full or dsync");
    return 0;
}
