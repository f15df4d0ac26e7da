/* SPDX-License-Identifier: Apache-2.0 */
#include <libwal/wal.h>

#include <inttypes.h>
#include <stddef.h>

#include "walctl/command.h"
#include "walctl/confirm.h"
#include "walctl/message.h"
#include "walctl/open.h"
#include "walctl/removal.h"

static struct given before, after;

static const struct arg truncate_args[] = {
    {"before", 0, "LSN", "remove the records below this one", take_lsn, &before},
    {"after", 0, "LSN", "remove the records above this one; 0 can empty a\nlog that begins with 1",
     take_number, &after},
    {0}};

static int outside(uint64_t lsn, const struct removal *r)
{
    message("LSN %" PRIu64 " is outside the log, which has %" PRIu64 " to %" PRIu64, lsn, r->first,
            r->next - 1);
    return CODE_FAILED;
}

static int plan_before(struct removal *r)
{
    if (before.value > r->next)
        return outside(before.value, r);
    r->low = r->first;
    r->high = before.value - 1;
    return CODE_FINE;
}

static int plan_after(struct removal *r)
{
    if (after.value < r->first - 1)
        return outside(after.value, r);
    if (after.value >= r->next - 1)
        return CODE_FINE;
    r->low = after.value + 1;
    r->high = r->next - 1;
    r->then_next = r->low;
    return CODE_FINE;
}

static int cut_before(wal_t *log)
{
    return wal_truncate_before(log, before.value);
}

static int cut_after(wal_t *log)
{
    return wal_truncate_after(log, after.value);
}

static int run(char **operands, int n)
{
    (void)n;
    if (before.is == after.is)
        return usage_error("one of --before and --after is needed");
    return before.is ? removal_run(operands[0], plan_before, cut_before)
                     : removal_run(operands[0], plan_after, cut_after);
}

static const struct arg *const args[] = {truncate_args, confirm_args, OPEN_ARGS, NULL};

const struct command command_truncate = {
    .name = "truncate",
    .summary = "remove records at the front or at the end",
    .operands = "LOG",
    .least = 1,
    .most = 1,
    .args = args,
    .about = "Removes exactly the records below or above an LSN: after a crash all of them are\n"
             "gone, or none. It says first which ones, and asks on a terminal; elsewhere --yes is\n"
             "needed. The log must not be open for writing.\n",
    .examples = "  walctl truncate --before 1000 my.wal          1000 is the first one then\n"
                "  walctl truncate --after 1200 --yes my.wal     the next one gets 1201\n"
                "  walctl truncate --after 1200 --dry-run my.wal\n",
    .run = run,
};
