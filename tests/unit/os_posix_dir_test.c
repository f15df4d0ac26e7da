/* SPDX-License-Identifier: Apache-2.0 */
#include "posix_fixture.h"

#include <stdio.h>
#include <sys/stat.h>

#include "os/posix.h"

enum { MANY = 1500 }; /* names that take more than one system call to list */

static void make_file(struct fixture *f, const char *name, uint64_t size)
{
    int fd = f->os->file_open(f->os->ctx, f->dir, name, OS_WRITE | OS_CREATE, 0600);
    assert_true(fd >= 0);
    assert_int_equal(f->os->truncate(f->os->ctx, fd, size), 0);
    assert_int_equal(f->os->close(f->os->ctx, fd), 0);
}

static int64_t size_of(struct fixture *f, const char *name)
{
    struct os_stat st;
    int error = f->os->stat_at(f->os->ctx, f->dir, name, &st);
    return error < 0 ? error : (int64_t)st.size;
}

static void makes_opens_and_removes(void **state)
{
    struct fixture *f = *state;
    const struct os *os = f->os;
    char path[300], inner[320];
    struct os_stat st;
    snprintf(path, sizeof path, "%s/log", f->scratch.path);
    snprintf(inner, sizeof inner, "%s/inner", path);
    assert_int_equal(os->dir_open(os->ctx, path), -ENOENT);
    assert_int_equal(os->dir_make(os->ctx, inner, 0700), -ENOENT);
    assert_int_equal(os->dir_make(os->ctx, path, 0700), 0);
    assert_int_equal(os->dir_make(os->ctx, path, 0700), -EEXIST);
    assert_int_equal(os->dir_make(os->ctx, inner, 0700), 0);
    int fd = os->dir_open(os->ctx, path);
    assert_true(fd >= 0);
    assert_int_equal(os->stat(os->ctx, fd, &st), 0);
    assert_int_equal(st.kind, OS_DIR);
    assert_int_equal(st.mode, 0700);
    assert_int_equal(os->close(os->ctx, fd), 0);
    assert_int_equal(os->dir_remove(os->ctx, path), -ENOTEMPTY);
    assert_int_equal(os->dir_remove(os->ctx, inner), 0);
    assert_int_equal(os->dir_remove(os->ctx, path), 0);
    assert_int_equal(os->dir_remove(os->ctx, path), -ENOENT);
}

static void opens_directories_only_and_through_links(void **state)
{
    struct fixture *f = *state;
    char path[300];
    make_file(f, "file", 0);
    assert_int_equal(symlinkat(f->scratch.path, f->dir, "link"), 0);
    snprintf(path, sizeof path, "%s/file", f->scratch.path);
    assert_int_equal(f->os->dir_open(f->os->ctx, path), -ENOTDIR);
    snprintf(path, sizeof path, "%s/link", f->scratch.path);
    int fd = f->os->dir_open(f->os->ctx, path);
    assert_true(fd >= 0);
    assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    assert_int_equal(f->os->close(f->os->ctx, fd), 0);
}

struct seen {
    uint8_t count[MANY];
    int strange, stop_after;
};

static int see(void *arg, const char *name)
{
    struct seen *s = arg;
    int number;
    if (sscanf(name, "a-rather-long-name-%d", &number) == 1 && number >= 0 && number < MANY)
        s->count[number]++;
    else
        s->strange++;
    return s->stop_after > 0 && --s->stop_after == 0 ? 7 : 0;
}

static void lists_every_name_once_and_again(void **state)
{
    struct fixture *f = *state;
    for (int i = 0; i < MANY; i++) {
        char name[64];
        snprintf(name, sizeof name, "a-rather-long-name-%d", i);
        make_file(f, name, 0);
    }
    for (int round = 0; round < 2; round++) {
        struct seen s = {0};
        assert_int_equal(f->os->dir_list(f->os->ctx, f->dir, see, &s), 0);
        assert_int_equal(s.strange, 0);
        for (int i = 0; i < MANY; i++)
            assert_int_equal(s.count[i], 1);
    }
    struct seen s = {.stop_after = 3};
    assert_int_equal(f->os->dir_list(f->os->ctx, f->dir, see, &s), 7);
    assert_int_equal(s.stop_after, 0);
}

static void listing_an_empty_directory_calls_nothing(void **state)
{
    struct fixture *f = *state;
    struct seen s = {0};
    assert_int_equal(f->os->dir_list(f->os->ctx, f->dir, see, &s), 0);
    assert_int_equal(s.strange, 0);
    assert_int_equal(f->os->dir_list(f->os->ctx, -1, see, &s), -EBADF);
}

static int rename_at(struct fixture *f, int way, const char *from, const char *to)
{
    return way == 0 ? f->os->rename(f->os->ctx, f->dir, from, to)
                    : posix_rename_by_link(f->dir, from, to);
}

static void rename_never_replaces(void **state)
{
    struct fixture *f = *state;
    for (int way = 0; way < 2; way++) {
        make_file(f, "a", 1);
        make_file(f, "b", 2);
        assert_int_equal(rename_at(f, way, "a", "b"), -EEXIST);
        assert_int_equal(size_of(f, "a"), 1);
        assert_int_equal(size_of(f, "b"), 2);
        assert_int_equal(rename_at(f, way, "a", "c"), 0);
        assert_int_equal(size_of(f, "a"), -ENOENT);
        assert_int_equal(size_of(f, "c"), 1);
        assert_int_equal(rename_at(f, way, "a", "d"), -ENOENT);
        assert_int_equal(f->os->unlink(f->os->ctx, f->dir, "c"), 0);
    }
}

static void unlink_removes_files_only(void **state)
{
    struct fixture *f = *state;
    make_file(f, "a", 1);
    assert_int_equal(mkdirat(f->dir, "dir", 0700), 0);
    assert_int_equal(f->os->unlink(f->os->ctx, f->dir, "a"), 0);
    assert_int_equal(f->os->unlink(f->os->ctx, f->dir, "a"), -ENOENT);
    assert_int_equal(f->os->unlink(f->os->ctx, f->dir, "dir"), -EISDIR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(makes_opens_and_removes),
        fixture_test(opens_directories_only_and_through_links),
        fixture_test(lists_every_name_once_and_again),
        fixture_test(listing_an_empty_directory_calls_nothing),
        fixture_test(rename_never_replaces),
        fixture_test(unlink_removes_files_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
