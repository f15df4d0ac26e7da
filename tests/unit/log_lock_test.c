/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/codes.h"
#include "base/fault.h"
#include "format/control.h"
#include "log/lock.h"
#include "support/bench.h"

static struct bench bench;
static struct wal_lock *lock;
static char path[300]; /* of the log's directory, inside of the bench's */

static int setup(void **state)
{
    (void)state;
    bench_make(&bench);
    strcpy(path, bench_path(&bench, "log"));
    lock = NULL;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    lock_drop(lock);
    bench_remove(&bench);
    return 0;
}

static int take(enum lock_makes makes)
{
    return lock_take(&bench.spy.os, path, makes, 0700, 0600, &lock);
}

/* A second one, from which nothing may be left open. */
static void expect_refused(enum lock_makes makes, int code, const char *text)
{
    struct wal_lock *second = NULL;
    int before = dup(0);
    close(before);

    assert_int_equal(lock_take(&bench.spy.os, path, makes, 0700, 0600, &second), code);
    assert_null(second);
    assert_int_equal(fault_last()->code, code);
    if (!strstr(fault_last()->text, text))
        fail_msg("'%s' is not in '%s'", text, fault_last()->text);
    assert_non_null(strstr(fault_last()->text, path));
    int after = dup(0);
    close(after);
    assert_int_equal(after, before);
}

static bool exists(const char *name)
{
    return access(bench_path(&bench, name), F_OK) == 0;
}

static uint32_t mode_of(const char *name)
{
    struct stat st;
    assert_int_equal(stat(bench_path(&bench, name), &st), 0);
    return st.st_mode & 07777;
}

/* What is made */

static void makes_directory_and_control_file(void **state)
{
    (void)state;
    assert_int_equal(take(LOCK_MAKE_DIRECTORY), 0);
    assert_true(lock->made_directory);
    assert_string_equal(lock->path, path);
    assert_string_equal(lock->folder.path, path);
    assert_int_equal(mode_of("log"), 0700);
    assert_int_equal(mode_of("log/control"), 0600);
    lock_drop(lock);
    lock = NULL;
    assert_int_equal(take(LOCK_MAKE_DIRECTORY), 0);
    assert_false(lock->made_directory);
}

static void makes_no_more_than_it_may(void **state)
{
    (void)state;
    expect_refused(LOCK_ONLY, WAL_E_NOTFOUND, "can't be opened");
    expect_refused(LOCK_MAKE_CONTROL, WAL_E_NOTFOUND, "can't be opened");
    assert_false(exists("log"));
    assert_int_equal(mkdir(path, 0700), 0);
    expect_refused(LOCK_ONLY, WAL_E_NOTFOUND, "control can't be opened");
    assert_false(exists("log/control"));
    assert_int_equal(take(LOCK_MAKE_CONTROL), 0);
    assert_true(exists("log/control"));
    assert_false(lock->made_directory);
    lock_drop(lock);
    lock = NULL;
    assert_int_equal(take(LOCK_ONLY), 0);
}

static void a_missing_parent_is_notfound(void **state)
{
    (void)state;
    strcat(path, "/below");
    expect_refused(LOCK_MAKE_DIRECTORY, WAL_E_NOTFOUND, "can't be made");
    assert_false(exists("log"));
}

/* Held elsewhere */

static void only_one_at_a_time(void **state)
{
    (void)state;
    assert_int_equal(take(LOCK_MAKE_DIRECTORY), 0);
    for (int k = LOCK_ONLY; k <= LOCK_MAKE_DIRECTORY; k++)
        expect_refused((enum lock_makes)k, WAL_E_LOCKED, "is open for writing elsewhere");
    lock_drop(lock);
    lock = NULL;
    assert_int_equal(take(LOCK_ONLY), 0);
    lock_drop(NULL);
}

static void write_control(uint32_t pid, uint32_t flags)
{
    uint8_t bytes[CONTROL_SLOT_BYTES];
    struct control c = {.sequence = 1,
                        .oldest = 1,
                        .newest = 1,
                        .first_lsn = 1,
                        .pid = pid,
                        .flags = flags,
                        .end_offset = SEGMENT_HEADER_BLOCK};
    control_encode(bytes, &c);
    bench_write(&bench, "log/control", CONTROL_SLOT_A, bytes, sizeof bytes);
}

static void the_holder_is_named_where_control_tells(void **state)
{
    (void)state;
    assert_int_equal(take(LOCK_MAKE_DIRECTORY), 0);
    write_control(4711, 0);
    expect_refused(LOCK_ONLY, WAL_E_LOCKED, "elsewhere, last by process 4711");
    write_control(0, 0);
    expect_refused(LOCK_ONLY, WAL_E_LOCKED, "elsewhere");
    assert_null(strstr(fault_last()->text, "process"));
    write_control(4711, CONTROL_CLEAN); /* whoever has it now hasn't written to control yet */
    expect_refused(LOCK_ONLY, WAL_E_LOCKED, "elsewhere");
    assert_null(strstr(fault_last()->text, "process"));
    bench_write(&bench, "log/control", 100, "damaged", 7);
    expect_refused(LOCK_ONLY, WAL_E_LOCKED, "elsewhere");
    write_control(4711, 0);
    spy_fail(&bench.spy, SPY_READ, 1, EIO);
    expect_refused(LOCK_ONLY, WAL_E_LOCKED, "elsewhere");
}

static void expect_holder(int held, uint32_t pid)
{
    uint32_t told = 9999;
    assert_int_equal(lock_holder(&bench.spy.os, path, &told), held);
    assert_int_equal(told, pid);
}

static void the_holder_is_told_without_the_lock(void **state)
{
    (void)state;
    assert_int_equal(mkdir(path, 0700), 0);
    expect_holder(0, 0); /* no control file */
    assert_false(exists("log/control"));
    assert_int_equal(take(LOCK_MAKE_CONTROL), 0);
    expect_holder(1, 0);
    write_control(4711, 0);
    expect_holder(1, 4711);
    write_control(4711, CONTROL_CLEAN);
    expect_holder(1, 0);
    write_control(4711, 0);
    lock_drop(lock);
    lock = NULL;
    expect_holder(0, 0); /* whoever that was, it is gone */
    assert_int_equal(take(LOCK_ONLY), 0);
}

static void expect_no_holder(int code, const char *text)
{
    uint32_t told = 9999;
    int before = dup(0);
    close(before);

    assert_int_equal(lock_holder(&bench.spy.os, path, &told), code);
    assert_int_equal(told, 9999);
    assert_non_null(strstr(fault_last()->text, text));
    assert_non_null(strstr(fault_last()->text, path));
    int after = dup(0);
    close(after);
    assert_int_equal(after, before);
}

static void errors_of_looking_for_the_holder(void **state)
{
    (void)state;
    expect_no_holder(WAL_E_NOTFOUND, "can't be opened");
    assert_int_equal(take(LOCK_MAKE_DIRECTORY), 0);
    fault(WAL_E_FULL, "before");
    expect_holder(1, 0);
    assert_string_equal(fault_last()->text, "before");
    spy_clear(&bench.spy);
    spy_fail(&bench.spy, SPY_LOCK, 1, EIO);
    expect_no_holder(WAL_E_IO, "lock can't be looked at");
    spy_clear(&bench.spy);
    spy_fail(&bench.spy, SPY_OPEN, 1, EACCES);
    expect_no_holder(WAL_E_PERM, "control can't be opened");
}

/* The file that was locked is no longer the one under the name */

struct replacing {
    int times;
    bool put_new;  /* another file comes in its place */
    bool keep_old; /* the old one lives on under another name */
};

static void replace_control(void *arg)
{
    struct replacing *r = arg;
    if (r->times == 0)
        return;
    r->times--;
    if (r->keep_old) {
        static int n;
        char old[320];
        snprintf(old, sizeof old, "%s/old-%d", path, n++);
        assert_int_equal(link(bench_path(&bench, "log/control"), old), 0);
    }
    assert_int_equal(unlink(bench_path(&bench, "log/control")), 0);
    if (r->put_new)
        bench_write(&bench, "log/control", 0, "", 0);
}

static void before_each(enum spy_call call, struct replacing *r)
{
    bench.spy.hook = replace_control;
    bench.spy.hook_call = call;
    bench.spy.hook_arg = r;
}

static void expect_the_named_file_is_locked(void)
{
    struct stat named;
    struct os_stat held;
    assert_int_equal(stat(bench_path(&bench, "log/control"), &named), 0);
    assert_int_equal(file_stat(&lock->control, &held), 0);
    assert_int_equal(held.inode, named.st_ino);
    bench.spy.hook = NULL;
    expect_refused(LOCK_ONLY, WAL_E_LOCKED, "elsewhere");
}

static void starts_over_where_the_file_was_replaced(void **state)
{
    const enum spy_call moments[] = {SPY_LOCK, SPY_STAT}; /* before the lock; and after it */
    (void)state;

    for (size_t k = 0; k < 4; k++) {
        struct replacing r = {.times = 3, .put_new = true, .keep_old = k / 2};
        assert_int_equal(take(LOCK_MAKE_DIRECTORY), 0);
        lock_drop(lock);
        lock = NULL;
        before_each(moments[k % 2], &r);
        assert_int_equal(take(LOCK_ONLY), 0);
        assert_int_equal(r.times, 0);
        expect_the_named_file_is_locked();
        lock_drop(lock);
        lock = NULL;
    }
}

static void starts_over_where_the_file_went_away(void **state)
{
    struct replacing r = {.times = 1};
    (void)state;

    assert_int_equal(take(LOCK_MAKE_DIRECTORY), 0);
    lock_drop(lock);
    lock = NULL;
    before_each(SPY_LOCK, &r);
    expect_refused(LOCK_ONLY, WAL_E_NOTFOUND, "control can't be opened");
    bench.spy.hook = NULL;
    assert_int_equal(take(LOCK_MAKE_CONTROL), 0);
    lock_drop(lock);
    lock = NULL;
    r.times = 1;
    before_each(SPY_LOCK, &r);
    assert_int_equal(take(LOCK_MAKE_CONTROL), 0);
    expect_the_named_file_is_locked();
}

static void remove_directory(void *arg)
{
    int *times = arg;
    if (*times > 0)
        assert_int_equal(rmdir(path), 0);
    *times -= *times > 0;
}

static void begins_again_where_the_directory_went_away(void **state)
{
    int times = 3;
    (void)state;

    bench.spy.hook = remove_directory; /* between making and opening it */
    bench.spy.hook_call = SPY_DIR_OPEN;
    bench.spy.hook_arg = &times;
    assert_int_equal(take(LOCK_MAKE_DIRECTORY), 0);
    assert_int_equal(times, 0);
    expect_the_named_file_is_locked();
    lock_drop(lock);
    lock = NULL;
    assert_int_equal(unlink(bench_path(&bench, "log/control")), 0);
    times = 1;
    bench.spy.hook = remove_directory;
    expect_refused(LOCK_MAKE_CONTROL, WAL_E_NOTFOUND, "can't be opened");
    times = 1000;
    expect_refused(LOCK_MAKE_DIRECTORY, WAL_E_NOTFOUND, "can't be opened");
    bench.spy.hook = NULL;
}

static void gives_up_where_it_never_stays(void **state)
{
    struct replacing r = {.times = 1000, .put_new = true};
    (void)state;

    assert_int_equal(mkdir(path, 0700), 0);
    bench_write(&bench, "log/control", 0, "", 0);
    before_each(SPY_LOCK, &r);
    expect_refused(LOCK_ONLY, WAL_E_BUSY, "removed and made again");
    bench.spy.hook = NULL;
}

/* What is no log, or a damaged one */

static void segments_without_control_are_damage(void **state)
{
    (void)state;
    assert_int_equal(mkdir(path, 0700), 0);
    bench_write(&bench, "log/00000000000000000007.wal", 0, "x", 1);
    for (int k = LOCK_ONLY; k <= LOCK_MAKE_DIRECTORY; k++) {
        expect_refused((enum lock_makes)k, WAL_E_CORRUPT, "has segments but no control file");
        assert_int_equal(fault_last()->segment, 7);
        assert_false(exists("log/control"));
    }
    bench_write(&bench, "log/control", 0, "", 0); /* there, if empty: for open to judge */
    assert_int_equal(take(LOCK_ONLY), 0);
}

static void other_files_do_not_matter(void **state)
{
    (void)state;
    assert_int_equal(mkdir(path, 0700), 0);
    bench_write(&bench, "log/notes.txt", 0, "x", 1);
    bench_write(&bench, "log/tmp-00000000000000000001", 0, "x", 1);
    assert_int_equal(take(LOCK_MAKE_CONTROL), 0);
}

static void what_is_no_directory_or_no_file_is_refused(void **state)
{
    (void)state;
    bench_write(&bench, "log", 0, "x", 1);
    expect_refused(LOCK_MAKE_DIRECTORY, WAL_E_INVAL, "");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(symlink("elsewhere", bench_path(&bench, "log/control")), 0);
    expect_refused(LOCK_MAKE_CONTROL, WAL_E_PERM, "control is not a regular file");
    assert_false(exists("log/elsewhere"));
    assert_int_equal(unlink(bench_path(&bench, "log/control")), 0);
    assert_int_equal(mkdir(bench_path(&bench, "log/control"), 0700), 0);
    expect_refused(LOCK_MAKE_CONTROL, WAL_E_PERM, "control is not a regular file");
    assert_int_equal(chmod(path, 0777), 0);
    expect_refused(LOCK_MAKE_CONTROL, WAL_E_PERM, "other users");
}

static void errors_on_the_way(void **state)
{
    const struct {
        enum spy_call call;
        unsigned at;
        int err, code;
    } cases[] = {
        {SPY_DIR_MAKE, 1, EROFS, WAL_E_PERM}, {SPY_DIR_OPEN, 1, EMFILE, WAL_E_IO},
        {SPY_STAT, 1, EIO, WAL_E_IO},         {SPY_OPEN, 1, EACCES, WAL_E_PERM},
        {SPY_OPEN, 1, ENOSPC, WAL_E_NOSPC},   {SPY_STAT, 2, EIO, WAL_E_IO},
        {SPY_LOCK, 1, ENOLCK, WAL_E_IO},      {SPY_LOCK, 1, EAGAIN, WAL_E_LOCKED},
        {SPY_STAT, 3, EIO, WAL_E_IO},         {SPY_STAT_AT, 2, EIO, WAL_E_IO},
    };
    (void)state;

    assert_int_equal(take(LOCK_MAKE_DIRECTORY), 0);
    lock_drop(lock);
    lock = NULL;
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        spy_clear(&bench.spy);
        spy_fail(&bench.spy, cases[k].call, cases[k].at, cases[k].err);
        expect_refused(LOCK_MAKE_DIRECTORY, cases[k].code, "");
    }
    assert_int_equal(unlink(bench_path(&bench, "log/control")), 0);
    spy_fail(&bench.spy, SPY_LIST, 1, EIO);
    expect_refused(LOCK_MAKE_CONTROL, WAL_E_IO, "can't be listed");
    assert_false(exists("log/control"));
}

/* Dropping, checking */

static void a_forked_childs_copy_is_only_freed(void **state)
{
    (void)state;
    assert_int_equal(take(LOCK_MAKE_DIRECTORY), 0);
    int control = lock->control.fd, folder = lock->folder.fd;
    bench.spy.forks = 1;
    lock_drop(lock); /* there its descriptors are closed already, and their numbers others' */
    bench.spy.forks = 0;
    expect_refused(LOCK_ONLY, WAL_E_LOCKED, "elsewhere");
    bench.spy.os.close(&bench.spy, control);
    bench.spy.os.close(&bench.spy, folder);
    lock = NULL;
    assert_int_equal(take(LOCK_ONLY), 0);
}

static void knows_its_own_directory(void **state)
{
    char other[320];
    (void)state;

    assert_int_equal(take(LOCK_MAKE_DIRECTORY), 0);
    assert_int_equal(lock_check_directory(lock, path), 0);
    snprintf(other, sizeof other, "%s//.", path);
    assert_int_equal(lock_check_directory(lock, other), 0);
    strcpy(other, bench_path(&bench, "link"));
    assert_int_equal(symlink("log", other), 0);
    assert_int_equal(lock_check_directory(lock, other), 0);

    assert_int_equal(lock_check_directory(lock, bench.scratch.path), WAL_E_INVAL);
    assert_non_null(strstr(fault_last()->text, "the lock is for "));
    strcpy(other, bench_path(&bench, "missing"));
    assert_int_equal(lock_check_directory(lock, other), WAL_E_NOTFOUND);
    spy_clear(&bench.spy);
    spy_fail(&bench.spy, SPY_STAT, 3, EIO);
    assert_int_equal(lock_check_directory(lock, path), WAL_E_IO);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(makes_directory_and_control_file),
        TEST(makes_no_more_than_it_may),
        TEST(a_missing_parent_is_notfound),
        TEST(only_one_at_a_time),
        TEST(the_holder_is_named_where_control_tells),
        TEST(the_holder_is_told_without_the_lock),
        TEST(errors_of_looking_for_the_holder),
        TEST(starts_over_where_the_file_was_replaced),
        TEST(starts_over_where_the_file_went_away),
        TEST(begins_again_where_the_directory_went_away),
        TEST(gives_up_where_it_never_stays),
        TEST(segments_without_control_are_damage),
        TEST(other_files_do_not_matter),
        TEST(what_is_no_directory_or_no_file_is_refused),
        TEST(errors_on_the_way),
        TEST(a_forked_childs_copy_is_only_freed),
        TEST(knows_its_own_directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
