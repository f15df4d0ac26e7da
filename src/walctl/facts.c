/* SPDX-License-Identifier: Apache-2.0 */
#include "walctl/facts.h"

#include <inttypes.h>
#include <stdio.h>

#include "walctl/message.h"
#include "walctl/open.h"

static int count_key(void *ctx, const void *key, size_t klen, const void *value, size_t vlen)
{
    (void)key, (void)klen, (void)value, (void)vlen;
    ++*(uint64_t *)ctx;
    return 0;
}

static int gather(wal_t *log, struct facts *f)
{
    size_t n = 0;

    int e = wal_info(log, &f->info, sizeof f->info);
    if (e == 0)
        e = wal_recovery(log, &f->recovery, sizeof f->recovery);
    if (e == 0)
        e = wal_range(log, &f->first, &f->last, &f->next, &f->durable);
    if (e == 0)
        e = wal_segments(log, NULL, sizeof(wal_segment_t), &n);
    if (e == 0)
        e = wal_meta_each(log, count_key, &f->metadata_keys);
    f->segments = n;
    f->disk_bytes = wal_disk_bytes(log);
    return e;
}

int facts_open(const char *path, struct facts *ret, wal_t **ret_log)
{
    ret->path = path;
    ret->in_use = wal_lock_holder(path, &ret->writer_pid) == 1;
    int code = open_read_only(path, ret_log);
    if (code != CODE_FINE)
        return code;
    if (gather(*ret_log, ret) < 0)
        return open_close(*ret_log, failure());
    if (!ret->in_use) /* it may have come since, and be what makes the end look torn */
        ret->in_use = wal_lock_holder(path, &ret->writer_pid) == 1;
    ret->verdict = verdict_of(&ret->recovery, ret->in_use);
    return CODE_FINE;
}

uint64_t facts_records(const struct facts *f)
{
    return f->next - f->first;
}

const char *facts_codec(const struct facts *f)
{
    return f->info.codec == 0 ? "none" : f->info.codec == 1 ? "zlib" : "unknown";
}

void facts_print_cipher(const struct facts *f)
{
    static const char *const names[] = {"none", "aes-256-gcm", "chacha20-poly1305"};

    if (f->info.cipher < sizeof names / sizeof *names)
        fputs(names[f->info.cipher], stdout);
    else
        printf("cipher %" PRIu32, f->info.cipher);
    if (f->info.cipher != 0)
        printf(", key %" PRIu32, f->info.key_id);
}

void facts_print_writer(const struct facts *f)
{
    if (!f->in_use)
        fputs("none", stdout);
    else if (f->writer_pid)
        printf("process %" PRIu32, f->writer_pid);
    else
        fputs("a process that has written nothing yet", stdout);
}

void facts_uuid(const struct facts *f, char text[FACTS_UUID_TEXT])
{
    static const uint8_t dash_before[16] = {[4] = 1, [6] = 1, [8] = 1, [10] = 1};
    char *at = text;

    for (int k = 0; k < 16; k++)
        at += sprintf(at, dash_before[k] ? "-%02x" : "%02x", f->info.uuid[k]);
}
