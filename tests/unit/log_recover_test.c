/* SPDX-License-Identifier: Apache-2.0 */
/* The ending of the newest segment: what it comes to, and what is taken over into the log. */
#include "spied_log.h"

#include "log/recover.h"

static int open_it(struct log_fixture *f)
{
    return wal_open(f->dir, f->options, &f->log);
}

/* Three durable records, one that was written only; its place. */
static uint64_t leave_unsynced(struct log_fixture *f)
{
    fixture_open(f);
    fixture_fill(f, 3);
    uint64_t at = f->log->writer.end.offset;
    fixture_append_flags(f, "written", WAL_APPEND_ASYNC);
    must(wal_flush(f->log));
    fixture_crash(f);
    return at;
}

static void change(struct log_fixture *f, uint64_t at)
{
    uint8_t byte;
    fixture_read_file(fixture_segment_path(f, 1), at, &byte, 1);
    byte ^= 0x40;
    fixture_write_file(fixture_segment_path(f, 1), at, &byte, 1);
}

static void clean_after_a_close(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    fixture_fill(f, 3);
    fixture_reopen(f);
    const struct report *r = &f->log->report;
    assert_int_equal(r->verdict, WAL_RECOVERY_CLEAN);
    assert_int_equal(r->discarded_bytes, 0);
    assert_int_equal(r->carried_records, 0);
    assert_int_equal(r->cut_segment, 0);
    assert_true(f->log->inherited.small);
}

/* A large one is not read at all: its seal vouches for it, and readers verify. */
static void large_ones_are_trusted_after_a_close(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    for (int k = 0; k < 100; k++)
        must(wal_append(f->log, fixture_bytes(8000, 'a'), 8000, NULL));
    fixture_reopen(f);
    assert_int_equal(wal_last_lsn(f->log), 100);
    fixture_crash(f); /* its close writes nothing: it is clean still */
    change(f, 100000);
    assert_int_equal(open_it(f), 0);
    wal_record_t r = {.size = sizeof r};
    static char buf[8000];
    expect_error(WAL_E_CORRUPT, wal_get(f->log, 12, buf, sizeof buf, &r), NULL);
}

static void what_was_written_and_is_whole_stays(void **state)
{
    struct log_fixture *f = *state;
    leave_unsynced(f);
    fixture_open(f);
    assert_int_equal(f->log->report.verdict, WAL_RECOVERY_CLEAN);
    expect_range(f->log, 1, 4, 5, 4);
    expect_record(f->log, 4, "written");
    assert_int_equal(f->log->report.carried_records, 4); /* it is small: all of it */
}

static void a_torn_end_is_cut(void **state)
{
    struct log_fixture *f = *state;
    uint64_t at = leave_unsynced(f);
    change(f, at + 20); /* in its header */
    fixture_open(f);
    const struct report *r = &f->log->report;
    assert_int_equal(r->verdict, WAL_RECOVERY_TORN);
    assert_int_equal(r->cut_segment, 1);
    assert_int_equal(r->cut_offset, at);
    assert_int_equal(r->discarded_bytes, 128);
    expect_range(f->log, 1, 3, 4, 3);
    assert_int_equal(fixture_append(f, "4"), 4);
    fixture_crash(f);
    fixture_open(f);
    expect_record(f->log, 4, "4");
    expect_range(f->log, 1, 4, 5, 4);
}

static void strict_refuses_it_and_changes_nothing(void **state)
{
    struct log_fixture *f = *state;
    uint64_t at = leave_unsynced(f);
    change(f, at + 64 + 16);
    fixture_set(f, WAL_OPT_STRICT, 1);
    spy_clear(&spy);
    expect_error(WAL_E_TORN, open_it(f), "00000000000000000001.wal");
    assert_int_equal(spy.calls[SPY_UNLINK], 0);
    assert_int_equal(fault_last()->segment, 1);
    fixture_set(f, WAL_OPT_STRICT, 0);
    fixture_open(f); /* the header is right, the body isn't: that may be damage, too */
    assert_int_equal(f->log->report.verdict, WAL_RECOVERY_AMBIGUOUS);
    expect_range(f->log, 1, 3, 4, 3);
}

static void damage_below_what_was_durable_is_refused(void **state)
{
    struct log_fixture *f = *state;
    uint64_t at = leave_unsynced(f);
    change(f, at - 128 + 64 + 16); /* the third record, which was acknowledged */
    spy_clear(&spy);
    expect_error(WAL_E_CORRUPT, open_it(f), "00000000000000000001.wal");
    assert_null(f->log);
    assert_int_equal(fault_last()->lsn, 3);
    change(f, at - 128 + 64 + 16);
    fixture_open(f); /* nothing was changed by the refusal */
    expect_range(f->log, 1, 4, 5, 4);
}

/* A batch that spans groups counts with its last group only. */
static void an_unfinished_batch_is_given_up_whole(void **state)
{
    struct log_fixture *f = *state;
    uint32_t sizes[30];
    uint64_t first = 0;

    fixture_set(f, WAL_OPT_GROUP_BYTES, 64 * 1024);
    fixture_open(f);
    fixture_append(f, "1");
    uint64_t at = f->log->writer.end.offset;
    for (size_t k = 0; k < COUNT_OF(sizes); k++)
        sizes[k] = 8000;
    must(wal_append_packed(f->log, fixture_bytes(240000, 'a'), sizes, NULL, 30, WAL_APPEND_ASYNC,
                           &first));
    uint64_t end = f->log->writer.end.offset;
    fixture_crash(f);
    change(f, end - 100); /* its last group */
    fixture_open(f);
    expect_range(f->log, 1, 1, 2, 1);
    assert_int_equal(f->log->report.cut_offset, at);
}

static void metadata_come_back(void **state)
{
    struct log_fixture *f = *state;
    char buf[8];
    size_t size = 0;

    fixture_open(f);
    must(wal_meta_set(f->log, "a", 1, "old", 3));
    fixture_append(f, "1");
    must(wal_meta_set(f->log, "a", 1, "newer", 5));
    fixture_append(f, "2");
    fixture_crash(f);
    fixture_open(f);
    must(wal_meta_get(f->log, "a", 1, buf, sizeof buf, &size));
    assert_int_equal(size, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        spied_test(clean_after_a_close),
        spied_test(large_ones_are_trusted_after_a_close),
        spied_test(what_was_written_and_is_whole_stays),
        spied_test(a_torn_end_is_cut),
        spied_test(strict_refuses_it_and_changes_nothing),
        spied_test(damage_below_what_was_durable_is_refused),
        spied_test(an_unfinished_batch_is_given_up_whole),
        spied_test(metadata_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
