/* What may be called on a log inside a callback of it, and what gives BUSY and does nothing. */
#include "support/log_fixture.h"

#include <string.h>

/* A callback must not jump out of the library, so it notes what went wrong and asserts nothing. */
struct scene {
    wal_t *log, *other;
    wal_batch_t *batch;
    wal_reader_t *reader;
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

static int nothing(void *ctx, const wal_record_t *record)
{
    (void)ctx;
    (void)record;
    return 0;
}

static int no_meta(void *ctx, const void *key, size_t klen, const void *value, size_t vlen)
{
    (void)ctx;
    (void)key;
    (void)klen;
    (void)value;
    (void)vlen;
    return 0;
}

static void refused(struct scene *s)
{
    const wal_record_t r = {.size = sizeof r, .data = "x", .data_size = 1};
    wal_record_t got = {.size = sizeof got};
    wal_reader_t *reader = NULL;
    wal_batch_t *batch = NULL;
    uint64_t lsn = 99, last = 99;
    wal_error_t error;

    EXPECT_BUSY(s, wal_append(s->log, "x", 1, &lsn));
    EXPECT(s, 0, wal_last_error(&error, sizeof error));
    EXPECT(s, 1, strstr(error.message, s->dir) != NULL);
    EXPECT_BUSY(s, wal_append_typed(s->log, 0, "x", 1, WAL_APPEND_ASYNC, &lsn));
    EXPECT_BUSY(s, wal_append_many(s->log, &r, 1, 0, &lsn));
    EXPECT_BUSY(s, wal_append_packed(s->log, "x", (const uint32_t[]){1}, NULL, 1, 0, &lsn));
    EXPECT_BUSY(s, wal_flush(s->log));
    EXPECT_BUSY(s, wal_sync(s->log, 0));
    EXPECT_BUSY(s, wal_wait(s->log, 1, 0));
    EXPECT_BUSY(s, wal_batch_new(s->log, &batch));
    EXPECT_BUSY(s, wal_batch_append(s->batch, 0, "x", 1));
    EXPECT_BUSY(s, wal_batch_commit(s->batch, 0, &lsn, &last));
    EXPECT_BUSY(s, wal_batch_abort(s->batch));
    EXPECT_BUSY(s, wal_reader_open(s->log, 0, 0, &reader));
    EXPECT_BUSY(s, wal_reader_next(s->reader, &got));
    EXPECT_BUSY(s, wal_reader_seek(s->reader, 1));
    EXPECT_BUSY(s, wal_reader_wait(s->reader, 0));
    EXPECT_BUSY(s, wal_replay(s->log, 0, nothing, NULL, &last));
    EXPECT_BUSY(s, wal_truncate_before(s->log, 2));
    EXPECT_BUSY(s, wal_truncate_after(s->log, 1));
    EXPECT_BUSY(s, wal_replace_after(s->log, 1, &r, 1, 0, &lsn));
    EXPECT_BUSY(s, wal_reset(s->log, 1));
    EXPECT_BUSY(s, wal_rotate(s->log));
    EXPECT_BUSY(s, wal_meta_set(s->log, "k", 1, "new", 3));
    EXPECT_BUSY(s, wal_meta_delete(s->log, "k", 1));
    EXPECT_BUSY(s, wal_meta_each(s->log, no_meta, NULL));
    EXPECT_BUSY(s, wal_close(s->log));
    EXPECT(s, WAL_E_LOCKED, wal_destroy(s->dir));
    EXPECT(s, 99, (int)lsn);
    EXPECT(s, 99, (int)last);
    EXPECT(s, 1, reader == NULL && batch == NULL);
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
    EXPECT(s, 0, wal_stats(s->log, stats, 4));
    EXPECT(s, 0, wal_last_error(&error, sizeof error));
    EXPECT(s, 0, wal_range(s->log, &range[0], &range[1], &range[2], &range[3]));
    EXPECT(s, 1, wal_first_lsn(s->log) == 1 && wal_last_lsn(s->log) == 3);
    EXPECT(s, 1, wal_next_lsn(s->log) == 4 && wal_durable_lsn(s->log) == 3);
    EXPECT(s, 0, wal_recovery(s->log, &report, sizeof report));
    EXPECT(s, 0, wal_failure(s->log));
    EXPECT(s, 0, wal_info(s->log, &info, sizeof info));
    EXPECT(s, 0, wal_segments(s->log, &segment, sizeof segment, &n));
    EXPECT(s, 0, wal_histogram(s->log, 0, buckets));
    EXPECT(s, 1, wal_disk_bytes(s->log) > 0);
    EXPECT(s, 1, wal_reader_position(s->reader) == 2);
    EXPECT(s, 1, wal_batch_count(s->batch) == 1);
    /* Another log is another matter. */
    EXPECT(s, 0, wal_append(s->other, "x", 1, NULL));
    EXPECT(s, 0, wal_replay(s->other, 0, nothing, NULL, NULL));
}

static int on_record(void *ctx, const wal_record_t *record)
{
    (void)record;
    struct scene *s = ctx;
    s->calls++;
    refused(s);
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
        fixture_test(test_one_inside_the_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
