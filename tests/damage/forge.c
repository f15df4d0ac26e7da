/* SPDX-License-Identifier: Apache-2.0 */
#include "forge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

enum { FORGED_MAX = 1 << 16 };

static struct layout layout;

void forge_control(struct image *i, const struct control *c)
{
    struct image_file *f = image_find(i, NAME_CONTROL);
    struct witness w;

    control_encode(f->bytes + CONTROL_SLOT_A, c);
    control_encode(f->bytes + CONTROL_SLOT_B, c);
    if (witness_decode(&w, f->bytes + WITNESS_OFFSET) != DECODED_RIGHT)
        return;
    w.sequence = c->sequence;
    witness_encode(f->bytes + WITNESS_OFFSET, &w);
}

/* Headers anew from spot `from` on, so that links and checksums are right. */
static void relink(struct image_file *f, const struct layout *l, uint32_t link)
{
    for (unsigned k = 0; k < l->n; k++) {
        struct group_header h = l->spots[k].header;
        uint8_t *at = f->bytes + l->spots[k].offset;
        h.epoch = (uint32_t)l->header.epoch;
        h.link = link;
        h.body_crc = group_body_crc(l->header.salt, at + GROUP_HEADER_BYTES, h.stored_bytes);
        group_header_encode(at, &h, l->header.salt);
        link = h.crc;
    }
}

void forge_links(struct image_file *f, const struct layout *l)
{
    relink(f, l, l->header.crc);
}

void forge_segment(struct image_file *f, struct segment_header *h)
{
    layout_of(&layout, f, UINT64_MAX);
    layout.header = *h;
    segment_header_encode(f->bytes, h);
    relink(f, &layout, h->crc);
}

static void vouch(struct image *i, const struct control *c, const struct group_header *last,
                  uint64_t end)
{
    struct witness w = {.sequence = c->sequence,
                        .durable_lsn = last->first_lsn + last->records - 1,
                        .segment = c->newest,
                        .durable_place = (uint32_t)(end / PLACE_UNIT),
                        .group_crc = last->crc,
                        .salt_low = (uint32_t)layout.header.salt};
    witness_encode(image_find(i, NAME_CONTROL)->bytes + WITNESS_OFFSET, &w);
}

uint64_t forge_group(struct image *i, const struct forged *g)
{
    static uint8_t body[FORGED_MAX + CIPHER_TAG_BYTES];
    struct control c;

    if (g->size > FORGED_MAX)
        abort();
    layout_control(i, &c);
    struct image_file *f = image_segment(i, c.newest);
    layout_of(&layout, f, UINT64_MAX);
    const struct spot *last = &layout.spots[layout.n - 1];
    struct group_header h = {.place = (uint32_t)(layout.end / PLACE_UNIT),
                             .first_lsn = last->next_lsn,
                             .watermark = last->next_lsn - 1,
                             .epoch = (uint32_t)layout.header.epoch,
                             .link = last->header.crc,
                             .records = g->records,
                             .stored_bytes = (uint32_t)g->size,
                             .raw_bytes = (uint32_t)(g->raw ? g->raw : g->size),
                             .type = g->type,
                             .flags = g->flags,
                             .durable_place = last->header.durable_place};
    memcpy(body, g->body, g->size);
    if (g->seal)
        made_sealed(&layout.header, &h, body);
    size_t stored = h.stored_bytes;
    h.body_crc = group_body_crc(layout.header.salt, body, stored);
    if (g->spoil)
        g->spoil(&h);
    size_t end = (size_t)(layout.end + group_disk_bytes(stored, layout.header.group_align));
    if (f->size < end + GROUP_HEADER_BYTES)
        image_resize(f, end + GROUP_HEADER_BYTES);
    group_header_encode(f->bytes + layout.end, &h, layout.header.salt);
    memcpy(f->bytes + layout.end + GROUP_HEADER_BYTES, body, stored);
    if (g->vouched)
        vouch(i, &c, &h, end);
    return layout.end;
}

void forge_seal(struct image *i, uint64_t number, const void *body, size_t size)
{
    static struct layout after;
    struct image_file *f = image_segment(i, number), *next = image_segment(i, number + 1);

    layout_of(&layout, f, UINT64_MAX);
    layout_of(&after, next, UINT64_MAX);
    struct spot *seal = &layout.spots[layout.n - 1];
    if (seal->header.type != GROUP_SEAL)
        abort();
    size_t end = (size_t)(seal->offset + group_disk_bytes(size, layout.header.group_align));
    image_resize(f, (size_t)seal->offset);
    image_resize(f, end + GROUP_HEADER_BYTES);
    memcpy(f->bytes + seal->offset + GROUP_HEADER_BYTES, body, size);
    seal->header.stored_bytes = seal->header.raw_bytes = (uint32_t)size;
    seal->header.body_crc = group_body_crc(layout.header.salt, body, size);
    group_header_encode(f->bytes + seal->offset, &seal->header, layout.header.salt);
    after.header.follow.end_offset = end;
    after.header.follow.link = seal->header.crc;
    segment_header_encode(next->bytes, &after.header);
    relink(next, &after, after.header.crc);
}

static void note_size(struct verdict_on_forged *v, size_t size)
{
    if (size > v->largest)
        v->largest = size;
}

static void *count_alloc(void *ctx, size_t size)
{
    note_size(ctx, size);
    return malloc(size);
}

static void *count_resize(void *ctx, void *p, size_t size)
{
    note_size(ctx, size);
    return realloc(p, size);
}

static void count_release(void *ctx, void *p)
{
    (void)ctx;
    free(p);
}

struct reading {
    struct verdict_on_forged *v;
    const struct history *history;
};

static int take(void *ctx, const wal_record_t *r)
{
    struct reading *x = ctx;
    const struct history *h = x->history;
    const uint8_t *data = r->data;

    if (r->lsn > x->v->last)
        x->v->last = r->lsn;
    if (r->lsn < h->first || r->lsn > h->submitted)
        return 0;
    const struct entry *e = &h->entries[r->lsn];
    bool right = r->data_size == e->size && r->type == e->type;
    for (size_t k = 0; right && k < e->size; k++)
        right = data[k] == entry_byte(e, r->lsn, k);
    x->v->wrong += !right;
    return 0;
}

static int skip_meta(void *ctx, const void *key, size_t klen, const void *value, size_t vlen)
{
    (void)ctx, (void)key, (void)klen, (void)value, (void)vlen;
    return 0;
}

static void note_code(struct verdict_on_forged *v, int code)
{
    if (v->read == 0 && code < 0)
        v->read = code;
}

static void read_all(wal_t *w, struct reading *x)
{
    enum { SIZE = 1 << 16, GETS_MAX = 200 };
    static uint8_t buffer[SIZE];
    wal_record_t r = {.size = sizeof r};
    wal_reader_t *reader;
    int e;

    note_code(x->v, wal_replay(w, wal_first_lsn(w), take, x, NULL));
    note_code(x->v, e = wal_reader_open(w, 0, WAL_READ_REVERSE | WAL_READ_WRITTEN, &reader));
    if (e == 0) {
        while ((e = wal_reader_next(reader, &r)) == 1)
            take(x, &r);
        note_code(x->v, e);
        wal_reader_close(reader);
    }
    uint64_t last = wal_last_lsn(w), n = 0;
    for (uint64_t lsn = wal_first_lsn(w); last && lsn <= last && n++ < GETS_MAX; lsn++) {
        e = wal_get(w, lsn, buffer, SIZE, &r);
        note_code(x->v, e);
        if (e == 0)
            take(x, &r);
    }
    note_code(x->v, wal_meta_each(w, skip_meta, NULL));
    size_t size;
    note_code(x->v, wal_last_tag(w, buffer, SIZE, &size));
    e = wal_checkpoint_get(w, buffer, SIZE, NULL, &size);
    note_code(x->v, e == WAL_E_NOTFOUND ? 0 : e);
}

void forge_try(const char *path, const struct history *h, bool read_only,
               struct verdict_on_forged *ret)
{
    wal_options_t *o = made_options(read_only);
    wal_allocator_t a = {.size = sizeof a,
                         .ctx = ret,
                         .alloc = count_alloc,
                         .resize = count_resize,
                         .release = count_release};
    struct reading x = {.v = ret, .history = h};
    wal_verify_t verified;
    wal_t *w;

    *ret = (struct verdict_on_forged){0};
    if (wal_options_set_allocator(o, &a) < 0)
        abort();
    ret->verified = wal_verify(path, o, NULL, NULL, &verified, sizeof verified);
    ret->open = wal_open(path, o, &w);
    wal_options_free(o);
    if (ret->open == 0) {
        read_all(w, &x);
        note_code(ret, wal_close(w));
    }
    bool right = ret->verified == 0 || ret->verified == WAL_E_TORN;
    int met = ret->open ? ret->open : ret->read;
    if (right && (met == WAL_E_CORRUPT || met == WAL_E_CRYPTO)) {
        fprintf(stderr, "wal_verify: %s\n", wal_error_name(ret->verified));
        ret->wrong++;
    }
}
