/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of a log that lives on: four authors beside them, retention, cuts. */
#include "support/crew.h"
#include "support/log_fixture.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

enum { AUTHORS = 4, COPIES = 6 };

static const char *dest(const struct log_fixture *f)
{
    static char path[400];
    snprintf(path, sizeof path, "%s/copy", f->scratch.path);
    return path;
}

static wal_t *open_copy(const struct log_fixture *f)
{
    wal_options_t *o;
    wal_t *w;

    must(wal_options_new(&o));
    must(wal_options_set(o, WAL_OPT_CREATE, 0));
    must(wal_open(dest(f), o, &w));
    wal_options_free(o);
    return w;
}

struct authors {
    wal_t *log;
    _Atomic uint32_t stop, appended;
};

static void write_on(void *arg, unsigned k)
{
    struct authors *a = arg;
    uint64_t seed = k + 1;
    char text[700];

    while (!atomic_load(&a->stop)) {
        size_t size = crew_random(&seed) % sizeof text;
        memset(text, (int)(crew_random(&seed) % 256), size);
        MUST_BE(wal_append_typed(a->log, k, text, size,
                                 crew_random(&seed) % 4 ? WAL_APPEND_ASYNC : 0, NULL),
                0);
        atomic_fetch_add(&a->appended, 1);
    }
}

/* Each record of the copy is the original's. */
static void expect_part(wal_t *log, wal_t *copy)
{
    wal_record_t x = {.size = sizeof x}, y = {.size = sizeof y};
    wal_reader_t *r, *s;

    must(wal_reader_open(copy, 0, 0, &r));
    must(wal_reader_open(log, wal_first_lsn(copy), 0, &s));
    while (must(wal_reader_next(r, &x))) {
        assert_int_equal(must(wal_reader_next(s, &y)), 1);
        assert_int_equal(x.lsn, y.lsn);
        assert_int_equal(x.type, y.type);
        assert_int_equal(x.data_size, y.data_size);
        assert_memory_equal(x.data, y.data, x.data_size);
    }
    wal_reader_close(r);
    wal_reader_close(s);
}

static void test_under_four_authors(void **state)
{
    struct log_fixture *f = *state;
    struct authors a = {0};
    struct crew crew;

    fixture_set(f, WAL_OPT_SEGMENT_BYTES, 64 << 10);
    fixture_open(f);
    a.log = f->log;
    crew_start(&crew, AUTHORS, write_on, &a);
    for (uint32_t k = 0; k < COPIES; k++) {
        crew_await(&a.appended, 400 * (k + 1));
        uint64_t before = wal_durable_lsn(f->log);
        must(wal_copy(f->log, dest(f), NULL, NULL));
        uint64_t behind = wal_durable_lsn(f->log);
        wal_t *w = open_copy(f);
        assert_in_range(wal_last_lsn(w), before, behind);
        assert_int_equal(wal_first_lsn(w), 1);
        expect_part(f->log, w);
        must(wal_close(w));
        must(wal_destroy(dest(f)));
    }
    atomic_store(&a.stop, 1);
    crew_join(&crew);
    assert_true(fixture_segments(f->log) > 2);
}

/* At the first progress another thread does something to the log. */
struct meeting {
    wal_t *log;
    int (*deed)(wal_t *log);
    _Atomic uint32_t begun, done;
    int result;
};

static int meet(void *ctx, uint64_t done, uint64_t total)
{
    struct meeting *m = ctx;
    (void)done;
    (void)total;
    atomic_store(&m->begun, 1);
    crew_await(&m->done, 1);
    return 0;
}

static void act(void *arg, unsigned k)
{
    struct meeting *m = arg;
    (void)k;
    crew_await(&m->begun, 1);
    m->result = m->deed(m->log);
    atomic_store(&m->done, 1);
}

static int copy_meanwhile(struct log_fixture *f, int (*deed)(wal_t *log))
{
    struct meeting m = {.log = f->log, .deed = deed};
    struct crew crew;

    crew_start(&crew, 1, act, &m);
    int e = wal_copy(f->log, dest(f), meet, &m);
    crew_join(&crew);
    must(m.result);
    return e;
}

static int write_many(wal_t *log)
{
    int e = 0;
    for (int k = 0; e == 0 && k < 10; k++)
        e = wal_append(log, "new", 3, NULL);
    return e;
}

static int cut_front(wal_t *log)
{
    return wal_truncate_before(log, 5);
}

static int cut_end(wal_t *log)
{
    return wal_truncate_after(log, 2);
}

static void begin(struct log_fixture *f)
{
    fixture_set(f, WAL_OPT_SEGMENT_RECORDS, 1);
    fixture_set(f, WAL_OPT_BACKGROUND, 0);
    fixture_open(f);
    fixture_fill(f, 6);
}

static void test_retention_waits(void **state)
{
    struct log_fixture *f = *state;

    fixture_set(f, WAL_OPT_RETAIN_SEGMENTS, 6);
    begin(f);
    must(copy_meanwhile(f, write_many));
    wal_t *w = open_copy(f);
    expect_range(w, 1, 6, 7, 6);
    expect_record(w, 1, "1");
    must(wal_close(w));
    fixture_append(f, "and then goes on");
    assert_true(wal_first_lsn(f->log) > 6);
}

static void test_a_pin_has_its_limit(void **state)
{
    struct log_fixture *f = *state;

    fixture_set(f, WAL_OPT_RETAIN_SEGMENTS, 1);
    fixture_set(f, WAL_OPT_PIN_LIMIT_BYTES, 1);
    fixture_set(f, WAL_OPT_SEGMENT_RECORDS, 2);
    fixture_set(f, WAL_OPT_BACKGROUND, 0);
    fixture_open(f);
    fixture_fill(f, 4);
    expect_error(WAL_E_TRIMMED, copy_meanwhile(f, write_many), "segment 1");
    assert_false(fixture_exists(dest(f)));
}

static void test_cuts_at_the_front(void **state)
{
    struct log_fixture *f = *state;

    begin(f);
    expect_error(WAL_E_TRIMMED, copy_meanwhile(f, cut_front), "segment 1");
    assert_false(fixture_exists(dest(f)));
    must(wal_copy(f->log, dest(f), NULL, NULL));
}

static void test_cuts_at_the_end(void **state)
{
    struct log_fixture *f = *state;

    begin(f);
    expect_error(WAL_E_TRIMMED, copy_meanwhile(f, cut_end), "left the log");
    assert_false(fixture_exists(dest(f)));
    must(wal_copy(f->log, dest(f), NULL, NULL));
    wal_t *w = open_copy(f);
    expect_range(w, 1, 2, 3, 2);
    must(wal_close(w));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(test_under_four_authors),  fixture_test(test_retention_waits),
        fixture_test(test_a_pin_has_its_limit), fixture_test(test_cuts_at_the_front),
        fixture_test(test_cuts_at_the_end),
    };
    dog_start();
    int failed = cmocka_run_group_tests_name("copies", tests, NULL, NULL);
    dog_stop();
    return failed;
}
