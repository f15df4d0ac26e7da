/* SPDX-License-Identifier: Apache-2.0 */
#include <libwal/wal.h>

#include <stddef.h>

#include "walctl/command.h"
#include "walctl/message.h"
#include "walctl/open.h"
#include "walctl/progress.h"
#include "walctl/signals.h"

static int copy(wal_t *log, const char *dest)
{
    signals_hold();
    int e = wal_copy(log, dest, progress_follow, (void *)"copy");
    progress_end();
    if (e == WAL_E_CALLBACK && signals_caught()) {
        message("nothing was copied");
        return CODE_FAILED;
    }
    return e < 0 ? failure() : CODE_FINE;
}

static int run(char **operands, int n)
{
    wal_t *log;
    (void)n;

    int code = open_read_only(operands[0], &log);
    return code == CODE_FINE ? open_close(log, copy(log, operands[1])) : code;
}

static const struct arg *const args[] = {OPEN_ARGS, NULL};

const struct command command_copy = {
    .name = "copy",
    .summary = "copy a log, while it is in use too",
    .operands = "LOG DIR",
    .least = 2,
    .most = 2,
    .args = args,
    .about =
        "Makes a log in the directory DIR, which may be missing, that has the records, LSNs,\n"
        "batches, metadata and checkpoints which were durable at one moment of the copying. It\n"
        "is a log of its own, with another UUID. Everything that is copied is checked: damage\n"
        "(exit code 3), or anything else that fails, leaves no log in DIR. Where the front of\n"
        "the log is cut away under the copy it has to be begun again (exit code 1).\n",
    .examples = "  walctl copy my.wal backup.wal\n"
                "  walctl copy my.wal /mnt/disk/my.wal\n",
    .run = run,
};
