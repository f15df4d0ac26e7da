/* SPDX-License-Identifier: Apache-2.0 */
#include <libwal/wal.h>

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "walctl/color.h"
#include "walctl/command.h"
#include "walctl/escape.h"
#include "walctl/facts.h"
#include "walctl/format.h"
#include "walctl/json.h"
#include "walctl/message.h"
#include "walctl/open.h"

enum { LABEL_COLUMN = 13 };

static void print_name(const char *name)
{
    printf("%s%-*s%s", color(COLOR_HEAD), LABEL_COLUMN, name, color(COLOR_OFF));
}

static void print_bytes(const char *name, const void *data, size_t size)
{
    print_name(name);
    escape_text(stdout, data, size);
    putchar('\n');
}

static void print_count(const char *name, uint64_t value, const char *unit)
{
    print_name(name);
    printf("%" PRIu64 "%s%s\n", value, *unit ? " " : "", unit);
}

static void print_lsn(const char *name, uint64_t lsn)
{
    if (lsn > 0)
        print_count(name, lsn, "");
    else
        print_bytes(name, "none", strlen("none"));
}

static void print_records(const struct facts *f)
{
    print_name("records");
    printf("%" PRIu64, facts_records(f));
    if (facts_records(f) > 0)
        printf(", LSN %" PRIu64 " to %" PRIu64, f->first, f->last);
    putchar('\n');
}

static void print_end(const struct facts *f)
{
    print_name("end");
    verdict_print(f->verdict);
    if (f->verdict == VERDICT_TORN || f->verdict == VERDICT_AMBIGUOUS)
        printf(", %" PRIu64 " bytes from offset %" PRIu64 " of segment %" PRIu64 " don't count",
               f->recovery.discarded_bytes, f->recovery.cut_offset, f->recovery.cut_segment);
    putchar('\n');
}

static void print_text(const struct facts *f)
{
    char uuid[FACTS_UUID_TEXT];

    facts_uuid(f, uuid);
    print_bytes("log", f->path, strlen(f->path));
    size_t label = strnlen(f->info.label, sizeof f->info.label);
    print_bytes("label", label ? f->info.label : "none", label ? label : strlen("none"));
    print_bytes("uuid", uuid, strlen(uuid));
    print_name("format");
    printf("%u.%u\n", f->info.major, f->info.minor);
    print_records(f);
    print_lsn("next LSN", f->next);
    print_lsn("durable LSN", f->durable);
    print_lsn("checkpoint", f->recovery.checkpoint_lsn);
    print_count("segments", f->segments, "");
    print_count("on disk", f->disk_bytes, "bytes");
    print_end(f);
    print_name("writer");
    facts_print_writer(f);
    putchar('\n');
    print_count("metadata", f->metadata_keys, "keys");
    print_count("stray files", f->info.strays, "");
    print_bytes("compression", facts_codec(f), strlen(facts_codec(f)));
    print_name("encryption");
    facts_print_cipher(f);
    putchar('\n');
}

static void print_json(const struct facts *f)
{
    char uuid[FACTS_UUID_TEXT];

    facts_uuid(f, uuid);
    json_begin();
    json_text("log", f->path);
    json_string("label", f->info.label, strnlen(f->info.label, sizeof f->info.label));
    json_text("uuid", uuid);
    json_u64("format_major", f->info.major);
    json_u64("format_minor", f->info.minor);
    json_u64("epoch", f->info.epoch);
    json_u64("records", facts_records(f));
    json_u64("first_lsn", f->first);
    json_u64("last_lsn", f->last);
    json_u64("next_lsn", f->next);
    json_u64("durable_lsn", f->durable);
    json_u64("checkpoint_lsn", f->recovery.checkpoint_lsn);
    json_u64("segments", f->segments);
    json_u64("disk_bytes", f->disk_bytes);
    json_text("end", verdict_name(f->verdict));
    json_u64("discarded_bytes", f->recovery.discarded_bytes);
    json_u64("cut_segment", f->recovery.cut_segment);
    json_u64("cut_offset", f->recovery.cut_offset);
    json_u64("header_repairs", f->recovery.header_repairs);
    json_bool("in_use", f->in_use);
    json_u64("writer_pid", f->writer_pid);
    json_u64("metadata_keys", f->metadata_keys);
    json_u64("stray_files", f->info.strays);
    json_text("compression", facts_codec(f));
    json_u64("cipher", f->info.cipher);
    json_u64("key_id", f->info.key_id);
    json_end();
}

static int run(char **operands, int n)
{
    struct facts f = {0};
    wal_t *log;
    (void)n;

    int code = facts_open(operands[0], &f, &log);
    if (code != CODE_FINE)
        return code;
    if (format_chosen() == FORMAT_JSON)
        print_json(&f);
    else
        print_text(&f);
    return open_close(log, CODE_FINE);
}

static const struct arg *const args[] = {format_report_args, color_args, OPEN_ARGS, NULL};

const struct command command_info = {
    .name = "info",
    .summary = "show what a log is and how it stands",
    .operands = "LOG",
    .least = 1,
    .most = 1,
    .args = args,
    .about =
        "Shows the log's identity, the LSNs in it, its size, what is at its end, who writes it.\n"
        "The end is clean; or torn, as a crash leaves it: what doesn't count there was never\n"
        "acknowledged, and the next writer gives it up; or ambiguous: the same, or damage to the\n"
        "very last write. Each of these is fine (exit code 0). Stray files are those in the\n"
        "directory that mean nothing to the log. In JSON, LSN 0, process 0 and cipher 0\n"
        "mean none. Compression and encryption are those of the newest segment.\n",
    .examples = "  walctl info my.wal\n"
                "  walctl info -o json my.wal | jq .durable_lsn\n",
    .run = run,
};
