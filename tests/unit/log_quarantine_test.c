/* SPDX-License-Identifier: Apache-2.0 */
/* Copies that a repair puts aside. */
#include "spied_log.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log/quarantine.h"

static struct quarantine q;

static const char *copy_of(const struct log_fixture *f, const char *name)
{
    static char path[400];
    snprintf(path, sizeof path, "%s/quarantine/%s", f->dir, name);
    return path;
}

static void begin(struct log_fixture *f)
{
    fixture_open(f);
    fixture_fill(f, 3);
    assert_int_equal(quarantine_open(&q, &f->log->folder, &alloc_default, 0700, 0600), 0);
}

static void copies_are_whole_and_synced(void **state)
{
    struct log_fixture *f = *state;
    char a[4700], b[4700];
    struct stat st;

    begin(f);
    spy_clear(&spy);
    assert_int_equal(quarantine_put(&q, "00000000000000000001.wal"), 0);
    assert_true(spied_at("sync 00000000000000000001.wal", 1) >= 0 || spy.calls[SPY_SYNC] == 1);
    unsigned syncs = spy.calls[SPY_SYNC];
    assert_int_equal(quarantine_sync(&q), 0);
    assert_int_equal(spy.calls[SPY_SYNC], syncs + 2); /* its own names, and its name */
    quarantine_close(&q);
    fixture_close(f);
    fixture_read_file(copy_of(f, "00000000000000000001.wal"), 0, a, 4400);
    fixture_read_file(fixture_segment_path(f, 1), 0, b, 4400);
    assert_memory_equal(a, b, 4400);
    assert_int_equal(stat(copy_of(f, ""), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_int_equal(stat(copy_of(f, "00000000000000000001.wal"), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

static void names_never_collide(void **state)
{
    struct log_fixture *f = *state;

    begin(f);
    for (int k = 0; k < 12; k++)
        assert_int_equal(quarantine_put(&q, "control"), 0);
    assert_int_equal(quarantine_put(&q, "missing"), 0); /* nothing to keep */
    quarantine_close(&q);
    assert_true(fixture_exists(copy_of(f, "control")));
    assert_true(fixture_exists(copy_of(f, "control.11")));
    assert_false(fixture_exists(copy_of(f, "control.12")));
    assert_false(fixture_exists(copy_of(f, "missing")));
}

/* A file that claims to be huge takes no more than it has. */
static void holes_stay_holes(void **state)
{
    struct log_fixture *f = *state;
    struct stat st;

    begin(f);
    fixture_write_file(fixture_path(f, "sparse"), UINT64_C(1) << 40, "x", 1);
    assert_int_equal(quarantine_put(&q, "sparse"), 0);
    quarantine_close(&q);
    assert_int_equal(stat(copy_of(f, "sparse"), &st), 0);
    assert_int_equal(st.st_size, (INT64_C(1) << 40) + 1);
    assert_true(st.st_blocks < 10000);
}

static void what_fails_leaves_no_part(void **state)
{
    struct log_fixture *f = *state;
    static const enum spy_call calls[] = {SPY_READ, SPY_WRITE, SPY_SYNC};

    begin(f);
    for (size_t k = 0; k < 3; k++) {
        spy_fail(&spy, calls[k], 1, EIO);
        assert_int_equal(quarantine_put(&q, "control"), WAL_E_IO);
        assert_int_equal(fault_last()->code, WAL_E_IO);
        assert_false(fixture_exists(copy_of(f, "control")));
    }
    quarantine_close(&q);
    fixture_remove_all(copy_of(f, ""));
    fixture_write_file(fixture_path(f, "quarantine"), 0, "a file", 6);
    assert_int_equal(quarantine_open(&q, &f->log->folder, &alloc_default, 0700, 0600), WAL_E_INVAL);
    quarantine_close(&q);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        spied_test(copies_are_whole_and_synced),
        spied_test(names_never_collide),
        spied_test(holes_stay_holes),
        spied_test(what_fails_leaves_no_part),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
