/* SPDX-License-Identifier: Apache-2.0 */
#include "walctl/import.h"

#include <inttypes.h>
#include <stdio.h>

#include "walctl/format.h"
#include "walctl/json.h"
#include "walctl/message.h"
#include "walctl/open.h"
#include "walctl/progress.h"
#include "walctl/signals.h"

int import_commit(struct import *i)
{
    uint64_t first, last, n = wal_batch_count(i->batch);

    if (wal_batch_commit(i->batch, WAL_APPEND_ASYNC, &first, &last) < 0)
        return failure();
    i->first = i->first ? i->first : first;
    i->last = last;
    i->records += n;
    i->batches++;
    progress_at(input_offset(&i->in));
    return CODE_FINE;
}

int import_open(struct import *i, const char *dir)
{
    int code = open_for_writing(dir, true, &i->log);

    if (code == CODE_FINE && wal_batch_new(i->log, &i->batch) < 0)
        code = open_close(i->log, failure());
    return code;
}

static int add(struct import *i, const wal_record_t *r)
{
    int e = wal_batch_append(i->batch, r->type, r->data, r->data_size);
    return e == 0 && r->tag ? wal_batch_set_tag(i->batch, r->tag, r->tag_size) : e;
}

int import_batch(void *ctx, const wal_record_t *records, size_t n)
{
    struct import *i = ctx;

    for (size_t k = 0; k < n; k++)
        if (add(i, &records[k]) < 0)
            return failure();
    return import_commit(i);
}

static void print(const struct import *i)
{
    if (format_chosen() == FORMAT_JSON) {
        json_begin();
        json_u64("records", i->records);
        json_u64("batches", i->batches);
        json_u64("first_lsn", i->first);
        json_u64("last_lsn", i->last);
        json_end();
        return;
    }
    printf("%" PRIu64 " record%s in %" PRIu64 " batch%s", i->records, plural(i->records),
           i->batches, i->batches == 1 ? "" : "es");
    if (i->records > 0)
        printf(", LSN %" PRIu64 " to %" PRIu64, i->first, i->last);
    putchar('\n');
}

int import_finish(struct import *i, int code)
{
    bool synced = i->records == 0 || wal_sync(i->log, 0) == 0;

    if (!synced) {
        code = code == CODE_FINE ? failure() : code;
        message("in doubt until the log is opened again: LSN %" PRIu64 " to %" PRIu64,
                wal_durable_lsn(i->log) + 1, i->last);
    } else if (code != CODE_FINE || signals_caught()) {
        message(i->records ? "what came before that stays imported" : "nothing was imported");
    }
    wal_batch_free(i->batch);
    code = open_close(i->log, code);
    if (synced)
        print(i);
    return code;
}
