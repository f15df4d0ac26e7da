/* SPDX-License-Identifier: Apache-2.0 */
#include <libwal/wal.h>

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "walctl/command.h"
#include "walctl/frame.h"
#include "walctl/message.h"
#include "walctl/open.h"
#include "walctl/out.h"
#include "walctl/progress.h"
#include "walctl/signals.h"
#include "walctl/split.h"

static struct given type, per_batch;
static bool quiet;

static int take_sync(const struct arg *a, const char *value)
{
    return open_set(a->name, value);
}

static int take_label(const struct arg *a, const char *value)
{
    (void)a;
    return open_set_label(value);
}

static const struct arg append_args[] = {
    {"type", 0, "TYPE", "the records' type (default 0)", take_type, &type},
    {"batch", 0, "N", "N records at a time, as one atomic batch", take_count, &per_batch},
    {"sync", 0, "none|interval|data|full|dsync",
     "when a record is acknowledged (default data: when it\nis durable, by fdatasync)", take_sync,
     NULL},
    {"label", 0, "TEXT", "a label for the log, 64 bytes at most, which info\nshows", take_label,
     NULL},
    {"quiet", 'q', NULL, "print no LSNs", take_flag, &quiet},
    {0}};

/* What goes in and how far it got. Records are appended as they come, and made durable together
 * when nothing more of the input is at hand. */
struct appender {
    wal_t *log;
    wal_batch_t *batch; /* NULL: each record by itself */
    bool durable;       /* the mode wants records to be durable when they are acknowledged */
    uint64_t start;     /* the last LSN before */
    uint64_t last;      /* appended */
    uint64_t acked;     /* and acknowledged */
};

static int commit(struct appender *a)
{
    uint64_t last;

    if (wal_batch_count(a->batch) == 0)
        return CODE_FINE;
    if (wal_batch_commit(a->batch, WAL_APPEND_ASYNC, NULL, &last) < 0)
        return failure();
    a->last = last;
    return CODE_FINE;
}

static int append(struct appender *a, const void *data, size_t size)
{
    uint32_t t = (uint32_t)type.value;

    int e = a->batch ? wal_batch_append(a->batch, t, data, size)
                     : wal_append_typed(a->log, t, data, size, WAL_APPEND_ASYNC, &a->last);
    if (e < 0)
        return failure();
    return a->batch && wal_batch_count(a->batch) == per_batch.value ? commit(a) : CODE_FINE;
}

static void acknowledge(struct appender *a, uint64_t last)
{
    for (; a->acked < last; a->acked++)
        if (!quiet && !out_failed())
            printf("%" PRIu64 "\n", a->acked + 1);
    out_flush();
}

/* After everything that was at hand has been appended. `code` is how that went: one failure is
 * said, not two. */
static int settle(struct appender *a, int code)
{
    bool synced = !a->durable || a->last == a->acked || wal_sync(a->log, a->last) == 0;

    if (!synced && code == CODE_FINE)
        code = failure();
    acknowledge(a, synced ? a->last : wal_durable_lsn(a->log));
    return code == CODE_FINE && out_failed() ? CODE_FAILED : code;
}

/* Everything that is in the buffer. */
static int append_buffered(struct appender *a, struct split *in)
{
    const void *data;
    size_t size;
    int code = CODE_FINE, got = 1;

    while (code == CODE_FINE && (got = split_next(in, &data, &size)) == 1)
        code = append(a, data, size);
    if (code == CODE_FINE && in->in.end && got == 0 && a->batch)
        code = commit(a);
    return code == CODE_FINE && got < 0 ? CODE_FAILED : code;
}

static int append_input(struct appender *a, struct split *in)
{
    int code = CODE_FINE, got = 1;

    while (code == CODE_FINE && got > 0) {
        got = input_fill(&in->in);
        if (got >= 0)
            code = append_buffered(a, in);
        code = settle(a, code);
        progress_at(in->in.bytes);
    }
    return code == CODE_FINE && got < 0 && !signals_caught() ? CODE_FAILED : code;
}

static void report(const struct appender *a)
{
    if (a->acked > a->start)
        message("records acknowledged: %" PRIu64 ", the last one is LSN %" PRIu64,
                a->acked - a->start, a->acked);
    else
        message("records acknowledged: 0");
}

/* Whatever is still buffered goes out with the close; if that fails, nobody knows. */
static int finish(struct appender *a, int code)
{
    uint64_t durable = wal_durable_lsn(a->log);

    wal_batch_free(a->batch);
    bool closed = wal_close(a->log) == 0;
    if (closed)
        acknowledge(a, a->last);
    else if (code == CODE_FINE)
        code = failure();
    if (code != CODE_FINE || signals_caught())
        report(a);
    if (!closed && a->last > durable)
        message("in doubt until the log is opened again: LSN %" PRIu64 " to %" PRIu64, durable + 1,
                a->last);
    return code;
}

static void begin_progress(int fd)
{
    struct stat st;

    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (quiet || !out_is_terminal()))
        progress_begin("append", (uint64_t)st.st_size);
}

static int append_all(const char *dir, struct split *in)
{
    struct appender a = {.durable = open_get(WAL_OPT_SYNC) >= WAL_SYNC_DATA};

    int code = open_for_writing(dir, true, &a.log);
    if (code != CODE_FINE)
        return code;
    a.start = a.last = a.acked = wal_next_lsn(a.log) - 1;
    if (per_batch.is && wal_batch_new(a.log, &a.batch) < 0)
        return open_close(a.log, failure());
    if (isatty(in->in.fd))
        message("reading records from the terminal; Ctrl-D at the start of a line ends them");
    signals_hold();
    begin_progress(in->in.fd);
    code = append_input(&a, in);
    progress_end();
    return finish(&a, code);
}

static int run(char **operands, int n)
{
    struct split in = {.frame = frame_chosen(), .most = open_get(WAL_OPT_MAX_RECORD_BYTES)};

    int code = input_open(&in.in, n > 1 ? operands[1] : NULL);
    if (code != CODE_FINE)
        return code;
    code = append_all(operands[0], &in);
    input_free(&in.in);
    return code;
}

static const struct arg *const args[] = {append_args, frame_args, OPEN_ARGS, NULL};

const struct command command_append = {
    .name = "append",
    .summary = "append records from standard input or a file",
    .operands = "LOG [FILE]",
    .least = 1,
    .most = 2,
    .args = args,
    .about =
        "Appends each line of the file or of standard input as a record, without its newline; the\n"
        "last one may lack it. Makes the log where there is none. Prints each record's LSN once "
        "it\n"
        "is durable; in the modes interval and none once it is buffered. Records that come\n"
        "together share a sync. On failure it says how far it got, and what is in doubt.\n",
    .examples =
        "  echo hello | walctl append my.wal\n"
        "  walctl append -q --batch 100 my.wal big.txt      a hundred lines are there or none\n"
        "  find / -print0 | walctl append -0 my.wal\n"
        "  walctl append -O segment_bytes=1G --sync none my.wal big.txt\n",
    .run = run,
};
