/* SPDX-License-Identifier: Apache-2.0 */
#include "log/catalog_index.h"

#include "base/bytes.h"
#include "format/record.h"
#include "segment/writer.h"

enum { FEW_RECORDS = 16, AT_ONCE = 256 };

/* A quarter of the limit at most for one segment, and never so little that it finds nothing. */
struct index catalog_new_index(const struct catalog *c)
{
    uint64_t entries = c->index_limit / 4 / sizeof(struct seal_entry);
    uint32_t most = INDEX_LEAST;

    while (most < SEAL_ENTRIES_MAX && 2 * most <= entries)
        most *= 2;
    return (struct index){.most = most};
}

/* Memory */

typedef size_t memory_fn(const struct member *m);

static size_t index_memory(const struct member *m)
{
    return index_bytes(&m->index);
}

static size_t offsets_memory(const struct member *m)
{
    return m->offsets.bytes;
}

/* The memory of the first n members' tables of a kind, and which of them that have one was not
 * asked for for the longest time (NULL: none). */
static uint64_t sum_up(const struct catalog *c, memory_fn *memory, size_t n, struct member **ret)
{
    uint64_t sum = 0;

    *ret = NULL;
    for (size_t k = 0; k < n; k++) {
        struct member *m = c->members[k];
        sum += memory(m);
        if (memory(m) && (!*ret || m->used < (*ret)->used))
            *ret = m;
    }
    return sum;
}

void catalog_limit_index(struct catalog *c)
{
    struct member *idle;
    size_t sealed = c->n ? c->n - 1 : 0;
    uint64_t newest = c->n ? index_memory(c->members[sealed]) : 0, sparse, offsets;

    for (;;) {
        sparse = newest + sum_up(c, index_memory, sealed, &idle);
        if (sparse <= c->index_limit / 2 || !idle)
            break;
        index_free(&idle->index, c->alloc);
    }
    c->offsets_limit = c->index_limit - min_u64(sparse, c->index_limit);
    for (;;) {
        offsets = sum_up(c, offsets_memory, c->n, &idle);
        if (offsets <= c->offsets_limit)
            break;
        offsets_free(&idle->offsets, c->alloc);
    }
    c->offsets_bytes = offsets;
}

uint64_t catalog_index_bytes(struct catalog *c)
{
    pthread_mutex_lock(&c->mu);
    uint64_t sum = 0;
    for (size_t k = 0; k < c->n; k++)
        sum += index_memory(c->members[k]) + offsets_memory(c->members[k]);
    pthread_mutex_unlock(&c->mu);
    return sum;
}

void member_index_cut(struct member *m, uint64_t last_lsn)
{
    uint64_t base = m->segment.header.base_lsn;
    index_cut(&m->index, last_lsn);
    offsets_cut(&m->offsets, last_lsn < base ? 0 : last_lsn - base + 1);
}

void member_index_free(struct catalog *c, struct member *m)
{
    index_free(&m->index, c->alloc);
    c->offsets_bytes -= m->offsets.bytes;
    offsets_free(&m->offsets, c->alloc);
}

/* Groups */

void catalog_index(struct catalog *c, uint64_t lsn, uint64_t offset)
{
    pthread_mutex_lock(&c->mu);
    struct index *x = &c->members[c->n - 1]->index;
    size_t before = index_bytes(x);
    index_add(x, c->alloc, lsn, (uint32_t)(offset / PLACE_UNIT));
    if (index_bytes(x) != before)
        catalog_limit_index(c);
    pthread_mutex_unlock(&c->mu);
}

void catalog_index_seal(struct catalog *c, const uint8_t *body, size_t size)
{
    pthread_mutex_lock(&c->mu);
    (void)index_add_seal(&c->members[c->n - 1]->index, c->alloc, body, size);
    catalog_limit_index(c);
    pthread_mutex_unlock(&c->mu);
}

void catalog_index_cut(struct catalog *c, uint64_t last_lsn)
{
    pthread_mutex_lock(&c->mu);
    member_index_cut(c->members[c->n - 1], last_lsn);
    pthread_mutex_unlock(&c->mu);
}

void catalog_locate(struct catalog *c, const struct member *m, uint64_t lsn, struct seal_entry *ret)
{
    pthread_mutex_lock(&c->mu);
    if (!index_find(&m->index, lsn, ret))
        *ret = (struct seal_entry){.lsn = m->segment.header.base_lsn, .place = FIRST_PLACE};
    pthread_mutex_unlock(&c->mu);
}

void catalog_set_index(struct catalog *c, struct member *m, struct index *index)
{
    pthread_mutex_lock(&c->mu);
    if (m->sealed && !m->gone) {
        index_free(&m->index, c->alloc);
        m->index = *index;
        *index = (struct index){0};
        catalog_limit_index(c);
    }
    pthread_mutex_unlock(&c->mu);
    index_free(index, c->alloc);
}

uint8_t *catalog_seal_body(struct catalog *c, size_t *ret_size)
{
    pthread_mutex_lock(&c->mu);
    const struct index *x = &c->members[c->n - 1]->index;
    size_t size = seal_body_bytes(x->n);
    uint8_t *body = mem_new(c->alloc, outgoing_room(size, GROUP_ALIGN_MAX));
    if (body) {
        seal_body_encode(body + GROUP_HEADER_BYTES, x->entries, x->n);
        *ret_size = size;
    }
    pthread_mutex_unlock(&c->mu);
    return body;
}

/* Records */

bool catalog_spot(struct catalog *c, uint64_t lsn, struct spot *ret)
{
    uint32_t at = 0, next = 0;

    pthread_mutex_lock(&c->mu);
    c->asked = true;
    struct member *m = c->members[catalog_position(c, lsn)];
    uint64_t base = m->segment.header.base_lsn;
    if (lsn >= base && m->segment.file.fd >= 0)
        at = offsets_get(&m->offsets, lsn - base, &next);
    if (at) {
        m->refs++;
        m->used = ++c->clock;
    }
    pthread_mutex_unlock(&c->mu);
    *ret = (struct spot){
        .member = m, .offset = (uint64_t)at * OFFSET_UNIT, .next = (uint64_t)next * OFFSET_UNIT};
    return at != 0;
}

/* Under c->mu. What was cut off while somebody read it isn't noted. */
static void put_offsets(struct catalog *c, struct member *m, uint64_t lsn, const uint32_t *at,
                        size_t n)
{
    if (m->gone || (m->sealed && lsn + n > m->end.next_lsn))
        return;
    c->offsets_bytes -= m->offsets.bytes;
    offsets_put(&m->offsets, c->alloc, lsn - m->segment.header.base_lsn, at, n);
    c->offsets_bytes += m->offsets.bytes;
    if (c->offsets_bytes > c->offsets_limit)
        catalog_limit_index(c);
}

/* The offsets of the next records of a walk, at most AT_ONCE. body: where the group's body begins;
 * offset: the same in the file. */
static size_t list_offsets(struct record_walk *walk, const uint8_t *body, uint64_t offset,
                           uint32_t *ret)
{
    struct record r;
    size_t n = 0;

    while (n < AT_ONCE) {
        uint64_t at = (offset + (uint64_t)(walk->at - body)) / OFFSET_UNIT;
        if (at > UINT32_MAX || record_next(walk, &r) != 1)
            break;
        ret[n++] = (uint32_t)at;
    }
    return n;
}

void catalog_note(struct catalog *c, struct member *m, const struct group_view *g)
{
    uint32_t at[AT_ONCE];
    struct record_walk walk;

    if (g->header.flags & (GROUP_COMPRESSED | GROUP_ENCRYPTED))
        return; /* its records are not there to be read one by one */
    group_records(g, &m->segment.header, &walk);
    for (;;) {
        uint64_t lsn = walk.lsn;
        size_t n = list_offsets(&walk, g->body, g->offset + GROUP_HEADER_BYTES, at);
        if (n == 0)
            return;
        pthread_mutex_lock(&c->mu);
        put_offsets(c, m, lsn, at, n);
        pthread_mutex_unlock(&c->mu);
    }
}

void catalog_note_written(struct catalog *c, const struct group_header *h, const uint8_t *bytes)
{
    uint32_t at[AT_ONCE];
    struct record_walk walk;
    struct group_view g = {.header = *h,
                           .offset = (uint64_t)h->place * PLACE_UNIT,
                           .body = bytes + GROUP_HEADER_BYTES};

    if (h->records > FEW_RECORDS || (h->flags & (GROUP_COMPRESSED | GROUP_ENCRYPTED)))
        return;
    pthread_mutex_lock(&c->mu);
    struct member *m = c->members[c->n - 1];
    if (c->asked) {
        group_records(&g, &m->segment.header, &walk);
        size_t n = list_offsets(&walk, g.body, g.offset + GROUP_HEADER_BYTES, at);
        put_offsets(c, m, h->first_lsn, at, n);
    }
    pthread_mutex_unlock(&c->mu);
}
