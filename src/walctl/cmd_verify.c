#include <libwal/wal.h>

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "walctl/color.h"
#include "walctl/command.h"
#include "walctl/format.h"
#include "walctl/json.h"
#include "walctl/map.h"
#include "walctl/message.h"
#include "walctl/open.h"
#include "walctl/progress.h"
#include "walctl/segments.h"
#include "walctl/verdict.h"

struct findings {
    bool in_use;          /* somebody has the log open for writing */
    uint64_t first, last; /* LSNs that were read; 0: none */
    uint64_t records, bytes, segments;
    wal_recovery_t recovery;
    wal_error_t damage; /* code 0: none */
};

/* The front of a log in use may be cut away under the reader: that is no damage. */
static int next(wal_reader_t *r, wal_record_t *ret)
{
    int e = wal_reader_next(r, ret);

    while (e == WAL_E_TRIMMED && wal_reader_seek(r, 0) == 0)
        e = wal_reader_next(r, ret);
    return e;
}

/* Up to the end, or of a log in use what was there at the start. */
static int read_records(wal_t *log, wal_reader_t *r, struct findings *f)
{
    wal_record_t record = {.size = sizeof record};
    uint64_t last = wal_last_lsn(log);
    int e = 0;

    progress_begin("verify", last);
    while (!(f->in_use && f->last >= last) && (e = next(r, &record)) == 1) {
        f->first = f->first ? f->first : record.lsn;
        f->last = record.lsn;
        f->records++;
        f->bytes += record.data_size;
        progress_at(record.lsn);
    }
    progress_end();
    return e;
}

static int skip_key(void *ctx, const void *key, size_t klen, const void *value, size_t vlen)
{
    (void)ctx, (void)key, (void)klen, (void)value, (void)vlen;
    return 0;
}

static int read_everything(wal_t *log, struct findings *f)
{
    wal_reader_t *r;
    size_t n = 0;

    int e = wal_recovery(log, &f->recovery, sizeof f->recovery);
    if (e == 0)
        e = wal_segments(log, NULL, sizeof(wal_segment_t), &n);
    f->segments = n;
    if (e == 0)
        e = wal_meta_each(log, skip_key, NULL);
    if (e == 0)
        e = wal_reader_open(log, 0, WAL_READ_WRITTEN, &r);
    if (e < 0)
        return e;
    e = read_records(log, r, f);
    wal_reader_close(r);
    return e;
}

static void print_text(const struct findings *f, enum verdict v)
{
    verdict_print(v);
    printf(": %" PRIu64 " record%s", f->records, plural(f->records));
    if (f->records > 0)
        printf(", LSN %" PRIu64 " to %" PRIu64, f->first, f->last);
    printf(", %" PRIu64 " byte%s of payload in %" PRIu64 " segment%s\n", f->bytes, plural(f->bytes),
           f->segments, plural(f->segments));
    if (v == VERDICT_TORN || v == VERDICT_AMBIGUOUS)
        printf("given up: %" PRIu64 " bytes from offset %" PRIu64 " of segment %" PRIu64 "\n",
               f->recovery.discarded_bytes, f->recovery.cut_offset, f->recovery.cut_segment);
}

static void print_json(const struct findings *f, enum verdict v)
{
    json_begin();
    json_text("verdict", verdict_name(v));
    json_u64("records", f->records);
    json_u64("payload_bytes", f->bytes);
    json_u64("first_lsn", f->first);
    json_u64("last_lsn", f->last);
    json_u64("segments", f->segments);
    json_u64("discarded_bytes", f->recovery.discarded_bytes);
    json_u64("cut_segment", f->recovery.cut_segment);
    json_u64("cut_offset", f->recovery.cut_offset);
    json_u64("header_repairs", f->recovery.header_repairs);
    json_u64("damaged_segment", f->damage.segment);
    json_u64("damaged_offset", f->damage.offset);
    json_u64("damaged_lsn", f->damage.lsn);
    json_end();
}

static int print(const struct findings *f)
{
    enum verdict v = f->damage.code ? VERDICT_DAMAGED : verdict_of(&f->recovery, f->in_use);

    if (format_chosen() == FORMAT_JSON)
        print_json(f, v);
    else
        print_text(f, v);
    if (f->recovery.header_repairs > 0)
        message("one of the header's two copies is damaged in %" PRIu64 " segment%s",
                f->recovery.header_repairs, plural(f->recovery.header_repairs));
    return verdict_code(v);
}

/* Where the log could be opened. */
static void draw(wal_t *log, const struct findings *f)
{
    wal_segment_t *list = NULL;
    size_t n = 0;

    if (segments_list(log, &list, &n) == CODE_FINE)
        map_print(list, n, f->recovery.checkpoint_lsn, f->damage.segment);
    free(list);
}

static int verify(const char *dir)
{
    struct findings f = {.recovery = {.size = sizeof f.recovery}};
    uint32_t pid;
    wal_t *log = NULL;

    f.in_use = wal_lock_holder(dir, &pid) == 1;
    int code = open_read_only(dir, &log);
    if (code == CODE_FINE) {
        int e = read_everything(log, &f);
        code = e < 0 ? failure() : CODE_FINE;
    }
    if (code == CODE_CORRUPT)
        wal_last_error(&f.damage, sizeof f.damage);
    f.in_use |= wal_lock_holder(dir, &pid) == 1;
    bool found = code == CODE_FINE || code == CODE_CORRUPT;
    if (found)
        code = print(&f);
    if (found && log && format_chosen() == FORMAT_TEXT && map_wanted())
        draw(log, &f);
    return log ? open_close(log, code) : code;
}

static int run(char **operands, int n)
{
    (void)n;
    return verify(operands[0]);
}

static const struct arg *const args[] = {format_report_args, map_args, color_args, OPEN_ARGS, NULL};

const struct command command_verify = {
    .name = "verify",
    .summary = "read everything, and say whether it is right",
    .operands = "LOG",
    .least = 1,
    .most = 1,
    .args = args,
    .about =
        "Reads and checks every record and the metadata, without changing or locking anything.\n"
        "Ends with 3 when something is damaged (file, offset and LSN are on stderr), with 4\n"
        "when only the end is torn, as a crash leaves it: the next writer gives that up, and\n"
        "nothing of it was acknowledged. The end of a log in use may look torn for a moment,\n"
        "which counts as right.\n",
    .examples = "  walctl verify my.wal\n"
                "  walctl verify -o json my.wal | jq -r .verdict\n",
    .run = run,
};
