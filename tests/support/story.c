/* SPDX-License-Identifier: Apache-2.0 */
#include "support/story.h"

#include <string.h>

#include "base/attr.h"
#include "base/bytes.h"
#include "support/crew.h"

enum { BATCH_MAX = 24 };

void story_begin(struct story *s, uint64_t first)
{
    memset(s, 0, sizeof *s);
    atomic_store(&s->low, first);
    atomic_store(&s->low_soon, first);
    atomic_store(&s->next, first);
}

static size_t size_of(uint64_t lsn, uint64_t generation)
{
    return 16 + (lsn * 31 + generation * 17) % (STORY_BYTES - 16);
}

size_t story_payload(uint8_t out[STORY_BYTES], uint64_t lsn, uint64_t generation)
{
    size_t size = size_of(lsn, generation);
    store64(out, lsn);
    store64(out + 8, generation);
    memset(out + 16, (int)((lsn ^ generation) & 0xff), size - 16);
    return size;
}

uint64_t story_generation(const wal_record_t *r)
{
    uint8_t right[STORY_BYTES];
    MUST(r->data_size >= 16);
    uint64_t g = load64((const uint8_t *)r->data + 8);
    MUST_BE((int64_t)load64(r->data), (int64_t)r->lsn);
    MUST_BE((int64_t)r->data_size, (int64_t)story_payload(right, r->lsn, g));
    MUST(memcmp(r->data, right, r->data_size) == 0);
    return g;
}

void story_append(struct story *s, wal_t *w, uint32_t n, uint32_t flags)
{
    uint8_t payload[STORY_BYTES];
    uint64_t got = 0;

    for (uint32_t k = 0; k < n; k++) {
        uint64_t lsn = atomic_load(&s->next);
        size_t size = story_payload(payload, lsn, atomic_load(&s->epoch) / 2);
        MUST_BE(wal_append_typed(w, 0, payload, size, flags, &got), 0);
        MUST_BE((int64_t)got, (int64_t)lsn);
        atomic_store(&s->next, lsn + 1);
    }
}

static void fill(wal_record_t *records, uint8_t (*payloads)[STORY_BYTES], uint32_t n, uint64_t lsn,
                 uint64_t generation)
{
    MUST(n <= BATCH_MAX);
    for (uint32_t k = 0; k < n; k++)
        records[k] = (wal_record_t){
            .size = sizeof records[k],
            .data = payloads[k],
            .data_size = story_payload(payloads[k], lsn + k, generation),
        };
}

void story_append_batch(struct story *s, wal_t *w, uint32_t n, uint32_t flags)
{
    uint8_t payloads[BATCH_MAX][STORY_BYTES];
    wal_record_t records[BATCH_MAX];
    uint64_t lsn = atomic_load(&s->next), got = 0;

    fill(records, payloads, n, lsn, atomic_load(&s->epoch) / 2);
    MUST_BE(wal_append_many(w, records, n, flags, &got), 0);
    MUST_BE((int64_t)got, (int64_t)lsn);
    atomic_store(&s->next, lsn + n);
}

void story_truncate_before(struct story *s, wal_t *w, uint64_t lsn)
{
    if (lsn <= atomic_load(&s->low))
        return;
    atomic_store(&s->low_soon, lsn);
    MUST_BE(wal_truncate_before(w, lsn), 0);
    atomic_store(&s->low, lsn);
}

static uint64_t cut_begin(struct story *s, uint64_t keeps, uint64_t least, uint64_t stands)
{
    uint64_t k = atomic_load(&s->epoch) / 2;
    MUST(k + 1 < STORY_CUTS);
    atomic_store(&s->keeps[k], keeps);
    atomic_store(&s->stands[k], stands);
    atomic_store(&s->least[k], least);
    atomic_fetch_add(&s->epoch, 1);
    return k;
}

void story_truncate_after(struct story *s, wal_t *w, uint64_t lsn)
{
    if (lsn + 1 >= atomic_load(&s->next))
        return;
    (void)cut_begin(s, lsn, 0, lsn + 1);
    MUST_BE(wal_truncate_after(w, lsn), 0);
    atomic_store(&s->next, lsn + 1);
    atomic_fetch_add(&s->epoch, 1);
}

void story_replace_after(struct story *s, wal_t *w, uint64_t lsn, uint32_t n)
{
    uint8_t payloads[BATCH_MAX][STORY_BYTES];
    wal_record_t records[BATCH_MAX];
    uint64_t got = 0, k = cut_begin(s, lsn, 0, lsn + 1);

    fill(records, payloads, n, lsn + 1, k + 1);
    MUST_BE(wal_replace_after(w, lsn, records, n, 0, &got), 0);
    MUST_BE((int64_t)got, (int64_t)lsn + 1);
    atomic_store(&s->next, lsn + 1 + n);
    atomic_fetch_add(&s->epoch, 1);
}

void story_reset(struct story *s, wal_t *w, uint64_t next)
{
    (void)cut_begin(s, 0, next, next);
    atomic_store(&s->low_soon, next);
    MUST_BE(wal_reset(w, next), 0);
    atomic_store(&s->low, next);
    atomic_store(&s->next, next);
    atomic_fetch_add(&s->epoch, 1);
}

/* An LSN between the first - 1 and the last; the end of the log is likelier. */
static uint64_t somewhere(struct story *s, uint64_t *seed)
{
    uint64_t low = atomic_load(&s->low), next = atomic_load(&s->next), span = next - low + 1;
    if (crew_random(seed) % 4)
        span = min_u64(span, 20);
    return next - 1 - crew_random(seed) % span;
}

void story_step(struct story *s, wal_t *w, uint64_t *seed)
{
    uint64_t low = atomic_load(&s->low), next = atomic_load(&s->next);
    uint32_t n = 1 + crew_random(seed) % BATCH_MAX;

    switch (crew_random(seed) % 24) {
    case 0:
        MUST_BE(wal_rotate(w), 0);
        break;
    case 1:
        story_truncate_before(s, w, low + crew_random(seed) % (next - low + 1));
        break;
    case 2:
        story_truncate_after(s, w, somewhere(s, seed));
        break;
    case 3:
        if (next > low)
            story_replace_after(s, w, somewhere(s, seed), n);
        break;
    case 4:
        if (crew_random(seed) % 8 == 0)
            story_reset(s, w, 1 + crew_random(seed) % (2 * next));
        break;
    case 5:
    case 6:
    case 7:
        story_append(s, w, n, 0);
        break;
    case 8:
    case 9:
        story_append(s, w, n, WAL_APPEND_SUBMIT);
        break;
    case 10:
    case 11:
        story_append_batch(s, w, n, 0);
        break;
    case 12:
        story_append_batch(s, w, n, WAL_APPEND_ASYNC);
        break;
    case 13:
        MUST_BE(wal_sync(w, 0), 0);
        break;
    case 14:
        MUST_BE(wal_flush(w), 0);
        break;
    default:
        story_append(s, w, n, WAL_APPEND_ASYNC);
        break;
    }
}

static bool survives(struct story *s, uint64_t lsn, uint64_t from, uint64_t to)
{
    for (uint64_t k = from; k < to; k++)
        if (atomic_load(&s->keeps[k]) < lsn)
            return false;
    return true;
}

bool story_was_there(struct story *s, uint64_t lsn, uint64_t g, uint64_t epoch)
{
    uint64_t now = (atomic_load(&s->epoch) + 1) / 2, then = epoch / 2;
    return g <= now && survives(s, lsn, g, max_u64(g, then));
}

bool story_cuts(struct story *s, uint64_t at, bool back, uint64_t from, uint64_t to)
{
    for (uint64_t k = from; k < to; k++)
        if (at > atomic_load(&s->stands[k]) - back || at < atomic_load(&s->least[k]))
            return true;
    return false;
}

bool story_goes_on(struct story *s, uint64_t lsn, uint64_t g, uint64_t next_g)
{
    return next_g >= g && !story_cuts(s, lsn + 1, false, g, next_g);
}

bool story_goes_back(struct story *s, uint64_t lsn, uint64_t g, uint64_t above_g)
{
    return above_g >= g && survives(s, lsn, g, above_g);
}
