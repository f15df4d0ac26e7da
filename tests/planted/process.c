/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "api/options.h"
#include "direct.h"
#include "support/scratch.h"

enum { THREADS = 4, APPENDS = 5, ROUNDS = 100, PAGES = 4 };

static void need(bool so, const char *what)
{
    if (so)
        return;
    perror(what);
    abort();
}

static int open_log(const char *path, bool read_only, const struct os *os, wal_t **ret)
{
    wal_options_t *o;
    need(wal_options_new(&o) == 0, "options");
    need(wal_options_set(o, WAL_OPT_READ_ONLY, read_only) == 0, "option");
    if (os != NULL)
        options_set_os(o, os);
    int e = wal_open(path, o, ret);
    wal_options_free(o);
    return e;
}

static int exit_code(pid_t pid)
{
    int status = 0;
    need(pid > 0 && waitpid(pid, &status, 0) == pid, "waitpid");
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

bool closing_another_descriptor_unlocks(void)
{
    struct scratch dir;
    wal_t *w, *reader;

    need(scratch_make(&dir) == 0, "scratch");
    need(open_log(dir.path, false, NULL, &w) == 0, "open");
    need(open_log(dir.path, true, NULL, &reader) == 0, "read-only open");
    wal_close(reader);
    pid_t pid = fork();
    if (pid == 0) {
        wal_t *second = NULL;
        _exit(open_log(dir.path, false, NULL, &second) == WAL_E_LOCKED ? 0 : 1);
    }
    bool bad = exit_code(pid) != 0;
    wal_close(w);
    scratch_remove(&dir);
    return bad;
}

/* Between its open of control and its lock another one destroys the log and makes a new one. The
 * directory stays the same, since there is a file of somebody else in it. */
static const char *replaced; /* NULL: it has happened */
static wal_t *other;

static int late_lock(void *ctx, int fd)
{
    const char *path = replaced;
    replaced = NULL;
    if (path != NULL) {
        need(wal_destroy(path) == 0, "destroy");
        need(open_log(path, false, NULL, &other) == 0, "the other's open");
    }
    return os_posix()->lock(ctx, fd);
}

bool a_removed_file_is_taken_for_the_lock(void)
{
    struct scratch dir;
    struct os late = *os_posix();
    char stray[sizeof dir.path + 8];
    wal_t *w = NULL;

    need(scratch_make(&dir) == 0, "scratch");
    snprintf(stray, sizeof stray, "%s/stray", dir.path);
    need(mkdir(stray, 0700) == 0, "stray");
    need(open_log(dir.path, false, NULL, &w) == 0, "open");
    wal_close(w);
    w = NULL;
    late.lock = late_lock;
    replaced = dir.path;
    bool bad = open_log(dir.path, false, &late, &w) != WAL_E_LOCKED;
    wal_close(w);
    wal_close(other);
    scratch_remove(&dir);
    return bad;
}

/* A process that opens the log, leaves a child behind that lives on, and dies. */
static void die_with_heir(const char *path, int wait_fd, int tell_fd)
{
    wal_t *w;
    char byte = 0;
    need(open_log(path, false, NULL, &w) == 0, "open");
    if (fork() == 0) {
        need(write(tell_fd, &byte, 1) == 1, "write");
        (void)!read(wait_fd, &byte, 1);
        _exit(0);
    }
    _exit(0);
}

bool child_inherits_the_lock(void)
{
    struct scratch dir;
    int life[2], told[2];
    char byte;
    wal_t *w = NULL;

    need(scratch_make(&dir) == 0 && pipe(life) == 0 && pipe(told) == 0, "scratch");
    pid_t pid = fork();
    if (pid == 0) {
        close(life[1]);
        die_with_heir(dir.path, life[0], told[1]);
    }
    need(read(told[0], &byte, 1) == 1, "read");
    need(exit_code(pid) == 0, "the one who opens");
    bool bad = open_log(dir.path, false, NULL, &w) != 0;
    wal_close(w);
    close(life[1]);
    close(life[0]);
    close(told[0]);
    close(told[1]);
    scratch_remove(&dir);
    return bad;
}

/* Bytes that change once they have been read to the end: the handler opens the last page when it is
 * touched and shuts the first one, and changes that when it is touched again. */
static uint8_t *changing;
static size_t page;
static _Atomic int touches;

static void on_touch(int signal_number)
{
    (void)signal_number;
    if (atomic_fetch_add(&touches, 1) == 0) {
        mprotect(changing + (PAGES - 1) * page, page, PROT_READ | PROT_WRITE);
        mprotect(changing, page, PROT_NONE);
        return;
    }
    mprotect(changing, page, PROT_READ | PROT_WRITE);
    changing[10] ^= 1;
}

bool checksum_is_of_other_bytes(void)
{
    struct scratch dir;
    struct sigaction action = {.sa_handler = on_touch}, before;
    static uint8_t buf[PAGES << 16];
    wal_record_t r = {.size = sizeof r};
    uint64_t lsn = 0;
    wal_t *w;

    page = (size_t)sysconf(_SC_PAGESIZE);
    changing = mmap(NULL, PAGES * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    need(changing != MAP_FAILED && scratch_make(&dir) == 0, "memory");
    memset(changing, 'x', PAGES * page);
    need(open_log(dir.path, false, NULL, &w) == 0, "open");
    atomic_store(&touches, 0);
    need(sigaction(SIGSEGV, &action, &before) == 0, "sigaction");
    need(mprotect(changing + (PAGES - 1) * page, page, PROT_NONE) == 0, "mprotect");
    need(wal_append(w, changing, PAGES * page, &lsn) == 0, "append");
    need(sigaction(SIGSEGV, &before, NULL) == 0 && atomic_load(&touches) > 0, "sigaction");
    bool bad = wal_get(w, lsn, buf, sizeof buf, &r) != 0;
    wal_close(w);
    munmap(changing, PAGES * page);
    scratch_remove(&dir);
    return bad;
}

/* A thread sleeps within a call of the log until close has returned, or for so long that a right
 * close is surely waiting for it. */
static _Atomic int parked, close_returned, verdict; /* 1: left in time, 2: left behind */
static pthread_t sleeper;
static struct os slow;

static int slow_park(void *ctx, _Atomic uint32_t *word, uint32_t seen, int64_t timeout_ns)
{
    const struct timespec moment = {.tv_nsec = 5000000};
    if (!atomic_load(&parked) || !pthread_equal(pthread_self(), sleeper))
        return os_posix()->park(ctx, word, seen, timeout_ns);
    atomic_store(&parked, 2);
    for (int k = 0; k < 100; k++) {
        if (atomic_load(&close_returned)) {
            atomic_store(&verdict, 2);
            pthread_exit(NULL);
        }
        nanosleep(&moment, NULL);
    }
    return 0;
}

static void *sleep_inside(void *arg)
{
    sleeper = pthread_self();
    atomic_store(&parked, 1);
    (void)wal_wait(arg, 5, -1);
    atomic_store(&verdict, 1);
    return NULL;
}

bool close_leaves_a_caller_inside(void)
{
    const struct timespec moment = {.tv_nsec = 1000000};
    struct scratch dir;
    pthread_t thread;
    wal_t *w;

    atomic_store(&parked, 0);
    atomic_store(&close_returned, 0);
    atomic_store(&verdict, 0);
    slow = *os_posix();
    slow.park = slow_park;
    need(scratch_make(&dir) == 0, "scratch");
    need(open_log(dir.path, false, &slow, &w) == 0, "open");
    need(pthread_create(&thread, NULL, sleep_inside, w) == 0, "thread");
    while (atomic_load(&parked) != 2)
        nanosleep(&moment, NULL);
    wal_close(w);
    atomic_store(&close_returned, 1);
    need(pthread_join(thread, NULL) == 0, "join");
    scratch_remove(&dir);
    return atomic_load(&verdict) != 1;
}

/* Long enough for the other threads to come meanwhile. */
static int short_sync(void *ctx, int fd, enum os_sync how)
{
    const struct timespec moment = {.tv_nsec = 200000};
    (void)ctx;
    (void)fd;
    (void)how;
    nanosleep(&moment, NULL);
    return 0;
}

static void *append_often(void *arg)
{
    for (int k = 0; k < APPENDS; k++)
        need(wal_append(arg, "x", 1, NULL) == 0, "append");
    return NULL;
}

/* Threads that append until they are done: a wake-up that is lost leaves one of the last ones
 * asleep, in some rounds. */
static bool append_round(const char *path)
{
    pthread_t threads[THREADS];
    wal_t *w;

    need(open_log(path, false, &slow, &w) == 0, "open");
    uint64_t before = wal_next_lsn(w);
    for (int k = 0; k < THREADS; k++)
        need(pthread_create(&threads[k], NULL, append_often, w) == 0, "thread");
    for (int k = 0; k < THREADS; k++)
        need(pthread_join(threads[k], NULL) == 0, "join");
    bool bad = wal_next_lsn(w) != before + (uint64_t)THREADS * APPENDS;
    wal_close(w);
    return bad;
}

bool some_append_hangs(void)
{
    struct scratch dir;
    bool bad = false;

    slow = *os_posix();
    slow.sync = short_sync;
    need(scratch_make(&dir) == 0, "scratch");
    for (int k = 0; k < ROUNDS && !bad; k++)
        bad = append_round(dir.path);
    scratch_remove(&dir);
    return bad;
}
