/* SPDX-License-Identifier: Apache-2.0 */
#include <libwal/wal.h>

#include <stddef.h>

#include "walctl/command.h"
#include "walctl/confirm.h"
#include "walctl/message.h"
#include "walctl/open.h"
#include "walctl/removal.h"

static struct given next;

static const struct arg reset_args[] = {
    {"next", 0, "LSN", "which LSN the next record gets; needed", take_lsn, &next}, {0}};

static int plan(struct removal *r)
{
    r->low = r->first;
    r->high = r->next - 1;
    r->then_next = next.value;
    return CODE_FINE;
}

static int reset(wal_t *log)
{
    return wal_reset(log, next.value);
}

static int run(char **operands, int n)
{
    (void)n;
    return next.is ? removal_run(operands[0], plan, reset) : usage_error("--next is needed");
}

static const struct arg *const args[] = {reset_args, confirm_args, OPEN_ARGS, NULL};

const struct command command_reset = {
    .name = "reset",
    .summary = "remove all records, and go on at another LSN",
    .operands = "LOG",
    .least = 1,
    .most = 1,
    .args = args,
    .about =
        "Removes all records in one step that a crash can't split; metadata stay. The next\n"
        "record gets the LSN that --next says, above or below the present ones. It says first\n"
        "what goes, and asks on a terminal; elsewhere --yes is needed. The log must not be\n"
        "open for writing.\n",
    .examples = "  walctl reset --next 1 my.wal\n"
                "  walctl reset --next 5000 --yes my.wal\n",
    .run = run,
};
