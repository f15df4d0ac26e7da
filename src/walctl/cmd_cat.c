/* SPDX-License-Identifier: Apache-2.0 */
#include <libwal/wal.h>

#include <stddef.h>

#include "walctl/color.h"
#include "walctl/command.h"
#include "walctl/decoder.h"
#include "walctl/format.h"
#include "walctl/frame.h"
#include "walctl/message.h"
#include "walctl/open.h"
#include "walctl/out.h"
#include "walctl/progress.h"
#include "walctl/record.h"
#include "walctl/select.h"
#include "walctl/span.h"

/* Whether the reader's next record may be one of the span's. Nothing outside is read: there may be
 * damage. */
static bool is_inside(const wal_reader_t *r, const struct span *s)
{
    uint64_t lsn = wal_reader_position(r);
    return selection.reverse ? lsn >= s->low && lsn > 0 : lsn <= s->high;
}

/* Every record of the span, in the order that was asked for. */
static int print_span(wal_reader_t *r, const struct span *s)
{
    uint64_t left = selection.count.is ? selection.count.value : UINT64_MAX, done = 0;
    wal_record_t record = {.size = sizeof record};
    int e = 1;

    while (left > 0 && is_inside(r, s) && !out_failed() && (e = wal_reader_next(r, &record)) == 1) {
        progress_at(++done);
        if (record.lsn > s->high || !select_type(record.type))
            continue;
        record_print(&record);
        left--;
    }
    return e < 0 ? failure() : CODE_FINE;
}

static int print_log(wal_t *log)
{
    struct span s;
    wal_reader_t *r;

    int code = span_find(log, &s);
    if (code != CODE_FINE || s.low > s.high)
        return code;
    code = span_reader(log, &s, s.low, &r);
    if (code != CODE_FINE)
        return code;
    if (out_is_file() && !selection.written)
        progress_begin("cat", s.high - s.low + 1);
    code = print_span(r, &s);
    progress_end();
    wal_reader_close(r);
    return record_result(code);
}

static int run(char **operands, int n)
{
    wal_t *log;
    (void)n;

    int code = span_open(operands[0], &log);
    return code == CODE_FINE ? open_close(log, print_log(log)) : code;
}

static const struct arg *const args[] = {select_args, select_reverse_args, RECORD_ARGS, OPEN_ARGS,
                                         NULL};

const struct command command_cat = {
    .name = "cat",
    .alias = "dump",
    .summary = "show records",
    .operands = "LOG",
    .least = 1,
    .most = 1,
    .args = args,
    .about = "Shows the records that are durable at the start, the oldest first. The log may be\n"
             "in use: it is neither locked nor changed.\n",
    .examples = "  walctl cat my.wal                        every record: LSN, type, payload\n"
                "  walctl cat --reverse -n 5 my.wal         the last five, the newest first\n"
                "  walctl cat -o json my.wal | jq .text     one JSON object per record\n"
                "  walctl cat -o raw --lines my.wal >f.txt  the payloads, as append reads them\n",
    .run = run,
};
