/* SPDX-License-Identifier: Apache-2.0 */
#include <libwal/wal.h>

#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>

#include "walctl/command.h"
#include "walctl/format.h"
#include "walctl/import.h"
#include "walctl/message.h"
#include "walctl/open.h"
#include "walctl/progress.h"
#include "walctl/signals.h"
#include "walctl/stream.h"

/* A line has its payload in base64 and, escaped, as text; and more than that. */
enum { LINE_MORE = 64 * 1024 };

/* JSON begins with a brace. So may the size of a frame; but then a batch begins behind it. */
static int import_input(struct import *i)
{
    enum { ENOUGH = STREAM_SIZE_BYTES + 8 };

    while (input_left(&i->in) < ENOUGH && !i->in.end)
        if (input_fill(&i->in) < 0)
            return CODE_FAILED;
    size_t left = input_left(&i->in);
    const uint8_t *at = input_data(&i->in);
    if (left == 0)
        return CODE_FINE;
    bool framed = left >= ENOUGH && stream_may_begin(at + STREAM_SIZE_BYTES, 8, stream_size(at));
    return at[0] == '{' && !framed ? import_lines(i) : import_stream(i);
}

static int import_into(const char *dir, struct import *i)
{
    struct stat st;

    int code = import_open(i, dir);
    if (code != CODE_FINE)
        return code;
    signals_hold();
    if (fstat(i->in.fd, &st) == 0 && S_ISREG(st.st_mode))
        progress_begin("import", (uint64_t)st.st_size);
    code = import_input(i);
    progress_end();
    return import_finish(i, code);
}

static int run(char **operands, int n)
{
    struct import i = {.line_bytes_max = 8 * open_get(WAL_OPT_MAX_RECORD_BYTES) + LINE_MORE};

    int code = input_open(&i.in, n > 1 ? operands[1] : NULL);
    if (code == CODE_FINE && isatty(i.in.fd))
        return usage_error("an export is nothing that can be typed: redirect the input");
    if (code == CODE_FINE)
        code = import_into(operands[0], &i);
    input_free(&i.in);
    return code;
}

static const struct arg *const args[] = {format_report_args, OPEN_ARGS, NULL};

const struct command command_import = {
    .name = "import",
    .summary = "append what export has written",
    .operands = "LOG [FILE]",
    .least = 1,
    .most = 2,
    .args = args,
    .about =
        "Appends the records of an export, in either form, from the file or from standard input.\n"
        "Makes the log where there is none, with the options that -O gives. Records keep their\n"
        "types and batches, from JSON also their tags; they get the log's next LSNs. Prints how\n"
        "many there were and which LSNs they got, when all of them are durable.\n"
        "\n"
        "A JSON line needs data, in base64; without type it is 0, without batch_last true; size\n"
        "is checked where it is there; other keys are passed over. So lines of 'cat -o json' will\n"
        "do as well.\n"
        "\n"
        "Input that is wrong ends it with 1 and a message that says where. The batches before\n"
        "that place stay imported, and are counted in what it prints.\n",
    .examples = "  walctl import new.wal my.export\n"
                "  walctl export my.wal | walctl import -O segment_bytes=1G new.wal\n"
                "  zcat sevens.gz | walctl import -O first_lsn=1000 sevens.wal\n",
    .run = run,
};
