/* SPDX-License-Identifier: Apache-2.0 */
#include "walctl/removal.h"

#include <inttypes.h>

#include "walctl/confirm.h"
#include "walctl/message.h"
#include "walctl/open.h"

static void say(const struct removal *r)
{
    const char *verb = confirm_dry_run() ? "would" : "will";

    if (r->low <= r->high)
        message("%s remove LSN %" PRIu64 " to %" PRIu64 ": %" PRIu64 " of %" PRIu64 " record%s",
                verb, r->low, r->high, r->high - r->low + 1, r->last - r->first + 1,
                plural(r->last - r->first + 1));
    else
        message("%s remove nothing", verb);
    if (r->then_next != r->next)
        message("the next record %s get LSN %" PRIu64 " instead of %" PRIu64, verb, r->then_next,
                r->next);
}

static int removal_do(wal_t *log, removal_plan_fn plan, removal_do_fn act)
{
    struct removal r = {0};

    if (wal_range(log, &r.first, &r.last, &r.next, NULL) < 0)
        return failure();
    r.then_next = r.next;
    r.low = 1;
    int code = plan(&r);
    if (code != CODE_FINE)
        return code;
    say(&r);
    if (confirm_dry_run() || (r.low > r.high && r.then_next == r.next))
        return CODE_FINE;
    if (!confirm()) {
        message("nothing was changed");
        return CODE_FAILED;
    }
    return act(log) < 0 ? failure() : CODE_FINE;
}

int removal_run(const char *dir, removal_plan_fn plan, removal_do_fn act)
{
    wal_t *log;

    int code = confirm_check();
    if (code == CODE_FINE)
        code = confirm_dry_run() ? open_read_only(dir, &log) : open_for_writing(dir, false, &log);
    return code == CODE_FINE ? open_close(log, removal_do(log, plan, act)) : code;
}
