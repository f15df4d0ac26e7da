/* SPDX-License-Identifier: Apache-2.0 */
/* kill -9: a process appends to one log with four threads and is killed at a random moment, again
 * and again; after each death the log must hold what was acknowledged and nothing that was not
 * handed in. What the dead process had been told came out through a pipe.
 *
 *     kill_test [ROUNDS [SEED]]                     a line per round with WAL_TEST_VERBOSE set */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kill/ledger.h"
#include "support/pace.h"
#include "support/scratch.h"

enum {
    ROUNDS = 200 / PACE,
    FEW_ACKS = 100,
    TRUNCATE_EVERY = 3,
    DISTURB_EVERY = 4,
    HASTY_EVERY = 10
};

/* What happened in all rounds together. */
struct account {
    uint64_t acks, found, unasked, carried, discarded;
    uint32_t verdicts[4], rounds_with_enough, rounds;
};

struct campaign {
    const char *dir;
    uint64_t seed;
    struct submitted *submitted;
    struct view known;
    struct account account;
    bool verbose;
};

static uint64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static void need(bool so, const char *what)
{
    if (so)
        return;
    perror(what);
    abort();
}

static bool log_error(const char *what)
{
    wal_error_t error = {0};
    wal_last_error(&error, sizeof error);
    printf("%s: %s: %s\n", what, wal_error_name(error.code), error.message);
    return false;
}

/* Reads acknowledgements until the time has come, or the pipe's end. The time begins to run when
 * there are `enough` of them: on a slow machine, too, there is something to lose. */
static void listen(struct life *life, int fd, size_t enough, uint64_t delay_us)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    struct ack acks[128];
    uint64_t end = 0;

    for (;;) {
        if (end == 0 && life->n_acks >= enough)
            end = now_us() + delay_us;
        uint64_t now = now_us();
        if (end != 0 && now >= end)
            return;
        struct timespec wait = {.tv_nsec = end ? (long)(end - now) * 1000 : 0};
        if (ppoll(&p, 1, end ? &wait : NULL, NULL) <= 0)
            continue;
        ssize_t got = read(fd, acks, sizeof acks);
        need(got >= 0 && got % (ssize_t)sizeof *acks == 0, "pipe");
        if (got == 0)
            return;
        for (ssize_t k = 0; k < got / (ssize_t)sizeof *acks; k++)
            life_add_ack(life, &acks[k]);
    }
}

static bool was_killed(pid_t child)
{
    int status;
    kill(child, SIGKILL);
    need(waitpid(child, &status, 0) == child, "waitpid");
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
        return true;
    printf("the process ended by itself, wait status 0x%x\n", (unsigned)status);
    return false;
}

/* A writer's life, from open to SIGKILL. */
static bool live(struct campaign *c, struct life *life)
{
    uint64_t state = random_seed(c->seed, life->round, WRITERS + 1);
    bool hasty = life->round % HASTY_EVERY == HASTY_EVERY - 1;
    int ends[2];

    need(pipe(ends) == 0, "pipe");
    memset(c->submitted, 0, sizeof *c->submitted);
    fflush(stdout);
    pid_t child = fork();
    need(child >= 0, "fork");
    if (child == 0) {
        close(ends[0]);
        worker_run(&(struct job){.dir = c->dir,
                                 .seed = c->seed,
                                 .round = life->round,
                                 .pipe = ends[1],
                                 .submitted = c->submitted});
    }
    close(ends[1]);
    listen(life, ends[0], hasty ? 0 : FEW_ACKS, random_from(&state, hasty ? 0 : 5000, 60000));
    bool killed = was_killed(child);
    listen(life, ends[0], SIZE_MAX, 0);
    close(ends[0]);
    return killed;
}

/* Recovery itself is killed now and then. */
static void disturb_recovery(struct campaign *c, uint32_t round)
{
    uint64_t state = random_seed(c->seed, round, WRITERS + 2);

    fflush(stdout);
    pid_t child = fork();
    need(child >= 0, "fork");
    if (child == 0) {
        wal_t *log;
        int e = wal_open(c->dir, NULL, &log);
        _exit(e < 0); /* without close */
    }
    struct timespec wait = {.tv_nsec = random_from(&state, 0, 5000) * 1000};
    nanosleep(&wait, NULL);
    kill(child, SIGKILL);
    need(waitpid(child, NULL, 0) == child, "waitpid");
}

/* Killed between its two slots, control is in two states, and a read-only handle shows only what is
 * durable in both. */
static bool slots_differ(const char *dir)
{
    enum { SLOT_BYTES = 256, SLOT_B = 4096 };
    uint8_t a[SLOT_BYTES], b[SLOT_BYTES];
    char path[300];

    snprintf(path, sizeof path, "%s/control", dir);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    need(fd >= 0 && pread(fd, a, sizeof a, 0) == sizeof a &&
             pread(fd, b, sizeof b, SLOT_B) == sizeof b,
         path);
    close(fd);
    return memcmp(a, b, sizeof a) != 0;
}

static bool look(struct campaign *c, const struct life *life, bool read_only, struct view *ret)
{
    wal_options_t *o;
    wal_t *log;

    need(wal_options_new(&o) == 0, "options");
    need(wal_options_set(o, WAL_OPT_READ_ONLY, read_only) == 0, "options");
    int e = wal_open(c->dir, o, &log);
    wal_options_free(o);
    if (e < 0)
        return log_error(read_only ? "read-only open" : "open");
    bool right = view_read(ret, log, &c->known, life);
    if (right && !(read_only && slots_differ(c->dir)))
        right = view_check(ret, &c->known, life);
    wal_recovery_t report;
    if (!read_only && wal_recovery(log, &report, sizeof report) == 0) {
        c->account.verdicts[report.verdict % 4]++;
        c->account.carried += report.carried_records;
        c->account.discarded += report.discarded_bytes;
    }
    if (wal_close(log) < 0)
        right = log_error("close");
    return right;
}

/* A read-only look before anything is repaired, recovery, and a second open. */
static bool compare(struct campaign *c, const struct life *life)
{
    struct view before = {0}, recovered = {0}, again = {0};
    struct account *a = &c->account;

    bool right = look(c, life, true, &before);
    if (right && life->round % DISTURB_EVERY == 0)
        disturb_recovery(c, life->round);
    right = right && look(c, life, false, &recovered) && look(c, life, false, &again);
    if (right && !view_begins(&recovered, &before)) {
        printf("recovery shows something else than a read-only handle before it\n");
        right = false;
    }
    if (right && (again.n != recovered.n || !view_begins(&again, &recovered))) {
        printf("the second open shows something else than the first\n");
        right = false;
    }
    if (right) {
        size_t found = recovered.n - c->known.n;
        a->acks += life->n_acks;
        a->found += found;
        a->unasked += found - life->n_acks;
        a->rounds_with_enough += life->n_acks >= FEW_ACKS;
        a->rounds++;
        view_replace(&c->known, &recovered);
    }
    view_free(&before);
    view_free(&recovered);
    view_free(&again);
    return right;
}

/* So that the log doesn't grow: up to an LSN anywhere in it. */
static bool truncate_some(struct campaign *c, uint32_t round)
{
    uint64_t state = random_seed(c->seed, round, WRITERS + 3);
    uint64_t lsn = c->known.first + random_next(&state) % (c->known.n + 1);
    wal_t *log;

    if (wal_open(c->dir, NULL, &log) < 0)
        return log_error("open");
    bool right = wal_truncate_before(log, lsn) == 0 || log_error("truncate_before");
    if (wal_close(log) < 0)
        right = log_error("close");
    view_drop_below(&c->known, lsn);
    return right;
}

static bool run_round(struct campaign *c, uint32_t round)
{
    struct life life = {.seed = c->seed, .round = round, .submitted = c->submitted};
    uint64_t before = c->account.found;

    bool right = live(c, &life) && compare(c, &life);
    if (right && round % TRUNCATE_EVERY == 0)
        right = truncate_some(c, round);
    if (c->verbose || !right)
        printf("round %u: %zu acknowledged, %llu found, %zu in the log\n", round, life.n_acks,
               (unsigned long long)(c->account.found - before), c->known.n);
    life_free(&life);
    return right;
}

static void print_account(const struct campaign *c, uint64_t began)
{
    const struct account *a = &c->account;
    printf("note: kill -9, seed %llu: %u rounds in %.1f s, %llu records acknowledged, %llu found, "
           "0 lost, "
           "0 invented; %llu found that nobody had been told of; ends: %u clean, %u torn, %u "
           "ambiguous; %llu bytes given up, %llu records carried over; %u rounds with %d or more "
           "acknowledged\n",
           (unsigned long long)c->seed, a->rounds, (double)(now_us() - began) / 1e6,
           (unsigned long long)a->acks, (unsigned long long)a->found,
           (unsigned long long)a->unasked, a->verdicts[WAL_RECOVERY_CLEAN],
           a->verdicts[WAL_RECOVERY_TORN], a->verdicts[WAL_RECOVERY_AMBIGUOUS],
           (unsigned long long)a->discarded, (unsigned long long)a->carried, a->rounds_with_enough,
           FEW_ACKS);
}

int main(int argc, char **argv)
{
    uint32_t rounds = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 0) : ROUNDS;
    struct campaign c = {.seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1,
                         .known = {.first = 1},
                         .verbose = getenv("WAL_TEST_VERBOSE") != NULL};
    uint64_t began = now_us();
    struct scratch scratch;
    bool right = true;

    need(scratch_make(&scratch) == 0, "scratch directory");
    c.dir = scratch.path;
    c.submitted =
        mmap(NULL, sizeof *c.submitted, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    need(c.submitted != MAP_FAILED, "mmap");
    for (uint32_t k = 0; right && k < rounds; k++)
        right = run_round(&c, k);
    view_free(&c.known);
    if (!right) {
        printf("FAILED with seed %llu; the log is left in %s\n", (unsigned long long)c.seed, c.dir);
        return 1;
    }
    print_account(&c, began);
    scratch_remove(&scratch);
    if (c.account.rounds_with_enough * 10 < rounds * 9) {
        printf("FAILED: fewer than nine of ten rounds had %d acknowledgements\n", FEW_ACKS);
        return 1;
    }
    return 0;
}
