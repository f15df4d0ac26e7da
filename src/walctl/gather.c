/* SPDX-License-Identifier: Apache-2.0 */
#include "walctl/gather.h"

#include <string.h>

#include "walctl/message.h"

static void put(struct bytes *b, const void *data, size_t size)
{
    uint8_t *to = bytes_reserve(b, size);

    if (size > 0)
        memcpy(to, data, size);
    b->size += size;
}

void gather_add(struct gather *g, const wal_record_t *record)
{
    wal_record_t copy = *record;

    copy.flags &= ~WAL_RECORD_BATCH_LAST;
    put(&g->data, record->data, record->data_size);
    put(&g->records, &copy, sizeof copy);
    if (g->n++ == 0 && record->tag)
        put(&g->tag, record->tag, record->tag_size);
}

int gather_put(struct gather *g)
{
    wal_record_t *list = (wal_record_t *)(void *)g->records.data;
    const uint8_t *data = g->data.data;

    if (g->n == 0)
        return CODE_FINE;
    for (size_t k = 0; k < g->n; k++) {
        list[k].data = data;
        data += list[k].data_size;
        list[k].tag = g->tag.size > 0 ? g->tag.data : NULL;
    }
    list[g->n - 1].flags |= WAL_RECORD_BATCH_LAST;
    int code = g->put(g->ctx, list, g->n);
    g->records.size = g->data.size = g->tag.size = g->n = 0;
    return code;
}

void gather_free(struct gather *g)
{
    bytes_free(&g->records);
    bytes_free(&g->data);
    bytes_free(&g->tag);
    g->n = 0;
}
