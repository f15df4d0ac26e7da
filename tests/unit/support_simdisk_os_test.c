/* SPDX-License-Identifier: Apache-2.0 */
/* The simulated disk as an operating system: it answers as the real one does, and fails when told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/simdisk.h"

enum { PAGE = 4096 };

struct fixture {
    struct simdisk *d;
    const struct os *os;
    int dir, fd;
};

static int setup(void **state)
{
    static struct fixture f;
    f.d = simdisk_new(1);
    f.os = simdisk_os(f.d);
    *state = &f;
    if (f.os->dir_make(f.os->ctx, "/log", 0700) != 0)
        return -1;
    f.dir = f.os->dir_open(f.os->ctx, "/log");
    f.fd = f.os->file_open(f.os->ctx, f.dir, "a", OS_READ | OS_WRITE | OS_CREATE, 0600);
    return f.fd < 0 ? -1 : 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    simdisk_free(f->d);
    return 0;
}

static int64_t put(struct fixture *f, const void *bytes, size_t size, uint64_t offset)
{
    struct iovec iov = {(void *)(uintptr_t)bytes, size};
    return f->os->pwritev(f->os->ctx, f->fd, &iov, 1, offset, 0);
}

static void holes_and_data(void **state)
{
    struct fixture *f = *state;
    const struct os *os = f->os;
    static const char zeros[PAGE];
    struct os_stat st;
    assert_int_equal(os->truncate(os->ctx, f->fd, INT64_MAX), 0);
    assert_int_equal(os->next_data(os->ctx, f->fd, 0), -ENXIO);
    assert_int_equal(put(f, "x", 1, 10 * PAGE + 5), 1);
    assert_int_equal(put(f, zeros, PAGE, 20 * PAGE), PAGE);
    assert_int_equal(os->next_data(os->ctx, f->fd, 0), 10 * PAGE);
    assert_int_equal(os->next_data(os->ctx, f->fd, 10 * PAGE + 7), 10 * PAGE + 7);
    assert_int_equal(os->next_data(os->ctx, f->fd, 11 * PAGE), 20 * PAGE);
    assert_int_equal(os->next_data(os->ctx, f->fd, 21 * PAGE), -ENXIO);
    assert_int_equal(os->stat(os->ctx, f->fd, &st), 0);
    assert_int_equal(st.disk_bytes, 2 * PAGE);
    assert_int_equal(st.size, INT64_MAX);
}

static void clones(void **state)
{
    struct fixture *f = *state;
    const struct os *os = f->os;
    int to = os->file_open(os->ctx, f->dir, "b", OS_READ | OS_WRITE | OS_CREATE, 0600);
    char byte;
    assert_int_equal(put(f, "x", 1, 3 * PAGE + 5), 1);
    assert_int_equal(os->clone(os->ctx, f->fd, to), -EOPNOTSUPP);
    simdisk_set_clones(f->d, true);
    assert_int_equal(os->clone(os->ctx, f->fd, f->fd), -EINVAL);
    assert_int_equal(os->clone(os->ctx, f->fd, to), 0);
    assert_int_equal(simdisk_size(f->d, "/log/b"), 3 * PAGE + 6);
    assert_int_equal(os->next_data(os->ctx, to, 0), 3 * PAGE);
    assert_int_equal(put(f, "y", 1, 3 * PAGE + 5), 1);
    assert_int_equal(os->pread(os->ctx, to, &byte, 1, 3 * PAGE + 5), 1);
    assert_int_equal(byte, 'x');
}

static void locks_belong_to_the_open_file(void **state)
{
    struct fixture *f = *state;
    const struct os *os = f->os;
    int other = os->file_open(os->ctx, f->dir, "a", OS_READ | OS_WRITE, 0);
    int third = os->file_open(os->ctx, f->dir, "a", OS_READ | OS_WRITE, 0);
    assert_int_equal(os->lock(os->ctx, f->fd), 0);
    assert_int_equal(os->lock(os->ctx, f->fd), 0);
    assert_int_equal(os->locked(os->ctx, f->fd), 0);
    assert_int_equal(os->locked(os->ctx, other), 1);
    assert_int_equal(os->lock(os->ctx, other), -EAGAIN);
    assert_int_equal(os->close(os->ctx, third), 0);
    assert_int_equal(os->lock(os->ctx, other), -EAGAIN);
    assert_int_equal(os->close(os->ctx, f->fd), 0);
    assert_int_equal(os->locked(os->ctx, f->fd), -EBADF);
    assert_int_equal(os->locked(os->ctx, other), 0);
    assert_int_equal(os->lock(os->ctx, other), 0);
}

/* Faults */

static void inject(struct fixture *f, enum simdisk_call call, uint64_t at, int error,
                   uint64_t amount, enum simdisk_part part)
{
    struct simdisk_fault fault = {
        .call = call, .at = at, .error = error, .amount = amount, .part = part};
    simdisk_inject(f->d, &fault);
}

static void faults_strike_the_kth_call_once(void **state)
{
    struct fixture *f = *state;
    const struct os *os = f->os;
    struct os_stat st;
    inject(f, SIMDISK_STAT, 2, EIO, 0, SIMDISK_NONE);
    inject(f, SIMDISK_ANY, 5, EINTR, 0, SIMDISK_NONE);
    assert_int_equal(os->stat(os->ctx, f->fd, &st), 0);
    assert_int_equal(os->sync(os->ctx, f->fd, OS_SYNC_DATA), 0);
    assert_int_equal(os->stat(os->ctx, f->fd, &st), -EIO);
    assert_int_equal(os->stat(os->ctx, f->fd, &st), 0);
    assert_int_equal(simdisk_faults_struck(f->d), 1);
    assert_int_equal(os->dir_open(os->ctx, "/log"), -EINTR);
    assert_int_equal(simdisk_faults_struck(f->d), 2);
    inject(f, SIMDISK_ANY, 1, EIO, 0, SIMDISK_NONE);
    simdisk_clear_faults(f->d);
    assert_int_equal(os->stat(os->ctx, f->fd, &st), 0);
}

static void short_counts(void **state)
{
    struct fixture *f = *state;
    const struct os *os = f->os;
    char back[16];
    struct os_stat st;
    inject(f, SIMDISK_PWRITEV, 1, 0, 3, SIMDISK_NONE);
    assert_int_equal(put(f, "abcdefgh", 8, 0), 3);
    inject(f, SIMDISK_PWRITEV, 1, 0, 0, SIMDISK_NONE);
    assert_int_equal(put(f, "defgh", 5, 3), 2);
    inject(f, SIMDISK_PREAD, 1, 0, 0, SIMDISK_NONE);
    assert_int_equal(os->pread(os->ctx, f->fd, back, 4, 0), 2);
    assert_int_equal(os->pread(os->ctx, f->fd, back, sizeof back, 0), 5);
    assert_memory_equal(back, "abcde", 5);
    inject(f, SIMDISK_ANY, 1, 0, 0, SIMDISK_NONE); /* does not fit a stat */
    assert_int_equal(os->stat(os->ctx, f->fd, &st), 0);
    assert_int_equal(simdisk_faults_struck(f->d), 3);
}

static void failing_writes_may_reach_the_cache(void **state)
{
    struct fixture *f = *state;
    inject(f, SIMDISK_PWRITEV, 1, EIO, 0, SIMDISK_NONE);
    assert_int_equal(put(f, "abcd", 4, 0), -EIO);
    assert_int_equal(simdisk_size(f->d, "/log/a"), 0);
    inject(f, SIMDISK_PWRITEV, 1, ENOSPC, 0, SIMDISK_HALF);
    assert_int_equal(put(f, "abcd", 4, 0), -ENOSPC);
    assert_int_equal(simdisk_size(f->d, "/log/a"), 2);
    inject(f, SIMDISK_PWRITEV, 1, EDQUOT, 0, SIMDISK_ALL);
    assert_int_equal(put(f, "abcd", 4, 0), -EDQUOT);
    assert_int_equal(simdisk_size(f->d, "/log/a"), 4);
}

static int ignore_name(void *arg, const char *name)
{
    (void)arg;
    (void)name;
    return 0;
}

/* Whatever is asked of it, a call that fails by a fault has changed nothing but what the rules say.
 */
static void every_kind_of_call_can_fail(void **state)
{
    struct fixture *f = *state;
    const struct os *os = f->os;
    struct os_stat st;
    char byte;
    uint64_t before = simdisk_hash(f->d);
#define FAILS(kind, expression)                                                                    \
    do {                                                                                           \
        inject(f, kind, 1, EIO, 0, SIMDISK_NONE);                                                  \
        assert_int_equal(expression, -EIO);                                                        \
        assert_int_equal(simdisk_hash(f->d), before);                                              \
    } while (0)
    FAILS(SIMDISK_DIR_MAKE, os->dir_make(os->ctx, "/new", 0700));
    FAILS(SIMDISK_DIR_REMOVE, os->dir_remove(os->ctx, "/log"));
    FAILS(SIMDISK_DIR_OPEN, os->dir_open(os->ctx, "/log"));
    FAILS(SIMDISK_DIR_LIST, os->dir_list(os->ctx, f->dir, ignore_name, NULL));
    FAILS(SIMDISK_FILE_OPEN, os->file_open(os->ctx, f->dir, "b", OS_WRITE | OS_CREATE, 0600));
    FAILS(SIMDISK_TEMP_OPEN, os->temp_open(os->ctx, f->dir, 0600));
    FAILS(SIMDISK_STAT_AT, os->stat_at(os->ctx, f->dir, "a", &st));
    FAILS(SIMDISK_RENAME, os->rename(os->ctx, f->dir, "a", "b"));
    FAILS(SIMDISK_UNLINK, os->unlink(os->ctx, f->dir, "a"));
    FAILS(SIMDISK_STAT, os->stat(os->ctx, f->fd, &st));
    FAILS(SIMDISK_PREAD, os->pread(os->ctx, f->fd, &byte, 1, 0));
    FAILS(SIMDISK_PWRITEV, put(f, "x", 1, 0));
    FAILS(SIMDISK_TRUNCATE, os->truncate(os->ctx, f->fd, 1));
    FAILS(SIMDISK_CLONE, os->clone(os->ctx, f->fd, f->fd));
    FAILS(SIMDISK_WRITEBACK, os->writeback(os->ctx, f->fd, 0, 1));
    FAILS(SIMDISK_NEXT_DATA, os->next_data(os->ctx, f->fd, 0));
    FAILS(SIMDISK_LOCK, os->lock(os->ctx, f->fd));
    FAILS(SIMDISK_LOCK, os->locked(os->ctx, f->fd));
    FAILS(SIMDISK_CLOSE, os->close(os->ctx, f->fd));
    assert_int_equal(os->close(os->ctx, f->fd), -EBADF);
}

static void a_full_disk_takes_no_new_pages(void **state)
{
    struct fixture *f = *state;
    static const char bytes[3 * PAGE] = {1, 2, 3};
    assert_int_equal(put(f, bytes, PAGE, 0), PAGE);
    simdisk_set_full(f->d, 2, EDQUOT);
    assert_int_equal(put(f, bytes, PAGE, 2 * PAGE), PAGE);
    assert_int_equal(put(f, bytes, PAGE, PAGE), -EDQUOT);
    assert_int_equal(put(f, bytes, PAGE, 0), PAGE);
    assert_int_equal(put(f, bytes, PAGE, 100), PAGE - 100);
    assert_int_equal(put(f, bytes, 3 * PAGE, 0), PAGE);
    simdisk_set_full(f->d, 0, 0);
    assert_int_equal(put(f, bytes, PAGE, PAGE), PAGE);
}

static void capacity_is_freed_by_truncating_and_removing(void **state)
{
    struct fixture *f = *state;
    const struct os *os = f->os;
    static const char bytes[4 * PAGE] = {1, 2, 3};
    simdisk_set_capacity(f->d, 4 * PAGE);
    assert_int_equal(put(f, bytes, 3 * PAGE, 0), 3 * PAGE);
    int first = f->fd;
    f->fd = os->file_open(os->ctx, f->dir, "b", OS_READ | OS_WRITE | OS_CREATE, 0600);
    assert_int_equal(put(f, bytes, 4 * PAGE, 0), PAGE);
    assert_int_equal(put(f, bytes, PAGE, PAGE), -ENOSPC);
    assert_int_equal(os->truncate(os->ctx, first, PAGE), 0);
    assert_int_equal(put(f, bytes, 2 * PAGE, PAGE), 2 * PAGE);
    assert_int_equal(put(f, bytes, PAGE, 3 * PAGE), -ENOSPC);
    assert_int_equal(os->unlink(os->ctx, f->dir, "a"), 0);
    assert_int_equal(put(f, bytes, PAGE, 3 * PAGE), -ENOSPC);
    assert_int_equal(os->close(os->ctx, first), 0);
    assert_int_equal(put(f, bytes, PAGE, 3 * PAGE), PAGE);
}

/* Hook and counters */

struct calls {
    char text[400];
    uint64_t sizes[16]; /* of the file, before each call */
    uint32_t n;
};

static void note_call(void *arg, struct simdisk *d, enum simdisk_call call, const char *name)
{
    struct calls *c = arg;
    size_t used = strlen(c->text);
    snprintf(c->text + used, sizeof c->text - used, "%s(%s) ", simdisk_call_name(call), name);
    struct simdisk *snapshot = simdisk_clone(d);
    c->sizes[c->n++] = (uint64_t)simdisk_size(snapshot, "/log/a");
    simdisk_free(snapshot);
}

static void the_hook_sees_every_call_before_it_happens(void **state)
{
    struct fixture *f = *state;
    const struct os *os = f->os;
    struct calls c = {.n = 0};
    uint64_t before = simdisk_calls(f->d, SIMDISK_ANY), version = simdisk_version(f->d);
    simdisk_set_hook(f->d, note_call, &c);
    put(f, "abc", 3, 0);
    assert_int_not_equal(simdisk_version(f->d), version);
    os->sync(os->ctx, f->fd, OS_SYNC_DATA);
    os->close(os->ctx, os->temp_open(os->ctx, f->dir, 0600));
    os->rename(os->ctx, f->dir, "a", "b");
    version = simdisk_version(f->d);
    os->close(os->ctx, f->fd);
    os->stat_at(os->ctx, f->dir, "b", &(struct os_stat){0});
    assert_int_equal(simdisk_version(f->d), version);
    os->now(os->ctx);
    assert_string_equal(c.text,
                        "pwritev(a) sync(a) temp_open() close() rename(a) close(b) stat_at(b) ");
    assert_int_equal(c.sizes[0], 0);
    assert_int_equal(c.sizes[1], 3);
    assert_int_equal(simdisk_calls(f->d, SIMDISK_ANY) - before, 7);
    assert_int_equal(simdisk_calls(f->d, SIMDISK_SYNC), 1);
    simdisk_set_hook(f->d, NULL, NULL);
}

/* Time, chance, workers */

static void time_and_chance_are_the_seeds(void **state)
{
    uint64_t a[3], b[3];
    (void)state;
    struct simdisk *one = simdisk_new(9), *two = simdisk_new(9), *three = simdisk_new(10);
    const struct os *os = simdisk_os(one);
    uint64_t start = os->now(os->ctx);
    assert_int_equal(os->now(os->ctx), start + 1000);
    simdisk_advance(one, 5000000);
    assert_int_equal(os->now(os->ctx), start + 5002000);
    assert_true(os->wall(os->ctx) > UINT64_C(1600000000000000000));
    assert_int_equal(os->pid(os->ctx), SIMDISK_PID);
    assert_int_equal(os->uid(os->ctx), SIMDISK_UID);
    assert_int_equal(os->random(os->ctx, a, 20), 0);
    os = simdisk_os(two);
    assert_int_equal(os->random(os->ctx, b, 20), 0);
    assert_memory_equal(a, b, 20);
    os = simdisk_os(three);
    assert_int_equal(os->random(os->ctx, b, 20), 0);
    assert_memory_not_equal(a, b, 20);
    simdisk_free(one);
    simdisk_free(two);
    simdisk_free(three);
}

struct worker {
    const struct os *os;
    _Atomic uint32_t word;
    uint32_t steps, set_at; /* sets the word at this step */
    int64_t pause_ns;
    uint64_t last; /* when it ran */
};

static int64_t work(void *arg)
{
    struct worker *w = arg;
    w->last = w->os->now(w->os->ctx);
    if (++w->steps == w->set_at)
        atomic_store(&w->word, 1);
    return w->pause_ns;
}

static void workers_run_when_due_or_kicked(void **state)
{
    struct fixture *f = *state;
    const struct os *os = f->os;
    struct worker w = {.os = os, .pause_ns = -1};
    struct os_thread *t;
    assert_int_equal(os->thread_start(os->ctx, work, &w, &t), 0);
    assert_int_equal(w.steps, 0);
    simdisk_run_background(f->d);
    assert_int_equal(w.steps, 1);
    simdisk_run_background(f->d);
    assert_int_equal(w.steps, 1);
    os->thread_kick(os->ctx, t);
    w.pause_ns = 1000000;
    simdisk_run_background(f->d);
    assert_int_equal(w.steps, 2);
    simdisk_advance(f->d, 999000);
    simdisk_run_background(f->d);
    assert_int_equal(w.steps, 2);
    simdisk_advance(f->d, 1000);
    simdisk_run_background(f->d);
    assert_int_equal(w.steps, 3);
    os->thread_kick(os->ctx, t);
    os->thread_stop(os->ctx, t);
    simdisk_run_background(f->d);
    assert_int_equal(w.steps, 3);
}

static void park_runs_workers_and_lets_time_pass(void **state)
{
    struct fixture *f = *state;
    const struct os *os = f->os;
    struct worker w = {.os = os, .pause_ns = 1000000, .set_at = 3};
    struct os_thread *t;
    assert_int_equal(os->park(os->ctx, &w.word, 7, -1), 0);
    uint64_t start = os->now(os->ctx);
    assert_int_equal(os->park(os->ctx, &w.word, 0, 5000), -ETIMEDOUT);
    assert_int_equal(os->now(os->ctx), start + 5000 + 1000);
    assert_int_equal(os->thread_start(os->ctx, work, &w, &t), 0);
    assert_int_equal(os->park(os->ctx, &w.word, 0, 1500000), -ETIMEDOUT);
    assert_int_equal(w.steps, 2);
    assert_int_equal(os->park(os->ctx, &w.word, 0, -1), 0);
    assert_int_equal(w.steps, 3);
    os->thread_stop(os->ctx, t);
}

struct nested {
    const struct os *os;
    struct os_thread *self;
    _Atomic uint32_t never;
    uint32_t steps, depth, deepest;
};

static int64_t park_within(void *arg)
{
    struct nested *n = arg;
    n->depth++;
    n->deepest = n->depth > n->deepest ? n->depth : n->deepest;
    if (n->steps++ == 0)
        n->os->thread_kick(n->os->ctx, n->self);
    assert_int_equal(n->os->park(n->os->ctx, &n->never, 0, 1000), -ETIMEDOUT);
    n->depth--;
    return -1;
}

static void a_worker_that_parks_is_not_entered_again(void **state)
{
    struct fixture *f = *state;
    struct nested n = {.os = f->os};
    assert_int_equal(f->os->thread_start(f->os->ctx, park_within, &n, &n.self), 0);
    _Atomic uint32_t word = 0;
    assert_int_equal(f->os->park(f->os->ctx, &word, 0, 500), -ETIMEDOUT);
    assert_int_equal(n.deepest, 1);
    assert_int_equal(n.steps, 2);
}

static void signals_are_readable_from_set_to_clear_and_after_writes(void **state)
{
    struct fixture *f = *state;
    const struct os *os = f->os;
    struct os_signal plain, watch, again;

    assert_int_equal(os->signal_open(os->ctx, -1, &plain), 0);
    assert_int_equal(os->signal_open(os->ctx, f->fd, &watch), 0);
    assert_int_equal(os->signal_open(os->ctx, 99, &again), -EBADF);
    assert_true(plain.fd != watch.fd);
    os->signal_set(os->ctx, &plain);
    assert_true(simdisk_readable(f->d, plain.fd) && !simdisk_readable(f->d, watch.fd));
    os->signal_clear(os->ctx, &plain);
    assert_false(simdisk_readable(f->d, plain.fd));
    put(f, "x", 1, 0);
    assert_true(!simdisk_readable(f->d, plain.fd) && simdisk_readable(f->d, watch.fd));
    assert_int_equal(os->signal_wait(os->ctx, &watch, -1), 0);
    os->signal_clear(os->ctx, &watch);
    uint64_t before = os->now(os->ctx);
    assert_int_equal(os->signal_wait(os->ctx, &watch, 5000), -ETIMEDOUT);
    assert_true(os->now(os->ctx) >= before + 5000);
    os->signal_close(os->ctx, &watch);
    assert_int_equal(watch.fd, -1);
    assert_int_equal(os->signal_open(os->ctx, -1, &again), 0); /* takes its place, and is new */
    assert_false(simdisk_readable(f->d, again.fd));
    put(f, "x", 1, 0);
    assert_false(simdisk_readable(f->d, again.fd));
}

static void a_deadlock_is_told(void **state)
{
    struct fixture *f = *state;
    int report[2], status;
    char text[200] = "";
    assert_int_equal(pipe(report), 0);
    pid_t pid = fork();
    if (pid == 0) {
        _Atomic uint32_t word = 0;
        signal(SIGABRT, SIG_DFL);
        dup2(report[1], 2);
        f->os->park(f->os->ctx, &word, 0, -1);
        _exit(0);
    }
    close(report[1]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    assert_true(read(report[0], text, sizeof text - 1) > 0);
    close(report[0]);
    assert_non_null(strstr(text, "deadlock"));
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(holes_and_data),
        CASE(clones),
        CASE(locks_belong_to_the_open_file),
        CASE(faults_strike_the_kth_call_once),
        CASE(short_counts),
        CASE(failing_writes_may_reach_the_cache),
        CASE(every_kind_of_call_can_fail),
        CASE(a_full_disk_takes_no_new_pages),
        CASE(capacity_is_freed_by_truncating_and_removing),
        CASE(the_hook_sees_every_call_before_it_happens),
        CASE(time_and_chance_are_the_seeds),
        CASE(workers_run_when_due_or_kicked),
        CASE(park_runs_workers_and_lets_time_pass),
        CASE(a_worker_that_parks_is_not_entered_again),
        CASE(signals_are_readable_from_set_to_clear_and_after_writes),
        CASE(a_deadlock_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
