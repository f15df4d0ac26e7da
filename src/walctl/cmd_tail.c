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
#include "walctl/select.h"
#include "walctl/signals.h"
#include "walctl/span.h"

enum { DEFAULT_COUNT = 10, SLICE_MS = 100 /* between looks at signals and stdout */ };

static bool follow;

static const struct arg follow_args[] = {
    {"follow", 'f', NULL, "wait for more at the end, until interrupted or --to\nis reached",
     take_flag, &follow},
    {0}};

/* The LSN from which on `count` of the wanted records lie in the span, or all where there are
 * fewer. Nothing before them is read: there may be damage. */
static int find_start(wal_t *log, const struct span *s, uint64_t count, uint64_t *ret)
{
    wal_record_t record = {.size = sizeof record};
    uint64_t start = s->low;
    wal_reader_t *r;
    int e = 1;

    if (wal_reader_open(log, s->newest, select_flags() | WAL_READ_REVERSE, &r) < 0)
        return failure();
    while (wal_reader_position(r) >= s->low && (e = wal_reader_next(r, &record)) == 1) {
        if (record.lsn > s->high || !select_type(record.type))
            continue;
        start = count == 0 ? record.lsn + 1 : record.lsn;
        if (count == 0 || --count == 0)
            break;
    }
    wal_reader_close(r);
    *ret = start;
    return e < 0 ? failure() : CODE_FINE;
}

/* The reader's place is gone: what it had not read yet may be gone too, and what it has read may
 * have been replaced. */
static int go_on(wal_reader_t *r)
{
    uint64_t lost = wal_reader_position(r);

    if (wal_reader_seek(r, 0) < 0)
        return failure();
    message("the log was cut or reset, LSN %" PRIu64 " is gone: going on at its first record, LSN "
            "%" PRIu64,
            lost, wal_reader_position(r));
    return CODE_FINE;
}

/* At the end of what is there. 1: that was all, 0: there may be more. */
static int wait_for_more(wal_reader_t *r)
{
    out_flush();
    if (!follow || out_reader_gone())
        return 1;
    int e = wal_reader_wait(r, SLICE_MS);
    return e < 0 ? e : 0;
}

static int step(wal_reader_t *r, bool at_once)
{
    wal_record_t record = {.size = sizeof record};

    int e = wal_reader_next(r, &record);
    if (e < 1)
        return e < 0 ? e : wait_for_more(r);
    if (select_type(record.type))
        record_print(&record);
    if (at_once)
        out_flush();
    return 0;
}

static int print_from(wal_reader_t *r, uint64_t high)
{
    bool at_once = follow && !out_is_file();
    int code = CODE_FINE, e = 0;

    while (code == CODE_FINE && e != 1 && wal_reader_position(r) <= high) {
        if (out_failed() || signals_caught())
            break;
        e = step(r, at_once);
        if (e < 0)
            code = e == WAL_E_TRIMMED ? go_on(r) : failure();
    }
    return code;
}

static int print_tail(wal_t *log)
{
    struct span s;
    uint64_t start, high;
    wal_reader_t *r;
    uint64_t count = selection.count.is ? selection.count.value : DEFAULT_COUNT;

    int code = span_find(log, &s);
    start = s.low;
    if (code == CODE_FINE && (selection.count.is || !selection.from.is) && s.low <= s.high)
        code = find_start(log, &s, count, &start);
    if (code != CODE_FINE)
        return code;
    high = !follow ? s.high : selection.to.is ? selection.to.value : UINT64_MAX;
    code = span_reader(log, &s, start, &r);
    if (code != CODE_FINE)
        return code;
    code = print_from(r, high);
    wal_reader_close(r);
    return record_result(code);
}

static int run(char **operands, int n)
{
    wal_t *log;
    (void)n;

    int code = span_open(operands[0], &log);
    if (code != CODE_FINE)
        return code;
    if (follow)
        signals_hold();
    return open_close(log, print_tail(log));
}

static const struct arg *const args[] = {follow_args, select_args, RECORD_ARGS, OPEN_ARGS, NULL};

const struct command command_tail = {
    .name = "tail",
    .summary = "show the last records, and follow a log that is being written",
    .operands = "LOG",
    .least = 1,
    .most = 1,
    .args = args,
    .about =
        "Shows the last N records (-n, 10 where --from isn't given), the oldest of them first.\n"
        "With --follow it waits for more, whoever writes them. Where the log is cut or reset\n"
        "so that its place is gone, it says so on stderr and goes on at the first record that\n"
        "the log has then: nothing new is missed, but what was kept is shown once more.\n",
    .examples = "  walctl tail my.wal               the last ten records\n"
                "  walctl tail -f -n 0 my.wal       only what comes from now on\n"
                "  walctl tail -f --from 1 my.wal   everything, and what comes\n",
    .run = run,
};
