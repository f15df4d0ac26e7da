/* SPDX-License-Identifier: Apache-2.0 */
/* Removing a log: its own files, newest first, control last. */
#include "spied_log.h"

#include <errno.h>
#include <sys/stat.h>

#include "log/open.h"

static void make(struct log_fixture *f)
{
    fixture_open(f);
    for (int k = 0; k < 3; k++) {
        fixture_append(f, "a");
        must(wal_rotate(f->log));
    }
    fixture_close(f);
    fixture_write_file(fixture_path(f, "tmp-00000000000000000009"), 0, "x", 1);
}

static void nothing_is_left(void **state)
{
    struct log_fixture *f = *state;
    make(f);
    spy_clear(&spy);
    assert_int_equal(log_destroy(&spy.os, f->dir), 0);
    assert_false(fixture_exists(f->dir));
    assert_int_equal(log_destroy(&spy.os, f->dir), WAL_E_NOTFOUND);
    fixture_open(f);
    assert_int_equal(fixture_append(f, "a"), 1);
}

/* What stays after a crash in the middle is no log that opens with less in it. */
static void newest_first_and_control_last(void **state)
{
    struct log_fixture *f = *state;
    make(f);
    spy_clear(&spy);
    assert_int_equal(log_destroy(&spy.os, f->dir), 0);
    int before = -1;
    for (int number = 4; number >= 1; number--) {
        char call[64];
        snprintf(call, sizeof call, "unlink %020d.wal", number);
        int at = spied_at(call, 1);
        assert_true(at > before);
        before = at;
    }
    int synced = spied_at("sync /log", 1), control = spied_at("unlink control", 1);
    assert_true(synced > before && control > synced);
}

static void other_files_stay_and_so_does_the_directory(void **state)
{
    struct log_fixture *f = *state;
    make(f);
    fixture_write_file(fixture_path(f, "readme"), 0, "x", 1);
    assert_int_equal(log_destroy(&spy.os, f->dir), 0);
    assert_true(fixture_exists(fixture_path(f, "readme")));
    assert_false(fixture_exists(fixture_path(f, "control")));
    assert_int_equal(log_destroy(&spy.os, f->dir), WAL_E_NOTFOUND);
}

static void not_while_somebody_writes(void **state)
{
    struct log_fixture *f = *state;
    make(f);
    fixture_open(f);
    assert_int_equal(log_destroy(&spy.os, f->dir), WAL_E_LOCKED);
    expect_record(f->log, 1, "a");
}

static void cut_short_it_can_be_called_again(void **state)
{
    struct log_fixture *f = *state;
    for (unsigned at = 1; at <= 6; at++) {
        make(f);
        spy_clear(&spy);
        spy_fail(&spy, SPY_UNLINK, at, EIO);
        assert_int_equal(log_destroy(&spy.os, f->dir), WAL_E_IO);
        spy_clear(&spy);
        assert_int_equal(log_destroy(&spy.os, f->dir), 0);
        assert_false(fixture_exists(f->dir));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        spied_test(nothing_is_left),
        spied_test(newest_first_and_control_last),
        spied_test(other_files_stay_and_so_does_the_directory),
        spied_test(not_while_somebody_writes),
        spied_test(cut_short_it_can_be_called_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
