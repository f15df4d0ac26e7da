/* SPDX-License-Identifier: Apache-2.0 */
/* Many threads on one handle: order, wholeness of batches, and readers beside everything that
 * changes the log's shape. */
#include "support/log_fixture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

enum { WRITERS = 4, READERS = 2, EACH = 300, BATCH = 3 };

/* What each record says: who wrote it, the how manieth of that thread it is, its place in its
 * batch. */
struct mark {
    uint32_t writer, number, part;
};

struct stage {
    wal_t *log;
    atomic_int writing; /* threads that still append */
    atomic_int failed;  /* 0, or a code that nobody expects */
};

struct actor {
    struct stage *stage;
    uint32_t id;
};

static void complain(struct stage *s, int e)
{
    int none = 0;
    atomic_compare_exchange_strong(&s->failed, &none, e);
}

static int append_batch(wal_t *w, struct mark m, uint32_t flags)
{
    wal_record_t r[BATCH];
    struct mark marks[BATCH];

    for (uint32_t k = 0; k < BATCH; k++) {
        marks[k] = m;
        marks[k].part = k;
        r[k] = (wal_record_t){.size = sizeof r[0], .data = &marks[k], .data_size = sizeof marks[k]};
    }
    return wal_append_many(w, r, BATCH, flags, NULL);
}

static void *write_marks(void *arg)
{
    const struct actor *a = arg;
    const uint32_t flags[] = {0, WAL_APPEND_ASYNC, WAL_APPEND_SUBMIT, WAL_APPEND_SYNC};
    int e = 0;

    for (uint32_t k = 0; e == 0 && k < EACH; k++) {
        struct mark m = {.writer = a->id, .number = k};
        uint32_t f = k % 8 == 0 ? flags[k / 8 % 4] : WAL_APPEND_ASYNC;
        if (k % 2 == 0)
            e = append_batch(a->stage->log, m, f);
        else
            e = wal_append_typed(a->stage->log, 0, &m, sizeof m, f, NULL);
    }
    if (e < 0)
        complain(a->stage, e);
    atomic_fetch_sub(&a->stage->writing, 1);
    return NULL;
}

/* What a reader must find, wherever it begins. */
struct seen {
    struct mark last;  /* record */
    uint64_t last_lsn; /* 0: none yet */
    uint32_t next_of[WRITERS];
};

static int check_mark(struct seen *s, const wal_record_t *r)
{
    struct mark m;

    if (r->data_size != sizeof m)
        return -1;
    memcpy(&m, r->data, sizeof m);
    bool follows = s->last_lsn && r->lsn == s->last_lsn + 1;
    bool whole =
        !follows || m.part == 0 ||
        (m.writer == s->last.writer && m.number == s->last.number && m.part == s->last.part + 1);
    bool ordered = m.writer < WRITERS && m.number + 1 >= s->next_of[m.writer];
    bool ends = m.number % 2 == 1 || m.part == BATCH - 1;
    if (!whole || !ordered || ends != !!(r->flags & WAL_RECORD_BATCH_LAST))
        return -1;
    s->next_of[m.writer] = m.number + 1;
    s->last = m;
    s->last_lsn = r->lsn;
    return 0;
}

static int see(void *ctx, const wal_record_t *r)
{
    return check_mark(ctx, r);
}

static void *read_marks(void *arg)
{
    const struct actor *a = arg;
    struct seen s = {0};
    wal_record_t r = {.size = sizeof r};
    wal_reader_t *reader = NULL;
    int e = wal_reader_open(a->stage->log, 0, a->id ? WAL_READ_WRITTEN : 0, &reader);

    while (e >= 0 && (e == 1 || atomic_load(&a->stage->writing) > 0)) {
        e = wal_reader_wait(reader, 1);
        if (e == 1)
            e = wal_reader_next(reader, &r);
        if (e == 1 && check_mark(&s, &r) < 0)
            e = -100;
        if (e == WAL_E_TRIMMED) {
            e = wal_reader_seek(reader, 0);
            s.last_lsn = 0;
        }
    }
    if (e < 0)
        complain(a->stage, e);
    wal_reader_close(reader);
    return NULL;
}

/* Changes everything that doesn't take records from the end. */
static void *reshape(void *arg)
{
    const struct actor *a = arg;
    wal_t *w = a->stage->log;
    wal_info_t info;
    char buf[16];
    size_t n;
    int e = 0;

    for (unsigned k = 0; e >= 0 && atomic_load(&a->stage->writing) > 0; k++) {
        uint64_t first = 0, next = 0;
        e = wal_range(w, &first, NULL, &next, NULL);
        if (e == 0 && k % 3 == 0)
            e = wal_rotate(w);
        if (e == 0 && k % 3 == 1)
            e = wal_meta_set(w, "k", 1, &k, sizeof k);
        if (e == 0 && k % 3 == 1)
            e = wal_meta_get(w, "k", 1, buf, sizeof buf, &n);
        if (e == 0 && k % 3 == 2 && a->id)
            e = wal_truncate_before(w, first + (next - first) / 4);
        n = 0;
        if (e == 0)
            e = wal_segments(w, NULL, sizeof(wal_segment_t), &n);
        if (e == 0)
            e = wal_info(w, &info, sizeof info);
    }
    if (e < 0)
        complain(a->stage, e);
    return NULL;
}

/* truncating: records go away at the front meanwhile. */
static void play(struct log_fixture *f, bool truncating)
{
    struct stage s = {.log = f->log, .writing = WRITERS};
    struct actor actors[WRITERS];
    struct actor shaper = {&s, truncating};
    pthread_t threads[WRITERS + READERS + 1];
    int n = 0;

    for (uint32_t k = 0; k < WRITERS; k++) {
        actors[k] = (struct actor){&s, k};
        assert_int_equal(pthread_create(&threads[n++], NULL, write_marks, &actors[k]), 0);
    }
    for (uint32_t k = 0; k < READERS; k++)
        assert_int_equal(pthread_create(&threads[n++], NULL, read_marks, &actors[k]), 0);
    assert_int_equal(pthread_create(&threads[n++], NULL, reshape, &shaper), 0);
    while (n > 0)
        pthread_join(threads[--n], NULL);
    if (atomic_load(&s.failed))
        print_error("%s\n", wal_error_name(atomic_load(&s.failed)));
    assert_int_equal(atomic_load(&s.failed), 0);
}

enum { RECORDS = WRITERS * EACH / 2 * (BATCH + 1) };

static void test_order_and_wholeness(void **state)
{
    struct log_fixture *f = *state;
    struct seen s = {0};

    fixture_set(f, WAL_OPT_SEGMENT_RECORDS, 500);
    fixture_open(f);
    play(f, false);
    assert_int_equal(wal_last_lsn(f->log), RECORDS);
    must(wal_sync(f->log, 0));
    must(wal_replay(f->log, 0, see, &s, NULL));
    assert_int_equal(s.last_lsn, RECORDS);
    for (int k = 0; k < WRITERS; k++)
        assert_int_equal(s.next_of[k], EACH); /* each in its own order */
    fixture_reopen(f);
    s = (struct seen){0};
    must(wal_replay(f->log, 0, see, &s, NULL));
    assert_int_equal(s.last_lsn, RECORDS);
}

static void test_with_truncation(void **state)
{
    struct log_fixture *f = *state;
    struct seen s = {0};
    const uint32_t modes[] = {WAL_SYNC_DATA, WAL_SYNC_INTERVAL, WAL_SYNC_NONE};

    fixture_set(f, WAL_OPT_PENDING_BYTES, 4096);
    fixture_set(f, WAL_OPT_MAX_RECORD_BYTES, 1000);
    fixture_set(f, WAL_OPT_INTERVAL_MS, 2);
    for (size_t k = 0; k < COUNT_OF(modes); k++) {
        fixture_set(f, WAL_OPT_SYNC, modes[k]);
        fixture_open(f);
        play(f, true);
        assert_int_equal(wal_last_lsn(f->log), RECORDS);
        fixture_reopen(f);
        s = (struct seen){0};
        must(wal_replay(f->log, 0, see, &s, NULL));
        assert_int_equal(s.last_lsn, RECORDS);
        fixture_close(f);
        must(wal_destroy(f->dir));
    }
}

/* Cuts at the end take their place in the order of appends: what was acknowledged before is there
 * or cut, and LSNs stay dense. */
static void *cut_ends(void *arg)
{
    const struct actor *a = arg;
    wal_t *w = a->stage->log;
    int e = 0;

    for (unsigned k = 0; e >= 0 && atomic_load(&a->stage->writing) > 0; k++) {
        uint64_t first = wal_first_lsn(w), next = wal_next_lsn(w);
        const wal_record_t r = {.size = sizeof r, .data = "r", .data_size = 1};
        uint64_t lsn = first + (next - first) / 2;
        e = k % 5 == 4   ? wal_reset(w, next + 10)
            : k % 2 == 0 ? wal_truncate_after(w, lsn)
                         : wal_replace_after(w, lsn, &r, 1, 0, NULL);
        if (e == WAL_E_RANGE) /* the log has changed since it was looked at */
            e = 0;
    }
    if (e < 0)
        complain(a->stage, e);
    return NULL;
}

static void *read_anything(void *arg)
{
    const struct actor *a = arg;
    wal_t *w = a->stage->log;
    wal_record_t r = {.size = sizeof r};
    wal_reader_t *reader = NULL;
    char buf[64];
    int e = wal_reader_open(w, 0, a->id ? WAL_READ_WRITTEN : 0, &reader);

    while (e >= 0 && atomic_load(&a->stage->writing) > 0) {
        e = wal_get(w, wal_first_lsn(w), buf, sizeof buf, &r);
        if (e >= 0 || e == WAL_E_RANGE)
            e = wal_reader_next(reader, &r);
        if (e == WAL_E_TRIMMED)
            e = wal_reader_seek(reader, 0);
    }
    if (e < 0)
        complain(a->stage, e);
    wal_reader_close(reader);
    return NULL;
}

static int no_check(void *ctx, const wal_record_t *record)
{
    (void)ctx;
    (void)record;
    return 0;
}

static void test_with_cuts(void **state)
{
    struct log_fixture *f = *state;
    struct stage s = {.writing = WRITERS};
    struct actor actors[WRITERS];
    pthread_t threads[WRITERS + READERS + 1];
    int n = 0;

    fixture_open(f);
    s.log = f->log;
    for (uint32_t k = 0; k < WRITERS; k++) {
        actors[k] = (struct actor){&s, k};
        assert_int_equal(pthread_create(&threads[n++], NULL, write_marks, &actors[k]), 0);
    }
    for (uint32_t k = 0; k < READERS; k++)
        assert_int_equal(pthread_create(&threads[n++], NULL, read_anything, &actors[k]), 0);
    assert_int_equal(pthread_create(&threads[n++], NULL, cut_ends, &actors[0]), 0);
    while (n > 0)
        pthread_join(threads[--n], NULL);
    if (atomic_load(&s.failed))
        print_error("%s\n", wal_error_name(atomic_load(&s.failed)));
    assert_int_equal(atomic_load(&s.failed), 0);
    must(wal_sync(f->log, 0));
    uint64_t first = wal_first_lsn(f->log), next = wal_next_lsn(f->log);
    fixture_reopen(f);
    expect_range(f->log, first, next > first ? next - 1 : 0, next, next - 1);
    must(wal_replay(f->log, 0, no_check, NULL, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(test_order_and_wholeness),
        fixture_test(test_with_truncation),
        fixture_test(test_with_cuts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
