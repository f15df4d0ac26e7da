/* SPDX-License-Identifier: Apache-2.0 */
#include "walctl/export.h"

#include "walctl/json.h"
#include "walctl/message.h"
#include "walctl/out.h"
#include "walctl/stream.h"

enum { BINARY, JSON };

static int form = BINARY;

const struct arg export_args[] = {
    {"output", 'o', "binary|json", "which of the two forms (default binary)", take_word, &form},
    {0}};

int export_check(void)
{
    if (form == BINARY && out_is_terminal())
        return usage_error(
            "the binary form is nothing for a terminal: redirect it, or use -o json");
    return CODE_FINE;
}

static void put_json(const wal_record_t *r)
{
    json_begin();
    json_u64("lsn", r->lsn);
    json_u64("type", r->type);
    json_u64("size", r->data_size);
    json_bool("batch_last", r->flags & WAL_RECORD_BATCH_LAST);
    if (r->tag)
        json_base64("tag", r->tag, r->tag_size);
    json_base64("data", r->data, r->data_size);
    json_end();
}

int export_batch(void *ctx, const wal_record_t *records, size_t n)
{
    if (form == BINARY)
        return stream_put(records, n, ctx);
    for (size_t k = 0; k < n; k++)
        put_json(&records[k]);
    return CODE_FINE;
}

void export_end(void)
{
    if (form == BINARY)
        stream_put_end();
}
