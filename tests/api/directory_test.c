/* SPDX-License-Identifier: Apache-2.0 */
/* The directory and what stands in it: rights, links and devices under the log's names, stray
 * files, missing and foreign segments. */
#include "support/log_fixture.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <unistd.h>

enum { NOBODY = 65534, SOMEBODY = 12345 };

static void make_log(struct log_fixture *f)
{
    fixture_set(f, WAL_OPT_SEGMENT_RECORDS, 2);
    fixture_open(f);
    fixture_fill(f, 9); /* five segments */
    fixture_close(f);
}

static void test_directories_that_others_can_write(void **state)
{
    struct log_fixture *f = *state;
    const mode_t unsafe[] = {0777, 0770, 0702, 0720}, safe[] = {01777, 01770, 0755, 0700};
    wal_lock_t *lock;

    make_log(f);
    for (size_t k = 0; k < COUNT_OF(unsafe); k++) {
        assert_int_equal(chmod(f->dir, unsafe[k]), 0);
        expect_refused(f, WAL_E_PERM, f->dir);
        expect_error(WAL_E_PERM, wal_lock_acquire(f->dir, &lock), f->dir);
        expect_error(WAL_E_PERM, wal_destroy(f->dir), f->dir);
    }
    for (size_t k = 0; k < COUNT_OF(safe); k++) {
        assert_int_equal(chmod(f->dir, safe[k]), 0);
        fixture_open(f);
        fixture_close(f);
    }
}

static void test_a_directory_of_somebody_else(void **state)
{
    struct log_fixture *f = *state;

    if (geteuid() != 0)
        skip(); /* can't give a directory away */
    make_log(f);
    assert_int_equal(chown(f->dir, SOMEBODY, SOMEBODY), 0);
    expect_refused(f, WAL_E_PERM, "12345");
    expect_error(WAL_E_PERM, wal_destroy(f->dir), f->dir);
}

/* Runs where rights count: root has them all. */
static int as_nobody(int (*fn)(void *arg), void *arg)
{
    if (geteuid() == 0 && (setgid(NOBODY) != 0 || setuid(NOBODY) != 0))
        return 99;
    return fn(arg);
}

static int gives(struct log_fixture *f, int code)
{
    wal_t *w = NULL;
    wal_error_t e;

    int got = wal_open(f->dir, f->options, &w);
    if (got != code || wal_close(w) < 0 || wal_last_error(&e, sizeof e) < 0)
        return 0;
    return code == 0 || strstr(e.message, f->dir) != NULL;
}

static int no_rights(void *arg)
{
    return gives(arg, WAL_E_PERM) ? 0 : 1;
}

static int rights(void *arg)
{
    return gives(arg, 0) ? 0 : 1;
}

static int no_rights_child(void *arg)
{
    return as_nobody(no_rights, arg);
}

static int rights_child(void *arg)
{
    return as_nobody(rights, arg);
}

static void give_away(const char *path)
{
    if (geteuid() == 0)
        assert_int_equal(chown(path, NOBODY, NOBODY), 0);
}

static void test_a_directory_without_rights(void **state)
{
    struct log_fixture *f = *state;

    give_away(f->scratch.path);
    assert_int_equal(in_child(rights_child, f), 0); /* makes a log of its own */
    assert_int_equal(chmod(f->dir, 0), 0);
    assert_int_equal(in_child(no_rights_child, f), 0);
    fixture_set(f, WAL_OPT_READ_ONLY, 1);
    assert_int_equal(in_child(no_rights_child, f), 0);
    fixture_set(f, WAL_OPT_READ_ONLY, 0);
    assert_int_equal(chmod(f->dir, 0700), 0);
    assert_int_equal(in_child(rights_child, f), 0);
    assert_int_equal(chmod(fixture_path(f, "control"), 0400), 0);
    assert_int_equal(in_child(no_rights_child, f), 0);
    fixture_set(f, WAL_OPT_READ_ONLY, 1);
    assert_int_equal(in_child(rights_child, f), 0);
    assert_int_equal(chmod(fixture_segment_path(f, 1), 0), 0);
    assert_int_equal(in_child(no_rights_child, f), 0);
    fixture_set(f, WAL_OPT_READ_ONLY, 0);
    fixture_remove_all(f->dir);
    assert_int_equal(chmod(f->scratch.path, 0500), 0); /* nothing can be made here */
    assert_int_equal(in_child(no_rights_child, f), 0);
    assert_int_equal(chmod(f->scratch.path, 0700), 0);
}

static void test_stray_files_are_ignored(void **state)
{
    struct log_fixture *f = *state;
    const char *const strays[] = {"notes",
                                  "0000000000000000001.wal",
                                  "00000000000000000001.WAL",
                                  "000000000000000000001.wal",
                                  "control.old",
                                  "tmp-x",
                                  "99999999999999999999.wal",
                                  "00000000000000000000.wal"};

    fixture_open(f);
    for (size_t k = 0; k < COUNT_OF(strays); k++)
        fixture_write_file(fixture_path(f, strays[k]), 0, "junk", 4);
    assert_int_equal(mkdir(fixture_path(f, "quarantine"), 0700), 0);
    assert_int_equal(symlink("/nowhere", fixture_path(f, "link")), 0);
    fixture_append(f, "x");
    wal_t *r = fixture_open_read_only(f);
    expect_record(r, 1, "x");
    must(wal_close(r));
    fixture_crash(f); /* takes only the log along */
    fixture_open(f);
    for (size_t k = 0; k < COUNT_OF(strays); k++)
        fixture_write_file(fixture_path(f, strays[k]), 0, "junk", 4);
    must(wal_rotate(f->log));
    must(wal_truncate_before(f->log, 2));
    fixture_reopen(f);
    expect_range(f->log, 2, 0, 2, 1);
    for (size_t k = 0; k < COUNT_OF(strays); k++)
        assert_true(fixture_exists(fixture_path(f, strays[k])));
}

static void put_link(const char *path)
{
    char target[450];
    snprintf(target, sizeof target, "%s-away", path);
    (void)rename(path, target);
    assert_int_equal(symlink(target, path), 0);
}

static void put_directory(const char *path)
{
    (void)unlink(path);
    assert_int_equal(mkdir(path, 0700), 0);
}

static void put_fifo(const char *path)
{
    (void)unlink(path);
    assert_int_equal(mkfifo(path, 0600), 0);
}

static void put_socket(const char *path)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int s = socket(AF_UNIX, SOCK_STREAM, 0);

    (void)unlink(path);
    assert_true(s >= 0 && strlen(path) < sizeof at.sun_path);
    strcpy(at.sun_path, path);
    assert_int_equal(bind(s, (const struct sockaddr *)&at, sizeof at), 0);
    close(s);
}

static void put_device(const char *path)
{
    (void)unlink(path);
    if (mknod(path, S_IFCHR | 0600, makedev(1, 3)) != 0) /* not as an ordinary user */
        put_fifo(path);
}

static void (*const puts_instead[])(const char *path) = {put_link, put_directory, put_fifo,
                                                         put_socket, put_device};

static void test_no_regular_file_in_place_of_control(void **state)
{
    struct log_fixture *f = *state;

    for (size_t k = 0; k < COUNT_OF(puts_instead); k++) {
        make_log(f);
        puts_instead[k](fixture_path(f, "control"));
        expect_refused(f, WAL_E_PERM, "control");
        expect_error(WAL_E_PERM, wal_destroy(f->dir), "control");
        fixture_remove_all(f->dir);
    }
}

static void test_no_regular_file_in_place_of_a_segment(void **state)
{
    struct log_fixture *f = *state;
    const uint64_t numbers[] = {1, 4, 5}; /* oldest, the one before the newest, newest */

    for (size_t k = 0; k < COUNT_OF(puts_instead) * COUNT_OF(numbers); k++) {
        char name[32];
        make_log(f);
        uint64_t number = numbers[k / COUNT_OF(puts_instead)];
        snprintf(name, sizeof name, "%020llu.wal", (unsigned long long)number);
        puts_instead[k % COUNT_OF(puts_instead)](fixture_segment_path(f, number));
        expect_refused(f, WAL_E_PERM, name);
        fixture_remove_all(f->dir);
    }
}

/* Names that the log will use next. */
static void test_no_regular_file_in_place_of_what_comes(void **state)
{
    struct log_fixture *f = *state;

    for (size_t k = 0; k < COUNT_OF(puts_instead); k++) {
        make_log(f);
        puts_instead[k](fixture_segment_path(f, 6));
        expect_writer_refused(f, WAL_E_PERM, "00000000000000000006.wal");
        fixture_remove_all(f->dir);
    }
}

/* A temporary file is made anew: what can be removed is, for it was a leftover, and a link's target
 * is not written to. A directory can't. */
static void test_no_regular_file_in_place_of_a_temporary_one(void **state)
{
    struct log_fixture *f = *state;
    const char *temp = "tmp-00000000000000000002";
    char target[450], byte = 'x';

    for (size_t k = 0; k < COUNT_OF(puts_instead); k++) {
        fixture_open(f);
        fixture_append(f, "1");
        fixture_write_file(fixture_path(f, temp), 0, &byte, 1);
        snprintf(target, sizeof target, "%s-away", fixture_path(f, temp));
        puts_instead[k](fixture_path(f, temp));
        if (puts_instead[k] == put_directory)
            expect_error(WAL_E_PERM, wal_rotate(f->log), temp);
        else
            must(wal_rotate(f->log));
        if (puts_instead[k] == put_link) {
            fixture_read_file(target, 0, &byte, 1);
            assert_int_equal(byte, 'x');
        }
        assert_int_equal(fixture_append(f, "2"), 2);
        fixture_close(f);
        fixture_remove_all(f->dir);
    }
}

static void test_a_missing_segment(void **state)
{
    struct log_fixture *f = *state;

    for (uint64_t number = 1; number <= 5; number++) {
        char name[32];
        make_log(f);
        snprintf(name, sizeof name, "%020llu.wal", (unsigned long long)number);
        assert_int_equal(unlink(fixture_segment_path(f, number)), 0);
        expect_refused(f, WAL_E_CORRUPT, name);
        for (uint64_t other = 1; other <= 5; other++) /* nothing was touched */
            assert_int_equal(fixture_exists(fixture_segment_path(f, other)), other != number);
        fixture_remove_all(f->dir);
    }
}

static void test_no_control(void **state)
{
    struct log_fixture *f = *state;

    make_log(f);
    assert_int_equal(unlink(fixture_path(f, "control")), 0);
    expect_refused(f, WAL_E_CORRUPT, f->dir);
    assert_false(fixture_exists(fixture_path(f, "control")));
    assert_true(fixture_exists(fixture_segment_path(f, 5)));
    fixture_write_file(fixture_path(f, "control"), 0, "", 0); /* an empty one is no better */
    expect_writer_refused(f, WAL_E_CORRUPT, "control");
    assert_true(fixture_exists(fixture_segment_path(f, 5)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(test_directories_that_others_can_write),
        fixture_test(test_a_directory_of_somebody_else),
        fixture_test(test_a_directory_without_rights),
        fixture_test(test_stray_files_are_ignored),
        fixture_test(test_no_regular_file_in_place_of_control),
        fixture_test(test_no_regular_file_in_place_of_a_segment),
        fixture_test(test_no_regular_file_in_place_of_what_comes),
        fixture_test(test_no_regular_file_in_place_of_a_temporary_one),
        fixture_test(test_a_missing_segment),
        fixture_test(test_no_control),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
