/* SPDX-License-Identifier: Apache-2.0 */
#include <libwal/wal.h>

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "walctl/color.h"
#include "walctl/command.h"
#include "walctl/format.h"
#include "walctl/json.h"
#include "walctl/map.h"
#include "walctl/message.h"
#include "walctl/open.h"
#include "walctl/segments.h"

enum { COLUMNS = 7, CELL_BYTES = 32 };

typedef char row_t[COLUMNS][CELL_BYTES];

static const char *state_of(const wal_segment_t *s)
{
    return segments_active(s) ? "active" : "sealed";
}

static void fill_row(row_t row, const wal_segment_t *s)
{
    time_t seconds = (time_t)(s->created_ns / 1000000000);
    struct tm t;

    snprintf(row[0], CELL_BYTES, "%020" PRIu64 ".wal", s->number);
    snprintf(row[1], CELL_BYTES, "%" PRIu64, s->first_lsn);
    if (s->records > 0)
        snprintf(row[2], CELL_BYTES, "%" PRIu64, s->last_lsn);
    else
        strcpy(row[2], "-");
    snprintf(row[3], CELL_BYTES, "%" PRIu64, s->records);
    snprintf(row[4], CELL_BYTES, "%" PRIu64, s->bytes);
    strcpy(row[5], "-");
    if (gmtime_r(&seconds, &t))
        strftime(row[5], CELL_BYTES, "%Y-%m-%dT%H:%M:%SZ", &t);
    strcpy(row[6], state_of(s));
}

/* Numbers to the right, the first and the last two columns to the left. */
static void print_row(const row_t row, const int *widths)
{
    for (int c = 0; c < COLUMNS - 1; c++)
        printf("%*s  ", c >= 1 && c <= 4 ? widths[c] : -widths[c], row[c]);
    puts(row[COLUMNS - 1]);
}

static void print_table(const wal_segment_t *list, size_t n)
{
    static const row_t head = {"FILE", "FIRST", "LAST", "RECORDS", "BYTES", "CREATED", "STATE"};
    int widths[COLUMNS];
    row_t row;

    for (int c = 0; c < COLUMNS; c++)
        widths[c] = (int)strlen(head[c]);
    for (size_t k = 0; k < n; k++) {
        fill_row(row, &list[k]);
        for (int c = 0; c < COLUMNS; c++)
            if ((int)strlen(row[c]) > widths[c])
                widths[c] = (int)strlen(row[c]);
    }
    fputs(color(COLOR_HEAD), stdout);
    print_row(head, widths);
    fputs(color(COLOR_OFF), stdout);
    for (size_t k = 0; k < n; k++) {
        fill_row(row, &list[k]);
        print_row(row, widths);
    }
}

static void print_json(const wal_segment_t *s)
{
    char file[CELL_BYTES];

    snprintf(file, sizeof file, "%020" PRIu64 ".wal", s->number);
    json_begin();
    json_text("file", file);
    json_u64("number", s->number);
    json_u64("first_lsn", s->first_lsn);
    json_u64("last_lsn", s->last_lsn);
    json_u64("records", s->records);
    json_u64("bytes", s->bytes);
    json_u64("created_ns", s->created_ns);
    json_u64("checkpoint_lsn", s->checkpoint_lsn);
    json_text("state", state_of(s));
    json_end();
}

static void draw(wal_t *log, const wal_segment_t *list, size_t n)
{
    wal_recovery_t r = {.size = sizeof r};

    if (wal_recovery(log, &r, sizeof r) < 0)
        return;
    putchar('\n');
    map_print(list, n, r.checkpoint_lsn, 0);
}

static int run(char **operands, int n)
{
    wal_segment_t *list = NULL;
    size_t count = 0;
    wal_t *log;
    (void)n;

    int code = open_read_only(operands[0], &log);
    if (code != CODE_FINE)
        return code;
    code = segments_list(log, &list, &count);
    if (code == CODE_FINE && format_chosen() == FORMAT_TEXT)
        print_table(list, count);
    if (code == CODE_FINE && format_chosen() == FORMAT_TEXT && map_wanted())
        draw(log, list, count);
    for (size_t k = 0; code == CODE_FINE && format_chosen() == FORMAT_JSON && k < count; k++)
        print_json(&list[k]);
    free(list);
    return open_close(log, code);
}

static const struct arg *const args[] = {format_report_args, map_args, color_args, OPEN_ARGS, NULL};

const struct command command_ls = {
    .name = "ls",
    .summary = "list the segments",
    .operands = "LOG",
    .least = 1,
    .most = 1,
    .args = args,
    .about =
        "Lists the log's segment files, the oldest first: the LSNs of the records in them that\n"
        "count, how many these are, the bytes used, when the file was made (UTC), and whether\n"
        "it is sealed or active, which is the newest one. On a terminal it draws them, too: as\n"
        "wide as they are large, with what was removed between them, and the newest\n"
        "checkpoint.\n",
    .examples = "  walctl ls my.wal\n"
                "  walctl ls -o json my.wal | jq -r .file\n",
    .run = run,
};
