/* SPDX-License-Identifier: Apache-2.0 */
/* wal_get of every record of logs of many shapes, again and again, so that each is found in every
 * way: by its group, by its place, after it was forgotten; with cuts, rotations and openings in
 * between, and memory for the index that is ample or tiny. */
#include "support/log_fixture.h"
#include "support/pace.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { RECORDS_MAX = 6000, SIZE_MAX_USED = 150 * 1000, ROUNDS = 3 };

/* What the log must hold: sizes and what bytes are made of. */
struct model {
    struct log_fixture *f;
    uint32_t sizes[RECORDS_MAX + 1];
    uint32_t made[RECORDS_MAX + 1]; /* differs when an LSN was given out again */
    uint64_t first, next;
    uint32_t counter;
    uint64_t seed, index_bytes;
};

static uint32_t draw(struct model *m, uint32_t n)
{
    m->seed ^= m->seed << 13;
    m->seed ^= m->seed >> 7;
    m->seed ^= m->seed << 17;
    return (uint32_t)(m->seed >> 33) % n;
}

static uint8_t byte_at(uint32_t made, size_t i)
{
    return (uint8_t)((made * 2654435761u >> 13) ^ (i * 31 + (i >> 8)));
}

static const uint8_t *payload(struct model *m, uint64_t lsn, uint32_t size)
{
    static uint8_t bytes[16][SIZE_MAX_USED];
    uint8_t *p = bytes[lsn % 16];
    m->sizes[lsn] = size;
    m->made[lsn] = ++m->counter;
    for (size_t i = 0; i < size; i++)
        p[i] = byte_at(m->counter, i);
    return p;
}

static void append(struct model *m, uint32_t size, uint32_t flags)
{
    if (m->next > RECORDS_MAX)
        return;
    const uint8_t *p = payload(m, m->next, size);
    must(wal_append_typed(m->f->log, (uint32_t)m->next % 1000, p, size, flags, NULL));
    m->next++;
}

static void append_batch(struct model *m, uint32_t n, uint32_t size, bool tagged)
{
    wal_batch_t *b;
    if (m->next + n > RECORDS_MAX)
        return;
    must(wal_batch_new(m->f->log, &b));
    for (uint32_t k = 0; k < n; k++, m->next++)
        must(
            wal_batch_append(b, (uint32_t)m->next % 1000, payload(m, m->next, size + k), size + k));
    if (tagged)
        must(wal_batch_set_tag(b, "a tag", 5));
    must(wal_batch_commit(b, 0, NULL, NULL));
    wal_batch_free(b);
}

static void get_one(struct model *m, wal_t *w, uint64_t lsn)
{
    static uint8_t buf[SIZE_MAX_USED];
    wal_record_t r = {.size = sizeof r};

    memset(buf, 0, m->sizes[lsn]);
    must(wal_get(w, lsn, buf, sizeof buf, &r));
    assert_int_equal(r.lsn, lsn);
    assert_int_equal(r.data_size, m->sizes[lsn]);
    assert_int_equal(r.type, lsn % 1000);
    for (size_t i = 0; i < r.data_size; i++)
        if (buf[i] != byte_at(m->made[lsn], i))
            fail_msg("record %d differs at %zu", (int)lsn, i);
}

static void get_refused(wal_t *w, uint64_t lsn)
{
    wal_record_t r = {.size = sizeof r};
    uint8_t byte;
    assert_int_equal(wal_get(w, lsn, &byte, 1, &r), WAL_E_RANGE);
}

static void get_all(struct model *m, wal_t *w)
{
    uint64_t n = m->next - m->first;
    for (int round = 0; round < ROUNDS && n; round++) {
        for (uint64_t k = 0; k < n; k++) {
            get_one(m, w, m->first + (round == 1 ? n - 1 - k : k * 7919 % n));
            if (k % 64 == 0)
                assert_true(fixture_stat(w, WAL_STAT_INDEX_BYTES) <= m->index_bytes);
        }
    }
    get_refused(w, m->first - 1);
    get_refused(w, m->next);
    get_refused(w, m->next + 100000);
}

/* Shapes */

static void of_one_size(struct model *m)
{
    for (int k = 0; k < 1500; k++)
        append(m, 128, WAL_APPEND_ASYNC);
}

static void alone_in_their_groups(struct model *m)
{
    for (int k = 0; k < 400; k++)
        append(m, k % 5 ? 100 : draw(m, 300), 0);
}

static void of_any_size(struct model *m)
{
    for (int k = 0; k < 1200; k++) {
        append(m, draw(m, 4) ? draw(m, 400) : draw(m, 9000), WAL_APPEND_ASYNC);
        if (draw(m, 30) == 0)
            must(wal_flush(m->f->log));
    }
}

static void large(struct model *m)
{
    for (int k = 0; k < 40; k++)
        append(m, 8000 + draw(m, 400) + (k % 8 == 0) * draw(m, SIZE_MAX_USED - 8400),
               k % 3 ? WAL_APPEND_ASYNC : 0);
}

static void in_batches(struct model *m)
{
    for (int k = 0; k < 60; k++) /* over groups too */
        append_batch(m, 1 + draw(m, 16), draw(m, 10) ? draw(m, 200) : 20000, draw(m, 2));
}

static void empty(struct model *m)
{
    for (int k = 0; k < 700; k++)
        append(m, 0, WAL_APPEND_ASYNC);
}

/* What may happen in between */

static void cut_the_front(struct model *m)
{
    m->first += draw(m, (uint32_t)((m->next - m->first) / 3 + 1));
    must(wal_truncate_before(m->f->log, m->first));
}

static void cut_the_end(struct model *m)
{
    m->next -= draw(m, (uint32_t)((m->next - m->first) / 3 + 1));
    must(wal_truncate_after(m->f->log, m->next - 1));
}

static void rotate(struct model *m)
{
    must(wal_rotate(m->f->log));
}

static void reopen(struct model *m)
{
    fixture_reopen(m->f);
}

static void crash(struct model *m)
{
    must(wal_sync(m->f->log, 0));
    fixture_crash(m->f);
    fixture_open(m->f);
}

static void flush(struct model *m)
{
    must(wal_flush(m->f->log));
}

typedef void step_fn(struct model *m);

static void live(struct log_fixture *f, uint64_t index_bytes, uint32_t align, uint64_t seed)
{
    static struct model m;
    step_fn *const shapes[] = {of_one_size, alone_in_their_groups, of_any_size, large, in_batches,
                               empty};
    step_fn *const events[] = {cut_the_front, cut_the_end, rotate, reopen, crash, flush};

    m = (struct model){
        .f = f, .first = 1, .next = 1, .seed = seed * 7919 + 1, .index_bytes = index_bytes};
    fixture_set(f, WAL_OPT_INDEX_BYTES, index_bytes);
    fixture_set(f, WAL_OPT_SEGMENT_BYTES, 256 * 1024);
    fixture_set(f, WAL_OPT_GROUP_BYTES, 64 * 1024);
    fixture_set(f, WAL_OPT_GROUP_ALIGN, align);
    fixture_open(f);
    for (size_t k = 0; k < sizeof shapes / sizeof *shapes; k++) {
        shapes[(k + seed) % 6](&m);
        get_all(&m, f->log);
        events[draw(&m, 6)](&m);
        get_all(&m, f->log);
        events[draw(&m, 6)](&m);
    }
    get_all(&m, f->log);
    must(wal_sync(f->log, 0));
    wal_t *reader = fixture_open_read_only(f);
    m.index_bytes = 64 << 20; /* it has options of its own */
    get_all(&m, reader);
    must(wal_close(reader));
    fixture_close(f);
    fixture_remove_all(f->dir);
}

static void test_every_record_of_every_shape(void **state)
{
    const uint64_t memory[] = {4096, 64 * 1024, 64 << 20};
    const uint32_t aligns[] = {64, 512, 4096};

    for (uint64_t seed = 0; seed < 9; seed += PACE)
        live(*state, memory[seed % 3], aligns[seed / 3], seed);
    if (PACE > 1)
        print_message("note: one log in %d was tried\n", PACE);
}

/* The places of records are given up where memory is short, and found again. */
static void test_memory_is_bounded(void **state)
{
    struct log_fixture *f = *state;
    static struct model m;

    m = (struct model){.f = f, .first = 1, .next = 1, .seed = 9, .index_bytes = 16 * 1024};
    fixture_set(f, WAL_OPT_INDEX_BYTES, m.index_bytes);
    fixture_set(f, WAL_OPT_SEGMENT_BYTES, 64 * 1024);
    fixture_set(f, WAL_OPT_SYNC, WAL_SYNC_NONE);
    fixture_open(f);
    uint64_t most = 0;
    while (m.next < RECORDS_MAX) {
        append(&m, draw(&m, 100), 0);
        if (m.next % 50 == 0) {
            must(wal_flush(f->log));
            get_one(&m, f->log, m.next - 1);
            get_one(&m, f->log, 1 + draw(&m, (uint32_t)m.next - 1));
        }
        uint64_t now = fixture_stat(f->log, WAL_STAT_INDEX_BYTES);
        assert_true(now <= m.index_bytes);
        most = now > most ? now : most;
    }
    assert_true(most > m.index_bytes / 2);
    get_all(&m, f->log);
    must(wal_reset(f->log, 100));
    assert_true(fixture_stat(f->log, WAL_STAT_INDEX_BYTES) <= 256);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(test_every_record_of_every_shape),
        fixture_test(test_memory_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
