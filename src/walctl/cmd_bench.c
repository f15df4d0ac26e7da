/* SPDX-License-Identifier: Apache-2.0 */
#include <libwal/wal.h>

#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "walctl/bench.h"
#include "walctl/color.h"
#include "walctl/command.h"
#include "walctl/format.h"
#include "walctl/json.h"
#include "walctl/message.h"
#include "walctl/open.h"
#include "walctl/out.h"
#include "walctl/signals.h"

enum { PATH_BYTES = 4096, THREADS_MAX = 256, SECONDS_MAX = 3600 };

static struct given threads = {.value = 4}, milliseconds = {.value = 1000}, size = {.value = 100};

static const struct arg bench_args[] = {
    {"threads", 't', "N", "durable appends by 1, 2, 4 ... up to N threads\n(default 4)", take_count,
     &threads},
    {"milliseconds", 0, "N", "so long for each figure (default 1000)", take_count, &milliseconds},
    {"size", 's', "BYTES", "of each record (default 100)", take_number, &size},
    {0}};

static double seconds(const struct bench *b)
{
    return b->ns > 0 ? (double)b->ns / 1e9 : 1e-9;
}

static void print_head(void)
{
    printf("%s%-9s %7s %11s %9s %10s %10s %10s %10s%s\n", color(COLOR_HEAD), "WHAT", "THREADS",
           "PER SECOND", "MB/S", "P50 MS", "P99 MS", "P99.9 MS", "MAX MS", color(COLOR_OFF));
}

static void print_text(const struct bench *b)
{
    static const unsigned marks[] = {500, 990, 999, 1000};

    printf("%-9s %7u %11.0f %9.2f", b->what, b->threads, (double)b->records / seconds(b),
           (double)b->bytes / seconds(b) / 1e6);
    for (size_t k = 0; k < sizeof marks / sizeof *marks; k++)
        if (b->times.n > 0)
            printf(" %10.3f", (double)samples_at(&b->times, marks[k]) / 1e6);
        else
            printf(" %10s", "-");
    putchar('\n');
}

static void print_json(const struct bench *b)
{
    json_begin();
    json_text("what", b->what);
    json_u64("threads", b->threads);
    json_u64("records", b->records);
    json_u64("payload_bytes", b->bytes);
    json_u64("ns", b->ns);
    if (b->times.n > 0) {
        json_u64("p50_ns", samples_at(&b->times, 500));
        json_u64("p90_ns", samples_at(&b->times, 900));
        json_u64("p99_ns", samples_at(&b->times, 990));
        json_u64("p999_ns", samples_at(&b->times, 999));
        json_u64("max_ns", samples_at(&b->times, 1000));
    }
    json_end();
}

/* A figure, as soon as it is there. */
static int show(struct bench *b, int code)
{
    if (code == CODE_FINE && !signals_caught()) {
        if (format_chosen() == FORMAT_JSON)
            print_json(b);
        else
            print_text(b);
        out_flush();
    }
    samples_free(&b->times);
    return code == CODE_FINE && (signals_caught() || out_failed()) ? CODE_FAILED : code;
}

static int measure(const struct bench_plan *p, const char *dir)
{
    struct bench b = {0};
    uint64_t first = 0;

    int code = show(&b, bench_floor(p, dir, &b));
    for (unsigned n = 1; code == CODE_FINE && n <= threads.value;) {
        code = show(&b, bench_durable(p, n, &b));
        n = n < threads.value && 2 * n > threads.value ? (unsigned)threads.value : 2 * n;
    }
    if (code == CODE_FINE)
        code = show(&b, bench_buffered(p, &b, &first));
    return code == CODE_FINE ? show(&b, bench_replay(p, first, &b)) : code;
}

/* In a log of its own, which goes again whatever happens. */
static int bench_in(char *dir)
{
    struct bench_plan p = {.size = size.value, .limit_ns = milliseconds.value * 1000000};

    int code = open_for_writing(dir, true, &p.log);
    if (code == CODE_FINE) {
        if (format_chosen() == FORMAT_TEXT)
            print_head();
        code = open_close(p.log, measure(&p, dir));
        if (wal_destroy(dir) < 0)
            code = failure();
    }
    rmdir(dir); /* where there is no log in it */
    return code;
}

static int check(void)
{
    if (threads.value > THREADS_MAX)
        return usage_error("--threads: at most %d", THREADS_MAX);
    if (milliseconds.value > SECONDS_MAX * 1000)
        return usage_error("--milliseconds: at most %d", SECONDS_MAX * 1000);
    if (size.value > open_get(WAL_OPT_MAX_RECORD_BYTES))
        return usage_error("--size: max_record_bytes is %" PRIu64,
                           open_get(WAL_OPT_MAX_RECORD_BYTES));
    return CODE_FINE;
}

static int run(char **operands, int n)
{
    char dir[PATH_BYTES];
    (void)n;

    int code = check();
    if (code != CODE_FINE)
        return code;
    if ((size_t)snprintf(dir, sizeof dir, "%s/control", operands[0]) >= sizeof dir - 32)
        return usage_error("the directory's path is too long");
    if (access(dir, F_OK) == 0) {
        message("%s is a log: name a directory beside it", operands[0]);
        return CODE_FAILED;
    }
    snprintf(dir, sizeof dir, "%s/walctl-bench-XXXXXX", operands[0]);
    signals_hold();
    if (!mkdtemp(dir)) {
        message("no directory can be made in %s: %s", operands[0], strerror(errno));
        return CODE_FAILED;
    }
    return bench_in(dir);
}

static const struct arg *const args[] = {bench_args, format_report_args, color_args, OPEN_ARGS,
                                         NULL};

const struct command command_bench = {
    .name = "bench",
    .summary = "measure what appends and reads cost on this disk",
    .operands = "DIR",
    .least = 1,
    .most = 1,
    .args = args,
    .about =
        "Makes a log of its own in a new directory below DIR, measures, and removes it again:\n"
        "\n"
        "  floor     a bare write and fdatasync of as many bytes: what the disk takes\n"
        "  durable   an append that returns when its record is durable; threads share syncs\n"
        "  buffered  appends that return at once, and one sync at the end\n"
        "  replay    reading what these have written, checksums and all\n"
        "\n"
        "For single ones it shows which time half of them, 99 % and 99.9 % stayed within. It\n"
        "writes a few hundred MiB at most for the buffered ones. What else the machine does\n"
        "shows in all figures: take the floor of the same run as the measure.\n",
    .examples = "  walctl bench .\n"
                "  walctl bench --threads 16 --size 4096 --milliseconds 5000 /mnt/disk\n"
                "  walctl bench -O sync=dsync -o json . | jq -c '[.what, .threads, .p99_ns]'\n",
    .run = run,
};
