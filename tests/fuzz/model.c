/* SPDX-License-Identifier: Apache-2.0 */
#include "model.h"

#include "fuzz.h"

#include <string.h>

static uint8_t room[MODEL_BYTES];

const uint8_t *model_bytes(size_t size, uint8_t seed)
{
    static uint8_t text[MODEL_BYTES + UINT8_MAX], noise[MODEL_BYTES + UINT8_MAX];

    FUZZ_MUST(size <= MODEL_BYTES);
    for (uint32_t k = 0, x = 1; k < sizeof text && !noise[0]; k++) {
        uint32_t i = (uint32_t)sizeof text - 1 - k;
        x = x * 1664525u + 1013904223u;
        noise[i] = (uint8_t)(x >> 24 | (i == 0));
        text[i] = (uint8_t)('a' + i / 50 % 26);
    }
    return (seed % 2 ? noise : text) + seed;
}

void model_add(struct model *m, const struct model_record *r)
{
    FUZZ_MUST(m->next - m->first < MODEL_RECORDS);
    m->records[m->next++ - m->first] = *r;
}

void model_cut_front(struct model *m, uint64_t lsn)
{
    if (lsn <= m->first)
        return;
    memmove(m->records, m->records + (lsn - m->first),
            (size_t)(m->next - lsn) * sizeof *m->records);
    m->first = lsn;
}

void model_cut_back(struct model *m, uint64_t lsn)
{
    if (lsn + 1 >= m->next)
        return;
    m->next = lsn + 1;
    if (m->checkpoint.lsn > lsn)
        m->checkpoint.lsn = 0;
}

void model_reset(struct model *m, uint64_t next)
{
    m->first = m->next = next;
    m->checkpoint.lsn = 0;
}

static void same_record(const struct model *m, const wal_record_t *r, uint64_t lsn, int with_tag)
{
    const struct model_record *want = &m->records[lsn - m->first];

    FUZZ_MUST(lsn < m->next && r->lsn == lsn && r->type == want->type);
    FUZZ_MUST(r->data_size == want->size);
    FUZZ_MUST(!want->size || memcmp(r->data, model_bytes(want->size, want->seed), want->size) == 0);
    if (!with_tag)
        return;
    FUZZ_MUST(r->tag_size == want->tag);
    FUZZ_MUST(!want->tag || memcmp(r->tag, model_bytes(want->tag, want->tag), want->tag) == 0);
}

static void compare_records(const struct model *m, wal_t *w)
{
    wal_record_t r = {.size = sizeof r};
    wal_reader_t *reader;
    uint64_t lsn = m->first;

    FUZZ_MUST(wal_reader_open(w, 0, WAL_READ_WRITTEN, &reader) == 0);
    while (wal_reader_next(reader, &r) == 1)
        same_record(m, &r, lsn++, 1);
    wal_reader_close(reader);
    uint64_t middle = m->first + (m->next - m->first) / 2;
    if (middle < m->next) {
        FUZZ_MUST(wal_get(w, middle, room, sizeof room, &r) == 0);
        same_record(m, &r, middle, 0);
    }
}

static void compare_meta(const struct model *m, wal_t *w)
{
    for (int k = 0; k < MODEL_KEYS; k++) {
        char key = (char)('0' + k);
        size_t size = 0;
        int e = wal_meta_get(w, &key, 1, room, sizeof room, &size);
        FUZZ_MUST(e == (m->meta[k].there ? 0 : WAL_E_NOTFOUND));
        if (e == 0)
            FUZZ_MUST(size == m->meta[k].size &&
                      memcmp(room, model_bytes(size, m->meta[k].seed), size) == 0);
    }
}

static void compare_checkpoint(const struct model *m, wal_t *w)
{
    uint64_t lsn = 0;
    size_t size = 0;
    int e = wal_checkpoint_get(w, room, sizeof room, &lsn, &size);

    FUZZ_MUST(e == (m->checkpoint.lsn ? 0 : WAL_E_NOTFOUND));
    if (e == 0)
        FUZZ_MUST(lsn == m->checkpoint.lsn && size == m->checkpoint.size &&
                  memcmp(room, model_bytes(size, m->checkpoint.seed), size) == 0);
}

void model_compare(const struct model *m, wal_t *w)
{
    uint64_t first = 0, next = 0;

    FUZZ_MUST(wal_range(w, &first, NULL, &next, NULL) == 0);
    FUZZ_MUST(first == m->first && next == m->next);
    compare_records(m, w);
    compare_meta(m, w);
    compare_checkpoint(m, w);
}
