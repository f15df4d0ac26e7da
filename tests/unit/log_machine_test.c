/* SPDX-License-Identifier: Apache-2.0 */
/* The machine on a system that a spy listens to: when it is given what, and what faults come to. */
#include "spied_log.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>

#include "log/machine.h"

enum { LARGE = 300 * 1024 };

static struct {
    uint64_t lsn, sum, calls;
    int at; /* in the trace, when the last record came */
    bool in_order;
} seen;

static int apply(void *ctx, const wal_record_t *r)
{
    (void)ctx;
    seen.in_order &= r->lsn == seen.lsn + 1;
    seen.lsn = r->lsn;
    seen.sum += r->data_size;
    seen.calls++;
    seen.at = (int)strlen(spy.trace);
    return 0;
}

static int snapshot(void *ctx, void *buf, size_t cap, size_t *ret_size)
{
    (void)ctx;
    *ret_size = sizeof seen.lsn;
    if (cap < sizeof seen.lsn)
        return WAL_E_TOOBIG;
    memcpy(buf, &seen.lsn, sizeof seen.lsn);
    seen.at = (int)strlen(spy.trace);
    return 0;
}

static int restore(void *ctx, uint64_t lsn, const void *state, size_t size)
{
    (void)ctx;
    seen.lsn = lsn;
    return size == sizeof lsn && memcmp(&lsn, state, size) == 0 ? 0 : 1;
}

static int setup(void **state)
{
    const wal_machine_t machine = {
        .size = sizeof machine, .apply = apply, .snapshot = snapshot, .restore = restore};
    int e = spied_setup(state);
    memset(&seen, 0, sizeof seen);
    seen.in_order = true;
    struct log_fixture *f = *state;
    return e ? e : wal_options_set_machine(f->options, &machine);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup, fixture_teardown)

static void behind_the_sync_and_the_witness(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    spy_clear(&spy);
    fixture_append(f, "1");
    assert_int_equal(seen.lsn, 1);
    int synced = spied_behind("sync tmp-00000000000000000001", spied_at("write tmp-", 1));
    assert_true(synced >= 0 && seen.at > synced);
    assert_true(spied_at("write control 8192", 1) < seen.at);
}

/* The state that a new segment begins with knows all records in front of it. */
static void a_rotation_applies_first(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    fixture_append(f, "1");
    fixture_append_flags(f, "2", WAL_APPEND_ASYNC);
    assert_int_equal(seen.lsn, 1);
    spy_clear(&spy);
    must(wal_rotate(f->log));
    assert_int_equal(seen.lsn, 2);
    assert_int_equal(f->log->checkpoint.lsn, 2);
    assert_int_equal(f->log->checkpoint.place.segment, 2);
    assert_int_equal(f->log->checkpoint.place.offset, SEGMENT_HEADER_BLOCK);
}

/* A segment that is full, behind records that were written and not synced. */
static void so_does_one_within_a_round(void **state)
{
    struct log_fixture *f = *state;
    fixture_set(f, WAL_OPT_SEGMENT_RECORDS, 2);
    fixture_open(f);
    for (int k = 0; k < 2; k++) {
        fixture_append_flags(f, "x", WAL_APPEND_ASYNC);
        must(wal_flush(f->log));
    }
    assert_int_equal(seen.lsn, 0);
    fixture_append(f, "x");
    assert_int_equal(fixture_segments(f->log), 2);
    assert_int_equal(seen.lsn, 3);
    assert_true(seen.in_order);
    assert_int_equal(f->log->checkpoint.lsn, 2);
}

/* What lies behind the newest checkpoint must not go without one. */
static void a_cut_at_the_front_takes_a_checkpoint(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    for (int k = 0; k < 5; k++)
        fixture_append(f, "x");
    must(wal_truncate_before(f->log, 4));
    assert_int_equal(f->log->checkpoint.lsn, 5);
    must(wal_truncate_before(f->log, 6));
    fixture_crash(f);
    memset(&seen, 0, sizeof seen);
    fixture_open(f);
    assert_int_equal(seen.lsn, 5);
}

static void or_nothing_is_cut(void **state)
{
    struct log_fixture *f = *state;
    fixture_set(f, WAL_OPT_CHECKPOINT_BYTES, 4);
    fixture_open(f);
    fixture_append(f, "x");
    expect_error(WAL_E_TOOBIG, wal_truncate_before(f->log, 2), "checkpoint_bytes");
    assert_int_equal(wal_first_lsn(f->log), 1);
    assert_int_equal(wal_failure(f->log), 0);
}

static void a_state_that_cannot_be_read_back_is_doubt(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    fixture_append(f, "1");
    spy_fail(&spy, SPY_READ, 1, EIO);
    expect_error(WAL_E_INDOUBT, wal_append(f->log, "2", 1, NULL), NULL);
    assert_int_equal(wal_failure(f->log), WAL_E_IO);
    assert_int_equal(seen.lsn, 1);
    fixture_crash(f);
    memset(&seen, 0, sizeof seen);
    seen.in_order = true;
    fixture_open(f);
    assert_int_equal(seen.lsn, 2);
    assert_true(seen.in_order);
}

/* A batch of which a part was durable already goes on in a new segment without it: nothing of it
 * may have been applied. */
static void nothing_of_a_batch_that_is_taken_back(void **state)
{
    struct log_fixture *f = *state;
    wal_batch_t *b;
    uint64_t segment = 1;
    fixture_set(f, WAL_OPT_GROUP_BYTES, 64 * 1024);
    fixture_set(f, WAL_OPT_MAX_RECORD_BYTES, LARGE);
    fixture_set(f, WAL_OPT_PENDING_BYTES, LARGE);
    fixture_open(f);
    fixture_append(f, "1");
    must(wal_batch_new(f->log, &b));
    for (unsigned at = 1; at <= 30; at++) {
        uint64_t before = seen.lsn;
        fixture_append(f, "x");
        for (int k = 0; k < 12; k++)
            must(wal_batch_append(b, 0, fixture_bytes(LARGE, 'x'), LARGE));
        spy_clear(&spy);
        spy_fail(&spy, SPY_WRITE, at, ENOSPC);
        int e = wal_batch_commit(b, 0, NULL, NULL);
        spy_clear(&spy);
        assert_int_equal(seen.lsn, before + 1 + (e == 0 ? 12 : 0));
        segment = f->log->writer.segment.header.number;
        must(wal_batch_abort(b));
    }
    assert_true(segment > 1);
    wal_batch_free(b);
    assert_true(seen.in_order);
}

static void an_open_behind_a_crash_takes_a_checkpoint(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    fixture_append(f, "1");
    fixture_crash(f);
    memset(&seen, 0, sizeof seen);
    seen.in_order = true;
    fixture_open(f);
    assert_int_equal(f->log->checkpoint.lsn, 1);
    assert_int_equal(machine_shown(f->log, 99), 1);
}

static unsigned allocations_left;

static void *alloc_some(void *ctx, size_t size)
{
    (void)ctx;
    return allocations_left && allocations_left-- ? malloc(size) : NULL;
}

static void *resize_some(void *ctx, void *p, size_t size)
{
    (void)ctx;
    return allocations_left && allocations_left-- ? realloc(p, size) : NULL;
}

static void release(void *ctx, void *p)
{
    (void)ctx;
    free(p);
}

/* Behind the seal there is no way back: by then there is memory for the head. Each number four
 * times, since what was got in vain is kept for the next time. */
static void without_memory_a_rotation_fails_nothing(void **state)
{
    struct log_fixture *f = *state;
    const wal_allocator_t poor = {
        .size = sizeof poor, .alloc = alloc_some, .resize = resize_some, .release = release};
    int e = WAL_E_NOMEM;

    allocations_left = UINT_MAX;
    must(wal_options_set_allocator(f->options, &poor));
    fixture_open(f);
    fixture_append(f, "1");
    for (unsigned n = 0; e == WAL_E_NOMEM; n++) {
        allocations_left = n / 4;
        e = wal_rotate(f->log);
        allocations_left = UINT_MAX;
        assert_int_equal(wal_failure(f->log), 0);
    }
    must(e);
    assert_int_equal(fixture_segment(f->log, 1).checkpoint_lsn, 1);
    fixture_append(f, "2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(behind_the_sync_and_the_witness),
        TEST(a_rotation_applies_first),
        TEST(so_does_one_within_a_round),
        TEST(without_memory_a_rotation_fails_nothing),
        TEST(a_cut_at_the_front_takes_a_checkpoint),
        TEST(or_nothing_is_cut),
        TEST(a_state_that_cannot_be_read_back_is_doubt),
        TEST(nothing_of_a_batch_that_is_taken_back),
        TEST(an_open_behind_a_crash_takes_a_checkpoint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
