/* SPDX-License-Identifier: Apache-2.0 */
#include "log/many.h"

#include <string.h>

#include "base/attr.h"
#include "base/bytes.h"

/* Where the records go. */
struct many {
    uint8_t *at; /* the next one */
    size_t stride, n, max;
    uint64_t bytes_left; /* for payloads */
    bool alone;          /* the first one is above what all together may have */
    uint64_t durable_lsn;
    const uint8_t *tag; /* of the batch at hand */
    uint32_t tag_size;
};

static bool fits(const struct many *m, const struct record *x)
{
    return m->n == 0 || (m->n < m->max && x->size <= m->bytes_left && !m->alone);
}

/* What the caller knows of the struct, zeros where it knows more. */
static void put(struct many *m, const struct record *x)
{
    wal_record_t full = {
        .size = (uint32_t)m->stride,
        .type = x->type,
        .lsn = x->lsn,
        .data = x->payload,
        .data_size = x->size,
        .tag = m->tag,
        .tag_size = m->tag_size,
        .flags = (x->lsn <= m->durable_lsn ? WAL_RECORD_DURABLE : 0u) |
                 (x->flags & RECORD_BATCH_LAST ? WAL_RECORD_BATCH_LAST : 0u),
    };
    if (LIKELY(m->stride == sizeof full)) {
        memcpy(m->at, &full, sizeof full);
    } else {
        size_t known = (size_t)min_u64(m->stride, sizeof full);
        memcpy(m->at, &full, known);
        memset(m->at + known, 0, m->stride - known);
    }
    m->at += m->stride;
    m->n++;
    m->alone = x->size > m->bytes_left;
    m->bytes_left -= min_u64(x->size, m->bytes_left);
}

/* Records of the group at hand, towards its end. 1: up to its end, or that of the log; 0: no more
 * fits; < 0: it is damaged at its next record, which the next call meets again. */
static int take_forward(struct wal_reader *r, const struct horizon *h, struct many *m)
{
    uint64_t last = min_u64(group_last_lsn(&r->group.header), h->last_lsn);

    while (reader_at(r) <= last) {
        struct record_walk before = r->walk;
        struct record x;
        if (record_next(&r->walk, &x) != 1)
            return reader_bad_record(r);
        if (!fits(m, &x)) {
            r->walk = before;
            return 0;
        }
        put(m, &x);
        reader_move(r, x.lsn + 1);
        r->walks = true;
    }
    return 1;
}

/* Towards its beginning. */
static void take_backward(struct wal_reader *r, const struct horizon *h, struct many *m)
{
    uint64_t first = r->group.header.first_lsn;

    while (reader_at(r) >= first) {
        const struct record *x = &r->steps[reader_at(r) - first];
        if (!fits(m, x))
            return;
        put(m, x);
        reader_move(r, x->lsn > h->first_lsn ? x->lsn - 1 : 0);
    }
}

/* The next group with records, as long as that needs no reading: what was given stays in its
 * place. 1: got it; 0: the next call will see why not. */
static int go_on(struct wal_reader *r, const struct horizon *h)
{
    struct group_view g;

    if (reader_at(r) > h->last_lsn)
        return 0;
    do {
        if (!group_reader_at_hand(&r->place.groups) || group_reader_next(&r->place.groups, &g) != 1)
            return 0;
    } while (g.header.records == 0);
    r->group = g;
    group_records(&r->group, &r->place.member->segment.header, &r->walk);
    return 1;
}

static int take_groups(struct wal_reader *r, const struct horizon *h, struct many *m)
{
    struct fault before = *fault_last();
    int e;
    do {
        m->tag = reader_tag(r, &m->tag_size);
        e = take_forward(r, h, m);
    } while (e == 1 && m->n < m->max && go_on(r, h) == 1);
    if (e < 0 && m->n == 0)
        return e;
    fault_put(&before); /* what was got comes first */
    return 1;
}

int reader_next_many(struct wal_reader *r, wal_record_t *records, size_t max, uint64_t max_bytes,
                     size_t *ret_n)
{
    struct horizon h;
    struct many m = {
        .at = (void *)records, .stride = records[0].size, .max = max, .bytes_left = max_bytes};

    int e = reader_ready(r, &h);
    if (e != 1)
        return e;
    m.durable_lsn = atomic_load(&r->log->durable_lsn);
    if (r->flags & WAL_READ_REVERSE) {
        m.tag = reader_tag(r, &m.tag_size);
        take_backward(r, &h, &m);
    } else {
        e = take_groups(r, &h, &m);
    }
    if (e < 0)
        return place_result(r->log, e);
    *ret_n = m.n;
    return 1;
}
