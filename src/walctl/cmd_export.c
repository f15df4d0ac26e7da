/* SPDX-License-Identifier: Apache-2.0 */
#include <libwal/wal.h>

#include <stddef.h>

#include "walctl/command.h"
#include "walctl/export.h"
#include "walctl/message.h"
#include "walctl/open.h"
#include "walctl/out.h"
#include "walctl/progress.h"
#include "walctl/select.h"
#include "walctl/span.h"

struct exporter {
    struct gather batch;
    uint64_t left; /* how many more records are wanted */
};

static int take_record(struct exporter *x, const wal_record_t *record)
{
    if (select_type(record->type)) {
        gather_add(&x->batch, record);
        x->left--;
    }
    return record->flags & WAL_RECORD_BATCH_LAST ? gather_put(&x->batch) : CODE_FINE;
}

static int put_span(struct exporter *x, wal_reader_t *r, const struct span *s)
{
    wal_record_t record = {.size = sizeof record};
    uint64_t done = 0;
    int code = CODE_FINE, e = 1;

    while (code == CODE_FINE && x->left > 0 && wal_reader_position(r) <= s->high && !out_failed() &&
           (e = wal_reader_next(r, &record)) == 1) {
        code = take_record(x, &record);
        progress_at(++done);
    }
    if (e < 0)
        return failure();
    return code == CODE_FINE ? gather_put(&x->batch) : code; /* the span may end inside of it */
}

static int export_log(wal_t *log)
{
    struct bytes scratch = {0};
    struct exporter x = {.batch = {.put = export_batch, .ctx = &scratch},
                         .left = selection.count.is ? selection.count.value : UINT64_MAX};
    wal_reader_t *r = NULL;
    struct span s;

    int code = span_find(log, &s);
    if (code == CODE_FINE)
        code = span_reader(log, &s, s.low, &r);
    if (code != CODE_FINE)
        return code;
    if (out_is_file() && !selection.written && s.low <= s.high)
        progress_begin("export", s.high - s.low + 1);
    code = put_span(&x, r, &s);
    progress_end();
    if (code == CODE_FINE)
        export_end();
    wal_reader_close(r);
    gather_free(&x.batch);
    bytes_free(&scratch);
    return code;
}

static int run(char **operands, int n)
{
    wal_t *log;
    (void)n;

    int code = export_check();
    if (code == CODE_FINE)
        code = span_open(operands[0], &log);
    return code == CODE_FINE ? open_close(log, export_log(log)) : code;
}

static const struct arg *const args[] = {export_args, select_args, OPEN_ARGS, NULL};

const struct command command_export = {
    .name = "export",
    .summary = "write records in a form that import reads",
    .operands = "LOG",
    .least = 1,
    .most = 1,
    .args = args,
    .about =
        "Writes the records that are durable at the start, the oldest first, to standard output,\n"
        "for import. Batches stay batches; what the options leave of one is a batch too.\n"
        "\n"
        "binary  Frame by frame one batch, or one record by itself: first the size of the frame's\n"
        "        rest in bytes, 64 bits, little-endian, then the batch in the portable form of\n"
        "        wal_encode, which wal_decode reads in any program; docs/format.md has its bytes.\n"
        "        Types and payloads travel, and a checksum. A size of 0 is the end: where it is\n"
        "        missing the export was cut short. Exports may be put one behind the other.\n"
        "json    One object per line: lsn, type, size, batch_last (false: the next line belongs\n"
        "        to the same batch), tag where its batch has one, data; tag and data in base64.\n"
        "\n"
        "It needs memory for the largest batch, no more. After damage (exit code 3) the binary\n"
        "form has no end mark.\n",
    .examples = "  walctl export my.wal >my.export\n"
                "  walctl export --from 1000 my.wal | walctl import other.wal\n"
                "  walctl export -o json --type 7 my.wal | gzip >sevens.gz\n",
    .run = run,
};
