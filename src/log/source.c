/* SPDX-License-Identifier: Apache-2.0 */
#include "log/source.h"

#include <string.h>

#include "base/bytes.h"
#include "base/codes.h"
#include "base/fault.h"
#include "base/plant.h"
#include "crc/crc.h"
#include "format/record.h"

/* As large as version 1.0 had it. */
enum { RECORD_SIZE_1_0 = offsetof(wal_record_t, flags) + sizeof(uint32_t) };

static int check(uint32_t type, const void *data, uint64_t size, uint32_t max_record_bytes)
{
    if (type > UINT16_MAX)
        return fault(WAL_E_INVAL, "record type %u is above 65535", type);
    if (size > max_record_bytes)
        return fault(WAL_E_TOOBIG, "a record of %llu bytes is above max_record_bytes (%u)",
                     (unsigned long long)size, max_record_bytes);
    if (!data && size)
        return fault(WAL_E_INVAL, "data is NULL, but size is %llu", (unsigned long long)size);
    return 0;
}

static void count(struct source *s, uint64_t size)
{
    uint64_t bytes = record_bytes(size);
    s->records++;
    s->payload += size;
    s->body += bytes;
    s->largest = max_u64(s->largest, bytes);
}

static int check_total(const struct source *s)
{
    if (s->body > BATCH_BYTES_MAX)
        return fault(WAL_E_TOOBIG, "a batch of more than 4 GiB");
    return 0;
}

static void one_rewind(struct source *s)
{
    s->at = s->first;
}

static int one_next(struct source *s, struct source_record *ret)
{
    *ret = (struct source_record){
        .data = s->first, .size = (uint32_t)s->payload, .type = (uint16_t)s->stride};
    return 0;
}

int source_one(struct source *s, uint32_t type, const void *data, size_t size,
               uint32_t max_record_bytes)
{
    int e = check(type, data, size, max_record_bytes);
    if (e < 0)
        return e;
    *s = (struct source){.first = data, .stride = type, .next = one_next, .rewind = one_rewind};
    count(s, size);
    source_rewind(s);
    return 0;
}

static void array_rewind(struct source *s)
{
    s->at = s->first;
}

static int array_next(struct source *s, struct source_record *ret)
{
    const wal_record_t *r = (const void *)s->at;
    *ret = (struct source_record){
        .data = r->data, .size = (uint32_t)r->data_size, .type = (uint16_t)r->type};
    s->at += s->stride;
    return 0;
}

int source_array(struct source *s, const wal_record_t *records, size_t n, uint32_t max_record_bytes)
{
    if (!records)
        return fault(WAL_E_INVAL, "records is NULL");
    if (n == 0)
        return fault(WAL_E_INVAL, "a batch of no records");
    if (records[0].size < RECORD_SIZE_1_0 || records[0].size % 8)
        return fault(WAL_E_INVAL, "records[0].size is %u", records[0].size);
    *s = (struct source){
        .first = records, .stride = records[0].size, .next = array_next, .rewind = array_rewind};
    for (size_t k = 0; k < n; k++) {
        const wal_record_t *r = (const void *)((const uint8_t *)s->first + k * s->stride);
        int e = check(r->type, r->data, r->data_size, max_record_bytes);
        if (e == 0) {
            count(s, r->data_size);
            e = check_total(s);
        }
        if (e < 0)
            return e;
    }
    source_rewind(s);
    return 0;
}

static void packed_rewind(struct source *s)
{
    s->at = s->first;
}

static int packed_next(struct source *s, struct source_record *ret)
{
    size_t k = (size_t)(s->records - s->left);
    *ret = (struct source_record){
        .data = s->at, .size = s->sizes[k], .type = s->types ? s->types[k] : 0};
    if (s->sizes[k])
        s->at += s->sizes[k];
    return 0;
}

int source_packed(struct source *s, const void *payload, const uint32_t *sizes,
                  const uint16_t *types, size_t n, uint32_t max_record_bytes)
{
    if (!sizes)
        return fault(WAL_E_INVAL, "sizes is NULL");
    if (n == 0)
        return fault(WAL_E_INVAL, "a batch of no records");
    *s = (struct source){.first = payload,
                         .sizes = sizes,
                         .types = types,
                         .next = packed_next,
                         .rewind = packed_rewind};
    for (size_t k = 0; k < n; k++) {
        int e = check(0, payload, sizes[k], max_record_bytes);
        if (e == 0) {
            count(s, sizes[k]);
            e = check_total(s);
        }
        if (e < 0)
            return e;
    }
    source_rewind(s);
    return 0;
}

static void none_rewind(struct source *s)
{
    (void)s;
}

void source_none(struct source *s)
{
    *s = (struct source){.alone = true, .rewind = none_rewind};
}

void source_rewind(struct source *s)
{
    s->left = s->records;
    s->peeked = false;
    s->rewind(s);
}

static int peek(struct source *s)
{
    if (s->peeked)
        return 0;
    int e = s->next(s, &s->now);
    s->peeked = e == 0;
    return e;
}

static void take(struct source *s, uint64_t bytes, struct filled *f)
{
    s->peeked = false;
    s->left--;
    f->records++;
    f->bytes += bytes;
}

int source_next(struct source *s, struct source_record *ret)
{
    int e = peek(s);
    if (e < 0)
        return e;
    *ret = s->now;
    s->peeked = false;
    s->left--;
    return 0;
}

int source_measure(struct source *s, uint64_t limit, struct filled *ret)
{
    struct filled f = {0};
    while (s->left) {
        int e = peek(s);
        if (e < 0)
            return e;
        uint64_t bytes = record_bytes(s->now.size);
        if (f.records && f.bytes + bytes > limit)
            break;
        take(s, bytes, &f);
    }
    *ret = f;
    return 0;
}

int source_fill(struct source *s, uint64_t limit, uint8_t *body, uint64_t lsn, uint64_t salt,
                struct filled *ret)
{
    struct filled f = {0};
    while (s->left) {
        int e = peek(s);
        if (e < 0)
            return e;
        uint64_t bytes = record_bytes(s->now.size);
        if (f.records && f.bytes + bytes > limit)
            break;
        struct record r = {.lsn = lsn + f.records,
                           .size = s->now.size,
                           .type = s->now.type,
                           .flags = s->left == 1 ? RECORD_BATCH_LAST : 0,
                           .payload = s->now.data};
        record_write(body + f.bytes, &r, salt);
        take(s, bytes, &f);
    }
    *ret = f;
    return 0;
}
