/* SPDX-License-Identifier: Apache-2.0 */
/* A read-only handle beside a writer: what it sees, when, and that it touches nothing. */
#include "spied_log.h"

#include "format/control.h"
#include "log/follow.h"

static wal_t *follower;

static int teardown(void **state)
{
    must(wal_close(follower));
    follower = NULL;
    return fixture_teardown(state);
}

/* Through a spy of its own. */
static struct spy_os eyes;

static void follow(struct log_fixture *f)
{
    wal_options_t *o;
    spy_init(&eyes);
    must(wal_options_new(&o));
    must(wal_options_set(o, WAL_OPT_READ_ONLY, 1));
    options_set_os(o, &eyes.os);
    must(wal_open(f->dir, o, &follower));
    wal_options_free(o);
}

static void it_sees_what_is_durable(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    follow(f);
    expect_range(follower, 1, 0, 1, 0);
    fixture_append(f, "1");
    expect_range(follower, 1, 1, 2, 1);
    expect_record(follower, 1, "1");
    fixture_append_flags(f, "2", WAL_APPEND_ASYNC);
    must(wal_flush(f->log));
    expect_range(follower, 1, 1, 2, 1);
    must(wal_sync(f->log, 0));
    expect_record(follower, 2, "2");
    must(wal_rotate(f->log));
    fixture_append(f, "3");
    expect_range(follower, 1, 3, 4, 3);
    assert_int_equal(fixture_segments(follower), 2);
}

static void written_ones_for_those_who_ask(void **state)
{
    struct log_fixture *f = *state;
    wal_reader_t *r, *all;
    wal_record_t got = {.size = sizeof got};

    fixture_open(f);
    fixture_append(f, "1");
    fixture_append_flags(f, "2", WAL_APPEND_ASYNC);
    must(wal_flush(f->log));
    follow(f);
    must(wal_reader_open(follower, 1, 0, &r));
    must(wal_reader_open(follower, 1, WAL_READ_WRITTEN, &all));
    expect_next(r, 1, "1");
    assert_int_equal(wal_reader_next(r, &got), 0);
    expect_next(all, 1, "1");
    expect_next(all, 2, "2");
    wal_reader_close(r);
    wal_reader_close(all);
}

static void it_never_writes_or_locks(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    fixture_fill(f, 3);
    fixture_append_flags(f, "4", WAL_APPEND_ASYNC);
    must(wal_flush(f->log));
    fixture_crash(f); /* not closed: a writer would have to write */
    fixture_write_file(fixture_segment_path(f, 9), 0, "leftover", 8);
    follow(f);
    assert_true(wal_last_lsn(follower) >= 3);
    expect_record(follower, 3, "3");
    assert_int_equal(eyes.calls[SPY_WRITE], 0);
    assert_int_equal(eyes.calls[SPY_SYNC], 0);
    assert_int_equal(eyes.calls[SPY_UNLINK], 0);
    assert_int_equal(eyes.calls[SPY_LOCK], 0);
    assert_true(fixture_exists(fixture_segment_path(f, 9)));
    fixture_open(f); /* nobody is locked out */
}

static void truncation_reaches_it(void **state)
{
    struct log_fixture *f = *state;
    wal_reader_t *high, *low, *front;
    wal_record_t got = {.size = sizeof got};

    fixture_open(f);
    fixture_fill(f, 8);
    follow(f);
    must(wal_reader_open(follower, 7, 0, &high));
    must(wal_reader_open(follower, 4, 0, &low));
    must(wal_reader_open(follower, 1, 0, &front));
    expect_next(high, 7, "7");
    expect_next(low, 4, "4");
    must(wal_truncate_after(f->log, 4));
    assert_int_equal(fixture_append(f, "new"), 5);
    must(wal_truncate_before(f->log, 3));
    expect_range(follower, 3, 5, 6, 5);
    assert_int_equal(wal_reader_next(high, &got), WAL_E_TRIMMED);
    expect_next(low, 5, "new");
    assert_int_equal(wal_reader_next(front, &got), WAL_E_TRIMMED);
    must(wal_reader_seek(front, 0));
    expect_next(front, 3, "3");
    wal_reader_close(high);
    wal_reader_close(low);
    wal_reader_close(front);
}

/* While a writer is between the two slots of control, which here stays so for a while. */
static void a_change_of_control_hides_nothing(void **state)
{
    struct log_fixture *f = *state;
    uint8_t before[CONTROL_SLOT_BYTES], after[CONTROL_SLOT_BYTES];

    fixture_open(f);
    fixture_fill(f, 10);
    follow(f);
    fixture_read_file(fixture_path(f, "control"), 0, before, sizeof before);
    must(wal_truncate_before(f->log, 3));
    fixture_read_file(fixture_path(f, "control"), 0, after, sizeof after);
    assert_memory_not_equal(before, after, sizeof after);
    fixture_write_file(fixture_path(f, "control"), 0, before, sizeof before);
    expect_range(follower, 3, 10, 11, 10);
    expect_record(follower, 10, "10");
    fixture_write_file(fixture_path(f, "control"), 0, after, sizeof after);
    expect_range(follower, 3, 10, 11, 10);
}

static void metadata_follow(void **state)
{
    struct log_fixture *f = *state;
    char buf[8];
    size_t size;

    fixture_open(f);
    follow(f);
    expect_error(WAL_E_NOTFOUND, wal_meta_get(follower, "a", 1, buf, sizeof buf, &size), NULL);
    must(wal_meta_set(f->log, "a", 1, "one", 3));
    must(wal_meta_get(follower, "a", 1, buf, sizeof buf, &size));
    assert_memory_equal(buf, "one", 3);
    must(wal_rotate(f->log));
    must(wal_meta_set(f->log, "a", 1, "two", 3));
    must(wal_meta_get(follower, "a", 1, buf, sizeof buf, &size));
    assert_memory_equal(buf, "two", 3);
}

static void another_log_in_its_place(void **state)
{
    struct log_fixture *f = *state;
    static uint8_t control[8256];

    fixture_open(f);
    fixture_append(f, "1");
    fixture_close(f);
    fixture_read_file(fixture_path(f, "control"), 0, control, sizeof control);
    must(wal_destroy(f->dir));
    fixture_open(f);
    follow(f);
    fixture_close(f);
    fixture_write_file(fixture_path(f, "control"), 0, control, sizeof control);
    expect_error(WAL_E_FAILED, wal_range(follower, NULL, NULL, NULL, NULL), "another log");
}

/* Open's report is about open, whatever the handle sees later. */
static void the_report_stays(void **state)
{
    struct log_fixture *f = *state;
    wal_recovery_t before, after;

    fixture_open(f);
    fixture_fill(f, 3);
    follow(f);
    must(wal_recovery(follower, &before, sizeof before));
    assert_int_equal(before.next_lsn, 4);
    must(wal_rotate(f->log));
    fixture_append(f, "4");
    expect_range(follower, 1, 4, 5, 4);
    must(wal_recovery(follower, &after, sizeof after));
    assert_memory_equal(&before, &after, sizeof before);
}

static void a_writer_has_nothing_to_follow(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    spy_clear(&spy);
    assert_int_equal(follow_look(f->log), 0);
    struct fault last = {0};
    int e = fault(WAL_E_CORRUPT, "x");
    assert_false(follow_anew(f->log, &e, &last));
    assert_int_equal(e, WAL_E_CORRUPT);
    assert_int_equal(follow_meta(f->log), 0);
    follow_want_written(f->log);
    assert_int_equal(spy.calls[SPY_READ], 0);
}

#define follow_test(fn) cmocka_unit_test_setup_teardown(fn, spied_setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        follow_test(it_sees_what_is_durable),           follow_test(written_ones_for_those_who_ask),
        follow_test(it_never_writes_or_locks),          follow_test(truncation_reaches_it),
        follow_test(a_change_of_control_hides_nothing), follow_test(metadata_follow),
        follow_test(another_log_in_its_place),          follow_test(the_report_stays),
        follow_test(a_writer_has_nothing_to_follow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
