/* SPDX-License-Identifier: Apache-2.0 */
/* Events by callback: when each kind comes, what it says, and on which thread. */
#include "support/log_fixture.h"

#include <string.h>
#include <time.h>

#include "api/options.h"
#include "support/lever_os.h"
#include "support/spy_os.h"
#include "support/told.h"

enum { ALL = 2047 };

static struct told told;
static struct spy_os spy;

static int setup(void **state)
{
    memset(&told, 0, sizeof told);
    return fixture_setup(state);
}

#define event_test(fn) cmocka_unit_test_setup_teardown(fn, setup, fixture_teardown)

static void listen(struct log_fixture *f, uint32_t mask)
{
    must(wal_options_set_events(f->options, mask, told_event, &told));
}

static void spied(struct log_fixture *f)
{
    spy_init(&spy);
    options_set_os(f->options, &spy.os);
    fixture_set(f, WAL_OPT_BACKGROUND, 0);
}

/* The newest event is the only one of its kind since `told` was cleared, and says this. */
static const wal_event_t *expect_one(uint32_t kind, uint64_t lsn, uint64_t segment)
{
    assert_int_equal(told_count(&told, kind), 1);
    const wal_event_t *e = told_nth(&told, kind, 0);
    assert_int_equal(e->kind, kind);
    assert_int_equal(e->lsn, lsn);
    assert_int_equal(e->segment, segment);
    assert_int_equal(e->dropped, 0);
    return e;
}

static void clear(void)
{
    memset(&told, 0, sizeof told);
}

static uint64_t wall_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void test_opened(void **state)
{
    struct log_fixture *f = *state;
    uint64_t before = wall_ns();

    listen(f, ALL);
    fixture_open(f);
    assert_int_equal(told.n_events, 1); /* nothing comes before it */
    const wal_event_t *e = expect_one(WAL_EVENT_OPENED, 0, 1);
    assert_true(e->time_ns >= before && e->time_ns <= wall_ns());
    assert_true(e->duration_ns > 0);
    assert_int_equal(e->bytes, 0);
    assert_int_equal(e->code, 0);
    assert_true(pthread_equal(told.event_thread[0], pthread_self()));
    fixture_fill(f, 3);
    fixture_close(f);
    clear();
    fixture_open(f);
    expect_one(WAL_EVENT_OPENED, 3, 1);
    fixture_crash(f);
    clear();
    fixture_open(f);
    wal_recovery_t report;
    must(wal_recovery(f->log, &report, sizeof report));
    e = expect_one(WAL_EVENT_OPENED, 3,
                   fixture_segment(f->log, fixture_segments(f->log) - 1).number);
    assert_int_equal(e->duration_ns, report.duration_ns);
    assert_int_equal(e->bytes, report.discarded_bytes);
}

/* The callback has the handle already. */
struct early {
    wal_t *log;
    uint64_t next;
};

static void look_around(void *ctx, const wal_event_t *event)
{
    struct early *x = ctx;
    (void)event;
    x->next = wal_next_lsn(x->log);
}

static void test_opened_may_look_around(void **state)
{
    struct log_fixture *f = *state;
    struct early x = {0};

    fixture_open(f);
    fixture_append(f, "1");
    fixture_close(f);
    must(wal_options_set_events(f->options, WAL_EVENT_OPENED, look_around, &x));
    must(wal_open(f->dir, f->options, &x.log));
    assert_int_equal(x.next, 2);
    must(wal_close(x.log));
}

static void test_synced_and_durable(void **state)
{
    struct log_fixture *f = *state;
    uint64_t syncs, ns;

    listen(f, WAL_EVENT_SYNCED | WAL_EVENT_DURABLE);
    fixture_open(f);
    clear();
    fixture_append(f, "1");
    const wal_event_t *e = expect_one(WAL_EVENT_SYNCED, 1, 1);
    assert_true(e->duration_ns > 0 && e->bytes >= 64);
    expect_one(WAL_EVENT_DURABLE, 1, 0);
    assert_int_equal(told_nth(&told, ALL, 1)->kind, WAL_EVENT_DURABLE); /* in this order */
    for (uint32_t mode = WAL_SYNC_NONE; mode <= WAL_SYNC_DSYNC; mode++) {
        fixture_set(f, WAL_OPT_SYNC, mode);
        fixture_reopen(f);
        clear();
        for (int k = 0; k < 5; k++)
            fixture_append_flags(f, "x", WAL_APPEND_SYNC);
        assert_int_equal(told_count(&told, WAL_EVENT_SYNCED), 5);
        assert_int_equal(told_count(&told, WAL_EVENT_DURABLE), 5);
        assert_int_equal(told_nth(&told, WAL_EVENT_DURABLE, 4)->lsn, wal_durable_lsn(f->log));
        syncs = fixture_stat(f->log, WAL_STAT_SYNCS);
        assert_int_equal(told_count(&told, WAL_EVENT_SYNCED), syncs);
        ns = 0;
        for (uint32_t k = 0; k < 5; k++)
            ns += told_nth(&told, WAL_EVENT_SYNCED, k)->duration_ns;
        assert_true(ns > 0);
        assert_int_equal(ns, fixture_stat(f->log, WAL_STAT_SYNC_NS));
    }
}

static void test_rotated_and_persisted(void **state)
{
    struct log_fixture *f = *state;

    fixture_set(f, WAL_OPT_SEGMENT_RECORDS, 3);
    listen(f, WAL_EVENT_ROTATED | WAL_EVENT_PERSISTED);
    fixture_open(f);
    fixture_fill(f, 3);
    assert_int_equal(told.n_events, 0);
    fixture_append(f, "4");
    wal_segment_t first = fixture_segment(f->log, 0);
    const wal_event_t *e = expect_one(WAL_EVENT_PERSISTED, 3, 1);
    assert_int_equal(e->bytes, first.bytes);
    expect_one(WAL_EVENT_ROTATED, 4, 2);
    assert_int_equal(told.event[0].kind, WAL_EVENT_PERSISTED);
    clear();
    must(wal_rotate(f->log));
    expect_one(WAL_EVENT_PERSISTED, 4, 2);
    expect_one(WAL_EVENT_ROTATED, 5, 3);
    must(wal_rotate(f->log)); /* nothing to do */
    assert_int_equal(told.n_events, 2);
    fixture_append(f, "5");
    clear();
    fixture_close(f);
    assert_int_equal(told.n_events, 1);
    expect_one(WAL_EVENT_PERSISTED, 5, 3);
    clear();
    fixture_open(f);
    fixture_close(f); /* nothing was written, nothing sealed */
    assert_int_equal(told.n_events, 0);
}

static void test_removed_and_truncated_at_the_front(void **state)
{
    struct log_fixture *f = *state;

    fixture_set(f, WAL_OPT_SEGMENT_RECORDS, 2);
    listen(f, WAL_EVENT_REMOVED | WAL_EVENT_TRUNCATED);
    fixture_open(f);
    fixture_fill(f, 7);
    must(wal_truncate_before(f->log, 1)); /* nothing to do */
    assert_int_equal(told.n_events, 0);
    must(wal_truncate_before(f->log, 2));
    assert_int_equal(told.n_events, 1);
    expect_one(WAL_EVENT_TRUNCATED, 2, 0);
    clear();
    must(wal_truncate_before(f->log, 2));
    assert_int_equal(told.n_events, 0);
    must(wal_truncate_before(f->log, 6));
    assert_int_equal(told.n_events, 3);
    expect_one(WAL_EVENT_TRUNCATED, 6, 0);
    assert_int_equal(told_nth(&told, WAL_EVENT_REMOVED, 0)->segment, 1);
    assert_int_equal(told_nth(&told, WAL_EVENT_REMOVED, 1)->segment, 2);
    clear();
    expect_error(WAL_E_RANGE, wal_truncate_before(f->log, 99), NULL);
    assert_int_equal(told.n_events, 0);
}

static void test_truncated_at_the_end(void **state)
{
    struct log_fixture *f = *state;
    wal_record_t r[2] = {{.size = sizeof r[0], .data = "r", .data_size = 1}};

    listen(f, WAL_EVENT_TRUNCATED);
    fixture_open(f);
    fixture_fill(f, 7);
    must(wal_truncate_after(f->log, 7)); /* nothing to do */
    assert_int_equal(told.n_events, 0);
    must(wal_truncate_after(f->log, 5));
    expect_one(WAL_EVENT_TRUNCATED, 5, 2);
    clear();
    must(wal_replace_after(f->log, 3, r, 2, 0, NULL));
    expect_one(WAL_EVENT_TRUNCATED, 3, 3);
    clear();
    must(wal_replace_after(f->log, 5, r, 1, 0, NULL)); /* takes nothing away */
    assert_int_equal(told.n_events, 0);
    must(wal_reset(f->log, 100));
    const wal_event_t *e = expect_one(WAL_EVENT_TRUNCATED, 99, 5);
    assert_int_equal(e->code, 0);
    clear();
    must(wal_reset(f->log, 10)); /* an empty one: its next LSN changes */
    expect_one(WAL_EVENT_TRUNCATED, 9, 6);
}

/* One that waits to be told is brought up to date by a cut, and none comes for it. */
static void test_durable_and_cuts(void **state)
{
    struct log_fixture *f = *state;
    wal_record_t r[2] = {{.size = sizeof r[0], .data = "r", .data_size = 1}};

    listen(f, WAL_EVENT_DURABLE);
    fixture_open(f);
    fixture_fill(f, 4);
    clear();
    must(wal_truncate_after(f->log, 2));
    assert_int_equal(told.n_events, 0);
    must(wal_replace_after(f->log, 1, r, 2, 0, NULL));
    assert_int_equal(told.n_events, 1); /* 2 and 3 are new */
    expect_one(WAL_EVENT_DURABLE, 3, 0);
    clear();
    fixture_append_flags(f, "4", WAL_APPEND_ASYNC);
    must(wal_reset(f->log, 1)); /* syncs first, but then there is nothing */
    expect_one(WAL_EVENT_DURABLE, 0, 0);
}

static void test_failed(void **state)
{
    struct log_fixture *f = *state;

    spied(f);
    listen(f, WAL_EVENT_FAILED | WAL_EVENT_WRITE_ERROR | WAL_EVENT_SYNCED);
    fixture_open(f);
    fixture_append(f, "1");
    clear();
    spy_fail(&spy, SPY_SYNC, 1, EIO);
    expect_error(WAL_E_INDOUBT, wal_append(f->log, "2", 1, NULL), NULL);
    assert_int_equal(told.n_events, 1);
    const wal_event_t *e = expect_one(WAL_EVENT_FAILED, 2, 1);
    assert_int_equal(e->code, WAL_E_IO);
    expect_error(WAL_E_FAILED, wal_append(f->log, "3", 1, NULL), NULL);
    assert_int_equal(told.n_events, 1); /* once */
}

static void test_write_error(void **state)
{
    struct log_fixture *f = *state;
    const uint32_t sizes[] = {50000, 50000, 50000};

    spied(f);
    fixture_set(f, WAL_OPT_GROUP_BYTES, 64 << 10);
    listen(f, WAL_EVENT_FAILED | WAL_EVENT_WRITE_ERROR);
    fixture_open(f);
    fixture_append(f, "1");
    spy_fail(&spy, SPY_WRITE, 1, ENOSPC);
    expect_error(WAL_E_NOSPC, wal_append(f->log, "2", 1, NULL), NULL); /* withdrawn */
    assert_int_equal(expect_one(WAL_EVENT_WRITE_ERROR, 2, 1)->code, WAL_E_NOSPC);
    clear();
    fixture_append_flags(f, "2", WAL_APPEND_ASYNC);
    for (uint32_t k = 0; k < 3; k++) { /* buffered: each time */
        spy_fail(&spy, SPY_WRITE, 1, EIO);
        expect_error(WAL_E_IO, wal_flush(f->log), NULL);
        assert_int_equal(told.n_events, k + 1);
        assert_int_equal(told.event[k].lsn, 2);
        assert_int_equal(told.event[k].code, WAL_E_IO);
    }
    must(wal_sync(f->log, 0));
    clear();
    spy_fail(&spy, SPY_WRITE, 2, ENOSPC);
    expect_error(WAL_E_NOSPC,
                 wal_append_packed(f->log, fixture_bytes(150000, 'x'), sizes, NULL, 3, 0, NULL),
                 NULL);
    assert_int_equal(told.n_events, 1); /* a batch that is written by itself */
    assert_int_equal(expect_one(WAL_EVENT_WRITE_ERROR, 3, 1)->code, WAL_E_NOSPC);
    assert_int_equal(wal_failure(f->log), 0);
}

/* A full disk shows where the next segment would begin. */
static void test_write_error_at_a_rotation(void **state)
{
    struct log_fixture *f = *state;

    spied(f);
    fixture_set(f, WAL_OPT_SEGMENT_RECORDS, 2);
    listen(f, WAL_EVENT_FAILED | WAL_EVENT_WRITE_ERROR);
    fixture_open(f);
    fixture_fill(f, 2);
    fixture_append_flags(f, "3", WAL_APPEND_ASYNC);
    spy_fail(&spy, SPY_WRITE, 1, ENOSPC);
    expect_error(WAL_E_NOSPC, wal_sync(f->log, 0), NULL);
    assert_int_equal(told.n_events, 1);
    assert_int_equal(told.event[0].kind, WAL_EVENT_WRITE_ERROR);
    assert_int_equal(told.event[0].lsn, 3);
    must(wal_sync(f->log, 0));
}

static void test_corrupt(void **state)
{
    struct log_fixture *f = *state;
    char buf[64];
    wal_record_t r = {.size = sizeof r};
    wal_reader_t *reader;
    wal_error_t error;

    listen(f, WAL_EVENT_CORRUPT);
    fixture_open(f);
    fixture_fill(f, 3);
    must(wal_rotate(f->log));
    fixture_write_file(fixture_segment_path(f, 1), 4096 + 64 + 16, "!", 1);
    expect_error(WAL_E_CORRUPT, wal_get(f->log, 1, buf, sizeof buf, &r), ".wal");
    must(wal_last_error(&error, sizeof error));
    const wal_event_t *e = expect_one(WAL_EVENT_CORRUPT, error.lsn, 1);
    assert_int_equal(e->code, WAL_E_CORRUPT);
    assert_int_equal(e->bytes, error.offset);
    assert_true(error.lsn == 1 && error.offset > 0);
    must(wal_reader_open(f->log, 1, 0, &reader));
    expect_error(WAL_E_CORRUPT, wal_reader_next(reader, &r), NULL);
    assert_int_equal(told.n_events, 2);
    expect_error(WAL_E_RANGE, wal_get(f->log, 9, buf, sizeof buf, &r), NULL);
    assert_int_equal(told.n_events, 2);
    assert_int_equal(fixture_stat(f->log, WAL_STAT_CORRUPTIONS), 2);
    wal_reader_close(reader);
}

static struct lever_os lever;
static _Atomic uint32_t slow;

static uint64_t jumping_clock(void *ctx)
{
    static _Atomic uint64_t ns;
    (void)ctx;
    return atomic_fetch_add(&ns, atomic_load(&slow) ? 5000000 : 1000) + 1;
}

static void test_slow_sync(void **state)
{
    struct log_fixture *f = *state;

    lever_init(&lever);
    lever.os.now = jumping_clock;
    options_set_os(f->options, &lever.os);
    fixture_set(f, WAL_OPT_BACKGROUND, 0);
    fixture_set(f, WAL_OPT_SLOW_SYNC_US, 4000);
    listen(f, WAL_EVENT_SLOW_SYNC);
    for (uint32_t mode = WAL_SYNC_DATA; mode <= WAL_SYNC_DSYNC; mode++) {
        fixture_set(f, WAL_OPT_SYNC, mode);
        fixture_open(f);
        uint64_t lsn = fixture_append(f, "1") + 1;
        assert_int_equal(told.n_events, 0);
        atomic_store(&slow, 1);
        fixture_append(f, "2");
        atomic_store(&slow, 0);
        const wal_event_t *e = expect_one(WAL_EVENT_SLOW_SYNC, lsn, mode - 1);
        assert_int_equal(e->duration_ns, 5000000);
        assert_true(e->bytes > 0);
        fixture_close(f);
        clear();
    }
    fixture_set(f, WAL_OPT_SLOW_SYNC_US, 0); /* off */
    fixture_open(f);
    atomic_store(&slow, 1);
    fixture_append(f, "3");
    atomic_store(&slow, 0);
    assert_int_equal(told.n_events, 0);
}

/* By the background thread: on that thread. */
static void test_on_the_thread_that_caused_it(void **state)
{
    struct log_fixture *f = *state;

    listen(f, WAL_EVENT_SYNCED | WAL_EVENT_DURABLE);
    fixture_open(f);
    fixture_append_flags(f, "1", WAL_APPEND_SUBMIT);
    told_await_events(&told, 2);
    for (int k = 0; k < 2; k++)
        assert_false(pthread_equal(told.event_thread[k], pthread_self()));
}

/* More in one call than the ring holds: the newest are told, and how many were not. */
static void test_dropped(void **state)
{
    struct log_fixture *f = *state;

    fixture_set(f, WAL_OPT_SEGMENT_RECORDS, 1);
    fixture_set(f, WAL_OPT_EVENT_RING, 4);
    listen(f, WAL_EVENT_REMOVED);
    fixture_open(f);
    fixture_fill(f, 11);
    must(wal_truncate_before(f->log, 11));
    assert_int_equal(told.n_events, 4);
    for (uint32_t k = 0; k < 4; k++) {
        assert_int_equal(told.event[k].segment, 7 + k);
        assert_int_equal(told.event[k].dropped, k == 0 ? 6 : 0);
    }
}

static void test_only_what_was_asked_for(void **state)
{
    struct log_fixture *f = *state;

    listen(f, WAL_EVENT_ROTATED);
    fixture_open(f);
    fixture_fill(f, 3);
    must(wal_rotate(f->log));
    must(wal_truncate_after(f->log, 1));
    assert_int_equal(told.n_events, 1);
    clear();
    must(wal_options_set_events(f->options, 0, NULL, NULL)); /* none any more */
    fixture_reopen(f);
    must(wal_rotate(f->log));
    assert_int_equal(told.n_events, 0);
}

static void test_a_follower_tells_what_it_sees(void **state)
{
    struct log_fixture *f = *state;
    wal_t *follower;

    fixture_open(f);
    fixture_fill(f, 2);
    listen(f, ALL);
    fixture_set(f, WAL_OPT_READ_ONLY, 1);
    must(wal_open(f->dir, f->options, &follower));
    assert_int_equal(told.n_events, 1);
    expect_one(WAL_EVENT_OPENED, 2, 1);
    clear();
    fixture_append(f, "3");
    fixture_append(f, "4");
    assert_int_equal(wal_durable_lsn(follower), 4);
    assert_int_equal(told.n_events, 1);
    expect_one(WAL_EVENT_DURABLE, 4, 0);
    assert_int_equal(wal_durable_lsn(follower), 4);
    must(wal_truncate_after(f->log, 1));
    must(wal_rotate(f->log));
    assert_int_equal(wal_durable_lsn(follower), 1);
    assert_int_equal(told.n_events, 1);
    fixture_append(f, "2");
    expect_record(follower, 2, "2");
    assert_int_equal(told.n_events, 2);
    assert_int_equal(told.event[1].lsn, 2);
    must(wal_close(follower));
    assert_int_equal(told.n_events, 2);
}

static void test_arguments(void **state)
{
    struct log_fixture *f = *state;

    expect_error(WAL_E_INVAL, wal_options_set_events(NULL, 1, told_event, NULL), NULL);
    expect_error(WAL_E_INVAL, wal_options_set_events(f->options, 2048, told_event, NULL), "0x800");
    expect_error(WAL_E_INVAL, wal_options_set_events(f->options, 0, told_event, NULL), "kind");
    expect_error(WAL_E_INVAL, wal_options_set_events(f->options, 1, NULL, NULL), "fn");
    fixture_open(f); /* nothing was set */
    assert_int_equal(told.n_events, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        event_test(test_opened),
        event_test(test_opened_may_look_around),
        event_test(test_synced_and_durable),
        event_test(test_rotated_and_persisted),
        event_test(test_removed_and_truncated_at_the_front),
        event_test(test_truncated_at_the_end),
        event_test(test_durable_and_cuts),
        event_test(test_failed),
        event_test(test_write_error),
        event_test(test_write_error_at_a_rotation),
        event_test(test_corrupt),
        event_test(test_slow_sync),
        event_test(test_on_the_thread_that_caused_it),
        event_test(test_dropped),
        event_test(test_only_what_was_asked_for),
        event_test(test_a_follower_tells_what_it_sees),
        event_test(test_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
