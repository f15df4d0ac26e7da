/* SPDX-License-Identifier: Apache-2.0 */
#include "posix_fixture.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "os/posix.h"

static int open_file(struct fixture *f, const char *name, int flags)
{
    return f->os->file_open(f->os->ctx, f->dir, name, flags, 0600);
}

static void expect_kind(struct fixture *f, int fd, enum os_kind kind)
{
    struct os_stat st;
    assert_true(fd >= 0);
    assert_int_equal(f->os->stat(f->os->ctx, fd, &st), 0);
    assert_int_equal(st.kind, kind);
    assert_int_equal(f->os->close(f->os->ctx, fd), 0);
}

static void flags_mean_what_they_say(void **state)
{
    struct fixture *f = *state;
    const struct os *os = f->os;
    char byte = 'x';
    struct iovec iov = {&byte, 1};
    assert_int_equal(open_file(f, "a", OS_READ), -ENOENT);
    int fd = open_file(f, "a", OS_WRITE | OS_CREATE | OS_EXCLUSIVE);
    assert_true(fd >= 0);
    assert_int_equal(os->pwritev(os->ctx, fd, &iov, 1, 0, 0), 1);
    assert_int_equal(os->pread(os->ctx, fd, &byte, 1, 0), -EBADF);
    assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    assert_int_equal(os->close(os->ctx, fd), 0);
    assert_int_equal(open_file(f, "a", OS_WRITE | OS_CREATE | OS_EXCLUSIVE), -EEXIST);
    fd = open_file(f, "a", OS_READ);
    assert_int_equal(os->pread(os->ctx, fd, &byte, 1, 0), 1);
    assert_int_equal(os->pwritev(os->ctx, fd, &iov, 1, 0, 0), -EBADF);
    assert_int_equal(os->close(os->ctx, fd), 0);
}

static void links_are_not_followed(void **state)
{
    struct fixture *f = *state;
    struct os_stat st;
    int fd = open_file(f, "real", OS_WRITE | OS_CREATE);
    assert_int_equal(f->os->close(f->os->ctx, fd), 0);
    assert_int_equal(symlinkat("real", f->dir, "link"), 0);
    assert_int_equal(symlinkat("nowhere", f->dir, "dangling"), 0);
    assert_int_equal(open_file(f, "link", OS_READ), -ELOOP);
    assert_int_equal(open_file(f, "link", OS_READ | OS_WRITE | OS_CREATE), -ELOOP);
    assert_int_equal(open_file(f, "dangling", OS_READ | OS_WRITE | OS_CREATE), -ELOOP);
    assert_int_equal(f->os->stat_at(f->os->ctx, f->dir, "link", &st), 0);
    assert_int_equal(st.kind, OS_OTHER);
}

/* The test would hang here, not fail, if an open blocked. */
static void what_is_no_file_opens_without_blocking(void **state)
{
    struct fixture *f = *state;
    const int modes[] = {OS_READ, OS_WRITE, OS_READ | OS_WRITE, OS_READ | OS_WRITE | OS_CREATE};
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int s = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_true(strlen(f->scratch.path) + 8 < sizeof address.sun_path);
    strcpy(address.sun_path, f->scratch.path);
    strcat(address.sun_path, "/socket");
    assert_int_equal(bind(s, (const struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(mkdirat(f->dir, "dir", 0700), 0);
    assert_int_equal(mkfifoat(f->dir, "fifo", 0600), 0);
    for (size_t i = 0; i < COUNT_OF(modes); i++) {
        expect_kind(f, open_file(f, "dir", modes[i]), OS_DIR);
        expect_kind(f, open_file(f, "fifo", modes[i]), OS_OTHER);
        expect_kind(f, open_file(f, "socket", modes[i]), OS_OTHER);
    }
    close(s);
}

static int count_name(void *arg, const char *name)
{
    (void)name;
    ++*(int *)arg;
    return 0;
}

static void temp_file_has_no_name(void **state)
{
    struct fixture *f = *state;
    const struct os *os = f->os;
    int temp[2] = {os->temp_open(os->ctx, f->dir, 0600), posix_temp_by_name(f->dir, 0600)};
    for (int i = 0; i < 2; i++) {
        char bytes[3] = "abc", back[3];
        struct iovec iov = {bytes, 3};
        struct os_stat st;
        int names = 0;
        assert_true(temp[i] >= 0);
        assert_int_equal(os->stat(os->ctx, temp[i], &st), 0);
        assert_int_equal(st.links, 0);
        assert_int_equal(st.mode, 0600);
        assert_int_equal(os->pwritev(os->ctx, temp[i], &iov, 1, 5, 0), 3);
        assert_int_equal(os->pread(os->ctx, temp[i], back, 3, 5), 3);
        assert_memory_equal(back, bytes, 3);
        assert_int_equal(os->dir_list(os->ctx, f->dir, count_name, &names), 0);
        assert_int_equal(names, 0);
        assert_int_equal(fcntl(temp[i], F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
        assert_int_equal(os->close(os->ctx, temp[i]), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(flags_mean_what_they_say),
        fixture_test(links_are_not_followed),
        fixture_test(what_is_no_file_opens_without_blocking),
        fixture_test(temp_file_has_no_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
