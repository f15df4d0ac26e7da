/* SPDX-License-Identifier: Apache-2.0 */
#include "log/pins.h"

#include "base/bytes.h"
#include "log/reader.h"

int pin_claim(struct wal_reader *r, bool any, uint64_t *lsn)
{
    uint64_t leaving = r->log->leaving_lsn;

    if (!(r->flags & WAL_READ_PIN))
        return 0;
    if (any)
        *lsn = max_u64(*lsn, leaving);
    if (*lsn < leaving)
        return fault_at(WAL_E_RANGE, *lsn, 0, 0,
                        "LSN %llu can't be pinned: retention is about to remove it",
                        (unsigned long long)*lsn);
    r->claimed = *lsn;
    return 0;
}

void pin_stand(struct wal_reader *r, uint64_t lsn)
{
    atomic_store(&r->position, lsn);
    r->claimed = UINT64_MAX;
    r->pins = r->flags & WAL_READ_PIN;
}

void pin_stay(struct wal_reader *r)
{
    r->claimed = UINT64_MAX;
}

void pin_lose(struct wal_reader *r)
{
    r->pins = false;
}

/* What was cut away from under a reader is no concern of its pin any more. UINT64_MAX: none. */
static uint64_t pinned(const struct wal_reader *r)
{
    uint64_t position = atomic_load(&r->position);
    return r->pins && position >= atomic_load(&r->log->first_lsn) ? position : UINT64_MAX;
}

uint64_t pins_lowest(const struct wal *w)
{
    uint64_t lowest = UINT64_MAX;
    for (const struct wal_reader *r = w->readers; r; r = r->next)
        lowest = min_u64(lowest, min_u64(pinned(r), r->claimed));
    return lowest;
}

void pins_break(struct wal *w, uint64_t lsn)
{
    for (struct wal_reader *r = w->readers; r; r = r->next) {
        if (pinned(r) >= lsn)
            continue;
        r->pins = false;
        stat_add(&w->stats, WAL_STAT_BROKEN_PINS, 1);
    }
}
