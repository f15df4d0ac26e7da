/* SPDX-License-Identifier: Apache-2.0 */
/* What control has to say, from the segments alone. */
#include "spied_log.h"

#include <unistd.h>

#include "log/rebuild.h"

static struct remains remains;
static struct control right, rebuilt;

static void look(struct log_fixture *f)
{
    static struct config config;
    config = (struct config){.os = &spy.os, .alloc = alloc_default};
    assert_int_equal(remains_open(&remains, f->dir, &config), 0);
}

static int rebuild(struct log_fixture *f)
{
    look(f);
    assert_true(rebuild_is_due(&remains));
    int e = rebuild_control(&remains, &rebuilt);
    remains_close(&remains);
    return e;
}

/* 1 to 3 in a segment each; the control that it had is `right`. */
static void begin(struct log_fixture *f)
{
    fixture_open(f);
    for (int k = 0; k < 3; k++) {
        if (k)
            must(wal_rotate(f->log));
        fixture_append(f, "a");
    }
    right = f->log->control.now;
    fixture_close(f);
}

static void lose_control(struct log_fixture *f)
{
    fixture_remove_all(fixture_path(f, "control"));
}

static void spoil_header(struct log_fixture *f, uint64_t number)
{
    fixture_write_file(fixture_segment_path(f, number), 0, fixture_bytes(4096, 'x'), 4096);
}

static void when_it_is_due(void **state)
{
    struct log_fixture *f = *state;

    begin(f);
    look(f);
    assert_false(rebuild_is_due(&remains));
    remains_close(&remains);
    fixture_write_file(fixture_path(f, "control"), 0, "?", 1); /* the other slot is right */
    look(f);
    assert_false(rebuild_is_due(&remains));
    remains_close(&remains);
    fixture_write_file(fixture_path(f, "control"), 4096, "?", 1);
    look(f);
    assert_true(rebuild_is_due(&remains));
    remains_close(&remains);
}

static void as_it_was(void **state)
{
    struct log_fixture *f = *state;

    begin(f);
    lose_control(f);
    assert_int_equal(rebuild(f), 0);
    assert_memory_equal(rebuilt.uuid, right.uuid, UUID_BYTES);
    assert_int_equal(rebuilt.oldest, right.oldest);
    assert_int_equal(rebuilt.newest, right.newest);
    assert_int_equal(rebuilt.epoch, right.epoch);
    assert_int_equal(rebuilt.first_lsn, 1);
    assert_int_equal(rebuilt.flags, 0); /* nothing says that it was closed */
    assert_int_equal(rebuilt.checkpoint.lsn, 0);
}

static void without_its_front(void **state)
{
    struct log_fixture *f = *state;

    begin(f);
    lose_control(f);
    fixture_remove_all(fixture_segment_path(f, 1));
    assert_int_equal(rebuild(f), 0);
    assert_int_equal(rebuilt.oldest, 2);
    assert_int_equal(rebuilt.first_lsn, 2);
}

static void the_newest_checkpoint(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    fixture_fill(f, 3);
    must(wal_checkpoint(f->log, 2, "two", 3));
    must(wal_checkpoint(f->log, 3, "three", 5));
    must(wal_rotate(f->log));
    fixture_fill(f, 2);
    struct checkpoint_ref newest = f->log->checkpoint;
    fixture_close(f);
    lose_control(f);
    assert_int_equal(rebuild(f), 0);
    assert_int_equal(rebuilt.checkpoint.lsn, 3);
    assert_int_equal(rebuilt.checkpoint.place.segment, newest.place.segment);
    assert_int_equal(rebuilt.checkpoint.place.offset, newest.place.offset);
}

/* One above a cut is none any more. */
static void a_checkpoint_that_was_cut_off(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    fixture_fill(f, 3);
    must(wal_checkpoint(f->log, 3, "three", 5));
    must(wal_rotate(f->log));
    fixture_fill(f, 2);
    must(wal_truncate_after(f->log, 2));
    fixture_fill(f, 2);
    fixture_close(f);
    lose_control(f);
    assert_int_equal(rebuild(f), 0);
    assert_int_equal(rebuilt.checkpoint.lsn, 0);
}

static void what_leaves_a_choice(void **state)
{
    struct log_fixture *f = *state;

    begin(f);
    lose_control(f);
    spoil_header(f, 3); /* was it part of the log? */
    assert_int_equal(rebuild(f), WAL_E_CORRUPT);
    assert_int_equal(fault_last()->segment, 3);
    fixture_remove_all(fixture_segment_path(f, 3));
    assert_int_equal(rebuild(f), 0); /* nothing tells of it */
    assert_int_equal(rebuilt.newest, 2);
    spoil_header(f, 1);
    assert_int_equal(rebuild(f), WAL_E_CORRUPT);
    assert_int_equal(fault_last()->segment, 1);
}

static void a_reset_that_came_to_nothing(void **state)
{
    struct log_fixture *f = *state;
    char saved[9000];

    fixture_open(f);
    fixture_fill(f, 3);
    fixture_read_file(fixture_segment_path(f, 1), 0, saved, 4480);
    must(wal_reset(f->log, 50));
    fixture_crash(f);
    fixture_write_file(fixture_segment_path(f, 1), 0, saved, 4480);
    lose_control(f);
    assert_int_equal(rebuild(f), WAL_E_CORRUPT);
    fixture_remove_all(fixture_segment_path(f, 1));
    assert_int_equal(rebuild(f), 0);
    assert_int_equal(rebuilt.first_lsn, 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        spied_test(when_it_is_due),
        spied_test(as_it_was),
        spied_test(without_its_front),
        spied_test(the_newest_checkpoint),
        spied_test(a_checkpoint_that_was_cut_off),
        spied_test(what_leaves_a_choice),
        spied_test(a_reset_that_came_to_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
