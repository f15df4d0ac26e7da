/* SPDX-License-Identifier: Apache-2.0 */
#include "walctl/span.h"

#include <inttypes.h>

#include "walctl/message.h"
#include "walctl/open.h"
#include "walctl/record.h"
#include "walctl/select.h"

int span_open(const char *dir, wal_t **ret)
{
    int code = record_check();
    if (code == CODE_FINE)
        code = select_check();
    return code == CODE_FINE ? open_read_only(dir, ret) : code;
}

int span_find(wal_t *log, struct span *ret)
{
    uint64_t first, next;
    const struct given *from = &selection.from, *to = &selection.to;

    if (wal_range(log, &first, NULL, &next, NULL) < 0)
        return failure();
    if (from->is && (from->value < first || (from->value > next && !selection.written))) {
        message("--from %" PRIu64 ": the log has LSN %" PRIu64 " to %" PRIu64, from->value, first,
                next - 1);
        return CODE_FAILED;
    }
    ret->low = from->is ? from->value : first;
    ret->high = selection.written ? UINT64_MAX : next - 1;
    if (to->is && to->value < ret->high)
        ret->high = to->value;
    ret->newest = selection.written ? 0 : ret->high;
    return CODE_FINE;
}

int span_reader(wal_t *log, const struct span *s, uint64_t start, wal_reader_t **ret)
{
    uint64_t at = selection.reverse ? s->newest : start;

    return wal_reader_open(log, at, select_flags(), ret) < 0 ? failure() : CODE_FINE;
}
