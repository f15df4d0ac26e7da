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
        spied_test(full_groups_are_written),
        spied_test(the_thread_that_finds_no_room_writes),
        spied_test(nowait_is_busy_where_it_would_wait),
        spied_test(error_of_earlier_records),
        spied_test(lsns_come_to_an_end),
        spied_test(sync_and_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
