/* SPDX-License-Identifier: Apache-2.0 */
#include "log/salvage.h"

#include "base/bytes.h"
#include "base/codes.h"
#include "base/fault.h"
#include "log/remains.h"

enum { STOPPED = -1000 /* by the user, who is content: no code of an error */ };

struct salvage {
    struct remains remains;
    wal_record_fn fn;
    wal_gap_fn gap;
    void *ctx;
    uint64_t next; /* the LSN that comes next, unless it is lost */
    uint64_t gaps, lost;
};

static int answer_to(int answer, const char *what, uint64_t lsn)
{
    if (answer < 0)
        return fault_at(WAL_E_CALLBACK, lsn, 0, 0, "the callback returned %d for %s %llu", answer,
                        what, (unsigned long long)lsn);
    return answer ? STOPPED : 0;
}

/* What lies in front of this LSN and didn't come won't come any more. */
static int close_gap(struct salvage *x, uint64_t lsn)
{
    uint64_t first = x->next;

    if (lsn <= first)
        return 0;
    x->next = lsn;
    x->gaps++;
    x->lost = x->lost ? x->lost : first;
    return x->gap ? answer_to(x->gap(x->ctx, first, lsn - 1), "the gap from LSN", first) : 0;
}

static int give(void *ctx, const struct group_view *g, const struct record *r)
{
    struct salvage *x = ctx;
    wal_record_t record = {.size = sizeof record,
                           .type = r->type,
                           .lsn = r->lsn,
                           .data = r->payload,
                           .data_size = r->size,
                           .flags = WAL_RECORD_DURABLE};

    if (r->lsn < x->next) /* it was given, or is no part of the log */
        return 0;
    int e = close_gap(x, r->lsn);
    if (e < 0)
        return e;
    record.tag = group_tag(g, &record.tag_size);
    record.flags |= r->flags & RECORD_BATCH_LAST ? WAL_RECORD_BATCH_LAST : 0u;
    x->next = r->lsn + 1;
    return answer_to(x->fn(x->ctx, &record), "record", r->lsn);
}

/* Of a segment whose end nobody states, what lies behind its last whole batch was never
 * acknowledged, unless something else says that it was. */
static int give_part(struct salvage *x, struct remains_part part)
{
    const struct scrub_fns fns = {.ctx = x, .record = give};

    if (!part.end.stated)
        part.end.below =
            min_u64(part.end.below, max_u64(part.end.at.next_lsn, x->remains.next_lsn));
    return remains_scrub(&x->remains, &part, &fns);
}

static int give_all(struct salvage *x)
{
    int e = 0;

    x->next = x->remains.first_lsn;
    for (size_t k = 0; e == 0 && k < x->remains.n; k++)
        e = give_part(x, x->remains.parts[k]);
    return e == 0 ? close_gap(x, x->remains.next_lsn) : e;
}

int salvage_log(const char *path, const struct config *config, wal_record_fn fn, wal_gap_fn gap,
                void *ctx)
{
    struct salvage x = {.fn = fn, .gap = gap, .ctx = ctx};

    int e = remains_open(&x.remains, path, config);
    if (e == 0)
        e = give_all(&x);
    remains_close(&x.remains);
    if (e == STOPPED)
        return 0;
    return e == 0 && x.gaps
               ? fault_at(WAL_E_CORRUPT, x.lost, 0, 0,
                          "%s: %llu range%s of LSNs can't be read, the first from %llu on", path,
                          (unsigned long long)x.gaps, x.gaps == 1 ? "" : "s",
                          (unsigned long long)x.lost)
               : e;
}
