/* SPDX-License-Identifier: Apache-2.0 */
/* Commits: what is written and synced in which order, and what is left when that fails. */
#include "spied_log.h"

#include <errno.h>

#include "log/commit.h"
#include "support/crew.h"

#define SEGMENT "tmp-00000000000000000001"

static void a_round_writes_syncs_and_states_it_in_the_witness(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    spy_clear(&spy);
    fixture_append(f, "one");
    int write = spied_at("write " SEGMENT, 1), sync = spied_at("sync " SEGMENT, 1);
    int witness = spied_at("write control 8192", 1);
    assert_true(write >= 0 && sync > write && witness > sync);
    assert_int_equal(spied_at("sync control", 1), -1);
    assert_int_equal(spy.calls[SPY_SYNC], 1);
    assert_int_equal(f->log->writer.watermark, 1);
    assert_int_equal(f->log->control.witness.durable_lsn, 0); /* as it was read */
}

static void a_write_alone_makes_nothing_durable(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    fixture_append_flags(f, "one", WAL_APPEND_ASYNC);
    assert_int_equal(f->log->written_lsn, 0);
    spy_clear(&spy);
    pthread_mutex_lock(&f->log->mu);
    turn_take(f->log);
    commit_write(f->log, false); /* the group is open: not yet */
    assert_int_equal(f->log->written_lsn, 0);
    commit_write(f->log, true);
    assert_int_equal(f->log->written_lsn, 1);
    assert_int_equal(spy.calls[SPY_SYNC], 0);
    assert_int_equal(atomic_load(&f->log->durable_lsn), 0);
    commit_round(f->log);
    assert_int_equal(spy.calls[SPY_SYNC], 1);
    assert_int_equal(atomic_load(&f->log->durable_lsn), 1);
    turn_give(f->log);
    pthread_mutex_unlock(&f->log->mu);
}

static enum os_sync last_kind;

static int note_kind(void *ctx, int fd, enum os_sync how)
{
    struct spy_os *s = ctx;
    last_kind = how;
    return s->real->sync(NULL, fd, how);
}

static void each_mode_has_its_sync(void **state)
{
    struct log_fixture *f = *state;
    const struct {
        uint32_t mode;
        enum os_sync kind;
    } cases[] = {{WAL_SYNC_DATA, OS_SYNC_DATA}, {WAL_SYNC_FULL, OS_SYNC_FULL}};

    spy.os.sync = note_kind;
    for (size_t k = 0; k < COUNT_OF(cases); k++) {
        fixture_set(f, WAL_OPT_SYNC, cases[k].mode);
        fixture_open(f);
        fixture_append(f, "one");
        last_kind = 0;
        fixture_append(f, "two");
        assert_int_equal(last_kind, cases[k].kind);
        fixture_close(f);
    }
    fixture_set(f, WAL_OPT_SYNC, WAL_SYNC_DSYNC);
    fixture_open(f);
    fixture_append(f, "one");
    last_kind = 0;
    fixture_append(f, "two");
    assert_int_equal(last_kind, 0); /* the write itself is durable */
    assert_int_equal(wal_durable_lsn(f->log), wal_last_lsn(f->log));
}

static _Atomic uint32_t yields, flushed;

static void count_yield(void *ctx)
{
    (void)ctx;
    yields++;
}

static void flush(void *arg, unsigned k)
{
    struct log_fixture *f = arg;
    (void)k;
    MUST_BE(wal_flush(f->log), 0);
    atomic_store(&flushed, 1);
}

/* Who has a slot in it may still be copying. */
static void a_group_goes_out_when_all_of_it_is_there(void **state)
{
    struct log_fixture *f = *state;
    struct crew c;

    spy.os.yield = count_yield;
    fixture_open(f);
    fixture_append_flags(f, "one", WAL_APPEND_ASYNC);
    yields = 0;
    struct staged *g = f->log->stage.first;
    atomic_fetch_add(&g->copying, 1);
    spy_clear(&spy);
    crew_start(&c, 1, flush, f);
    while (atomic_load(&yields) == 0 && !atomic_load(&flushed))
        crew_pause();
    assert_false(atomic_load(&flushed));
    assert_int_equal(spy.calls[SPY_WRITE], 0);
    atomic_fetch_sub(&g->copying, 1);
    crew_join(&c);
    assert_int_equal(f->log->written_lsn, 1);
}

/* So much may be torn at most: a commit syncs before it would be more, although nobody asked. */
static void the_torn_window_is_kept(void **state)
{
    struct log_fixture *f = *state;
    fixture_set(f, WAL_OPT_MAX_RECORD_BYTES, 1024);
    fixture_set(f, WAL_OPT_GROUP_BYTES, 64 * 1024);
    fixture_set(f, WAL_OPT_PENDING_BYTES, 1);
    fixture_open(f);
    uint64_t window = f->log->writer.segment.header.window * (uint64_t)WINDOW_UNIT;
    assert_in_range(window, 128 * 1024, 512 * 1024);
    for (unsigned k = 0; k < 1000; k++) {
        uint64_t lsn;
        must(wal_append_typed(f->log, 0, fixture_bytes(1000, 'x'), 1000, WAL_APPEND_ASYNC, &lsn));
        must(wal_flush(f->log));
        const struct writer *x = &f->log->writer;
        assert_true(x->end.offset + GROUP_HEADER_BYTES - x->durable_offset <= window);
    }
    assert_true(wal_durable_lsn(f->log) > 0);
}

static void waiting_ends_in_time(void **state)
{
    struct log_fixture *f = *state;
    struct waiter me;

    fixture_open(f);
    fixture_append_flags(f, "one", WAL_APPEND_ASYNC);
    pthread_mutex_lock(&f->log->mu);
    turn_take(f->log); /* nobody can lead */
    waiter_add(f->log, &me, 1);
    assert_int_equal(commit_wait(f->log, &me, 1000), WAL_E_TIMEOUT);
    assert_int_equal(fault_last()->lsn, 1);
    assert_null(f->log->turn.waiters);
    turn_give(f->log);
    waiter_add(f->log, &me, 1);
    assert_int_equal(commit_wait(f->log, &me, -1), 0); /* it leads itself */
    assert_int_equal(atomic_load(&f->log->durable_lsn), 1);
    pthread_mutex_unlock(&f->log->mu);
}

static void exclusive_work_finds_everything_written(void **state)
{
    struct log_fixture *f = *state;
    struct wal *w;

    fixture_open(f);
    w = f->log;
    fixture_append_flags(f, "one", WAL_APPEND_ASYNC);
    pthread_mutex_lock(&w->mu);
    assert_int_equal(exclusive_begin(w, false), 0);
    assert_int_equal(w->written_lsn, 1);
    assert_int_equal(w->turn.gate, 1);
    assert_false(turn_try(w));
    exclusive_end(w);
    assert_int_equal(exclusive_begin(w, true), 0);
    assert_int_equal(atomic_load(&w->durable_lsn), 1);
    exclusive_end(w);
    assert_int_equal(w->turn.gate, 0);
    pthread_mutex_unlock(&w->mu);
}

static void exclusive_work_that_can_not_begin_leaves_nothing_taken(void **state)
{
    struct log_fixture *f = *state;
    struct wal *w;

    fixture_open(f);
    w = f->log;
    fixture_append_flags(f, "one", WAL_APPEND_ASYNC);
    spy_fail(&spy, SPY_WRITE, 1, ENOSPC);
    pthread_mutex_lock(&w->mu);
    assert_int_equal(exclusive_begin(w, true), WAL_E_NOSPC);
    assert_int_equal(w->turn.gate, 0);
    assert_true(turn_try(w));
    turn_give(w);
    assert_int_equal(w->next_lsn, 2); /* it stays buffered */
    pthread_mutex_unlock(&w->mu);
    must(wal_sync(w, 0));
    expect_record(w, 1, "one");
}

/* A thread by itself doesn't sit out GROUP_WAIT_US: nobody was there the last time either. */
static void nobody_waits_for_company_that_can_not_come(void **state)
{
    struct log_fixture *f = *state;

    spy.os.yield = count_yield;
    fixture_set(f, WAL_OPT_GROUP_WAIT_US, 1000);
    fixture_open(f);
    yields = 0;
    fixture_append(f, "who knows");
    assert_true(yields > 0);
    f->log->config.group_wait_us = 1000000;
    yields = 0;
    fixture_append(f, "nobody");
    assert_int_equal(yields, 0);
}

/* What a failed write left is zeros again, durably, before anybody hears of it. */
static void withdrawal_erases_what_the_write_may_have_left(void **state)
{
    struct log_fixture *f = *state;
    uint8_t bytes[4096];

    fixture_open(f);
    fixture_append(f, "one");
    uint64_t end = f->log->writer.end.offset;
    spy_clear(&spy);
    spy_short(&spy, SPY_WRITE, 1, 100);
    spy_fail(&spy, SPY_WRITE, 2, EIO);
    expect_error(WAL_E_IO, wal_append(f->log, "twotwotwotwo", 12, NULL), NULL);
    assert_int_equal(f->log->writer.end.offset, end);
    assert_int_equal(spy.calls[SPY_SYNC], 1);
    fixture_read_file(fixture_segment_path(f, 1), end, bytes, sizeof bytes);
    for (size_t k = 0; k < sizeof bytes; k++)
        assert_int_equal(bytes[k], 0);
    assert_int_equal(fixture_append(f, "2"), 2);
    fixture_reopen(f);
    expect_record(f->log, 2, "2");
    assert_int_equal(wal_last_lsn(f->log), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        spied_test(a_round_writes_syncs_and_states_it_in_the_witness),
        spied_test(a_write_alone_makes_nothing_durable),
        spied_test(a_group_goes_out_when_all_of_it_is_there),
        spied_test(each_mode_has_its_sync),
        spied_test(the_torn_window_is_kept),
        spied_test(waiting_ends_in_time),
        spied_test(nobody_waits_for_company_that_can_not_come),
        spied_test(exclusive_work_finds_everything_written),
        spied_test(exclusive_work_that_can_not_begin_leaves_nothing_taken),
        spied_test(withdrawal_erases_what_the_write_may_have_left),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
