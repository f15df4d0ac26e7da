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

static int outside(uint64_t from, uint64_t first, uint64_t next)
{
    message("--from %" PRIu64 ": the log has LSN %" PRIu64 " to %" PRIu64, from, first, next - 1);
    return CODE_FAILED;
}

int span_find(wal_t *log, struct span *ret)
{
    uint64_t first;
    const struct given *from = &selection.from, *to = &selection.to;

    if (wal_range(log, &first, NULL, &ret->next, NULL) < 0)
        return failure();
    if (from->is && (from->value < first || (from->value > ret->next && !selection.written)))
        return outside(from->value, first, ret->next);
    ret->low = from->is ? from->value : first;
    ret->high = selection.written ? UINT64_MAX : ret->next - 1;
    if (to->is && to->value < ret->high)
        ret->high = to->value;
    ret->newest = selection.written ? 0 : ret->high;
    return CODE_FINE;
}

/* What is written and not yet durable lies above the next LSN; a reader has to walk there. */
static int walk_to(wal_t *log, wal_reader_t *r, uint64_t start)
{
    wal_record_t record = {.size = sizeof record};
    int e = 1;

    while (e == 1 && wal_reader_position(r) < start)
        e = wal_reader_next(r, &record);
    if (e < 0)
        return failure();
    return e == 1 ? CODE_FINE : outside(start, wal_first_lsn(log), wal_reader_position(r));
}

int span_reader(wal_t *log, const struct span *s, uint64_t start, wal_reader_t **ret)
{
    uint64_t at = selection.reverse ? s->newest : start < s->next ? start : s->next;
    wal_reader_t *r;

    if (wal_reader_open(log, at, select_flags(), &r) < 0)
        return failure();
    int code = selection.reverse ? CODE_FINE : walk_to(log, r, start);
    if (code == CODE_FINE)
        *ret = r;
    else
        wal_reader_close(r);
    return code;
}
