/* SPDX-License-Identifier: Apache-2.0 */
/* The space-holder: made whole or not at all, spent once, made again. */
#include "spied_log.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log/reserve.h"

enum { BYTES = 128 * 1024 };

static uint64_t size_of(const struct log_fixture *f)
{
    struct stat st;
    return stat(fixture_path(f, "reserve"), &st) == 0 ? (uint64_t)st.st_size : UINT64_MAX;
}

static void begin(struct log_fixture *f)
{
    fixture_set(f, WAL_OPT_RESERVE_BYTES, BYTES);
    fixture_open(f);
    assert_int_equal(size_of(f), BYTES);
}

static void without_the_option_there_is_none(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    assert_int_equal(size_of(f), UINT64_MAX);
    spy_fail(&spy, SPY_WRITE, 1, ENOSPC);
    expect_error(WAL_E_NOSPC, wal_append(f->log, "1", 1, NULL), NULL);
    fixture_append(f, "1");
}

static void it_is_spent_where_there_is_no_space(void **state)
{
    struct log_fixture *f = *state;
    wal_subscription_t *s;
    wal_event_t e = {.size = sizeof e};
    begin(f);
    must(wal_subscribe(f->log, WAL_EVENT_WRITE_ERROR, &s));
    spy_fail(&spy, SPY_WRITE, 1, ENOSPC);
    fixture_append(f, "1");
    assert_int_equal(size_of(f), 0);
    assert_int_equal(wal_subscription_next(s, &e), 1);
    assert_int_equal(e.code, WAL_E_NOSPC);
    assert_int_equal(e.bytes, BYTES);
    wal_unsubscribe(s);
    spy_fail(&spy, SPY_WRITE, 1, ENOSPC);
    expect_error(WAL_E_NOSPC, wal_append(f->log, "2", 1, NULL), NULL);
    fixture_append(f, "2");
    must(wal_rotate(f->log));
    assert_int_equal(size_of(f), BYTES);
    expect_record(f->log, 1, "1");
}

static void other_errors_leave_it(void **state)
{
    struct log_fixture *f = *state;
    begin(f);
    spy_fail(&spy, SPY_WRITE, 1, EIO);
    expect_error(WAL_E_IO, wal_append(f->log, "1", 1, NULL), NULL);
    assert_int_equal(size_of(f), BYTES);
}

static void count_spent(void *ctx, const wal_event_t *e)
{
    *(unsigned *)ctx += e->bytes == BYTES;
}

/* Whichever write of a rotation, a cut or a batch there is no space for. */
static void every_write_is_tried_once_more(void **state)
{
    struct log_fixture *f = *state;
    wal_record_t r = {.size = sizeof r, .data = "r", .data_size = 1};
    unsigned spent = 0;
    must(wal_options_set_events(f->options, WAL_EVENT_WRITE_ERROR, count_spent, &spent));
    begin(f);
    for (unsigned at = 1; at <= 12; at++) {
        fixture_append(f, "x");
        spy_clear(&spy);
        spy_fail(&spy, SPY_WRITE, at, ENOSPC);
        int e = at % 2 ? wal_rotate(f->log) : wal_replace_after(f->log, 1, &r, 1, 0, NULL);
        if (e < 0) { /* control, whose blocks are there, can't lack space: this disk is broken */
            assert_int_equal(wal_failure(f->log), WAL_E_NOSPC);
            wal_t *w = f->log;
            f->log = NULL;
            (void)!wal_close(w);
            spy_clear(&spy);
            fixture_open(f);
        }
        spy_clear(&spy);
        must(wal_rotate(f->log));
        assert_int_equal(size_of(f), BYTES);
    }
    assert_true(spent >= 3);
}

static void where_there_is_no_room_there_is_nothing(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    fixture_append(f, "1");
    fixture_close(f);
    fixture_set(f, WAL_OPT_RESERVE_BYTES, BYTES);
    spy_clear(&spy);
    spy_fail(&spy, SPY_WRITE, 1, ENOSPC);
    fixture_open(f);
    assert_int_equal(size_of(f), 0);
    fixture_reopen(f);
    assert_int_equal(size_of(f), BYTES);
    assert_false(reserve_spend(f->log, WAL_E_IO));
    assert_true(reserve_spend(f->log, WAL_E_NOSPC));
    assert_false(reserve_spend(f->log, WAL_E_NOSPC));
}

static void a_hole_holds_no_space(void **state)
{
    struct log_fixture *f = *state;
    struct stat st;
    begin(f);
    fixture_close(f);
    assert_int_equal(truncate(fixture_path(f, "reserve"), 0), 0);
    assert_int_equal(truncate(fixture_path(f, "reserve"), BYTES), 0);
    fixture_open(f);
    assert_int_equal(stat(fixture_path(f, "reserve"), &st), 0);
    assert_true(st.st_blocks * 512 >= BYTES);
}

static void a_link_in_its_place_is_refused(void **state)
{
    struct log_fixture *f = *state;
    fixture_open(f);
    fixture_close(f);
    assert_int_equal(symlink("/dev/null", fixture_path(f, "reserve")), 0);
    fixture_set(f, WAL_OPT_RESERVE_BYTES, BYTES);
    expect_writer_refused(f, WAL_E_PERM, "reserve");
    assert_int_equal(unlink(fixture_path(f, "reserve")), 0);
    fixture_open(f);
}

static void it_goes_with_the_log(void **state)
{
    struct log_fixture *f = *state;
    begin(f);
    assert_true(wal_disk_bytes(f->log) >= BYTES);
    fixture_close(f);
    must(wal_destroy(f->dir));
    assert_int_equal(fixture_exists(f->dir), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        spied_test(without_the_option_there_is_none),
        spied_test(it_is_spent_where_there_is_no_space),
        spied_test(other_errors_leave_it),
        spied_test(every_write_is_tried_once_more),
        spied_test(where_there_is_no_room_there_is_nothing),
        spied_test(a_hole_holds_no_space),
        spied_test(a_link_in_its_place_is_refused),
        spied_test(it_goes_with_the_log),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
