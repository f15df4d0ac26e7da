/* SPDX-License-Identifier: Apache-2.0 */
#include <libwal/wal.h>

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>

#include "walctl/command.h"
#include "walctl/export.h"
#include "walctl/import.h"
#include "walctl/message.h"
#include "walctl/open.h"
#include "walctl/out.h"
#include "walctl/signals.h"

static const char *into;

static const struct arg salvage_args[] = {
    {"into", 0, "DIR", "into a new log there, in place of standard output", take_text, &into}, {0}};

struct salvage {
    struct gather batch;
    struct import to; /* --into: the new log, when there is one */
    int code;         /* what ended it, CODE_FINE: nothing has */
};

static int stop(const struct salvage *s)
{
    return s->code != CODE_FINE || out_failed() || signals_caught();
}

/* LSNs begin as they were. */
static int open_new(struct salvage *s, uint64_t lsn)
{
    char text[24];

    snprintf(text, sizeof text, "%" PRIu64, lsn);
    int code = open_set("exclusive", "1");
    if (code == CODE_FINE && open_get(WAL_OPT_FIRST_LSN) == 1)
        code = open_set("first_lsn", text);
    return code == CODE_FINE ? import_open(&s->to, into) : code;
}

static int take_record(void *ctx, const wal_record_t *record)
{
    struct salvage *s = ctx;

    if (into && !s->to.log)
        s->code = open_new(s, record->lsn);
    if (s->code != CODE_FINE)
        return 1;
    gather_add(&s->batch, record);
    if (record->flags & WAL_RECORD_BATCH_LAST)
        s->code = gather_put(&s->batch);
    return stop(s);
}

/* What is left of a batch in front of it is one by itself. */
static int take_gap(void *ctx, uint64_t first, uint64_t last)
{
    struct salvage *s = ctx;

    s->code = gather_put(&s->batch);
    if (first == last)
        message("lost: LSN %" PRIu64, first);
    else
        message("lost: LSN %" PRIu64 " to %" PRIu64, first, last);
    return stop(s);
}

/* Everything that can be read; the exit code, CODE_CORRUPT where there were gaps. */
static int walk(const char *dir, struct salvage *s)
{
    int e = wal_salvage(dir, open_options(), take_record, take_gap, s);

    if (e < 0 && e != WAL_E_CORRUPT)
        return failure();
    if (s->code == CODE_FINE)
        s->code = gather_put(&s->batch);
    if (s->code != CODE_FINE || signals_caught())
        return s->code == CODE_FINE ? CODE_FAILED : s->code;
    return code_of(e);
}

/* The log that it makes also where there was nothing to put in. */
static int salvage_into(const char *dir)
{
    struct salvage s = {.batch = {.put = import_batch}};

    s.batch.ctx = &s.to;
    int code = walk(dir, &s);
    if (!s.to.log && (code == CODE_FINE || code == CODE_CORRUPT)) {
        int opened = open_new(&s, 1);
        code = opened == CODE_FINE ? code : opened;
    }
    gather_free(&s.batch);
    if (!s.to.log)
        return code;
    int finished = import_finish(&s.to, code == CODE_CORRUPT ? CODE_FINE : code);
    return finished == CODE_FINE ? code : finished;
}

static int salvage_out(const char *dir)
{
    struct bytes scratch = {0};
    struct salvage s = {.batch = {.put = export_batch, .ctx = &scratch}};

    int code = walk(dir, &s);
    if (code == CODE_FINE || code == CODE_CORRUPT)
        export_end();
    gather_free(&s.batch);
    bytes_free(&scratch);
    return code;
}

static int run(char **operands, int n)
{
    uint32_t pid;
    (void)n;

    int code = into ? CODE_FINE : export_check();
    if (code != CODE_FINE)
        return code;
    if (wal_lock_holder(operands[0], &pid) == 1)
        message("%s is open for writing: what its writer removes meanwhile looks lost",
                operands[0]);
    signals_hold();
    return into ? salvage_into(operands[0]) : salvage_out(operands[0]);
}

static const struct arg *const args[] = {salvage_args, export_args, OPEN_ARGS, NULL};

const struct command command_salvage = {
    .name = "salvage",
    .summary = "get everything out of a damaged log that can still be read",
    .operands = "LOG",
    .least = 1,
    .most = 1,
    .args = args,
    .about =
        "Writes each record that can be verified, in the order of their LSNs, whatever else is\n"
        "damaged: on standard output as export does, or with --into in a new log. There they get\n"
        "LSNs without gaps, from that of the first one on (or what -O first_lsn says). What is\n"
        "lost is named on stderr, and the exit code is 3 then. Of a batch that damage runs\n"
        "through a part may be left. The log itself is not changed, and should not be in use.\n",
    .examples = "  walctl salvage my.wal >rest.export\n"
                "  walctl salvage --into new.wal my.wal\n"
                "  walctl salvage -o json my.wal | jq .lsn\n",
    .run = run,
};
