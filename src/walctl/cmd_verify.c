/* SPDX-License-Identifier: Apache-2.0 */
#include <libwal/wal.h>

#include <stddef.h>
#include <stdlib.h>

#include "walctl/color.h"
#include "walctl/command.h"
#include "walctl/findings.h"
#include "walctl/format.h"
#include "walctl/map.h"
#include "walctl/message.h"
#include "walctl/open.h"
#include "walctl/progress.h"
#include "walctl/segments.h"

static void draw(wal_t *log, const struct findings *f)
{
    wal_segment_t *list = NULL;
    size_t n = 0;

    if (segments_list(log, &list, &n) == CODE_FINE)
        map_print(list, n, f->recovery.checkpoint_lsn, f->v.damaged_segment);
    free(list);
}

/* Opens the log as well, where damage doesn't keep it from that: only so one knows what the next
 * writer gives up at its end. CODE_FINE, or the exit code after a message. */
static int look(const char *dir, struct findings *f, wal_t **ret)
{
    int e = open_try(dir, ret);

    if (e == 0)
        e = wal_recovery(*ret, &f->recovery, sizeof f->recovery);
    return e < 0 && e != WAL_E_CORRUPT ? failure() : CODE_FINE;
}

/* Reads everything. CODE_FINE where f says what was found, else the exit code after a message. */
static int verify(const char *dir, struct findings *f)
{
    uint32_t pid;
    bool in_use = wal_lock_holder(dir, &pid) == 1;

    int e = wal_verify(dir, open_options(), progress_follow, (void *)"verify", &f->v, sizeof f->v);
    progress_end();
    if (e < 0 && e != WAL_E_TORN && (failure(), e != WAL_E_CORRUPT))
        return code_of(e);
    in_use |= wal_lock_holder(dir, &pid) == 1;
    f->verdict = e == WAL_E_CORRUPT ? VERDICT_DAMAGED : verdict_of(&f->recovery, in_use);
    return CODE_FINE;
}

static int run(char **operands, int n)
{
    struct findings f = {.recovery = {.size = sizeof f.recovery}};
    wal_t *log = NULL;
    (void)n;

    int code = look(operands[0], &f, &log);
    bool found = code == CODE_FINE && (code = verify(operands[0], &f)) == CODE_FINE;
    if (found)
        code = findings_print(&f);
    if (found && log && format_chosen() == FORMAT_TEXT && map_wanted())
        draw(log, &f);
    return log ? open_close(log, code) : code;
}

static const struct arg *const args[] = {format_report_args, map_args, color_args, OPEN_ARGS, NULL};

const struct command command_verify = {
    .name = "verify",
    .summary = "read everything, and say whether it is right",
    .operands = "LOG",
    .least = 1,
    .most = 1,
    .args = args,
    .about =
        "Reads and checks every record and the metadata, without changing or locking anything.\n"
        "Ends with 3 when something is damaged (file, offset and LSN are on stderr), with 4\n"
        "when only the end is torn, as a crash leaves it: the next writer gives that up, and\n"
        "nothing of it was acknowledged. The end of a log in use may look torn for a moment,\n"
        "which counts as right.\n",
    .examples = "  walctl verify my.wal\n"
                "  walctl verify -o json my.wal | jq -r .verdict\n",
    .run = run,
};
