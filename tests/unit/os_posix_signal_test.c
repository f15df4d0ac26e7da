/* SPDX-License-Identifier: Apache-2.0 */
/* Signals: a descriptor that poll finds readable from set to clear, and after writes to a file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/attr.h"
#include "os/posix.h"
#include "support/scratch.h"

struct fixture {
    const struct os *os;
    struct scratch scratch;
    int dir, file; /* the file through the table, for reading */
    int writer;    /* and past it */
};

static int setup(void **state)
{
    static struct fixture f;
    char path[300];

    f.os = os_posix();
    if (scratch_make(&f.scratch) < 0)
        return -1;
    snprintf(path, sizeof path, "%s/control", f.scratch.path);
    f.writer = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    f.dir = f.os->dir_open(f.os->ctx, f.scratch.path);
    f.file = f.os->file_open(f.os->ctx, f.dir, "control", OS_READ, 0);
    *state = &f;
    return f.writer < 0 || f.dir < 0 || f.file < 0 ? -1 : 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    f->os->close(f->os->ctx, f->file);
    f->os->close(f->os->ctx, f->dir);
    close(f->writer);
    scratch_remove(&f->scratch);
    return 0;
}

/* timeout_ms -1: hangs if it never is. */
static int readable(int fd, int timeout_ms)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, timeout_ms) == 1 && p.revents == POLLIN;
}

static void write_to_it(struct fixture *f)
{
    assert_int_equal(pwrite(f->writer, "x", 1, 0), 1);
}

static void set_and_clear(struct fixture *f, const struct os_signal *s)
{
    assert_false(readable(s->fd, 0));
    f->os->signal_set(f->os->ctx, s);
    f->os->signal_set(f->os->ctx, s);
    assert_true(readable(s->fd, 0));
    assert_true(readable(s->fd, 0)); /* looking doesn't use it up */
    f->os->signal_clear(f->os->ctx, s);
    assert_false(readable(s->fd, 0));
    f->os->signal_clear(f->os->ctx, s); /* and doesn't block */
}

static void readable_from_set_to_clear(void **state)
{
    struct fixture *f = *state;
    struct os_signal s;

    assert_int_equal(f->os->signal_open(f->os->ctx, -1, &s), 0);
    set_and_clear(f, &s);
    write_to_it(f);
    assert_false(readable(s.fd, 0));
    assert_true(fcntl(s.fd, F_GETFD) & FD_CLOEXEC);
    f->os->signal_close(f->os->ctx, &s);
    assert_int_equal(s.fd, -1);
    f->os->signal_close(f->os->ctx, &s); /* harmless */
}

static void readable_after_a_write_to_the_file(void **state)
{
    struct fixture *f = *state;
    struct os_signal s;

    assert_int_equal(f->os->signal_open(f->os->ctx, f->file, &s), 0);
    set_and_clear(f, &s);
    for (int k = 0; k < 3; k++) {
        write_to_it(f);
        assert_true(readable(s.fd, 0));
        f->os->signal_set(f->os->ctx, &s);
        f->os->signal_clear(f->os->ctx, &s);
        assert_false(readable(s.fd, 0));
    }
    f->os->signal_close(f->os->ctx, &s);
}

static void the_file_may_have_got_another_name(void **state)
{
    struct fixture *f = *state;
    struct os_signal s;

    assert_int_equal(f->os->rename(f->os->ctx, f->dir, "control", "moved"), 0);
    assert_int_equal(f->os->signal_open(f->os->ctx, f->file, &s), 0);
    write_to_it(f);
    assert_true(readable(s.fd, 0));
    f->os->signal_close(f->os->ctx, &s);
}

static void without_inotify_it_ticks(void **state)
{
    int fd = posix_watch_by_time();
    char ticks[64];

    (void)state;
    assert_true(fd >= 0);
    for (int k = 0; k < 2; k++) {
        assert_true(readable(fd, -1));
        assert_int_equal(read(fd, ticks, sizeof ticks), 8);
    }
    posix_close(NULL, fd);
}

/* A file that isn't open can't be watched: then the clock does. */
static void what_cannot_be_watched_ticks(void **state)
{
    struct fixture *f = *state;
    struct os_signal s;

    assert_int_equal(posix_watch(1023), -EBADF);
    assert_int_equal(f->os->signal_open(f->os->ctx, 1023, &s), 0);
    assert_true(readable(s.fd, -1));
    f->os->signal_close(f->os->ctx, &s);
}

static void shared_file_systems_tick(void **state)
{
    (void)state;
    assert_true(posix_is_shared(0x6969));           /* NFS */
    assert_true(posix_is_shared((long)0xff534d42)); /* CIFS, whose number may be negative */
    assert_true(posix_is_shared((int32_t)0xff534d42));
    assert_true(posix_is_shared(0x786f4256));  /* the last of them */
    assert_false(posix_is_shared(0xef53));     /* ext4 */
    assert_false(posix_is_shared(0x01021994)); /* tmpfs */
    assert_false(posix_is_shared(0));
}

/* Its last name: the inode is there as long as it is open. */
static void readable_after_the_file_was_removed(void **state)
{
    struct fixture *f = *state;
    struct os_signal s;

    assert_int_equal(f->os->signal_open(f->os->ctx, f->file, &s), 0);
    assert_int_equal(f->os->unlink(f->os->ctx, f->dir, "control"), 0);
    assert_true(readable(s.fd, 0));
    f->os->signal_close(f->os->ctx, &s);
}

static int wait_for(struct fixture *f, const struct os_signal *s, int64_t timeout_ns)
{
    return f->os->signal_wait(f->os->ctx, s, timeout_ns);
}

static void interrupted(int number)
{
    (void)number;
}

static void waiting_for_it(void **state)
{
    struct fixture *f = *state;
    const struct itimerval often = {{0, 1000}, {0, 1000}}, never = {{0, 0}, {0, 0}};
    struct os_signal s;

    assert_int_equal(f->os->signal_open(f->os->ctx, f->file, &s), 0);
    assert_int_equal(wait_for(f, &s, 0), -ETIMEDOUT);
    assert_int_equal(wait_for(f, &s, 1000), -ETIMEDOUT);
    f->os->signal_set(f->os->ctx, &s);
    assert_int_equal(wait_for(f, &s, -1), 0);
    assert_int_equal(wait_for(f, &s, 0), 0); /* waiting doesn't use it up */
    f->os->signal_clear(f->os->ctx, &s);
    write_to_it(f);
    assert_int_equal(wait_for(f, &s, INT64_MAX), 0);
    f->os->signal_clear(f->os->ctx, &s);
    assert_int_equal(sigaction(SIGALRM, &(struct sigaction){.sa_handler = interrupted}, NULL), 0);
    assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
    assert_int_equal(wait_for(f, &s, -1), 0); /* for no reason */
    assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
    f->os->signal_close(f->os->ctx, &s);
}

static int open_files(void)
{
    int n = 0;
    for (int fd = 0; fd < 1024; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

/* With room for so many descriptors more. */
static int open_within(struct fixture *f, int room, int file)
{
    struct rlimit before, tight;
    struct os_signal s = {.fd = 77};
    int lowest = dup(0);

    close(lowest);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    tight = before;
    tight.rlim_cur = (rlim_t)(lowest + room);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &tight), 0);
    int result = f->os->signal_open(f->os->ctx, file, &s);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    if (result == 0)
        f->os->signal_close(f->os->ctx, &s);
    else
        assert_int_equal(s.fd, 77);
    return result;
}

static void out_of_descriptors_leaves_none_behind(void **state)
{
    struct fixture *f = *state;
    int before = open_files();

    for (int room = 0; room < 3; room++)
        assert_int_equal(open_within(f, room, f->file), -EMFILE);
    assert_int_equal(open_within(f, 3, f->file), 0);
    assert_int_equal(open_within(f, 0, -1), -EMFILE);
    assert_int_equal(open_within(f, 1, -1), 0);
    assert_int_equal(open_files(), before);
}

static void the_child_of_a_fork_has_none(void **state)
{
    struct fixture *f = *state;
    struct os_signal s;
    int status;

    assert_int_equal(f->os->signal_open(f->os->ctx, f->file, &s), 0);
    pid_t pid = fork();
    if (pid == 0) {
        bool gone =
            fcntl(s.fd, F_GETFD) < 0 && fcntl(s.event, F_GETFD) < 0 && fcntl(s.change, F_GETFD) < 0;
        f->os->signal_close(f->os->ctx, &s);
        _exit(!gone);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    set_and_clear(f, &s);
    write_to_it(f);
    assert_true(readable(s.fd, 0));
    f->os->signal_close(f->os->ctx, &s);
}

#define signal_test(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        signal_test(readable_from_set_to_clear),
        signal_test(readable_after_a_write_to_the_file),
        signal_test(the_file_may_have_got_another_name),
        signal_test(readable_after_the_file_was_removed),
        signal_test(waiting_for_it),
        signal_test(without_inotify_it_ticks),
        signal_test(shared_file_systems_tick),
        signal_test(what_cannot_be_watched_ticks),
        signal_test(out_of_descriptors_leaves_none_behind),
        signal_test(the_child_of_a_fork_has_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
