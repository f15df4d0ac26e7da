/* SPDX-License-Identifier: Apache-2.0 */
#include "posix_fixture.h"

#include <signal.h>
#include <sys/wait.h>

static int open_file(struct fixture *f, const char *name)
{
    int fd = f->os->file_open(f->os->ctx, f->dir, name, OS_READ | OS_WRITE | OS_CREATE, 0600);
    assert_true(fd >= 0);
    return fd;
}

static void close_fd(struct fixture *f, int fd)
{
    assert_int_equal(f->os->close(f->os->ctx, fd), 0);
}

static int64_t write_at(struct fixture *f, int fd, const char *text, uint64_t offset, int flags)
{
    struct iovec iov = {.iov_base = (void *)(uintptr_t)text, .iov_len = strlen(text)};
    return f->os->pwritev(f->os->ctx, fd, &iov, 1, offset, flags);
}

static void reads_what_was_written(void **state)
{
    struct fixture *f = *state;
    const struct os *os = f->os;
    char a[] = "abc", b[] = "defgh", back[16] = {0};
    struct iovec two[2] = {{a, 3}, {b, 5}};
    int fd = open_file(f, "x");
    assert_int_equal(os->pwritev(os->ctx, fd, two, 2, 10, 0), 8);
    assert_int_equal(write_at(f, fd, "Z", 12, 0), 1);
    assert_int_equal(os->pread(os->ctx, fd, back, sizeof back, 10), 8);
    assert_memory_equal(back, "abZdefgh", 8);
    assert_int_equal(os->pread(os->ctx, fd, back, sizeof back, 18), 0);
    assert_int_equal(os->pread(os->ctx, fd, back, 4, UINT64_MAX - 3), -EINVAL);
    assert_int_equal(os->sync(os->ctx, fd, OS_SYNC_DATA), 0);
    assert_int_equal(os->sync(os->ctx, fd, OS_SYNC_FULL), 0);
    assert_int_equal(os->sync(os->ctx, f->dir, OS_SYNC_FULL), 0);
    assert_int_equal(os->writeback(os->ctx, fd, 0, 4096), 0);
    close_fd(f, fd);
}

static void dsync_writes_or_says_that_it_cannot(void **state)
{
    struct fixture *f = *state;
    char back[4];
    int fd = open_file(f, "x");
    int64_t n = write_at(f, fd, "abcd", 0, OS_WRITE_DSYNC);
    if (n == -EOPNOTSUPP) {
        assert_int_equal(write_at(f, fd, "abcd", 0, 0), 4);
    } else {
        assert_int_equal(n, 4);
    }
    assert_int_equal(f->os->pread(f->os->ctx, fd, back, 4, 0), 4);
    assert_memory_equal(back, "abcd", 4);
    close_fd(f, fd);
}

static void stat_tells_size_and_identity(void **state)
{
    struct fixture *f = *state;
    const struct os *os = f->os;
    struct os_stat by_fd, by_name, dir;
    int fd = open_file(f, "x");
    assert_int_equal(write_at(f, fd, "abcd", 100, 0), 4);
    assert_int_equal(os->stat(os->ctx, fd, &by_fd), 0);
    assert_int_equal(os->stat_at(os->ctx, f->dir, "x", &by_name), 0);
    assert_int_equal(by_fd.kind, OS_FILE);
    assert_int_equal(by_fd.mode, 0600);
    assert_int_equal(by_fd.size, 104);
    assert_int_equal(by_fd.links, 1);
    assert_int_equal(by_fd.uid, os->uid(os->ctx));
    assert_int_equal(by_fd.inode, by_name.inode);
    assert_int_equal(by_fd.device, by_name.device);
    assert_int_equal(os->unlink(os->ctx, f->dir, "x"), 0);
    assert_int_equal(os->stat(os->ctx, fd, &by_fd), 0);
    assert_int_equal(by_fd.links, 0);
    assert_int_equal(os->stat(os->ctx, f->dir, &dir), 0);
    assert_int_equal(dir.kind, OS_DIR);
    close_fd(f, fd);
    assert_int_equal(os->stat(os->ctx, fd, &by_fd), -EBADF);
}

static void truncate_and_holes(void **state)
{
    struct fixture *f = *state;
    const struct os *os = f->os;
    struct os_stat st;
    int fd = open_file(f, "x");
    assert_int_equal(os->truncate(os->ctx, fd, 1 << 20), 0);
    assert_int_equal(write_at(f, fd, "abcd", 1 << 19, 0), 4);
    assert_int_equal(os->stat(os->ctx, fd, &st), 0);
    assert_int_equal(st.size, 1 << 20);
    int64_t data = os->next_data(os->ctx, fd, 0);
    assert_true(data >= 0 && data <= 1 << 19);
    assert_int_equal(os->next_data(os->ctx, fd, (1 << 19) + 1), (1 << 19) + 1);
    assert_int_equal(os->next_data(os->ctx, fd, 1 << 20), -ENXIO);
    assert_int_equal(os->next_data(os->ctx, fd, UINT64_MAX - 1), -ENXIO);
    assert_int_equal(os->truncate(os->ctx, fd, 0), 0);
    assert_int_equal(os->next_data(os->ctx, fd, 0), -ENXIO);
    close_fd(f, fd);
}

static void a_clone_or_a_refusal(void **state)
{
    struct fixture *f = *state;
    const struct os *os = f->os;
    int from = open_file(f, "x"), to = open_file(f, "y");
    char bytes[4] = "";
    assert_int_equal(write_at(f, from, "abcd", 0, 0), 4);
    assert_int_equal(os->clone(os->ctx, from, -1), -EBADF);
    int r = os->clone(os->ctx, from, to);
    assert_int_equal(os->pread(os->ctx, to, bytes, 4, 0), r == 0 ? 4 : 0);
    if (r == 0)
        assert_memory_equal(bytes, "abcd", 4);
    else
        assert_true(r == -EOPNOTSUPP || r == -EXDEV || r == -EINVAL || r == -ENOTTY);
    close_fd(f, from);
    close_fd(f, to);
}

static void a_file_system_without_holes_has_data_up_to_the_end(void **state)
{
    struct fixture *f = *state;
    const struct os *os = f->os;
    int proc = os->dir_open(os->ctx, "/proc/self");
    if (proc < 0)
        skip();
    int fd = os->file_open(os->ctx, proc, "status", OS_READ, 0);
    assert_true(fd >= 0);
    assert_int_equal(lseek(fd, 0, SEEK_DATA), -1);
    assert_int_equal(errno, EINVAL);
    assert_int_equal(os->next_data(os->ctx, fd, 0), -ENXIO); /* its size is 0 */
    close_fd(f, fd);
    close_fd(f, proc);
}

static void second_lock_in_the_process_conflicts(void **state)
{
    struct fixture *f = *state;
    const struct os *os = f->os;
    int a = open_file(f, "control"), b = open_file(f, "control");
    assert_int_equal(os->locked(os->ctx, b), 0);
    assert_int_equal(os->lock(os->ctx, a), 0);
    assert_int_equal(os->locked(os->ctx, a), 0); /* its own is none */
    assert_int_equal(os->locked(os->ctx, b), 1);
    assert_int_equal(os->lock(os->ctx, b), -EAGAIN);
    assert_int_equal(os->lock(os->ctx, a), 0);
    close_fd(f, a);
    assert_int_equal(os->locked(os->ctx, b), 0);
    assert_int_equal(os->lock(os->ctx, b), 0);
    close_fd(f, b);
    assert_int_equal(os->locked(os->ctx, b), -EBADF);
}

/* The result of locking the file in another process, which has opened it itself. */
static int lock_elsewhere(struct fixture *f, const char *name)
{
    int status;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        int dir = f->os->dir_open(f->os->ctx, f->scratch.path);
        int fd = f->os->file_open(f->os->ctx, dir, name, OS_READ | OS_WRITE, 0);
        _exit(fd < 0 ? 255 : -f->os->lock(f->os->ctx, fd));
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return -WEXITSTATUS(status);
}

static void lock_in_another_process_conflicts(void **state)
{
    struct fixture *f = *state;
    int fd = open_file(f, "control");
    assert_int_equal(lock_elsewhere(f, "control"), 0);
    assert_int_equal(f->os->lock(f->os->ctx, fd), 0);
    assert_int_equal(lock_elsewhere(f, "control"), -EAGAIN);
    close_fd(f, fd);
    assert_int_equal(lock_elsewhere(f, "control"), 0);
}

static void closing_another_descriptor_keeps_the_lock(void **state)
{
    struct fixture *f = *state;
    int a = open_file(f, "control");
    assert_int_equal(f->os->lock(f->os->ctx, a), 0);
    close_fd(f, open_file(f, "control"));
    assert_int_equal(lock_elsewhere(f, "control"), -EAGAIN);
    int b = open_file(f, "control");
    assert_int_equal(f->os->lock(f->os->ctx, b), -EAGAIN);
    close_fd(f, b);
    close_fd(f, a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(reads_what_was_written),
        fixture_test(dsync_writes_or_says_that_it_cannot),
        fixture_test(stat_tells_size_and_identity),
        fixture_test(truncate_and_holes),
        fixture_test(a_clone_or_a_refusal),
        fixture_test(a_file_system_without_holes_has_data_up_to_the_end),
        fixture_test(second_lock_in_the_process_conflicts),
        fixture_test(lock_in_another_process_conflicts),
        fixture_test(closing_another_descriptor_keeps_the_lock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
