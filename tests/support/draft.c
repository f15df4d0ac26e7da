/* SPDX-License-Identifier: Apache-2.0 */
#include "support/draft.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "crc/crc.h"
#include "format/record.h"

enum { BODY_MAX = 4 << 20 };

void draft_begin(struct draft *d, struct bench *b, uint64_t number, uint64_t base_lsn)
{
    *d = (struct draft){
        .bench = b,
        .header =
            {
                .number = number,
                .base_lsn = base_lsn,
                .salt = UINT64_C(0x5a17000000000001) + number * UINT64_C(0x10001),
                .epoch = UINT64_C(0x700000007),
                .group_align = 64,
                .window = DRAFT_WINDOW / WINDOW_UNIT,
                .max_group_bytes = BODY_MAX,
                .max_record_bytes = BODY_MAX - RECORD_HEADER_BYTES,
                .checksum = CHECKSUM_CRC32,
                .birth_place = FIRST_PLACE,
            },
        .durable_place = FIRST_PLACE,
    };
    memset(d->header.uuid, 0xd5, sizeof d->header.uuid);
}

static const char *name_of(const struct draft *d)
{
    static char name[NAME_BYTES];
    name_segment(name, d->header.number);
    return name;
}

void draft_rewrite_header(struct draft *d)
{
    uint8_t block[SEGMENT_HEADER_BLOCK];
    segment_header_encode(block, &d->header);
    bench_write(d->bench, name_of(d), 0, block, sizeof block);
}

void draft_open(struct draft *d)
{
    draft_rewrite_header(d);
    resize(d, DRAFT_ROOM);
    if (segment_open(&d->segment, &d->bench->folder, d->header.number, OS_READ | OS_WRITE) < 0)
        abort();
    d->open = true;
    d->end = (struct boundary){
        .offset = SEGMENT_HEADER_BLOCK, .next_lsn = d->header.base_lsn, .link = d->header.crc};
}

void draft_close(struct draft *d)
{
    if (d->open)
        segment_close(&d->segment);
    d->open = false;
}

uint8_t draft_byte(uint64_t lsn, size_t i)
{
    return (uint8_t)(lsn * 31 + i * 7 + 1);
}

uint16_t draft_type(uint64_t lsn)
{
    return (uint16_t)(lsn * 3);
}

static size_t put_record(struct draft *d, uint8_t *out, uint64_t lsn, uint32_t size, bool last)
{
    struct record r = {
        .lsn = lsn, .size = size, .type = draft_type(lsn), .flags = last ? RECORD_BATCH_LAST : 0};
    uint8_t *payload = out + RECORD_HEADER_BYTES;

    for (size_t k = 0; k < size; k++)
        payload[k] = draft_byte(lsn, k);
    r.crc = record_crc(crc_update(0, payload, size), size, r.flags, r.type, lsn, d->header.salt);
    record_header_encode(out, &r);
    return record_bytes(size);
}

/* The body of a group at `out`, which is all zeros; returns its size. */
static size_t put_body(struct draft *d, uint8_t *out, const struct group_spec *s, bool batch_ends)
{
    size_t at = 0;

    if (s->body) {
        memcpy(out, s->body, s->body_size);
        return s->body_size;
    }
    if (s->tag) {
        memcpy(out, s->tag, strlen(s->tag));
        at = (size_t)align_up(strlen(s->tag), 8);
    }
    for (uint32_t k = 0; k < s->records; k++)
        at += put_record(d, out + at, d->end.next_lsn + k, s->size,
                         batch_ends && k + 1 == s->records);
    return at;
}

uint64_t draft_put(struct draft *d, const struct group_spec *s)
{
    size_t most = GROUP_HEADER_BYTES + TAG_MAX + s->body_size + s->records * record_bytes(s->size);
    uint8_t *bytes = calloc(1, (size_t)align_up(most, GROUP_ALIGN_MAX));
    uint64_t at = d->end.offset;

    if (!bytes)
        abort();
    d->in_batch = (d->in_batch || (s->flags & GROUP_FIRST)) && !(s->flags & GROUP_LAST);
    size_t stored = put_body(d, bytes + GROUP_HEADER_BYTES, s, !d->in_batch);
    struct group_header h = {
        .place = (uint32_t)(at / PLACE_UNIT),
        .first_lsn = d->end.next_lsn,
        .watermark = d->header.base_lsn - 1,
        .epoch = (uint32_t)d->header.epoch,
        .link = d->end.link,
        .records = s->records,
        .stored_bytes = (uint32_t)stored,
        .raw_bytes = (uint32_t)stored,
        .body_crc = group_body_crc(d->header.salt, bytes + GROUP_HEADER_BYTES, stored),
        .type = (uint8_t)(s->type ? s->type : GROUP_DATA),
        .flags = s->flags,
        .tag_bytes = s->tag ? (uint16_t)strlen(s->tag) : 0,
        .durable_place = d->durable_place,
    };
    group_header_encode(bytes, &h, d->header.salt);
    uint64_t whole = group_disk_bytes(stored, d->header.group_align);
    bench_write(d->bench, name_of(d), at, bytes, (size_t)whole);
    free(bytes);
    if (bench_size(d->bench, name_of(d)) < at + whole + GROUP_HEADER_BYTES)
        resize(d, at + whole + GROUP_HEADER_BYTES);
    d->end = (struct boundary){.offset = at + whole,
                               .next_lsn = d->end.next_lsn + s->records,
                               .link = h.crc,
                               .meta_offset = h.type == GROUP_META ? at : d->end.meta_offset,
                               .tag_offset = h.tag_bytes ? at : d->end.tag_offset};
    return at;
}

uint64_t put(struct draft *d, uint32_t records, uint32_t size)
{
    return draft_put(d, &(struct group_spec){.records = records, .size = size});
}

uint64_t put_part(struct draft *d, uint8_t flags, uint32_t records, uint32_t size)
{
    return draft_put(d, &(struct group_spec){.flags = flags, .records = records, .size = size});
}

uint64_t put_meta(struct draft *d, const char *key, const char *value)
{
    uint8_t body[256];
    struct meta_entry e = {.key = (const uint8_t *)key,
                           .value = (const uint8_t *)value,
                           .key_size = (uint16_t)strlen(key),
                           .value_size = (uint16_t)strlen(value)};

    meta_body_encode(body, &e, 1);
    return draft_put(d, &(struct group_spec){
                            .type = GROUP_META, .body = body, .body_size = meta_body_bytes(&e, 1)});
}

uint64_t put_lone_tag(struct draft *d, const char *tag)
{
    return draft_put(d, &(struct group_spec){.type = GROUP_TAG, .tag = tag});
}

uint64_t put_seal(struct draft *d)
{
    uint8_t body[64];
    struct seal_entry e = {.lsn = d->header.base_lsn, .place = FIRST_PLACE};

    seal_body_encode(body, &e, 1);
    return draft_put(
        d, &(struct group_spec){.type = GROUP_SEAL, .body = body, .body_size = seal_body_bytes(1)});
}

void draft_synced(struct draft *d)
{
    d->durable_place = (uint32_t)(d->end.offset / PLACE_UNIT);
}

struct group_header peek(struct draft *d, uint64_t offset)
{
    uint8_t bytes[GROUP_HEADER_BYTES];
    struct group_header h;

    bench_read(d->bench, name_of(d), offset, bytes, sizeof bytes);
    if (group_header_decode(&h, bytes, d->header.salt, (uint32_t)d->header.epoch,
                            (uint32_t)(offset / PLACE_UNIT)) != GROUP_RIGHT)
        abort();
    return h;
}

void forge_foreign(struct draft *d, uint64_t offset, struct group_header *h, uint64_t salt)
{
    uint8_t bytes[GROUP_HEADER_BYTES];
    group_header_encode(bytes, h, salt);
    bench_write(d->bench, name_of(d), offset, bytes, sizeof bytes);
}

void forge(struct draft *d, uint64_t offset, struct group_header *h)
{
    forge_foreign(d, offset, h, d->header.salt);
}

void damage(struct draft *d, uint64_t offset)
{
    uint8_t byte;
    bench_read(d->bench, name_of(d), offset, &byte, 1);
    byte ^= 0x40;
    bench_write(d->bench, name_of(d), offset, &byte, 1);
}

void wipe(struct draft *d, uint64_t from, uint64_t to)
{
    static const uint8_t zeros[4096];
    for (; from < to; from += min_u64(to - from, sizeof zeros))
        bench_write(d->bench, name_of(d), from, zeros, (size_t)min_u64(to - from, sizeof zeros));
}

void resize(struct draft *d, uint64_t size)
{
    bench_resize(d->bench, name_of(d), size);
}
