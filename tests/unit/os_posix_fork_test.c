/* SPDX-License-Identifier: Apache-2.0 */
#include "posix_fixture.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>

static int open_control(struct fixture *f)
{
    return f->os->file_open(f->os->ctx, f->dir, "control", OS_READ | OS_WRITE | OS_CREATE, 0600);
}

static int exit_status_of(pid_t pid)
{
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

/* Runs in the child: the number of the first thing that is wrong. */
static int look_as_child(struct fixture *f, int fd, int foreign, uint32_t before)
{
    const struct os *os = f->os;
    if (os->generation(os->ctx) == before)
        return 1;
    if (is_open(fd) || is_open(f->dir))
        return 2;
    if (!is_open(foreign))
        return 3;
    /* A number that the parent's handle remembers may be someone else's by now. */
    int again = dup2(foreign, fd);
    if (os->close(os->ctx, fd) != -EBADF || !is_open(again))
        return 4;
    int dir = os->dir_open(os->ctx, f->scratch.path);
    if (dir < 0 || os->close(os->ctx, dir) != 0)
        return 5;
    return 0;
}

static void child_has_no_descriptors_and_another_generation(void **state)
{
    struct fixture *f = *state;
    uint32_t before = f->os->generation(f->os->ctx);
    int fd = open_control(f), closed = open_control(f);
    assert_true(fd >= 0 && closed >= 0);
    /* A number that was once ours and is not any more. */
    assert_int_equal(f->os->close(f->os->ctx, closed), 0);
    int foreign = open("/dev/null", O_RDONLY);
    assert_int_equal(foreign, closed);
    pid_t pid = fork();
    if (pid == 0)
        _exit(look_as_child(f, fd, foreign, before));
    assert_int_equal(exit_status_of(pid), 0);
    assert_int_equal(f->os->generation(f->os->ctx), before);
    assert_true(is_open(fd));
    assert_int_equal(f->os->close(f->os->ctx, fd), 0);
    assert_int_equal(f->os->close(f->os->ctx, fd), -EBADF);
    close(foreign);
}

/* In a process of its own: takes the lock, forks a child that waits for `release` to close, tells
 * the child's existence by a byte in `ready`, and dies. */
static void lock_fork_and_die(struct fixture *f, int ready, int release)
{
    const struct os *os = f->os;
    char byte = 0;
    int dir = os->dir_open(os->ctx, f->scratch.path);
    int fd = os->file_open(os->ctx, dir, "control", OS_READ | OS_WRITE, 0);
    if (fd < 0 || os->lock(os->ctx, fd) != 0)
        _exit(1);
    pid_t pid = fork();
    if (pid < 0)
        _exit(2);
    if (pid == 0) {
        if (write(ready, &byte, 1) != 1)
            _exit(3);
        while (read(release, &byte, 1) < 0 && errno == EINTR)
            continue;
        _exit(0);
    }
    if (write(ready, &byte, 1) != 1)
        _exit(4);
    pause();
}

static void lock_dies_with_the_parent(void **state)
{
    struct fixture *f = *state;
    const struct os *os = f->os;
    int ready[2], release[2], got = 0;
    char bytes[2];
    int fd = open_control(f);
    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(release), 0);
    pid_t pid = fork();
    if (pid == 0) {
        close(release[1]);
        lock_fork_and_die(f, ready[1], release[0]);
    }
    while (got < 2) {
        ssize_t n = read(ready[0], bytes, 2);
        assert_true(n > 0);
        got += (int)n;
    }
    assert_int_equal(os->lock(os->ctx, fd), -EAGAIN);
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    assert_int_equal(os->lock(os->ctx, fd), 0);
    assert_int_equal(os->close(os->ctx, fd), 0);
    close(release[1]); /* now the grandchild ends */
    close(release[0]);
    close(ready[0]);
    close(ready[1]);
}

struct churn {
    struct fixture *f;
    _Atomic bool stop;
    _Atomic int rounds;
};

static void *open_and_close(void *arg)
{
    struct churn *c = arg;
    while (!atomic_load(&c->stop)) {
        int fd = open_control(c->f);
        if (fd < 0 || c->f->os->close(c->f->os->ctx, fd) != 0)
            return arg;
        atomic_fetch_add(&c->rounds, 1);
    }
    return NULL;
}

static int first_free(void)
{
    int fd = dup(0);
    close(fd);
    return fd;
}

/* Forks while another thread opens and closes: a descriptor that slipped through would still be
 * open in the child. */
static void nothing_slips_through_a_fork(void **state)
{
    struct fixture *f = *state;
    struct churn c = {.f = f};
    pthread_t thread;
    void *failed;
    int lowest = first_free();
    assert_int_equal(pthread_create(&thread, NULL, open_and_close, &c), 0);
    for (int i = 0; i < 200; i++) {
        int rounds = atomic_load(&c.rounds);
        while (atomic_load(&c.rounds) == rounds)
            continue;
        pid_t pid = fork();
        if (pid == 0)
            _exit(is_open(lowest) ? 1 : 0);
        assert_int_equal(exit_status_of(pid), 0);
    }
    atomic_store(&c.stop, true);
    assert_int_equal(pthread_join(thread, &failed), 0);
    assert_null(failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        fixture_test(child_has_no_descriptors_and_another_generation),
        fixture_test(lock_dies_with_the_parent),
        fixture_test(nothing_slips_through_a_fork),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
