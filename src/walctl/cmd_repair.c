/* SPDX-License-Identifier: Apache-2.0 */
#include <libwal/wal.h>

#include <inttypes.h>
#include <stddef.h>

#include "walctl/color.h"
#include "walctl/command.h"
#include "walctl/confirm.h"
#include "walctl/findings.h"
#include "walctl/format.h"
#include "walctl/message.h"
#include "walctl/open.h"

static bool cut, rebuild;

static const struct arg repair_args[] = {
    {"cut-at-damage", 0, NULL, "end the log before its first damage", take_flag, &cut},
    {"rebuild-control", 0, NULL, "make its control file anew from the segments", take_flag,
     &rebuild},
    {0}};

/* What wal_repair or its dry run came to; prints it. CODE_FINE, or the exit code. */
static int told(int e, struct findings *f)
{
    if (e < 0 && e != WAL_E_TORN)
        failure();
    if (e < 0 && e != WAL_E_TORN && e != WAL_E_CORRUPT)
        return code_of(e);
    f->verdict = verdict_of_verify(&f->v);
    return findings_print(f);
}

static void announce(const wal_verify_t *v, const char *verb)
{
    if (rebuild)
        message("%s make the control file anew%s", verb,
                v->damaged_segment == 0 ? "" : ", if it needs that");
    if (cut && v->damaged_lsn > 0 && v->last_lsn >= v->damaged_lsn)
        message("%s give up LSN %" PRIu64 " and all behind it, up to %" PRIu64 " at least", verb,
                v->damaged_lsn, v->last_lsn);
    else if (cut)
        message("%s give up the first damage and all behind it", verb);
    message("what is given up or replaced %s copied to the directory quarantine first",
            confirm_dry_run() ? "would be" : "is");
}

static int repair(const char *dir)
{
    struct findings before = {0}, after = {0};

    int e = wal_repair(dir, open_options(), WAL_REPAIR_DRY_RUN, &before.v, sizeof before.v);
    int code = told(e, &before);
    if (e != WAL_E_CORRUPT)
        return code;
    announce(&before.v, confirm_dry_run() ? "would" : "will");
    if (confirm_dry_run())
        return code;
    if (!confirm()) {
        message("nothing was changed");
        return CODE_FAILED;
    }
    e = wal_repair(dir, open_options(),
                   (cut ? WAL_REPAIR_CUT_AT_DAMAGE : 0u) |
                       (rebuild ? WAL_REPAIR_REBUILD_CONTROL : 0u),
                   &after.v, sizeof after.v);
    return told(e, &after);
}

static int run(char **operands, int n)
{
    (void)n;
    if (!cut && !rebuild)
        return usage_error("one of --cut-at-damage and --rebuild-control is needed");
    int code = confirm_check();
    return code == CODE_FINE ? repair(operands[0]) : code;
}

static const struct arg *const args[] = {repair_args, confirm_args, format_report_args,
                                         color_args,  OPEN_ARGS,    NULL};

const struct command command_repair = {
    .name = "repair",
    .summary = "make a damaged log one that opens again",
    .operands = "LOG",
    .least = 1,
    .most = 1,
    .args = args,
    .about =
        "Says what is damaged and what a repair gives up, asks on a terminal (elsewhere --yes is\n"
        "needed), repairs, and verifies. With --cut-at-damage the log ends before its first\n"
        "damage, and all behind that is given up, however right it is: salvage gets it out\n"
        "before. With --rebuild-control a control file that is lost or damaged is made from the\n"
        "segments' headers, where these leave no doubt. What goes is copied into the directory\n"
        "quarantine in the log's first. A log that is right stays as it is, and so does one\n"
        "whose end is torn (exit code 4): opening it for writing repairs that.\n",
    .examples = "  walctl repair --cut-at-damage --dry-run my.wal\n"
                "  walctl repair --cut-at-damage my.wal\n"
                "  walctl repair --rebuild-control --yes my.wal\n",
    .run = run,
};
