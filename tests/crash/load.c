/* SPDX-License-Identifier: Apache-2.0 */
#include "crash/load.h"

#include <stdlib.h>
#include <string.h>

#include "crash/look.h"
#include "crash/payload.h"

void load_make(struct session *s, struct load *l, uint32_t n, size_t size)
{
    l->n = n;
    l->tag = l->meta = 0;
    l->bytes = malloc(n * size + 1);
    if (l->bytes == NULL)
        abort();
    for (uint32_t k = 0; k < n; k++) {
        uint64_t id = payload_id(s->next_number++, size);
        uint8_t *at = l->bytes + k * size;
        payload_fill(id, at);
        l->ids[k] = id;
        l->records[k] = (wal_record_t){
            .size = sizeof l->records[k], .type = payload_type(id), .data = at, .data_size = size};
    }
}

void load_add_meta(struct session *s, struct load *l)
{
    uint64_t number = s->next_number++, id = payload_id(number, number * 37 % 500);
    memcpy(l->value, &number, sizeof number);
    payload_fill(id, l->value + sizeof number);
    l->value_size = sizeof number + payload_size(id);
    l->meta = number;
}

void load_free(struct load *l)
{
    free(l->bytes);
}

/* Half of the records one by one, the rest packed, so that both ways are tried. */
static int fill(wal_batch_t *b, const struct load *l)
{
    uint32_t sizes[LOAD_RECORDS], half = l->n / 2;
    uint16_t types[LOAD_RECORDS];
    int e = 0;

    for (uint32_t k = 0; k < l->n; k++) {
        const wal_record_t *r = &l->records[k];
        sizes[k] = (uint32_t)r->data_size;
        types[k] = (uint16_t)r->type;
        if (e == 0 && k < half)
            e = wal_batch_append(b, r->type, r->data, r->data_size);
    }
    if (e == 0 && l->n > half)
        e = wal_batch_append_packed(b, l->records[half].data, sizes + half, types + half,
                                    l->n - half);
    return e;
}

static int batch_of(struct session *s, const struct load *l, wal_batch_t **ret)
{
    uint8_t tag[TAG_BYTES_MAX];
    int e = wal_batch_new(s->log, ret);
    if (e < 0)
        return e;
    e = fill(*ret, l);
    if (e == 0)
        e = wal_batch_set_tag(*ret, tag, tag_fill(l->tag, tag));
    if (e == 0 && l->meta)
        e = wal_batch_meta(*ret, LOOK_META_KEY, strlen(LOOK_META_KEY), l->value, l->value_size);
    if (e < 0)
        wal_batch_free(*ret);
    return e;
}

static int commit_batch(struct session *s, const struct load *l, uint32_t flags,
                        uint64_t *ret_first)
{
    wal_batch_t *b;
    int e = batch_of(s, l, &b);
    if (e < 0)
        return e;
    e = wal_batch_commit(b, flags, ret_first, NULL);
    wal_batch_free(b);
    return e;
}

int load_append(struct session *s, struct load *l, enum load_how how, uint32_t flags,
                uint64_t *ret_first)
{
    const wal_record_t *r = l->records;
    switch (how) {
    case LOAD_SINGLE:
        return wal_append_typed(s->log, r->type, r->data, r->data_size, flags, ret_first);
    case LOAD_MANY:
        return wal_append_many(s->log, r, l->n, flags, ret_first);
    default:
        return commit_batch(s, l, flags, ret_first);
    }
}

int load_replace(struct session *s, struct load *l, uint64_t lsn, uint64_t *ret_first)
{
    wal_batch_t *b;
    int e = batch_of(s, l, &b);
    if (e < 0)
        return e;
    e = wal_batch_replace_after(b, lsn, 0, ret_first, NULL);
    wal_batch_free(b);
    return e;
}
