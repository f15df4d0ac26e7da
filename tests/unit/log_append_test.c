/* SPDX-License-Identifier: Apache-2.0 */
/* Records in: how an append returns, where it waits, what it refuses. */
#include "spied_log.h"

#include <errno.h>

#include "format/limits.h"
#include "log/append.h"

static void mode_and_flags_say_how_it_returns(void **state)
{
    struct log_fixture *f = *state;
    enum append_how how;

    fixture_set(f, WAL_OPT_BACKGROUND, 1);
    for (uint32_t mode = WAL_SYNC_NONE; mode <= WAL_SYNC_DSYNC; mode++) {
        bool buffered = mode == WAL_SYNC_NONE || mode == WAL_SYNC_INTERVAL;
        fixture_set(f, WAL_OPT_SYNC, mode);
        fixture_open(f);
        assert_int_equal(append_how(f->log, 0, &how), 0);
        assert_int_equal(how, buffered ? APPEND_BUFFERED : APPEND_DURABLE);
        assert_int_equal(append_how(f->log, WAL_APPEND_SYNC | WAL_APPEND_NOWAIT, &how), 0);
        assert_int_equal(how, APPEND_DURABLE);
        assert_int_equal(append_how(f->log, WAL_APPEND_ASYNC, &how), 0);
        assert_int_equal(how, APPEND_BUFFERED);
        assert_int_equal(append_how(f->log, WAL_APPEND_SUBMIT, &how), 0);
        assert_int_equal(how, APPEND_SUBMITTED);
        fixture_close(f);
    }
}

static void flags_that_make_no_sense(void **state)
{
    struct log_fixture *f = *state;
    const uint32_t wrong[] = {16,
                              3,
                              WAL_APPEND_SYNC | WAL_APPEND_SUBMIT,
                              WAL_APPEND_ASYNC | WAL_APPEND_SUBMIT,
                              1u << 31,
                              WAL_APPEND_SUBMIT /* without a background thread */};
    enum append_how how = 4711;

    fixture_open(f);
    for (size_t k = 0; k < COUNT_OF(wrong); k++)
        assert_int_equal(append_how(f->log, wrong[k], &how), WAL_E_INVAL);
    assert_int_equal(how, 4711);
}

static bool at_once(struct log_fixture *f, const void *data, size_t size, uint32_t flags)
{
    uint64_t next = f->log->next_lsn, lsn = 4711;
    bool goes = append_at_once(f->log, 7, data, size, flags, &lsn);
    assert_int_equal(f->log->next_lsn, goes ? next + 1 : next);
    assert_int_equal(lsn, goes ? next : 4711);
    return goes;
}

static void short_buffered_records_go_in_at_once(void **state)
{
    struct log_fixture *f = *state;
    char buf[64];
    wal_record_t r = {.size = sizeof r};

    fixture_open(f);
    assert_false(at_once(f, "one", 3, WAL_APPEND_ASYNC)); /* there is no group yet */
    fixture_append_flags(f, "one", WAL_APPEND_ASYNC);
    assert_true(at_once(f, "two", 3, WAL_APPEND_ASYNC));
    assert_true(at_once(f, NULL, 0, WAL_APPEND_ASYNC | WAL_APPEND_NOWAIT));
    assert_true(at_once(f, fixture_bytes(512, 'x'), 512, WAL_APPEND_ASYNC));
    assert_int_equal(f->log->stage.pending, 24 + 24 + 16 + 528);
    assert_int_equal(stat_get(&f->log->stats, WAL_STAT_APPEND_RECORDS), 4);
    assert_int_equal(stat_get(&f->log->stats, WAL_STAT_APPEND_BYTES), 3 + 3 + 512);
    for (int k = 0; k < 2; k++) {
        must(wal_get(f->log, 2, buf, sizeof buf, &r));
        assert_int_equal(r.type, 7);
        assert_int_equal(r.flags, WAL_RECORD_BATCH_LAST | (k ? WAL_RECORD_DURABLE : 0));
        assert_memory_equal(r.data, "two", 3);
        must(wal_sync(f->log, 0));
    }
    fixture_reopen(f);
    expect_record(f->log, 2, "two");
    assert_int_equal(wal_last_lsn(f->log), 4);
}

static void what_asks_for_more_does_not(void **state)
{
    struct log_fixture *f = *state;
    const uint32_t others[] = {0, WAL_APPEND_SYNC, WAL_APPEND_SUBMIT, 16,
                               WAL_APPEND_ASYNC | WAL_APPEND_SYNC};
    uint64_t lsn;

    fixture_set(f, WAL_OPT_BACKGROUND, 1);
    for (uint32_t mode = WAL_SYNC_NONE; mode <= WAL_SYNC_DSYNC; mode++) {
        fixture_set(f, WAL_OPT_SYNC, mode);
        fixture_open(f);
        fixture_append_flags(f, "one", WAL_APPEND_ASYNC);
        for (size_t k = 0; k < COUNT_OF(others); k++)
            assert_int_equal(at_once(f, "two", 3, others[k]),
                             mode == WAL_SYNC_NONE && others[k] == 0);
        assert_int_equal(at_once(f, "two", 3, WAL_APPEND_ASYNC), mode != WAL_SYNC_INTERVAL);
        fixture_close(f);
    }
    fixture_set(f, WAL_OPT_SYNC, WAL_SYNC_NONE);
    fixture_open(f);
    fixture_append_flags(f, "one", WAL_APPEND_ASYNC);
    assert_false(at_once(f, fixture_bytes(513, 'x'), 513, 0));
    assert_false(at_once(f, NULL, 1, 0));
    assert_false(append_at_once(f->log, 65536, "two", 3, 0, &lsn));
    f->log->config.max_record_bytes = 2;
    assert_false(at_once(f, "two", 3, 0));
    assert_true(at_once(f, "tw", 2, 0));
}

/* With this value in the field a short record doesn't go in, and without it does. */
static void stands_in_the_way(struct log_fixture *f, void *field, size_t size, uint64_t value)
{
    uint64_t before = 0;

    memcpy(&before, field, size);
    memcpy(field, &value, size);
    assert_false(at_once(f, "two", 3, WAL_APPEND_ASYNC));
    memcpy(field, &before, size);
    assert_true(at_once(f, "two", 3, WAL_APPEND_ASYNC));
}
#define STANDS_IN_THE_WAY(field, value)                                                            \
    stands_in_the_way(f, &(field), sizeof(field), (uint64_t)(value))

static void whatever_else_is_to_be_done_comes_first(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    fixture_append_flags(f, "one", WAL_APPEND_ASYNC);
    struct wal *w = f->log;
    struct staged *g = w->stage.last;
    STANDS_IN_THE_WAY(w->closed, 1);
    STANDS_IN_THE_WAY(w->failure, WAL_E_IO);
    STANDS_IN_THE_WAY(w->turn.gate, 1);
    STANDS_IN_THE_WAY(w->turn.ahead_lsn, 10);
    STANDS_IN_THE_WAY(w->next_lsn, LSN_MAX + 1);
    STANDS_IN_THE_WAY(w->stats.count[WAL_STAT_APPEND_RECORDS], 64); /* it is timed */
    STANDS_IN_THE_WAY(w->config.pending_bytes, w->stage.pending + 23);
    STANDS_IN_THE_WAY(w->stage.open, false);
    STANDS_IN_THE_WAY(g->wait_lsn, 1);
    STANDS_IN_THE_WAY(g->used, 64 * 1024 - 24);
    STANDS_IN_THE_WAY(w->limits.segment_records, w->stage.records);
    STANDS_IN_THE_WAY(w->limits.segment_bytes, w->stage.end + 64 * 1024);
    struct staged closed = {.next = g};
    w->stage.first = &closed;
    assert_false(at_once(f, "two", 3, WAL_APPEND_ASYNC));
    w->stage.first = g;
    pthread_mutex_lock(&w->mu);
    assert_false(at_once(f, "two", 3, WAL_APPEND_ASYNC));
    pthread_mutex_unlock(&w->mu);
    must(wal_sync(w, 0));
    fixture_reopen(f);
    expect_record(f->log, wal_last_lsn(f->log), "two");
}

/* Groups of a buffered log go out as they fill, not before. */
static void full_groups_are_written(void **state)
{
    struct log_fixture *f = *state;
    fixture_set(f, WAL_OPT_SYNC, WAL_SYNC_NONE);
    fixture_open(f);
    must(wal_append(f->log, fixture_bytes(60 * 1024, 'a'), 60 * 1024, NULL));
    assert_int_equal(f->log->written_lsn, 0);
    must(wal_append(f->log, fixture_bytes(10 * 1024, 'b'), 10 * 1024, NULL));
    assert_int_equal(f->log->written_lsn, 2);
    must(wal_append(f->log, "c", 1, NULL));
    assert_int_equal(f->log->written_lsn, 2);
    must(wal_flush(f->log));
    assert_int_equal(f->log->written_lsn, 3);
    assert_int_equal(wal_durable_lsn(f->log), 0);
}

static void the_thread_that_finds_no_room_writes(void **state)
{
    struct log_fixture *f = *state;
    fixture_set(f, WAL_OPT_MAX_RECORD_BYTES, 4096);
    fixture_set(f, WAL_OPT_PENDING_BYTES, 10000);
    fixture_open(f);
    for (unsigned k = 0; k < 8; k++) {
        uint64_t written = f->log->written_lsn;
        must(wal_append_typed(f->log, 0, fixture_bytes(4000, 'a'), 4000, WAL_APPEND_ASYNC, NULL));
        assert_true(f->log->stage.pending <= 10000);
        assert_int_equal(f->log->written_lsn, k > 0 && k % 2 == 0 ? k : written);
    }
}

static void nowait_is_busy_where_it_would_wait(void **state)
{
    struct log_fixture *f = *state;
    uint64_t lsn = 4711;

    fixture_set(f, WAL_OPT_MAX_RECORD_BYTES, 4096);
    fixture_set(f, WAL_OPT_PENDING_BYTES, 10000);
    fixture_open(f);
    const uint32_t flags = WAL_APPEND_ASYNC | WAL_APPEND_NOWAIT;
    must(wal_append_typed(f->log, 0, fixture_bytes(4000, 'a'), 4000, flags, NULL));
    must(wal_append_typed(f->log, 0, fixture_bytes(4000, 'a'), 4000, flags, NULL));
    expect_error(WAL_E_BUSY,
                 wal_append_typed(f->log, 0, fixture_bytes(4000, 'a'), 4000, flags, &lsn), NULL);
    assert_int_equal(lsn, 4711);
    assert_int_equal(wal_next_lsn(f->log), 3); /* a refused append burns no LSN */
    must(wal_flush(f->log));
    must(wal_append_typed(f->log, 0, fixture_bytes(4000, 'a'), 4000, flags, &lsn));
    assert_int_equal(lsn, 3);
}

/* In a buffered log an append that finds no room because nothing can be written says why. */
static void error_of_earlier_records(void **state)
{
    struct log_fixture *f = *state;
    fixture_set(f, WAL_OPT_SYNC, WAL_SYNC_NONE);
    fixture_set(f, WAL_OPT_MAX_RECORD_BYTES, 4096);
    fixture_set(f, WAL_OPT_PENDING_BYTES, 10000);
    fixture_open(f);
    must(wal_append(f->log, fixture_bytes(4000, 'a'), 4000, NULL));
    must(wal_append(f->log, fixture_bytes(4000, 'b'), 4000, NULL));
    spy_fail(&spy, SPY_WRITE, 1, ENOSPC);
    expect_error(WAL_E_NOSPC, wal_append(f->log, fixture_bytes(4000, 'c'), 4000, NULL), NULL);
    assert_int_equal(wal_next_lsn(f->log), 3);
    must(wal_flush(f->log));
    must(wal_append(f->log, "c", 1, NULL));
    must(wal_sync(f->log, 0));
    assert_int_equal(wal_durable_lsn(f->log), 3);
}

static void lsns_come_to_an_end(void **state)
{
    struct log_fixture *f = *state;
    const wal_record_t two[2] = {{.size = sizeof *two}, {.size = sizeof *two}};
    uint64_t lsn = 0;

    fixture_set(f, WAL_OPT_FIRST_LSN, LSN_MAX - 1);
    fixture_open(f);
    must(wal_append(f->log, "a", 1, &lsn));
    assert_int_equal(lsn, LSN_MAX - 1);
    expect_error(WAL_E_FULL, wal_append_many(f->log, two, 2, 0, &lsn), NULL);
    must(wal_append(f->log, "b", 1, &lsn));
    assert_int_equal(lsn, LSN_MAX);
    expect_error(WAL_E_FULL, wal_append(f->log, "c", 1, &lsn), NULL);
    assert_int_equal(lsn, LSN_MAX);
    fixture_reopen(f);
    expect_error(WAL_E_FULL, wal_append(f->log, "c", 1, &lsn), NULL);
    expect_record(f->log, LSN_MAX, "b");
}

static void sync_and_wait(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    assert_int_equal(append_sync(f->log, 0), 0);
    assert_int_equal(append_sync(f->log, 1), WAL_E_RANGE);
    fixture_append_flags(f, "a", WAL_APPEND_ASYNC);
    fixture_append_flags(f, "b", WAL_APPEND_ASYNC);
    assert_int_equal(append_wait(f->log, 3, 0), WAL_E_TIMEOUT);
    assert_int_equal(append_wait(f->log, 3, 1), WAL_E_TIMEOUT);
    assert_int_equal(append_wait(f->log, 0, 0), WAL_E_INVAL);
    assert_int_equal(append_wait(f->log, 1, -1), 0); /* drives the sync, with all that is there */
    assert_int_equal(atomic_load(&f->log->durable_lsn), 2);
    spy_clear(&spy);
    assert_int_equal(append_sync(f->log, 0), 0); /* nothing to do */
    assert_int_equal(append_wait(f->log, 2, -1), 0);
    assert_int_equal(spy.calls[SPY_SYNC], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        spied_test(mode_and_flags_say_how_it_returns),
        spied_test(flags_that_make_no_sense),
        spied_test(short_buffered_records_go_in_at_once),
        spied_test(what_asks_for_more_does_not),
        spied_test(whatever_else_is_to_be_done_comes_first),
        spied_test(full_groups_are_written),
        spied_test(the_thread_that_finds_no_room_writes),
        spied_test(nowait_is_busy_where_it_would_wait),
        spied_test(error_of_earlier_records),
        spied_test(lsns_come_to_an_end),
        spied_test(sync_and_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
