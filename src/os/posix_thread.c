/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "os/posix.h"

_Static_assert(sizeof(struct timespec) == 2 * sizeof(long), "SYS_futex takes this timespec");

struct os_thread {
    pthread_t thread;
    os_step_fn step;
    void *arg;
    uint32_t generation;    /* the process that the thread runs in */
    _Atomic uint32_t kicks; /* counts up at every kick; the worker sleeps on it */
    _Atomic bool stop;
};

int posix_park(void *ctx, _Atomic uint32_t *word, uint32_t seen, int64_t timeout_ns)
{
    (void)ctx;
    struct timespec t = {
        .tv_sec = (time_t)(timeout_ns / 1000000000),
        .tv_nsec = (long)(timeout_ns % 1000000000),
    };
    const struct timespec *limit = timeout_ns < 0 ? NULL : &t;
    if (syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, seen, limit, NULL, 0) == 0)
        return 0;
    return errno == EAGAIN || errno == EINTR ? 0 : -errno;
}

void posix_wake(void *ctx, _Atomic uint32_t *word, int n)
{
    (void)ctx;
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, n, NULL, NULL, 0);
}

void posix_yield(void *ctx)
{
    (void)ctx;
    sched_yield();
}

static void *run(void *p)
{
    struct os_thread *t = p;
    for (;;) {
        /* Read before the step: a kick that comes during it makes the sleep return at once. */
        uint32_t seen = atomic_load(&t->kicks);
        if (atomic_load(&t->stop))
            return NULL;
        int64_t pause_ns = t->step(t->arg);
        if (pause_ns != 0)
            posix_park(NULL, &t->kicks, seen, pause_ns);
    }
}

/* The thread inherits the mask of its creator, so no signal of the program can ever run a handler
 * on it. */
static int create_without_signals(struct os_thread *t)
{
    sigset_t all, before;
    sigfillset(&all);
    int error = pthread_sigmask(SIG_SETMASK, &all, &before);
    if (error != 0)
        return -error;
    error = pthread_create(&t->thread, NULL, run, t);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return -error;
}

int posix_thread_start(void *ctx, os_step_fn step, void *arg, struct os_thread **ret)
{
    int error = posix_fork_prepare();
    if (error < 0)
        return error;
    struct os_thread *t = calloc(1, sizeof *t);
    if (t == NULL)
        return -ENOMEM;
    t->step = step;
    t->arg = arg;
    t->generation = posix_generation(ctx);
    error = create_without_signals(t);
    if (error < 0) {
        free(t);
        return error;
    }
    *ret = t;
    return 0;
}

void posix_thread_kick(void *ctx, struct os_thread *t)
{
    atomic_fetch_add(&t->kicks, 1);
    posix_wake(ctx, &t->kicks, 1);
}

void posix_thread_stop(void *ctx, struct os_thread *t)
{
    /* In the child of a fork the thread does not exist. */
    if (t->generation == posix_generation(ctx)) {
        atomic_store(&t->stop, true);
        posix_thread_kick(ctx, t);
        pthread_join(t->thread, NULL);
    }
    free(t);
}
