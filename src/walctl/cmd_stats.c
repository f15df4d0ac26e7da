/* SPDX-License-Identifier: Apache-2.0 */
#include <libwal/wal.h>

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "walctl/color.h"
#include "walctl/command.h"
#include "walctl/escape.h"
#include "walctl/facts.h"
#include "walctl/format.h"
#include "walctl/json.h"
#include "walctl/message.h"
#include "walctl/open.h"
#include "walctl/segments.h"
#include "walctl/survey.h"

enum { NAME_COLUMN = 26 };

static bool prometheus, with_records;

static const struct arg stats_args[] = {
    {"prometheus", 0, NULL, "in Prometheus's text format, for a file that its node\nexporter reads",
     take_flag, &prometheus},
    {"records", 0, NULL, "read all records, for figures about them", take_flag, &with_records},
    {0}};

/* The figures, in the order of the output: their keys in JSON. */
#define FIGURES(X)                                                                                 \
    X(RECORDS, "records", "libwal_records", "Records in the log.")                                 \
    X(FIRST, "first_lsn", "libwal_first_lsn", "The smallest LSN in the log.")                      \
    X(LAST, "last_lsn", "libwal_last_lsn", "The largest LSN in the log.")                          \
    X(NEXT, "next_lsn", "libwal_next_lsn", "The LSN that the next record gets.")                   \
    X(DURABLE, "durable_lsn", "libwal_durable_lsn", "Records up to this LSN are durable.")         \
    X(CHECKPOINT, "checkpoint_lsn", "libwal_checkpoint_lsn", "LSN of the newest checkpoint.")      \
    X(SEGMENTS, "segments", "libwal_segments", "Segment files.")                                   \
    X(DISK, "disk_bytes", "libwal_storage_size_bytes", "What the files take on the disk.")         \
    X(USED, "used_bytes", "libwal_used_bytes", "Bytes in use in the segments.")                    \
    X(SMALLEST, "smallest_segment_bytes", NULL, NULL)                                              \
    X(LARGEST, "largest_segment_bytes", NULL, NULL)                                                \
    X(OLDEST, "oldest_segment_created", "libwal_oldest_segment_created_timestamp_seconds",         \
      "When the oldest segment was made.")                                                         \
    X(NEWEST, "newest_segment_created", "libwal_newest_segment_created_timestamp_seconds",         \
      "When the newest segment was made.")                                                         \
    X(EPOCH, "epoch", "libwal_epoch", "How many opens have written to the log.")                   \
    X(KEYS, "metadata_keys", "libwal_metadata_keys", "Keys of the log's metadata.")                \
    X(STRAYS, "stray_files", "libwal_stray_files", "Files that mean nothing to the log.")          \
    X(DISCARDED, "discarded_bytes", "libwal_recovery_discarded_bytes_total",                       \
      "Bytes at the log's end that a crash left and that don't count.")                            \
    X(REPAIRS, "header_repairs", "libwal_recovery_header_repairs",                                 \
      "Segment headers of which one of two copies is damaged.")                                    \
    X(PAYLOAD, "payload_bytes", "libwal_payload_bytes", "Payloads of all records.")                \
    X(LEAST, "smallest_record_bytes", NULL, NULL)                                                  \
    X(MOST, "largest_record_bytes", NULL, NULL)                                                    \
    X(BATCHES, "batches", "libwal_batches", "Batches, and records by themselves.")                 \
    X(MOST_IN_BATCH, "largest_batch_records", NULL, NULL)                                          \
    X(TAGGED, "tagged_records", "libwal_tagged_records", "Records of batches that have a tag.")    \
    X(TYPES, "record_types", "libwal_record_types", "Types that records of the log have.")

#define FIGURE_NUMBER(number, key, metric, help) number,
enum number { FIGURES(FIGURE_NUMBER) FIGURES_N };

#define FIGURE_NAMES(number, key, metric, help) {key, metric, help},
static const struct {
    const char *key, *metric, *help; /* metric NULL: it is none */
} names[] = {FIGURES(FIGURE_NAMES)};

struct figures {
    uint64_t value[FIGURES_N];
    bool known[FIGURES_N];
    double open_s; /* how long this look's open took */
};

static void know(struct figures *f, enum number which, uint64_t value)
{
    f->value[which] = value;
    f->known[which] = true;
}

/* A number of which 0 means none. */
static void know_lsn(struct figures *f, enum number which, uint64_t lsn)
{
    f->value[which] = lsn;
    f->known[which] = lsn > 0;
}

static void know_facts(struct figures *f, const struct facts *facts)
{
    know(f, RECORDS, facts_records(facts));
    know_lsn(f, FIRST, facts->last > 0 ? facts->first : 0);
    know_lsn(f, LAST, facts->last);
    know_lsn(f, NEXT, facts->next);
    know_lsn(f, DURABLE, facts->durable);
    know_lsn(f, CHECKPOINT, facts->recovery.checkpoint_lsn);
    know(f, SEGMENTS, facts->segments);
    know(f, DISK, facts->disk_bytes);
    know(f, EPOCH, facts->info.epoch);
    know(f, KEYS, facts->metadata_keys);
    know(f, STRAYS, facts->info.strays);
    if (facts->verdict != VERDICT_IN_USE) /* else it may be a write that is under way */
        know(f, DISCARDED, facts->recovery.discarded_bytes);
    know(f, REPAIRS, facts->recovery.header_repairs);
    f->open_s = (double)facts->recovery.duration_ns / 1e9;
}

static void know_segments(struct figures *f, const wal_segment_t *list, size_t n)
{
    uint64_t used = 0, least = UINT64_MAX, most = 0;

    for (size_t k = 0; k < n; k++) {
        used += list[k].bytes;
        least = list[k].bytes < least ? list[k].bytes : least;
        most = list[k].bytes > most ? list[k].bytes : most;
    }
    if (n == 0)
        return;
    know(f, USED, used);
    know(f, SMALLEST, least);
    know(f, LARGEST, most);
    know(f, OLDEST, list[0].created_ns / 1000000000);
    know(f, NEWEST, list[n - 1].created_ns / 1000000000);
}

static void know_survey(struct figures *f, const struct survey *s)
{
    know(f, PAYLOAD, s->bytes);
    know(f, BATCHES, s->batches);
    know(f, TAGGED, s->tagged);
    know(f, TYPES, survey_types(s));
    if (s->records == 0)
        return;
    know(f, LEAST, s->least);
    know(f, MOST, s->most);
    know(f, MOST_IN_BATCH, s->most_in_batch);
}

/* All that can be known. CODE_FINE, or the exit code after a message. */
static int gather(wal_t *log, const struct facts *facts, struct figures *f)
{
    static struct survey survey;
    wal_segment_t *list = NULL;
    size_t n = 0;

    know_facts(f, facts);
    int code = segments_list(log, &list, &n);
    if (code == CODE_FINE)
        know_segments(f, list, n);
    free(list);
    if (code != CODE_FINE || !with_records)
        return code;
    if (survey_run(log, "stats", &survey) < 0)
        return failure();
    know_survey(f, &survey);
    return CODE_FINE;
}

static void print_text(const struct figures *f)
{
    for (int k = 0; k < FIGURES_N; k++) {
        if (k == PAYLOAD && !with_records)
            break;
        printf("%s%-*s%s", color(COLOR_HEAD), NAME_COLUMN, names[k].key, color(COLOR_OFF));
        if (f->known[k])
            printf("%" PRIu64 "\n", f->value[k]);
        else
            puts("-");
    }
    printf("%s%-*s%s%.6f\n", color(COLOR_HEAD), NAME_COLUMN, "open_seconds", color(COLOR_OFF),
           f->open_s);
}

static void print_json(const struct facts *facts, const struct figures *f)
{
    json_begin();
    json_text("log", facts->path);
    for (int k = 0; k < FIGURES_N; k++)
        if (f->known[k])
            json_u64(names[k].key, f->value[k]);
    json_u64("open_ns", facts->recovery.duration_ns);
    json_end();
}

static void print_metric_head(const char *metric, const char *help, const char *path)
{
    bool counter = strstr(metric, "_total");

    printf("# HELP %s %s\n# TYPE %s %s\n%s{log=\"", metric, help, metric,
           counter ? "counter" : "gauge", metric);
    for (; *path; path++)
        if (*path == '\n')
            fputs("\\n", stdout);
        else
            printf(*path == '"' || *path == '\\' ? "\\%c" : "%c", *path);
    fputs("\"} ", stdout);
}

static void print_prometheus(const struct facts *facts, const struct figures *f)
{
    for (int k = 0; k < FIGURES_N; k++) {
        if (!f->known[k] || !names[k].metric)
            continue;
        print_metric_head(names[k].metric, names[k].help, facts->path);
        printf("%" PRIu64 "\n", f->value[k]);
    }
    print_metric_head("libwal_recovery_duration_seconds", "How long opening the log took.",
                      facts->path);
    printf("%.9f\n", f->open_s);
}

static int run(char **operands, int n)
{
    struct figures f = {0};
    struct facts facts = {0};
    wal_t *log;
    (void)n;

    if (prometheus && format_chosen() == FORMAT_JSON)
        return usage_error("--prometheus and --output json exclude each other");
    int code = facts_open(operands[0], &facts, &log);
    if (code != CODE_FINE)
        return code;
    code = gather(log, &facts, &f);
    if (prometheus)
        print_prometheus(&facts, &f);
    else if (format_chosen() == FORMAT_JSON)
        print_json(&facts, &f);
    else
        print_text(&f);
    return open_close(log, code);
}

static const struct arg *const args[] = {stats_args, format_report_args, color_args, OPEN_ARGS,
                                         NULL};

const struct command command_stats = {
    .name = "stats",
    .summary = "show figures of a log, for people, programs and Prometheus",
    .operands = "LOG",
    .least = 1,
    .most = 1,
    .args = args,
    .about =
        "Shows what the files tell of the log's size, segments and end, and with --records of\n"
        "its records. What only a running writer counts, such as its syncs and how long they\n"
        "took, isn't in the files: a program gets that by wal_stats and wal_histogram. Figures\n"
        "that there are none of, such as the last LSN of an empty log, are left out (in text\n"
        "they are -). Times of creation are seconds since 1970.\n",
    .examples = "  walctl stats my.wal\n"
                "  walctl stats --records -o json my.wal | jq .payload_bytes\n"
                "  walctl stats --prometheus my.wal >/var/lib/node_exporter/my_wal.prom\n",
    .run = run,
};
