/* SPDX-License-Identifier: Apache-2.0 */
/* Writes files into a log, is killed again and again, and shows what came through.
 *
 *     demo DIRECTORY FILE...      DIRECTORY doesn't exist yet; it is removed when all is well */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <libwal/wal.h>

#include "writer.h"

enum { ROUNDS = 5 };

struct demo {
    const char *dir;
    struct input in;
    uint64_t *told;  /* by piece: the LSN that was acknowledged, 0: none */
    uint64_t *found; /* by piece: the LSN under which it is in the log, 0: it isn't */
    size_t n_told, n_found, lost, invented;
    uint64_t found_bytes;
};

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int failed(const char *what)
{
    wal_error_t error = {0};
    wal_last_error(&error, sizeof error);
    fprintf(stderr, "%s: %s\n", what, error.message);
    return 1;
}

/* From low to high. */
static double chance(double low, double high)
{
    return low + (high - low) * ((double)rand() / RAND_MAX);
}

static void note(struct demo *d, const struct ack *a, uint64_t *bytes)
{
    for (uint32_t k = 0; k < a->n; k++) {
        d->told[a->first + k] = a->lsn + k;
        d->n_told++;
        *bytes += d->in.pieces[a->first + k].size;
    }
}

/* Reads acknowledgements until there are so many bytes, or until the pipe's end. */
static void listen(struct demo *d, int fd, uint64_t enough)
{
    struct ack acks[64];
    uint64_t bytes = 0;
    ssize_t got;

    while (bytes < enough && (got = read(fd, acks, sizeof acks)) > 0)
        for (size_t k = 0; k < (size_t)got / sizeof *acks; k++)
            note(d, &acks[k], &bytes);
}

/* One life of the writer. kill_at: after so many acknowledged bytes, and a moment; 0: it may live
 * to its end. Returns whether it ended as it should. */
static int live(struct demo *d, uint64_t kill_at)
{
    int ends[2], status;

    fflush(stdout);
    if (pipe(ends) < 0)
        return 0;
    pid_t child = fork();
    if (child < 0)
        return 0;
    if (child == 0) {
        close(ends[0]);
        int result = writer_run(d->dir, &d->in, d->found, ends[1]);
        while (kill_at > 0 && result == 0)
            pause();
        _exit(result);
    }
    close(ends[1]);
    if (kill_at > 0) {
        listen(d, ends[0], kill_at);
        struct timespec moment = {.tv_nsec = (long)chance(0, 3e6)};
        nanosleep(&moment, NULL);
        kill(child, SIGKILL);
    }
    listen(d, ends[0], UINT64_MAX);
    close(ends[0]);
    if (waitpid(child, &status, 0) != child)
        return 0;
    return kill_at > 0 ? WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL : status == 0;
}

static int take_record(void *ctx, const wal_record_t *r)
{
    struct demo *d = ctx;
    const struct piece *p;
    uint32_t index = UINT32_MAX;

    if (r->data_size >= INDEX_BYTES)
        memcpy(&index, r->data, INDEX_BYTES);
    p = index < d->in.n_pieces ? &d->in.pieces[index] : NULL;
    if (p == NULL || d->found[index] != 0 || r->type != p->file ||
        r->data_size != INDEX_BYTES + (uint64_t)p->size ||
        memcmp((const uint8_t *)r->data + INDEX_BYTES, p->data, p->size) != 0) {
        d->invented++;
        return 0;
    }
    d->found[index] = r->lsn;
    d->found_bytes += p->size;
    d->n_found++;
    return 0;
}

/* Opens the log, reads all of it, and compares it with what was acknowledged. */
static int compare(struct demo *d, wal_recovery_t *report)
{
    wal_t *log;

    memset(d->found, 0, d->in.n_pieces * sizeof *d->found);
    d->n_found = d->lost = d->invented = 0;
    d->found_bytes = 0;
    if (wal_open(d->dir, NULL, &log) < 0)
        return failed("open");
    int e = wal_replay(log, 0, take_record, d, NULL);
    if (e == 0)
        e = wal_recovery(log, report, sizeof *report);
    if (e < 0)
        failed("replay");
    if (wal_close(log) < 0)
        e = failed("close");
    for (size_t k = 0; k < d->in.n_pieces; k++)
        d->lost += d->told[k] != 0 && d->told[k] != d->found[k];
    return e != 0;
}

static void show(const struct demo *d, const wal_recovery_t *report, double life_s)
{
    static const char *const ends[] = {"new", "clean", "torn", "ambiguous"};

    printf("  written for %.2f s, then killed; %zu records acknowledged so far\n", life_s,
           d->n_told);
    printf("  opened in %.1f ms: end %s, %" PRIu64 " bytes given up, %" PRIu64 " segments\n",
           (double)report->duration_ns / 1e6, ends[report->verdict % 4], report->discarded_bytes,
           report->segments);
    printf("  %zu records found (%.1f MB): %zu lost, %zu invented, %zu written but not yet "
           "acknowledged -> %s\n",
           d->n_found, (double)d->found_bytes / 1e6, d->lost, d->invented,
           d->n_found + d->lost - d->n_told, d->lost + d->invented == 0 ? "right" : "WRONG");
}

static int run_round(struct demo *d, int round)
{
    wal_recovery_t report = {0};
    double began = now_s();

    printf("Round %d\n", round);
    if (!live(d, (uint64_t)(chance(0.05, 0.35) * (double)(d->in.bytes - d->found_bytes)) + 1)) {
        fprintf(stderr, "the writer ended by itself\n");
        return 1;
    }
    double life_s = now_s() - began;
    if (compare(d, &report) != 0)
        return 1;
    show(d, &report, life_s);
    /* What was on the way through the pipe when the writer died counts as told now. */
    d->n_told = 0;
    for (size_t k = 0; k < d->in.n_pieces; k++) {
        d->told[k] = d->found[k];
        d->n_told += d->told[k] != 0;
    }
    return d->lost + d->invented > 0;
}

/* The rest is written in peace; then the log holds each piece of each file once. */
static int finish(struct demo *d)
{
    wal_recovery_t report = {0};
    double began = now_s();

    printf("The rest\n");
    if (!live(d, 0) || compare(d, &report) != 0)
        return 1;
    int whole =
        d->n_found == d->in.n_pieces && d->found_bytes == d->in.bytes && d->lost + d->invented == 0;
    printf("  written in %.2f s and closed; %zu of %zu records found, the files %s\n",
           now_s() - began, d->n_found, d->in.n_pieces,
           whole ? "are in the log byte for byte" : "are NOT whole");
    return !whole;
}

int main(int argc, char **argv)
{
    struct demo d = {.dir = argc > 1 ? argv[1] : NULL};
    int wrong = 0;

    if (argc < 3) {
        fprintf(stderr, "usage: demo DIRECTORY FILE...\n");
        return 2;
    }
    srand((unsigned)time(NULL));
    input_load(&d.in, argv + 2, (size_t)argc - 2);
    d.told = calloc(d.in.n_pieces, sizeof *d.told);
    d.found = calloc(d.in.n_pieces, sizeof *d.found);
    if (d.told == NULL || d.found == NULL)
        return 2;
    printf("%zu files, %.1f MB, cut into %zu records; %d threads, each append waits for the disk\n",
           d.in.n_files, (double)d.in.bytes / 1e6, d.in.n_pieces, THREADS);
    for (int k = 1; k <= ROUNDS && !wrong; k++)
        wrong = run_round(&d, k);
    wrong = wrong || finish(&d);
    if (!wrong && wal_destroy(d.dir) < 0)
        wrong = failed("destroy");
    if (wrong)
        printf("FAILED: the log is left in %s\n", d.dir);
    free(d.told);
    free(d.found);
    input_free(&d.in);
    return wrong;
}
