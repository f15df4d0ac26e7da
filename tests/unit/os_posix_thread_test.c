/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/os.h"

static void park_returns_when_the_word_differs(void **state)
{
    const struct os *os = *state;
    _Atomic uint32_t word = 5;
    assert_int_equal(os->park(os->ctx, &word, 4, -1), 0);
}

static void park_times_out(void **state)
{
    const struct os *os = *state;
    _Atomic uint32_t word = 5;
    int result;
    uint64_t start = os->now(os->ctx);
    do
        result = os->park(os->ctx, &word, 5, 2000000);
    while (result == 0);
    assert_int_equal(result, -ETIMEDOUT);
    assert_true(os->now(os->ctx) - start >= 2000000);
    assert_int_equal(os->park(os->ctx, &word, 5, 0), -ETIMEDOUT);
}

struct parked {
    const struct os *os;
    _Atomic uint32_t word;
    _Atomic uint32_t left;
};

static void *wait_for_word(void *arg)
{
    struct parked *p = arg;
    while (atomic_load(&p->word) == 0)
        p->os->park(p->os->ctx, &p->word, 0, -1);
    atomic_fetch_sub(&p->left, 1);
    return NULL;
}

/* Hangs if a wake-up is lost. */
static void wake_ends_every_park(void **state)
{
    struct parked p = {.os = *state, .left = 4};
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, wait_for_word, &p), 0);
    sched_yield();
    atomic_store(&p.word, 1);
    p.os->wake(p.os->ctx, &p.word, 4);
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(atomic_load(&p.left), 0);
}

struct worker {
    const struct os *os;
    _Atomic uint32_t steps; /* parked on by the test */
    _Atomic int64_t pause_ns;
    _Atomic bool blocks_signals;
};

static int64_t count_step(void *arg)
{
    struct worker *w = arg;
    sigset_t mask;
    bool blocked = pthread_sigmask(SIG_SETMASK, NULL, &mask) == 0;
    const int signals[] = {SIGTERM, SIGINT, SIGUSR1, SIGCHLD, SIGPROF};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        blocked = blocked && sigismember(&mask, signals[i]) == 1;
    atomic_store(&w->blocks_signals, blocked);
    int64_t pause_ns = atomic_load(&w->pause_ns);
    atomic_fetch_add(&w->steps, 1);
    w->os->wake(w->os->ctx, &w->steps, 1);
    return pause_ns;
}

static void await_steps(struct worker *w, uint32_t at_least)
{
    for (uint32_t seen = atomic_load(&w->steps); seen < at_least; seen = atomic_load(&w->steps))
        w->os->park(w->os->ctx, &w->steps, seen, -1);
}

static void worker_steps_when_kicked(void **state)
{
    const struct os *os = *state;
    struct worker w = {.os = os, .pause_ns = -1};
    struct os_thread *t;
    sigset_t before, after;
    pthread_sigmask(SIG_SETMASK, NULL, &before);
    assert_int_equal(os->thread_start(os->ctx, count_step, &w, &t), 0);
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    for (int i = 1; i < SIGRTMIN; i++)
        assert_int_equal(sigismember(&before, i), sigismember(&after, i));
    for (uint32_t i = 1; i < 100; i++) {
        await_steps(&w, i);
        os->thread_kick(os->ctx, t);
    }
    await_steps(&w, 100);
    assert_true(atomic_load(&w.blocks_signals));
    os->thread_stop(os->ctx, t);
    uint32_t last = atomic_load(&w.steps);
    sched_yield();
    assert_int_equal(atomic_load(&w.steps), last);
}

static void worker_steps_by_time_and_at_once(void **state)
{
    const struct os *os = *state;
    const int64_t pauses[] = {0, 1000};
    for (int i = 0; i < 2; i++) {
        struct worker w = {.os = os, .pause_ns = pauses[i]};
        struct os_thread *t;
        assert_int_equal(os->thread_start(os->ctx, count_step, &w, &t), 0);
        await_steps(&w, 50);
        os->thread_stop(os->ctx, t);
    }
}

struct self_kicker {
    struct worker w;
    struct os_thread *self;
    _Atomic bool ready; /* self is set */
};

static int64_t kick_within(void *arg)
{
    struct self_kicker *k = arg;
    while (!atomic_load(&k->ready))
        sched_yield();
    k->w.os->thread_kick(k->w.os->ctx, k->self);
    return count_step(&k->w);
}

/* Hangs if a kick that comes during a step is lost. */
static void worker_steps_again_when_kicked_within_a_step(void **state)
{
    const struct os *os = *state;
    struct self_kicker k = {.w = {.os = os, .pause_ns = -1}};
    assert_int_equal(os->thread_start(os->ctx, kick_within, &k, &k.self), 0);
    atomic_store(&k.ready, true);
    await_steps(&k.w, 20);
    os->thread_stop(os->ctx, k.self);
}

static void stop_in_the_child_of_a_fork_does_not_wait(void **state)
{
    const struct os *os = *state;
    struct worker w = {.os = os, .pause_ns = -1};
    struct os_thread *t;
    int status;
    uint32_t before = os->generation(os->ctx);
    assert_int_equal(os->thread_start(os->ctx, count_step, &w, &t), 0);
    await_steps(&w, 1);
    pid_t pid = fork();
    if (pid == 0) {
        alarm(20);
        if (os->generation(os->ctx) == before)
            _exit(1);
        os->thread_stop(os->ctx, t);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    os->thread_stop(os->ctx, t);
}

static int give_os(void **state)
{
    *state = (void *)(uintptr_t)os_posix();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(park_returns_when_the_word_differs),
        cmocka_unit_test(park_times_out),
        cmocka_unit_test(wake_ends_every_park),
        cmocka_unit_test(worker_steps_when_kicked),
        cmocka_unit_test(worker_steps_by_time_and_at_once),
        cmocka_unit_test(worker_steps_again_when_kicked_within_a_step),
        cmocka_unit_test(stop_in_the_child_of_a_fork_does_not_wait),
    };
    return cmocka_run_group_tests(tests, give_os, NULL);
}
