/* SPDX-License-Identifier: Apache-2.0 */
/* A state machine: each record is applied once, in order, before its append returns; restored at
 * open; a checkpoint at the head of each segment; what a refusal does. */
#include "support/log_fixture.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { MARK = 0x5a5a, LSNS = 4096, BIG = 100000 };

/* Its state is the list of what was applied: the LSN, and the sum of all first bytes. */
struct model {
    uint64_t lsn, sum;
    uint64_t applied, restored_lsn; /* since this open */
    unsigned restores, snapshots;
    uint64_t refuse_lsn; /* apply gives -7 for it */
    int snapshot_answer, restore_answer;
    size_t pad; /* bytes behind the state */
    wal_t **log;
    int wrong;
    pthread_t by; /* the last apply's thread */
};

static struct model model;
static wal_machine_t machine;

static int apply(void *ctx, const wal_record_t *r)
{
    struct model *m = ctx;
    m->by = pthread_self();
    if (r->lsn == m->refuse_lsn)
        return -7;
    if (r->lsn != m->lsn + 1 || r->size < sizeof *r || !(r->flags & WAL_RECORD_DURABLE))
        m->wrong++;
    if (m->log && *m->log && wal_durable_lsn(*m->log) >= r->lsn)
        m->wrong++; /* somebody could have been told of it */
    m->lsn = r->lsn;
    m->sum += r->data_size ? *(const uint8_t *)r->data : 0;
    m->applied++;
    return 0;
}

static int snapshot(void *ctx, void *buf, size_t cap, size_t *ret_size)
{
    struct model *m = ctx;
    const uint64_t state[2] = {m->lsn, m->sum};
    *ret_size = sizeof state + m->pad;
    m->snapshots++;
    if (m->snapshot_answer)
        return m->snapshot_answer;
    if (cap < *ret_size)
        return WAL_E_TOOBIG;
    memset(buf, 'p', *ret_size);
    memcpy(buf, state, sizeof state);
    return 0;
}

static int restore(void *ctx, uint64_t lsn, const void *state, size_t size)
{
    struct model *m = ctx;
    uint64_t got[2];
    m->restores++;
    m->restored_lsn = lsn;
    if (m->restore_answer)
        return m->restore_answer;
    if (size != sizeof got + m->pad) {
        m->wrong++;
        return 1;
    }
    memcpy(got, state, sizeof got);
    m->lsn = got[0];
    m->sum = got[1];
    m->wrong += m->lsn != lsn;
    return 0;
}

static int setup(void **state)
{
    if (fixture_setup(state) != 0)
        return -1;
    struct log_fixture *f = *state;
    model = (struct model){.log = &f->log};
    machine = (wal_machine_t){.size = sizeof machine,
                              .ctx = &model,
                              .apply = apply,
                              .snapshot = snapshot,
                              .restore = restore};
    return wal_options_set_machine(f->options, &machine);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, fixture_teardown)

/* As a new process would: it knows nothing. */
static void start_anew(struct log_fixture *f, int crash)
{
    size_t pad = model.pad;
    if (crash)
        fixture_crash(f);
    else
        fixture_close(f);
    model = (struct model){.log = &f->log, .pad = pad};
    fixture_open(f);
    assert_int_equal(model.wrong, 0);
}

static void expect_state(uint64_t lsn, uint64_t sum)
{
    assert_int_equal(model.lsn, lsn);
    assert_int_equal(model.sum, sum);
    assert_int_equal(model.wrong, 0);
}

static void append(struct log_fixture *f, uint8_t byte)
{
    must(wal_append(f->log, &byte, 1, NULL));
}

static void test_each_record_once_before_its_append_returns(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    assert_int_equal(model.restores, 0);
    append(f, 1);
    expect_state(1, 1);
    assert_true(pthread_equal(model.by, pthread_self()));
    append(f, 2);
    expect_state(2, 3);
    wal_record_t many[3] = {{.size = sizeof many[0], .data = "\1", .data_size = 1},
                            {.data = "\2", .data_size = 1},
                            {.data = NULL, .data_size = 0}};
    must(wal_append_many(f->log, many, 3, 0, NULL));
    expect_state(5, 6);
    start_anew(f, 0);
    expect_state(5, 6);
    start_anew(f, 1);
    expect_state(5, 6);
}

static void test_buffered_ones_when_they_become_durable(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    append(f, 1);
    must(wal_append_typed(f->log, 0, "\2", 1, WAL_APPEND_ASYNC, NULL));
    must(wal_flush(f->log));
    expect_state(1, 1);
    must(wal_append_typed(f->log, 0, "\3", 1, WAL_APPEND_ASYNC, NULL));
    must(wal_sync(f->log, 0));
    expect_state(3, 6);
    must(wal_append_typed(f->log, 0, "\4", 1, WAL_APPEND_SUBMIT, NULL));
    must(wal_wait(f->log, 4, -1));
    expect_state(4, 10);
    must(wal_append_typed(f->log, 0, "\5", 1, WAL_APPEND_ASYNC, NULL));
    fixture_close(f);
    expect_state(5, 15);
}

static void test_batches(void **state)
{
    struct log_fixture *f = *state;
    wal_batch_t *b;

    fixture_set(f, WAL_OPT_GROUP_BYTES, 64 * 1024);
    fixture_set(f, WAL_OPT_SEGMENT_BYTES, 1 << 20);
    fixture_open(f);
    must(wal_batch_new(f->log, &b));
    for (int k = 0; k < 20; k++)
        must(wal_batch_append(b, 0, fixture_bytes(BIG, 1), BIG));
    must(wal_batch_set_tag(b, "tag", 3));
    must(wal_batch_commit(b, 0, NULL, NULL));
    expect_state(20, 20);
    must(wal_batch_append(b, 0, "\1", 1));
    must(wal_batch_meta(b, "k", 1, "v", 1));
    must(wal_batch_commit(b, 0, NULL, NULL));
    expect_state(21, 21);
    wal_batch_free(b);
    append(f, 1);
    start_anew(f, 1);
    expect_state(22, 22);
}

static void test_each_segment_begins_with_the_state(void **state)
{
    struct log_fixture *f = *state;
    uint64_t lsn, got[2];
    size_t size;

    fixture_set(f, WAL_OPT_SEGMENT_RECORDS, 10);
    fixture_open(f);
    for (int k = 1; k <= 35; k++)
        append(f, 1);
    expect_state(35, 35);
    assert_int_equal(fixture_segments(f->log), 4);
    for (size_t k = 1; k < 4; k++) {
        wal_segment_t s = fixture_segment(f->log, k);
        assert_int_equal(s.checkpoint_lsn, s.first_lsn - 1);
        must(wal_segment_checkpoint(f->log, s.number, got, sizeof got, &lsn, &size));
        assert_int_equal(lsn, 10 * k);
        assert_int_equal(got[1], 10 * k);
    }
    must(wal_truncate_before(f->log, 31));
    start_anew(f, 0);
    assert_int_equal(model.restores, 1);
    assert_int_equal(model.restored_lsn, 30);
    assert_int_equal(model.applied, 5);
    expect_state(35, 35);
    append(f, 1); /* this handle's own segment begins with the state, too */
    must(wal_checkpoint_get(f->log, got, sizeof got, &lsn, &size));
    assert_int_equal(lsn, 35);
    start_anew(f, 1);
    expect_state(36, 36);
    must(wal_checkpoint_get(f->log, got, sizeof got, &lsn, &size));
    assert_int_equal(lsn, 36); /* as does that of an open behind a crash */
    start_anew(f, 1);
    assert_int_equal(model.applied, 0);
    expect_state(36, 36);
}

/* The segment is full when truncate_before asks for a checkpoint, and a record that isn't durable
 * yet is applied on the way to the next one: its head has the state, and nothing older comes behind
 * it. */
static void test_a_checkpoint_that_needs_a_new_segment(void **state)
{
    struct log_fixture *f = *state;
    uint64_t lsn, got[2];
    size_t size;

    fixture_set(f, WAL_OPT_SEGMENT_BYTES, 64 * 1024);
    fixture_open(f);
    model.pad = 40000;
    must(wal_append(f->log, fixture_bytes(30000, 1), 30000, NULL));
    append(f, 1);
    append(f, 1);
    must(wal_append_typed(f->log, 0, "\1", 1, WAL_APPEND_ASYNC, NULL));
    must(wal_truncate_before(f->log, 3));
    uint8_t *whole = malloc(sizeof got + model.pad);
    assert_non_null(whole);
    must(wal_checkpoint_get(f->log, whole, sizeof got + model.pad, &lsn, &size));
    memcpy(got, whole, sizeof got);
    free(whole);
    assert_int_equal(lsn, 4);
    assert_int_equal(got[0], 4);
    assert_int_equal(got[1], 4);
    start_anew(f, 1);
    expect_state(4, 4);
}

static int snapshot_growing(void *ctx, void *buf, size_t cap, size_t *ret_size)
{
    struct model *m = ctx;
    m->pad = m->snapshots == 0 ? 50000 : 100000;
    return snapshot(ctx, buf, cap, ret_size);
}

/* Of the two that are taken on the way to a new segment the second is larger. */
static void test_a_state_that_grows_between_snapshots(void **state)
{
    struct log_fixture *f = *state;

    machine.snapshot = snapshot_growing;
    must(wal_options_set_machine(f->options, &machine));
    fixture_set(f, WAL_OPT_SEGMENT_BYTES, 64 * 1024);
    fixture_open(f);
    must(wal_append(f->log, fixture_bytes(30000, 1), 30000, NULL));
    append(f, 1);
    must(wal_truncate_before(f->log, 2));
    start_anew(f, 1);
    expect_state(2, 2);
}

/* The head of the new segment is newer than what the user had. */
static void test_a_checkpoint_overtaken_by_the_machine(void **state)
{
    struct log_fixture *f = *state;
    uint64_t lsn;
    char state_at_1[40000] = {0};

    fixture_set(f, WAL_OPT_SEGMENT_BYTES, 64 * 1024);
    fixture_open(f);
    must(wal_append(f->log, fixture_bytes(30000, 1), 30000, NULL));
    append(f, 1);
    expect_error(WAL_E_RANGE, wal_checkpoint(f->log, 1, state_at_1, sizeof state_at_1), "newest");
    must(wal_checkpoint_get(f->log, state_at_1, sizeof state_at_1, &lsn, NULL));
    assert_int_equal(lsn, 2);
    append(f, 1);
    expect_state(3, 3);
}

/* Its records are all that it can come up from. */
static void test_without_a_checkpoint_retention_takes_nothing(void **state)
{
    struct log_fixture *f = *state;

    fixture_set(f, WAL_OPT_CHECKPOINT_BYTES, 0);
    fixture_set(f, WAL_OPT_SEGMENT_RECORDS, 2);
    fixture_set(f, WAL_OPT_RETAIN_SEGMENTS, 1);
    fixture_open(f);
    for (int k = 0; k < 9; k++)
        append(f, 1);
    expect_range(f->log, 1, 9, 10, 9);
    start_anew(f, 1);
    expect_state(9, 9);
    fixture_set(f, WAL_OPT_CHECKPOINT_BYTES, 1 << 20);
    start_anew(f, 0);
    append(f, 1);
    must(wal_rotate(f->log));
    must(wal_rotate(f->log));
    append(f, 1);
    must(wal_rotate(f->log));
    assert_true(wal_first_lsn(f->log) > 1);
    start_anew(f, 1);
    expect_state(11, 11);
}

static void test_large_states(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    model.pad = 3 << 20;
    append(f, 1);
    must(wal_rotate(f->log));
    append(f, 2);
    start_anew(f, 1);
    assert_int_equal(model.restored_lsn, 1);
    expect_state(2, 3);
}

static wal_event_t told;

static void note_error(void *ctx, const wal_event_t *e)
{
    (void)ctx;
    told = *e;
}

static void test_a_state_above_the_limit_is_left_out(void **state)
{
    struct log_fixture *f = *state;

    told = (wal_event_t){0};
    fixture_set(f, WAL_OPT_CHECKPOINT_BYTES, 1000);
    must(wal_options_set_events(f->options, WAL_EVENT_WRITE_ERROR, note_error, NULL));
    fixture_open(f);
    model.pad = 1000 - 16;
    append(f, 1);
    must(wal_rotate(f->log));
    assert_int_equal(fixture_segment(f->log, 1).checkpoint_lsn, 1);
    assert_int_equal(told.kind, 0);
    model.pad++;
    append(f, 2);
    must(wal_rotate(f->log));
    assert_int_equal(fixture_segment(f->log, 2).checkpoint_lsn, 0);
    assert_int_equal(told.kind, WAL_EVENT_WRITE_ERROR);
    assert_int_equal(told.code, WAL_E_TOOBIG);
    assert_int_equal(told.bytes, 1001);
    append(f, 3);
    model.pad--;
    start_anew(f, 1);
    expect_state(3, 6);
}

static void test_a_refused_record_stays(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    append(f, 1);
    model.refuse_lsn = 3;
    wal_record_t many[3] = {{.size = sizeof many[0], .data = "\2", .data_size = 1},
                            {.data = "\3", .data_size = 1},
                            {.data = "\4", .data_size = 1}};
    uint64_t first = MARK;
    expect_error(WAL_E_CALLBACK, wal_append_many(f->log, many, 3, 0, &first), "returned -7");
    assert_int_equal(first, MARK);
    wal_error_t error = {.size = sizeof error};
    must(wal_failure_error(f->log, &error, sizeof error));
    assert_int_equal(error.code, WAL_E_CALLBACK);
    assert_int_equal(error.lsn, 3);
    assert_int_equal(wal_failure(f->log), WAL_E_CALLBACK);
    expect_error(WAL_E_FAILED, wal_append(f->log, "x", 1, NULL), "returned -7");
    assert_int_equal(wal_durable_lsn(f->log), 2); /* what is shown was applied */
    expect_state(2, 3);
    wal_t *w = f->log;
    f->log = NULL;
    expect_error(WAL_E_FAILED, wal_close(w), NULL);
    model = (struct model){.log = &f->log};
    fixture_open(f); /* applies it again */
    expect_state(4, 10);
}

static void test_refusals_at_open(void **state)
{
    struct log_fixture *f = *state;
    wal_t *w = NULL;

    fixture_open(f);
    append(f, 1);
    must(wal_rotate(f->log));
    append(f, 2);
    fixture_close(f);
    model = (struct model){.restore_answer = 1};
    expect_error(WAL_E_CALLBACK, wal_open(f->dir, f->options, &w), "restore");
    model = (struct model){.refuse_lsn = 2};
    expect_error(WAL_E_CALLBACK, wal_open(f->dir, f->options, &w), "record 2");
    assert_null(w);
    model = (struct model){.log = &f->log};
    fixture_open(f);
    expect_state(2, 3);
}

static void test_a_failed_snapshot_fails_the_log(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    append(f, 1);
    model.snapshot_answer = -9;
    expect_error(WAL_E_CALLBACK, wal_rotate(f->log), "snapshot returned -9");
    assert_int_equal(wal_failure(f->log), WAL_E_CALLBACK);
    wal_t *w = f->log;
    f->log = NULL;
    expect_error(WAL_E_FAILED, wal_close(w), NULL);
    model = (struct model){.log = &f->log};
    fixture_open(f);
    expect_state(1, 1);
}

static void test_missing_records_are_told(void **state)
{
    struct log_fixture *f = *state;
    wal_t *w = NULL;

    must(wal_options_set_machine(f->options, NULL));
    fixture_open(f);
    fixture_fill(f, 5);
    must(wal_checkpoint(f->log, 2, "0123456789abcdef", 16));
    must(wal_truncate_before(f->log, 5));
    fixture_close(f);
    must(wal_options_set_machine(f->options, &machine));
    model.log = NULL;
    expect_error(WAL_E_RANGE, wal_open(f->dir, f->options, &w), "missing");
}

static void test_what_a_machine_rules_out(void **state)
{
    struct log_fixture *f = *state;
    wal_t *w = NULL;
    wal_batch_t *b;
    wal_record_t r = {.size = sizeof r, .data = "x", .data_size = 1};

    fixture_open(f);
    append(f, 1);
    append(f, 1);
    expect_error(WAL_E_UNSUPPORTED, wal_truncate_after(f->log, 1), "machine");
    expect_error(WAL_E_UNSUPPORTED, wal_replace_after(f->log, 1, &r, 1, 0, NULL), "machine");
    expect_error(WAL_E_UNSUPPORTED, wal_reset(f->log, 9), "machine");
    must(wal_batch_new(f->log, &b));
    must(wal_batch_append(b, 0, "x", 1));
    expect_error(WAL_E_UNSUPPORTED, wal_batch_replace_after(b, 1, 0, NULL, NULL), "machine");
    must(wal_batch_abort(b));
    wal_batch_free(b);
    expect_range(f->log, 1, 2, 3, 2);
    fixture_close(f);
    fixture_set(f, WAL_OPT_READ_ONLY, 1);
    expect_error(WAL_E_UNSUPPORTED, wal_open(f->dir, f->options, &w), "machine");
    fixture_set(f, WAL_OPT_READ_ONLY, 0);
    const uint64_t modes[] = {WAL_SYNC_NONE, WAL_SYNC_INTERVAL};
    for (int k = 0; k < 2; k++) {
        fixture_set(f, WAL_OPT_SYNC, modes[k]);
        expect_error(WAL_E_INVAL, wal_open(f->dir, f->options, &w), "machine");
    }
    const uint64_t right[] = {WAL_SYNC_FULL, WAL_SYNC_DSYNC};
    for (int k = 0; k < 2; k++) {
        fixture_set(f, WAL_OPT_SYNC, right[k]);
        model = (struct model){.log = &f->log};
        fixture_open(f);
        append(f, 1);
        fixture_close(f);
    }
    expect_state(4, 4);
}

static void test_wrong_machines(void **state)
{
    struct log_fixture *f = *state;
    wal_machine_t m = machine;

    m.size--;
    expect_error(WAL_E_INVAL, wal_options_set_machine(f->options, &m), "size");
    m = machine;
    m.flags = 1;
    expect_error(WAL_E_INVAL, wal_options_set_machine(f->options, &m), "flags");
    m = machine;
    m.apply = NULL;
    expect_error(WAL_E_INVAL, wal_options_set_machine(f->options, &m), "NULL");
    m = machine;
    m.snapshot = NULL;
    expect_error(WAL_E_INVAL, wal_options_set_machine(f->options, &m), "NULL");
    m = machine;
    m.restore = NULL;
    expect_error(WAL_E_INVAL, wal_options_set_machine(f->options, &m), "NULL");
    expect_error(WAL_E_INVAL, wal_options_set_machine(NULL, &machine), NULL);
}

static int asked;

static int ask_inside(void *ctx, const wal_record_t *r)
{
    wal_t *w = *((struct model *)ctx)->log;
    char buf[8];
    wal_record_t got = {.size = sizeof got};

    if (!w)
        return apply(ctx, r);
    asked = wal_append(w, "x", 1, NULL) == WAL_E_BUSY && wal_sync(w, 0) == WAL_E_BUSY &&
            wal_append_typed(w, 0, "x", 1, WAL_APPEND_ASYNC, NULL) == WAL_E_BUSY &&
            wal_close(w) == WAL_E_BUSY && wal_get(w, r->lsn, buf, sizeof buf, &got) == 0 &&
            wal_next_lsn(w) > r->lsn;
    return apply(ctx, r);
}

static void test_inside_the_log_can_be_asked(void **state)
{
    struct log_fixture *f = *state;

    machine.apply = ask_inside;
    must(wal_options_set_machine(f->options, &machine));
    fixture_open(f);
    asked = 0;
    append(f, 1);
    assert_int_equal(asked, 1);
    expect_state(1, 1);
}

static void *append_some(void *arg)
{
    for (int k = 0; k < 200; k++)
        if (wal_append(arg, "\1", 1, NULL) != 0)
            return arg;
    return NULL;
}

static void test_many_threads(void **state)
{
    struct log_fixture *f = *state;
    pthread_t threads[4];
    void *result;

    fixture_set(f, WAL_OPT_SEGMENT_RECORDS, 150);
    fixture_open(f);
    for (int k = 0; k < 4; k++)
        assert_int_equal(pthread_create(&threads[k], NULL, append_some, f->log), 0);
    for (int k = 0; k < 4; k++) {
        assert_int_equal(pthread_join(threads[k], &result), 0);
        assert_null(result);
    }
    expect_state(800, 800);
    start_anew(f, 1);
    expect_state(800, 800);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_each_record_once_before_its_append_returns),
        TEST(test_buffered_ones_when_they_become_durable),
        TEST(test_batches),
        TEST(test_each_segment_begins_with_the_state),
        TEST(test_a_checkpoint_that_needs_a_new_segment),
        TEST(test_a_state_that_grows_between_snapshots),
        TEST(test_a_checkpoint_overtaken_by_the_machine),
        TEST(test_without_a_checkpoint_retention_takes_nothing),
        TEST(test_large_states),
        TEST(test_a_state_above_the_limit_is_left_out),
        TEST(test_a_refused_record_stays),
        TEST(test_refusals_at_open),
        TEST(test_a_failed_snapshot_fails_the_log),
        TEST(test_missing_records_are_told),
        TEST(test_what_a_machine_rules_out),
        TEST(test_wrong_machines),
        TEST(test_inside_the_log_can_be_asked),
        TEST(test_many_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
