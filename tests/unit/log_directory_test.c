/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/codes.h"
#include "base/fault.h"
#include "log/directory.h"
#include "support/bench.h"
#include "support/poor_alloc.h"

static struct bench bench;
static const struct os *os;

static int setup(void **state)
{
    (void)state;
    bench_make(&bench);
    spy_clear(&bench.spy);
    os = &bench.spy.os;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    bench_remove(&bench);
    return 0;
}

/* A path of its own below the bench's directory. */
static const char *path_of(const char *name)
{
    static char path[512];
    strcpy(path, bench_path(&bench, name));
    return path;
}

static uint32_t mode_of(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 07777;
}

/* The lowest free descriptor: the same before and after where none was left open. */
static int free_fd(void)
{
    int fd = dup(0);
    close(fd);
    return fd;
}

/* Making */

static void makes_what_is_missing(void **state)
{
    bool made = false;
    mode_t mask = umask(022);
    (void)state;

    assert_int_equal(directory_make(os, path_of("log"), 0750, &made), 0);
    umask(mask);
    assert_true(made);
    assert_int_equal(mode_of(path_of("log")), 0750);
    assert_int_equal(directory_make(os, path_of("log"), 0700, &made), 0);
    assert_false(made);
    assert_int_equal(mode_of(path_of("log")), 0750);
}

static void makes_no_parents(void **state)
{
    bool made = false;
    (void)state;

    assert_int_equal(directory_make(os, path_of("a/b"), 0700, &made), WAL_E_NOTFOUND);
    assert_non_null(strstr(fault_last()->text, "a/b can't be made"));
    assert_false(made);
    spy_fail(&bench.spy, SPY_DIR_MAKE, 1, EACCES);
    assert_int_equal(directory_make(os, path_of("c"), 0700, &made), WAL_E_PERM);
    spy_fail(&bench.spy, SPY_DIR_MAKE, 1, ENOSPC);
    assert_int_equal(directory_make(os, path_of("c"), 0700, &made), WAL_E_NOSPC);
}

/* Opening */

static void expect_open(const char *path)
{
    struct folder f;
    assert_int_equal(directory_open(&f, os, path), 0);
    assert_ptr_equal(f.os, os);
    assert_string_equal(f.path, path);
    directory_close(&f);
    assert_int_equal(f.fd, -1);
    directory_close(&f);
}

static void expect_refused(const char *path, int code, const char *text)
{
    struct folder f = {.fd = -1};
    int before = free_fd();
    assert_int_equal(directory_open(&f, os, path), code);
    assert_int_equal(f.fd, -1);
    assert_int_equal(free_fd(), before);
    assert_int_equal(fault_last()->code, code);
    assert_non_null(strstr(fault_last()->text, text));
    assert_non_null(strstr(fault_last()->text, path));
}

static void opens_a_directory_also_through_a_link(void **state)
{
    (void)state;
    assert_int_equal(mkdir(path_of("log"), 0700), 0);
    expect_open(path_of("log"));
    assert_int_equal(symlink("log", path_of("link")), 0);
    expect_open(path_of("link"));
}

static void refuses_what_is_none(void **state)
{
    (void)state;
    expect_refused(path_of("missing"), WAL_E_NOTFOUND, "can't be opened");
    bench_write(&bench, "file", 0, "x", 1);
    expect_refused(path_of("file"), WAL_E_INVAL, "Not a directory");
    expect_refused(path_of("file/below"), WAL_E_INVAL, "Not a directory");
    expect_refused("", WAL_E_NOTFOUND, "can't be opened");
}

static void refuses_what_others_can_write_to(void **state)
{
    (void)state;
    assert_int_equal(mkdir(path_of("log"), 0700), 0);
    const mode_t bad[] = {0720, 0702, 0777, 0770, 02775};
    for (size_t k = 0; k < 5; k++) {
        assert_int_equal(chmod(path_of("log"), bad[k]), 0);
        expect_refused(path_of("log"), WAL_E_PERM, "can be written by other users");
    }
    const mode_t good[] = {0700, 0755, 0750, 01777, 01770};
    for (size_t k = 0; k < 5; k++) {
        assert_int_equal(chmod(path_of("log"), good[k]), 0);
        expect_open(path_of("log"));
    }
}

static void refuses_what_belongs_to_another_user(void **state)
{
    struct stat st;
    (void)state;

    assert_int_equal(mkdir(path_of("log"), 0700), 0);
    if (geteuid() == 0)
        assert_int_equal(chown(path_of("log"), 4242, 4242), 0);
    assert_int_equal(stat(path_of("log"), &st), 0);
    bench.spy.uid = (int)st.st_uid;
    expect_open(path_of("log"));
    bench.spy.uid = (int)st.st_uid + 1;
    expect_refused(path_of("log"), WAL_E_PERM, "belongs to user");
}

static void the_administrators_directory_is_fine(void **state)
{
    struct stat st;
    (void)state;

    bench.spy.uid = 4242;
    assert_int_equal(stat("/", &st), 0);
    if (st.st_uid == 0 && !(st.st_mode & 022))
        expect_open("/");
}

static void a_failed_look_closes_it(void **state)
{
    (void)state;
    assert_int_equal(mkdir(path_of("log"), 0700), 0);
    spy_fail(&bench.spy, SPY_STAT, 1, EIO);
    expect_refused(path_of("log"), WAL_E_IO, "stat failed");
}

/* The parent */

static void expect_parent(const char *path, const char *parent, bool must, int result)
{
    char opens[600];
    spy_clear(&bench.spy);
    assert_int_equal(directory_sync_parent(os, path, &alloc_default, must), result);
    snprintf(opens, sizeof opens, "opendir %s, ", parent);
    if (strncmp(bench.spy.trace, opens, strlen(opens)) != 0)
        fail_msg("'%s' where '%s' should be", bench.spy.trace, opens);
    assert_int_equal(bench.spy.calls[SPY_SYNC], result == 0 && !strstr(parent, "missing"));
}

static void syncs_the_parent(void **state)
{
    char path[600];
    (void)state;

    expect_parent("log", ".", true, 0);
    expect_parent("log/", ".", true, 0);
    expect_parent("/log", "/", true, 0);
    expect_parent("//log//", "/", true, 0);
    expect_parent("/", "/", true, 0);
    expect_parent("", ".", true, 0);
    expect_parent(path_of("log"), bench.scratch.path, true, 0);
    expect_parent(path_of("log///"), bench.scratch.path, true, 0);
    snprintf(path, sizeof path, "%s//log", bench.scratch.path);
    expect_parent(path, bench.scratch.path, true, 0);
}

static void a_parent_that_cannot_be_opened_matters_where_it_must(void **state)
{
    (void)state;
    expect_parent("missing/log", "missing", false, 0);
    expect_parent("missing/log", "missing", true, WAL_E_NOTFOUND);
}

static void a_failed_sync_of_the_parent_always_matters(void **state)
{
    int before = free_fd();
    (void)state;

    for (int must = 0; must < 2; must++) {
        spy_fail(&bench.spy, SPY_SYNC, 1, EIO);
        assert_int_equal(directory_sync_parent(os, path_of("log"), &alloc_default, must), WAL_E_IO);
        assert_int_equal(free_fd(), before);
    }
    struct poor_alloc poor;
    poor_init(&poor, 0);
    assert_int_equal(directory_sync_parent(os, path_of("log"), &poor.alloc, true), WAL_E_NOMEM);
}

/* Names */

static void an_empty_directory_has_no_names(void **state)
{
    struct names names;
    (void)state;

    assert_int_equal(directory_names(&bench.folder, &alloc_default, &names), 0);
    assert_int_equal(names.n, 0);
    assert_int_equal(names.n_temps, 0);
    assert_int_equal(names.strays, 0);
    names_free(&names, &alloc_default);
}

static void names_are_sorted_by_what_they_are(void **state)
{
    const char *made[] = {
        "00000000000000000300.wal",
        "control",
        "00000000000000000002.wal",
        "notes.txt",
        "tmp-00000000000000000301",
        "18446744073709551615.wal",
        "00000000000000000001.wal",
        "tmp-other",
        "0000000000000000001.wal",
        "00000000000000000000.wal",
        "reserve",
        "reserved",
        "quarantine",
    };
    struct names names;
    (void)state;

    for (size_t k = 0; k < COUNT_OF(made); k++)
        bench_write(&bench, made[k], 0, "", 0);
    assert_int_equal(directory_names(&bench.folder, &alloc_default, &names), 0);
    assert_int_equal(names.n, 4);
    assert_int_equal(names.segments[0], 1);
    assert_int_equal(names.segments[1], 2);
    assert_int_equal(names.segments[2], 300);
    assert_int_equal(names.segments[3], UINT64_MAX);
    assert_int_equal(names.n_temps, 1);
    assert_string_equal(names.temps[0], "tmp-00000000000000000301");
    assert_int_equal(names.strays, 5);
    names_free(&names, &alloc_default);
    assert_int_equal(names.n, 0);
}

static void many_names(void **state)
{
    char name[NAME_BYTES];
    struct names names;
    struct poor_alloc poor;
    (void)state;

    for (uint64_t k = 1; k <= 300; k++) {
        name_segment(name, k * 7919 % 301);
        bench_write(&bench, name, 0, "", 0);
        name_temp(name, k);
        bench_write(&bench, name, 0, "", 0);
    }
    assert_int_equal(directory_names(&bench.folder, &alloc_default, &names), 0);
    assert_int_equal(names.n, 300);
    for (size_t k = 0; k < 300; k++)
        assert_int_equal(names.segments[k], k + 1);
    assert_int_equal(names.n_temps, 300);
    names_free(&names, &alloc_default);

    poor_init(&poor, UINT32_MAX);
    assert_int_equal(directory_names(&bench.folder, &poor.alloc, &names), 0);
    unsigned needed = UINT32_MAX - poor.left;
    names_free(&names, &poor.alloc);
    for (unsigned k = 0; k < needed; k++) {
        poor_init(&poor, k);
        assert_int_equal(directory_names(&bench.folder, &poor.alloc, &names), WAL_E_NOMEM);
        assert_int_equal(poor.live, 0);
    }
}

/* ENOENT has the number of NOMEM, whatever went wrong before. */
static void an_error_of_the_listing_is_told_as_such(void **state)
{
    struct names names;
    (void)state;

    for (int k = 0; k < 2; k++) {
        spy_fail(&bench.spy, SPY_LIST, 1, EIO);
        assert_int_equal(directory_names(&bench.folder, &alloc_default, &names), WAL_E_IO);
        assert_non_null(strstr(fault_last()->text, "can't be listed"));
        (void)fault_nomem();
        spy_fail(&bench.spy, SPY_LIST, 1, ENOENT);
        assert_int_equal(directory_names(&bench.folder, &alloc_default, &names), WAL_E_NOTFOUND);
        assert_int_equal(fault_last()->sys_errno, ENOENT);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(makes_what_is_missing),
        TEST(makes_no_parents),
        TEST(opens_a_directory_also_through_a_link),
        TEST(refuses_what_is_none),
        TEST(refuses_what_others_can_write_to),
        TEST(refuses_what_belongs_to_another_user),
        TEST(the_administrators_directory_is_fine),
        TEST(a_failed_look_closes_it),
        TEST(syncs_the_parent),
        TEST(a_parent_that_cannot_be_opened_matters_where_it_must),
        TEST(a_failed_sync_of_the_parent_always_matters),
        TEST(an_empty_directory_has_no_names),
        TEST(names_are_sorted_by_what_they_are),
        TEST(many_names),
        TEST(an_error_of_the_listing_is_told_as_such),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
