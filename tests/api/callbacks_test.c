/* SPDX-License-Identifier: Apache-2.0 */
/* What may be called on a log inside a callback of it, and what gives BUSY and does nothing. */
#include "support/log_fixture.h"

#include <stdatomic.h>
#include <string.h>

#include "support/crew.h"

/* A callback must not jump out of the library, so it notes what went wrong and asserts nothing. */
struct scene {
    wal_t *log, *other;
    wal_batch_t *batch;
    wal_reader_t *reader;
    wal_subscription_t *subscription;
    const char *dir;
    int calls;
    const char *wrong;
};

#define EXPECT(s, code, e)                                                                         \
    do {                                                                                           \
        if ((e) != (code) && !(s)->wrong)                                                          \
            (s)->wrong = #e;                                                                       \
    } while (0)
#define EXPECT_BUSY(s, e) EXPECT(s, WAL_E_BUSY, e)

static void no_durable(void *ctx, uint64_t lsn, int result)
{
    struct scene *s = ctx;
    (void)lsn;
    (void)result;
    s->wrong = "called although it was refused";
}

static void refused(struct scene *s)
{
    const wal_record_t r = {.size = sizeof r, .data = "x", .data_size = 1};
    wal_record_t got = {.size = sizeof got};
    wal_reader_t *reader = NULL;
    wal_batch_t *batch = NULL;
    wal_subscription_t *subscription = NULL;
    wal_event_t event = {.size = sizeof event};
    size_t n;
    uint64_t lsn = 99, last = 99;
    wal_error_t error;

    EXPECT_BUSY(s, wal_append(s->log, "x", 1, &lsn));
    EXPECT(s, 0, wal_last_error(&error, sizeof error));
    EXPECT(s, 1, strstr(error.message, s->dir) != NULL);
    EXPECT_BUSY(s, wal_append_typed(s->log, 0, "x", 1, WAL_APPEND_SYNC, &lsn));
    EXPECT_BUSY(s, wal_append_typed(s->log, 0, "x", 1, WAL_APPEND_NOWAIT, &lsn));
    EXPECT_BUSY(s, wal_append_many(s->log, &r, 1, 0, &lsn));
    EXPECT_BUSY(s, wal_append_packed(s->log, "x", (const uint32_t[]){1}, NULL, 1, 0, &lsn));
    EXPECT_BUSY(s, wal_flush(s->log));
    EXPECT_BUSY(s, wal_sync(s->log, 0));
    EXPECT_BUSY(s, wal_wait(s->log, 1, 0));
    EXPECT_BUSY(s, wal_on_durable(s->log, 1, no_durable, s));
    EXPECT_BUSY(s, wal_subscribe(s->log, 1, &subscription));
    EXPECT_BUSY(s, wal_subscription_next(s->subscription, &event));
    EXPECT_BUSY(s, wal_batch_new(s->log, &batch));
    EXPECT_BUSY(s, wal_batch_append(s->batch, 0, "x", 1));
    EXPECT_BUSY(s, wal_batch_append_packed(s->batch, "x", (const uint32_t[]){1}, NULL, 1));
    EXPECT_BUSY(s, wal_batch_set_tag(s->batch, "t", 1));
    EXPECT_BUSY(s, wal_batch_meta(s->batch, "k", 1, "new", 3));
    EXPECT_BUSY(s, wal_batch_commit(s->batch, WAL_APPEND_ASYNC, &lsn, &last));
    EXPECT_BUSY(s, wal_batch_replace_after(s->batch, 1, 0, &lsn, &last));
    EXPECT_BUSY(s, wal_batch_abort(s->batch));
    EXPECT_BUSY(s, wal_reader_open(s->log, 0, 0, &reader));
    EXPECT_BUSY(s, wal_reader_next(s->reader, &got));
    EXPECT_BUSY(s, wal_reader_next_many(s->reader, &got, 1, 1, &n));
    EXPECT_BUSY(s, wal_reader_seek(s->reader, 1));
    EXPECT_BUSY(s, wal_reader_wait(s->reader, 0));
    EXPECT_BUSY(s, wal_replay(s->log, 0, ignore_record, NULL, &last));
    EXPECT_BUSY(s, wal_truncate_before(s->log, 2));
    EXPECT_BUSY(s, wal_truncate_after(s->log, 1));
    EXPECT_BUSY(s, wal_replace_after(s->log, 1, &r, 1, 0, &lsn));
    EXPECT_BUSY(s, wal_reset(s->log, 1));
    EXPECT_BUSY(s, wal_rotate(s->log));
    EXPECT_BUSY(s, wal_meta_set(s->log, "k", 1, "new", 3));
    EXPECT_BUSY(s, wal_meta_delete(s->log, "k", 1));
    EXPECT_BUSY(s, wal_meta_each(s->log, ignore_meta, NULL));
    EXPECT_BUSY(s, wal_close(s->log));
    EXPECT(s, WAL_E_LOCKED, wal_destroy(s->dir));
    EXPECT(s, 99, (int)lsn);
    EXPECT(s, 99, (int)last);
    EXPECT(s, 1, reader == NULL && batch == NULL && subscription == NULL);
}

/* In the middle of a call nothing is appended at all. */
static void refused_appends(struct scene *s)
{
    const wal_record_t r = {.size = sizeof r, .data = "x", .data_size = 1};
    uint64_t lsn;

    EXPECT_BUSY(s, wal_append_typed(s->log, 0, "x", 1, WAL_APPEND_ASYNC, &lsn));
    EXPECT_BUSY(s, wal_append_typed(s->log, 0, "x", 1, WAL_APPEND_SUBMIT, &lsn));
    EXPECT_BUSY(s, wal_append_many(s->log, &r, 1, WAL_APPEND_ASYNC, &lsn));
    EXPECT_BUSY(
        s, wal_append_packed(s->log, "x", (const uint32_t[]){1}, NULL, 1, WAL_APPEND_ASYNC, &lsn));
}

static void allowed(struct scene *s)
{
    char buf[64];
    wal_record_t r = {.size = sizeof r};
    wal_recovery_t report;
    wal_segment_t segment;
    wal_info_t info;
    wal_error_t error;
    uint64_t stats[4], buckets[64], range[4];
    size_t n = 1;

    EXPECT(s, 0, wal_get(s->log, 1, buf, sizeof buf, &r));
    EXPECT(s, 0, wal_meta_get(s->log, "k", 1, buf, sizeof buf, &n));
    EXPECT(s, 0, wal_last_tag(s->log, buf, sizeof buf, &n));
    n = 1;
    EXPECT(s, 0, wal_stats(s->log, stats, 4));
    EXPECT(s, 0, wal_last_error(&error, sizeof error));
    EXPECT(s, 0, wal_range(s->log, &range[0], &range[1], &range[2], &range[3]));
    EXPECT(s, 1, wal_first_lsn(s->log) == 1 && wal_last_lsn(s->log) == 3);
    EXPECT(s, 1, wal_next_lsn(s->log) == 4 && wal_durable_lsn(s->log) == 3);
    EXPECT(s, 0, wal_recovery(s->log, &report, sizeof report));
    EXPECT(s, 0, wal_failure(s->log));
    EXPECT(s, 0, wal_info(s->log, &info, sizeof info));
    EXPECT(s, 0, wal_failure_error(s->log, &error, sizeof error));
    EXPECT(s, 1, wal_subscription_fd(s->subscription) >= 0);
    n = 1;
    EXPECT(s, 0, wal_segments(s->log, &segment, sizeof segment, &n));
    EXPECT(s, 0, wal_histogram(s->log, 0, buckets));
    EXPECT(s, 1, wal_disk_bytes(s->log) > 0);
    EXPECT(s, 1, wal_reader_position(s->reader) == 2);
    EXPECT(s, 1, wal_batch_count(s->batch) == 1);
    /* Another log is another matter. */
    EXPECT(s, 0, wal_append(s->other, "x", 1, NULL));
    EXPECT(s, 0, wal_replay(s->other, 0, ignore_record, NULL, NULL));
}

static int on_record(void *ctx, const wal_record_t *record)
{
    (void)record;
    struct scene *s = ctx;
    s->calls++;
    refused(s);
    refused_appends(s);
    allowed(s);
    return 0;
}

static int on_meta(void *ctx, const void *key, size_t klen, const void *value, size_t vlen)
{
    (void)key;
    (void)klen;
    (void)value;
    (void)vlen;
    return on_record(ctx, NULL);
}

static void set_scene(struct log_fixture *f, struct scene *s)
{
    char other[400];
    wal_record_t r = {.size = sizeof r};

    snprintf(other, sizeof other, "%.319s-other", f->dir);
    fixture_open(f);
    fixture_fill(f, 3);
    must(wal_meta_set(f->log, "k", 1, "old", 3));
    *s = (struct scene){.log = f->log, .dir = f->dir};
    must(wal_open(other, NULL, &s->other));
    must(wal_batch_new(f->log, &s->batch));
    must(wal_batch_append(s->batch, 0, "batch", 5));
    must(wal_reader_open(f->log, 0, 0, &s->reader));
    must(wal_subscribe(f->log, WAL_EVENT_FAILED, &s->subscription));
    assert_int_equal(must(wal_reader_next(s->reader, &r)), 1);
}

/* Nothing that was refused has left a trace, and everything works again. */
static void end_scene(struct log_fixture *f, struct scene *s, int calls)
{
    char buf[8];
    size_t n;

    if (s->wrong)
        print_error("%s\n", s->wrong);
    assert_null(s->wrong);
    assert_int_equal(s->calls, calls);
    expect_range(f->log, 1, 3, 4, 3);
    must(wal_meta_get(f->log, "k", 1, buf, sizeof buf, &n));
    assert_memory_equal(buf, "old", 3);
    expect_next(s->reader, 2, "2");
    must(wal_batch_commit(s->batch, 0, NULL, NULL));
    expect_record(f->log, 4, "batch");
    wal_batch_free(s->batch);
    wal_reader_close(s->reader);
    wal_unsubscribe(s->subscription);
    must(wal_close(s->other));
}

static void test_in_replay(void **state)
{
    struct scene s;
    set_scene(*state, &s);
    must(wal_replay(s.log, 0, on_record, &s, NULL));
    end_scene(*state, &s, 3);
}

static void test_in_meta_each(void **state)
{
    struct scene s;
    set_scene(*state, &s);
    must(wal_meta_each(s.log, on_meta, &s));
    end_scene(*state, &s, 1);
}

/* Those of on_durable and of events may append as long as they don't wait. */

static void on_durable(void *ctx, uint64_t lsn, int result)
{
    struct scene *s = ctx;
    EXPECT(s, 1, lsn <= 3 && result == 0);
    s->calls++;
    refused(s);
    allowed(s);
}

static void test_in_on_durable(void **state)
{
    struct scene s;
    set_scene(*state, &s);
    must(wal_on_durable(s.log, 2, on_durable, &s));
    must(wal_on_durable(s.log, 3, on_durable, &s));
    end_scene(*state, &s, 2);
}

static struct scene event_scene;

static void on_event(void *ctx, const wal_event_t *event)
{
    struct scene *s = ctx;
    if (!s->log)
        return;
    EXPECT(s, WAL_EVENT_ROTATED, (int)event->kind);
    s->calls++;
    refused(s);
    allowed(s);
}

static void test_in_events(void **state)
{
    struct log_fixture *f = *state;

    event_scene = (struct scene){0};
    must(wal_options_set_events(f->options, WAL_EVENT_ROTATED, on_event, &event_scene));
    set_scene(f, &event_scene);
    must(wal_rotate(f->log));
    end_scene(f, &event_scene, 1);
}

/* Each call appends the next one: more than 1 MiB in a log that holds 64 KiB in memory. */
struct chain {
    wal_t *log;
    uint64_t last;
    _Atomic uint32_t calls; /* some on the log's own thread */
    const char *wrong;
};

static void append_in_it(void *ctx, uint64_t lsn, int result)
{
    struct chain *c = ctx;
    const wal_record_t many[2] = {{.size = sizeof many[0], .data = "m", .data_size = 1}, {0}};
    const uint32_t packed[3] = {40000, 40000, 20000}; /* a batch that is written by itself */

    EXPECT(c, 0, result);
    EXPECT(c, 1, lsn <= c->last);
    for (int k = 0; k < 30; k++)
        EXPECT(c, 0,
               wal_append_typed(c->log, 0, fixture_bytes(10000, k), 10000, WAL_APPEND_ASYNC,
                                &c->last));
    EXPECT(c, 0, wal_append_many(c->log, many, 2, WAL_APPEND_ASYNC, &c->last));
    EXPECT(c, 0,
           wal_append_packed(c->log, fixture_bytes(100000, 'p'), packed, NULL, 3, WAL_APPEND_ASYNC,
                             &c->last));
    EXPECT(c, 0, wal_append_typed(c->log, 0, "s", 1, WAL_APPEND_SUBMIT, &c->last));
    EXPECT(c, 0, wal_append_typed(c->log, 0, "s", 1, WAL_APPEND_SUBMIT | WAL_APPEND_NOWAIT, NULL));
    atomic_fetch_add(&c->calls, 1);
}

static void test_appends_in_on_durable(void **state)
{
    struct log_fixture *f = *state;

    fixture_set(f, WAL_OPT_GROUP_BYTES, 64 << 10);
    fixture_set(f, WAL_OPT_PENDING_BYTES, 64 << 10);
    fixture_set(f, WAL_OPT_MAX_RECORD_BYTES, 50000);
    fixture_set(f, WAL_OPT_SEGMENT_BYTES, 300 << 10);
    fixture_open(f);
    struct chain c = {.log = f->log, .last = 5};
    for (uint64_t lsn = 1; lsn <= 5; lsn++)
        must(wal_on_durable(f->log, lsn, append_in_it, &c));
    fixture_fill(f, 5);
    crew_await(&c.calls, 5);
    must(wal_sync(f->log, 0));
    if (c.wrong)
        print_error("%s\n", c.wrong);
    assert_null(c.wrong);
    expect_range(f->log, 1, 5 + 5 * 37, 6 + 5 * 37, 5 + 5 * 37);
    fixture_reopen(f);
    expect_range(f->log, 1, 5 + 5 * 37, 6 + 5 * 37, 5 + 5 * 37);
}

/* Calls of a callback that cause more callbacks: these come afterwards, not inside. */
struct depth {
    wal_t *log;
    int depth, deepest, calls;
};

static void count_depth(void *ctx, const wal_event_t *event)
{
    struct depth *d = ctx;
    if (!d->log || event->kind == WAL_EVENT_OPENED)
        return;
    d->depth++;
    d->calls++;
    d->deepest = d->depth > d->deepest ? d->depth : d->deepest;
    if (event->kind == WAL_EVENT_ROTATED && event->segment < 20)
        for (int k = 0; k < 2; k++) /* the second one finds the segment full */
            (void)wal_append_typed(d->log, 0, fixture_bytes(70000, 'x'), 70000, WAL_APPEND_ASYNC,
                                   NULL);
    d->depth--;
}

static void test_events_that_cause_events(void **state)
{
    struct log_fixture *f = *state;
    struct depth d = {0};

    fixture_set(f, WAL_OPT_SYNC, WAL_SYNC_NONE);
    fixture_set(f, WAL_OPT_SEGMENT_BYTES, 64 << 10);
    must(wal_options_set_events(f->options, WAL_EVENT_ROTATED | WAL_EVENT_PERSISTED, count_depth,
                                &d));
    fixture_open(f);
    d.log = f->log;
    fixture_append(f, "x");
    must(wal_rotate(f->log));
    assert_int_equal(d.deepest, 1);
    assert_true(d.calls > 10);
    d.log = NULL;
    fixture_close(f); /* while d is there */
}

/* Inside a callback of A, a callback of B: both are shut, and A is still when B's is over. */
static int inner(void *ctx, const wal_record_t *record)
{
    struct scene *s = ctx;
    (void)record;
    EXPECT_BUSY(s, wal_append(s->log, "x", 1, NULL));
    EXPECT_BUSY(s, wal_append(s->other, "x", 1, NULL));
    s->calls++;
    return 0;
}

static int outer(void *ctx, const wal_record_t *record)
{
    struct scene *s = ctx;
    (void)record;
    EXPECT(s, 0, wal_append(s->other, "x", 1, NULL));
    EXPECT(s, 0, wal_replay(s->other, 0, inner, s, NULL));
    EXPECT(s, 0, wal_append(s->other, "x", 1, NULL));
    EXPECT_BUSY(s, wal_append(s->log, "x", 1, NULL));
    return 1;
}

static void test_one_inside_the_other(void **state)
{
    struct scene s;
    set_scene(*state, &s);
    must(wal_replay(s.log, 0, outer, &s, NULL));
    end_scene(*state, &s, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(test_in_replay),
        fixture_test(test_in_meta_each),
        fixture_test(test_in_on_durable),
        fixture_test(test_in_events),
        fixture_test(test_appends_in_on_durable),
        fixture_test(test_events_that_cause_events),
        fixture_test(test_one_inside_the_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
