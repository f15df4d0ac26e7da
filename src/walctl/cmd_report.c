/* SPDX-License-Identifier: Apache-2.0 */
#include <libwal/wal.h>

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "walctl/command.h"
#include "walctl/floor.h"
#include "walctl/message.h"
#include "walctl/open.h"
#include "walctl/out.h"
#include "walctl/report.h"
#include "walctl/segments.h"

enum { SYNC_BYTES = 4096 };
#define SYNCS_MAX UINT64_C(100000)

static const char *file;
static struct given syncs;

static const struct arg report_args[] = {
    {"html", 0, "FILE", "the page to write; - is standard output; needed", take_text, &file},
    {"measure-sync", 0, "N",
     "write 4 KiB and sync, N times, in a nameless file in\nthe log's "
     "directory, and show how long that took",
     take_count, &syncs},
    {0}};

/* CODE_FINE, CODE_CORRUPT where the page shows damage, or another code after a message. */
static int gather(wal_t *log, struct report *r)
{
    int code = segments_list(log, &r->segments, &r->n);

    if (code == CODE_FINE && survey_run(log, "report", &r->survey) < 0) {
        code = failure();
        if (code == CODE_CORRUPT)
            wal_last_error(&r->damage, sizeof r->damage);
    }
    if (syncs.is && (code == CODE_FINE || code == CODE_CORRUPT)) {
        int measured = floor_measure(r->facts.path, syncs.value, 0, SYNC_BYTES, &r->syncs);
        code = measured == CODE_FINE ? code : measured;
        samples_sort(&r->syncs);
    }
    return code;
}

static void print(const struct report *r)
{
    report_head(r);
    report_map(r);
    report_segments(r);
    report_records(r);
    report_syncs(r);
    report_recovery(r);
    report_identity(r);
    report_foot();
}

static int run(char **operands, int n)
{
    static struct report r;
    wal_t *log;
    (void)n;

    if (!file || !*file)
        return usage_error("--html FILE is needed");
    if (syncs.is && syncs.value > SYNCS_MAX)
        return usage_error("--measure-sync: at most 100000");
    int code = facts_open(operands[0], &r.facts, &log);
    if (code != CODE_FINE)
        return code;
    code = gather(log, &r);
    bool fine = code == CODE_FINE || code == CODE_CORRUPT;
    if (fine && strcmp(file, "-") != 0 && out_into(file) != CODE_FINE)
        code = CODE_FAILED;
    else if (fine)
        print(&r);
    free(r.segments);
    samples_free(&r.syncs);
    return open_close(log, code);
}

static const struct arg *const args[] = {report_args, OPEN_ARGS, NULL};

const struct command command_report = {
    .name = "report",
    .summary = "make a page about a log, to look at and to pass on",
    .operands = "LOG",
    .least = 1,
    .most = 1,
    .args = args,
    .about =
        "Writes one HTML page that needs nothing else: a map of the log, its segments, how large\n"
        "its records and batches are, what is at its end, what it is. All records are read for\n"
        "it; none of their contents are in it, but the label and the path are. Where something\n"
        "is damaged the page says so, and the exit code is 3.\n",
    .examples = "  walctl report --html my-wal.html my.wal\n"
                "  walctl report --html - --measure-sync 1000 my.wal >page.html\n",
    .run = run,
};
