/* SPDX-License-Identifier: Apache-2.0 */
/* Batches longer than a group: contiguous groups from FIRST to LAST in one segment, all or none. */
#include "spied_log.h"

#include <errno.h>

#include "format/group.h"
#include "log/long_batch.h"
#include "segment/groups.h"

enum { GROUP = 64 * 1024, N = 30, SIZE = 10000 };

static uint32_t sizes[N];
static uint64_t first;

static int append(struct log_fixture *f, uint32_t flags)
{
    for (unsigned k = 0; k < N; k++)
        sizes[k] = SIZE;
    return wal_append_packed(f->log, fixture_bytes(N * SIZE, 'x'), sizes, NULL, N, flags, &first);
}

static void begin(struct log_fixture *f)
{
    fixture_set(f, WAL_OPT_GROUP_BYTES, GROUP);
    fixture_open(f);
}

/* The data groups of the segment that is being written: how many of each kind, in order. */
static void expect_groups(struct log_fixture *f, const char *kinds)
{
    struct group_reader r;
    struct group_view g;
    char got[64] = "";
    size_t n = 0;

    group_reader_init(&r, &f->log->writer.segment, f->log->alloc, GROUP_BLOCK_BYTES);
    r.limit = f->log->written_offset;
    while (n < sizeof got - 1 && group_reader_next(&r, &g) == 1) {
        uint8_t flags = g.header.flags & (GROUP_FIRST | GROUP_LAST);
        got[n++] = flags == GROUP_FIRST ? 'F' : flags == GROUP_LAST ? 'L' : r.in_batch ? 'i' : '.';
        assert_true(g.header.stored_bytes <= GROUP);
    }
    group_reader_free(&r);
    assert_string_equal(got, kinds);
}

static void its_groups_are_first_inner_last(void **state)
{
    struct log_fixture *f = *state;
    begin(f);
    fixture_append(f, "before");
    must(append(f, 0));
    assert_int_equal(first, 2);
    assert_int_equal(wal_durable_lsn(f->log), 1 + N);
    assert_int_equal(fixture_append(f, "behind"), 2 + N);
    expect_groups(f, ".FiiiL.");
    fixture_reopen(f);
    assert_int_equal(wal_last_lsn(f->log), 2 + N);
    expect_record(f->log, 1, "before");
    expect_record(f->log, 2 + N, "behind");
}

static void buffered_ones_before_it_keep_their_place(void **state)
{
    struct log_fixture *f = *state;
    begin(f);
    fixture_append_flags(f, "before", WAL_APPEND_ASYNC);
    spy_clear(&spy);
    must(append(f, WAL_APPEND_ASYNC));
    assert_int_equal(spy.calls[SPY_SYNC], 0);
    assert_int_equal(first, 2);
    assert_int_equal(wal_durable_lsn(f->log), 0);
    assert_int_equal(f->log->written_lsn, 1 + N);
    expect_record(f->log, 1, "before");
}

static void it_never_crosses_segments(void **state)
{
    struct log_fixture *f = *state;
    fixture_set(f, WAL_OPT_SEGMENT_BYTES, 64 * 1024);
    begin(f);
    fixture_append(f, "before");
    must(append(f, 0));
    assert_int_equal(fixture_segments(f->log), 2);
    wal_segment_t s = fixture_segment(f->log, 1);
    assert_int_equal(s.first_lsn, 2);
    assert_int_equal(s.last_lsn, 1 + N);
    fixture_append(f, "behind");
    assert_int_equal(fixture_segment(f->log, 2).first_lsn, 2 + N);
}

static void failed_one_leaves_nothing(void **state)
{
    struct log_fixture *f = *state;
    begin(f);
    fixture_append(f, "before");
    uint64_t end = f->log->writer.end.offset;
    unsigned refused = 0;
    for (unsigned at = 1; at <= 5; at++) {
        spy_clear(&spy);
        spy_fail(&spy, SPY_WRITE, at, ENOSPC);
        int e = append(f, 0);
        if (e == 0) /* zeros were refused, which nobody needs to know */
            must(wal_truncate_after(f->log, 1));
        else
            refused++;
        if (e == 0) {
            end = f->log->writer.end.offset;
            continue;
        }
        assert_int_equal(e, WAL_E_NOSPC);
        assert_int_equal(f->log->writer.end.offset, end);
        assert_int_equal(wal_next_lsn(f->log), 2);
        assert_int_equal(f->log->batch_lsn, 0);
        spy_clear(&spy);
        must(append(f, 0));
        assert_int_equal(first, 2);
        must(wal_truncate_after(f->log, 1));
        end = f->log->writer.end.offset;
    }
    assert_true(refused >= 3);
    fixture_reopen(f);
    assert_int_equal(wal_last_lsn(f->log), 1);
}

static void failed_sync_is_doubt(void **state)
{
    struct log_fixture *f = *state;
    begin(f);
    fixture_append(f, "before");
    spy_fail(&spy, SPY_SYNC, 1, EIO);
    expect_error(WAL_E_INDOUBT, append(f, 0), NULL);
    assert_int_equal(fault_last()->lsn, 2);
    expect_error(WAL_E_FAILED, append(f, 0), NULL);
    assert_int_equal(wal_durable_lsn(f->log), 1);
}

static void nowait_is_busy_beside_others(void **state)
{
    struct log_fixture *f = *state;
    begin(f);
    pthread_mutex_lock(&f->log->mu);
    turn_take(f->log);
    pthread_mutex_unlock(&f->log->mu);
    expect_error(WAL_E_BUSY, append(f, WAL_APPEND_NOWAIT), NULL);
    pthread_mutex_lock(&f->log->mu);
    turn_give(f->log);
    pthread_mutex_unlock(&f->log->mu);
    must(append(f, WAL_APPEND_NOWAIT));
    assert_int_equal(first, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        spied_test(its_groups_are_first_inner_last),
        spied_test(buffered_ones_before_it_keep_their_place),
        spied_test(it_never_crosses_segments),
        spied_test(failed_one_leaves_nothing),
        spied_test(failed_sync_is_doubt),
        spied_test(nowait_is_busy_beside_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
