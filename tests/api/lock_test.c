/* SPDX-License-Identifier: Apache-2.0 */
/* One writer at a time: locks of logs, locks apart from a log, destroy. */
#include "support/log_fixture.h"

#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NO_LOCK ((wal_lock_t *)(uintptr_t)0x5a5a)

static wal_lock_t *acquire(const char *dir)
{
    wal_lock_t *lock = NULL;
    must(wal_lock_acquire(dir, &lock));
    return lock;
}

static void refuse_lock(const char *dir, int code, const char *part)
{
    wal_lock_t *lock = NO_LOCK;
    expect_error(code, wal_lock_acquire(dir, &lock), part);
    assert_ptr_equal(lock, NO_LOCK);
}

static void test_a_second_writer_is_locked_out(void **state)
{
    struct log_fixture *f = *state;
    wal_t *second = NULL;
    char mine[32];

    fixture_open(f);
    fixture_append(f, "x");
    expect_error(WAL_E_LOCKED, wal_open(f->dir, f->options, &second), f->dir);
    snprintf(mine, sizeof mine, "process %d", (int)getpid());
    expect_error(WAL_E_LOCKED, wal_open(f->dir, f->options, &second), mine);
    refuse_lock(f->dir, WAL_E_LOCKED, f->dir);
    expect_error(WAL_E_LOCKED, wal_destroy(f->dir), f->dir);
    assert_null(second);
    wal_t *reader = fixture_open_read_only(f); /* doesn't mind, and doesn't lock */
    expect_record(reader, 1, "x");
    fixture_reopen(f);
    must(wal_close(reader));
    fixture_append(f, "y"); /* closing the reader has not dropped the lock */
    expect_error(WAL_E_LOCKED, wal_open(f->dir, f->options, &second), f->dir);
}

static void test_another_process_is_named(void **state)
{
    struct log_fixture *f = *state;
    int ready[2];
    char byte, pid_text[32];
    wal_t *w = NULL;

    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        int e = wal_open(f->dir, NULL, &w);
        if (e < 0 || write(ready[1], "x", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    close(ready[1]); /* so that a child that fails is the end of it */
    assert_int_equal(read(ready[0], &byte, 1), 1);
    snprintf(pid_text, sizeof pid_text, "process %d", (int)pid);
    expect_error(WAL_E_LOCKED, wal_open(f->dir, NULL, &w), f->dir);
    expect_error(WAL_E_LOCKED, wal_open(f->dir, NULL, &w), pid_text);
    refuse_lock(f->dir, WAL_E_LOCKED, pid_text);
    expect_error(WAL_E_LOCKED, wal_destroy(f->dir), pid_text);
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    fixture_open(f); /* the lock died with it */
    fixture_append(f, "x");
    close(ready[0]);
}

static void expect_holder(const char *dir, int held, uint32_t pid)
{
    uint32_t told = 9999;
    assert_int_equal(must(wal_lock_holder(dir, &told)), held);
    assert_int_equal(told, pid);
}

static void test_the_holder(void **state)
{
    struct log_fixture *f = *state;
    uint32_t pid = 9999;

    expect_error(WAL_E_INVAL, wal_lock_holder(NULL, &pid), "dir");
    expect_error(WAL_E_INVAL, wal_lock_holder("", &pid), "dir");
    expect_error(WAL_E_INVAL, wal_lock_holder(f->dir, NULL), "ret_pid");
    expect_error(WAL_E_NOTFOUND, wal_lock_holder(f->dir, &pid), f->dir);
    fixture_write_file(f->dir, 0, "x", 1);
    expect_error(WAL_E_INVAL, wal_lock_holder(f->dir, &pid), f->dir);
    assert_int_equal(unlink(f->dir), 0);
    assert_int_equal(pid, 9999);
    assert_int_equal(mkdir(f->dir, 0700), 0);
    expect_holder(f->dir, 0, 0); /* no log */
    fixture_open(f);
    expect_holder(f->dir, 1, (uint32_t)getpid());
    fixture_close(f);
    expect_holder(f->dir, 0, 0);
    wal_t *reader = fixture_open_read_only(f);
    expect_holder(f->dir, 0, 0);
    fixture_open(f);
    expect_holder(f->dir, 1, 0); /* it has written nothing yet */
    fixture_append(f, "x");
    expect_holder(f->dir, 1, (uint32_t)getpid());
    must(wal_close(reader));
}

static void test_arguments_of_the_lock(void **state)
{
    struct log_fixture *f = *state;

    refuse_lock(NULL, WAL_E_INVAL, "dir");
    refuse_lock("", WAL_E_INVAL, "dir");
    refuse_lock(f->dir, WAL_E_NOTFOUND, f->dir);
    assert_false(fixture_exists(f->dir));
    fixture_write_file(f->dir, 0, "x", 1);
    refuse_lock(f->dir, WAL_E_INVAL, f->dir);
    expect_error(WAL_E_INVAL, wal_lock_acquire(f->dir, NULL), "ret");
    wal_lock_release(NULL);
}

static void test_a_lock_apart_from_a_log(void **state)
{
    struct log_fixture *f = *state;
    wal_t *w = NULL;

    assert_int_equal(mkdir(f->dir, 0700), 0);
    wal_lock_t *lock = acquire(f->dir); /* a log need not be there */
    refuse_lock(f->dir, WAL_E_LOCKED, f->dir);
    expect_error(WAL_E_LOCKED, wal_open(f->dir, f->options, &w), f->dir);
    expect_error(WAL_E_LOCKED, wal_destroy(f->dir), f->dir);
    must(wal_options_set_lock(f->options, lock));
    fixture_set(f, WAL_OPT_EXCLUSIVE, 1); /* the lock has not made one */
    fixture_open(f);
    fixture_append(f, "x");
    expect_error(WAL_E_LOCKED, wal_open(f->dir, f->options, &w), f->dir); /* lent already */
    fixture_set(f, WAL_OPT_EXCLUSIVE, 0);
    fixture_reopen(f);
    expect_record(f->log, 1, "x");
    fixture_close(f);
    must(wal_options_set_lock(f->options, NULL));
    expect_error(WAL_E_LOCKED, wal_open(f->dir, f->options, &w), f->dir); /* still held */
    wal_lock_release(lock);
    fixture_open(f);
    assert_null(w);
}

static void test_a_lock_of_another_directory(void **state)
{
    struct log_fixture *f = *state;
    char other[400], link[400];
    wal_t *w = NULL;

    snprintf(other, sizeof other, "%.319s-other", f->dir);
    snprintf(link, sizeof link, "%.319s-link", f->dir);
    assert_int_equal(mkdir(f->dir, 0700), 0);
    assert_int_equal(mkdir(other, 0700), 0);
    assert_int_equal(symlink(other, link), 0);
    wal_lock_t *lock = acquire(other);
    must(wal_options_set_lock(f->options, lock));
    expect_error(WAL_E_INVAL, wal_open(f->dir, f->options, &w), f->dir);
    assert_null(w);
    must(wal_open(link, f->options, &f->log)); /* the same directory by another name */
    fixture_close(f);
    wal_lock_release(lock);
    expect_error(WAL_E_INVAL, wal_options_set_lock(NULL, NULL), "NULL");
}

static void test_a_lock_needs_no_log_and_makes_none(void **state)
{
    struct log_fixture *f = *state;
    wal_t *w = NULL;

    assert_int_equal(mkdir(f->dir, 0700), 0);
    wal_lock_release(acquire(f->dir));
    fixture_set(f, WAL_OPT_CREATE, 0);
    expect_error(WAL_E_NOTFOUND, wal_open(f->dir, f->options, &w), f->dir);
    fixture_set(f, WAL_OPT_READ_ONLY, 1);
    expect_error(WAL_E_NOTFOUND, wal_open(f->dir, f->options, &w), f->dir);
    assert_null(w);
}

static void test_destroy(void **state)
{
    struct log_fixture *f = *state;

    expect_error(WAL_E_INVAL, wal_destroy(NULL), "dir");
    expect_error(WAL_E_INVAL, wal_destroy(""), "dir");
    expect_error(WAL_E_NOTFOUND, wal_destroy(f->dir), f->dir);
    assert_int_equal(mkdir(f->dir, 0700), 0);
    expect_error(WAL_E_NOTFOUND, wal_destroy(f->dir), f->dir);
    assert_true(fixture_exists(f->dir)); /* it was no log's */
    fixture_set(f, WAL_OPT_SEGMENT_RECORDS, 1);
    fixture_open(f);
    fixture_fill(f, 5);
    fixture_close(f);
    must(wal_destroy(f->dir));
    assert_false(fixture_exists(f->dir));
    expect_error(WAL_E_NOTFOUND, wal_destroy(f->dir), f->dir);
    fixture_write_file(f->dir, 0, "x", 1);
    expect_error(WAL_E_INVAL, wal_destroy(f->dir), f->dir);
    assert_true(fixture_exists(f->dir));
}

static void test_destroy_takes_only_what_is_its_own(void **state)
{
    struct log_fixture *f = *state;
    const char *const strays[] = {"notes.txt", "00000000000000000001.wal.bak", "1.wal", "tmp-mine"};

    fixture_open(f);
    fixture_append(f, "x");
    for (size_t k = 0; k < COUNT_OF(strays); k++)
        fixture_write_file(fixture_path(f, strays[k]), 0, "x", 1);
    fixture_close(f);
    must(wal_destroy(f->dir));
    for (size_t k = 0; k < COUNT_OF(strays); k++)
        assert_true(fixture_exists(fixture_path(f, strays[k])));
    assert_false(fixture_exists(fixture_path(f, "control")));
    assert_false(fixture_exists(fixture_segment_path(f, 1)));
    fixture_open(f); /* and there is room for a new one */
    expect_range(f->log, 1, 0, 1, 0);
}

static void test_destroy_through_a_link(void **state)
{
    struct log_fixture *f = *state;
    char link[400];

    snprintf(link, sizeof link, "%.319s-link", f->dir);
    fixture_open(f);
    fixture_close(f);
    assert_int_equal(symlink(f->dir, link), 0);
    must(wal_destroy(link));
    assert_false(fixture_exists(fixture_path(f, "control")));
}

static void test_destroy_beside_a_reader(void **state)
{
    struct log_fixture *f = *state;

    fixture_open(f);
    fixture_append(f, "x");
    fixture_close(f);
    wal_t *reader = fixture_open_read_only(f);
    must(wal_destroy(f->dir));
    must(wal_close(reader));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(test_a_second_writer_is_locked_out),
        fixture_test(test_another_process_is_named),
        fixture_test(test_the_holder),
        fixture_test(test_arguments_of_the_lock),
        fixture_test(test_a_lock_apart_from_a_log),
        fixture_test(test_a_lock_of_another_directory),
        fixture_test(test_a_lock_needs_no_log_and_makes_none),
        fixture_test(test_destroy),
        fixture_test(test_destroy_takes_only_what_is_its_own),
        fixture_test(test_destroy_through_a_link),
        fixture_test(test_destroy_beside_a_reader),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
