/* SPDX-License-Identifier: Apache-2.0 */
#include <libwal/wal.h>

#include <inttypes.h>
#include <stddef.h>

#include "walctl/color.h"
#include "walctl/command.h"
#include "walctl/decoder.h"
#include "walctl/format.h"
#include "walctl/frame.h"
#include "walctl/message.h"
#include "walctl/open.h"
#include "walctl/out.h"
#include "walctl/record.h"

/* By a reader, since it knows the tag of the record's batch. */
static int get(wal_t *log, wal_reader_t *r, uint64_t lsn)
{
    wal_record_t record = {.size = sizeof record};

    int e = wal_reader_seek(r, lsn);
    if (e == 0)
        e = wal_reader_next(r, &record);
    if (e < 0)
        return failure();
    if (e == 0) { /* the next one, which is still to come */
        message("LSN %" PRIu64 " is outside the log, %" PRIu64 " .. %" PRIu64, lsn,
                wal_first_lsn(log), lsn - 1);
        return CODE_FAILED;
    }
    record_print(&record);
    return CODE_FINE;
}

static int get_all(wal_t *log, char **lsns, int n)
{
    wal_reader_t *r;
    int code = CODE_FINE;

    if (wal_reader_open(log, 0, 0, &r) < 0)
        return failure();
    for (int k = 0; k < n && !out_failed(); k++) {
        uint64_t lsn = 0;
        number_parse(lsns[k], UINT64_MAX - 1, &lsn);
        int one = get(log, r, lsn);
        code = code == CODE_FINE ? one : code;
    }
    wal_reader_close(r);
    return record_result(code);
}

static int run(char **operands, int n)
{
    uint64_t lsn;
    wal_t *log;

    int code = record_check();
    for (int k = 1; k < n && code == CODE_FINE; k++)
        if (!number_parse(operands[k], UINT64_MAX - 1, &lsn) || lsn == 0)
            code = usage_error("'%s' is no LSN", operands[k]);
    if (code == CODE_FINE)
        code = open_read_only(operands[0], &log);
    return code == CODE_FINE ? open_close(log, get_all(log, operands + 1, n - 1)) : code;
}

static const struct arg *const args[] = {RECORD_ARGS, OPEN_ARGS, NULL};

const struct command command_get = {
    .name = "get",
    .summary = "show single records by their LSN",
    .operands = "LOG LSN...",
    .least = 2,
    .most = 1 << 30,
    .args = args,
    .about = "Shows the records with these LSNs, in this order. Those that can't be had are named\n"
             "on stderr, and the others shown.\n",
    .examples = "  walctl get my.wal 17             LSN, type, payload\n"
                "  walctl get -o raw my.wal 17      the payload as it is\n"
                "  walctl get -o hex my.wal 17 18   a dump of two\n",
    .run = run,
};
