/* SPDX-License-Identifier: Apache-2.0 */
#include "log_made.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/control.h"
#include "layout.h"
#include "log/log.h"
#include "segment/cipher.h"
#include "segment/decode.h"
#include "segment/encode.h"
#include "support/toy_cipher.h"

enum { SMALL_GROUP = 512, SIZE_MAX_USED = 4000, BIG_RECORD = 3000, BIG_RECORDS = 100 };

const char *const made_names[MADE_KINDS] = {"closed",    "killed", "torn",       "old witness",
                                            "meta last", "cut",    "big closed", "big killed"};

struct maker {
    struct made *made;
    struct stand stand;
    wal_t *log;
    uint8_t seed;
};

static void ok(int code)
{
    wal_error_t e;
    if (code >= 0)
        return;
    wal_last_error(&e, sizeof e);
    fprintf(stderr, "making a log: %s: %s\n", wal_error_name(code), e.message);
    abort();
}

uint8_t entry_byte(const struct entry *e, uint64_t lsn, size_t i)
{
    return (uint8_t)(lsn * 131 + i * 7 + (i >> 3) + e->seed * 29u);
}

size_t made_tag(unsigned number, uint8_t out[MADE_TAG_MAX])
{
    size_t size = 1 + number * 11 % MADE_TAG_MAX;
    memset(out, (int)number, size);
    return number ? size : 0;
}

int made_tag_number(const void *tag, size_t size)
{
    uint8_t right[MADE_TAG_MAX];
    const uint8_t *bytes = tag;
    unsigned number = size ? bytes[0] : 0;
    return made_tag(number, right) == size && (!size || memcmp(right, tag, size) == 0) ? (int)number
                                                                                       : -1;
}

static enum made_encoding encoding;
static struct toy toy = {.keys = TOY_KEY(1)};

void made_encode(enum made_encoding e)
{
    encoding = e;
}

static void set_encoding(wal_options_t *o)
{
    const wal_cipher_t cipher = toy_cipher(&toy);

    if (encoding == MADE_ZLIB || encoding == MADE_BOTH) {
        ok(wal_options_set(o, WAL_OPT_CODEC, 1));
        ok(wal_options_set(o, WAL_OPT_CODEC_MIN_BYTES, 0));
    }
    if (encoding == MADE_SEALED || encoding == MADE_BOTH)
        ok(wal_options_set_cipher(o, &cipher, 1));
}

/* As much of a segment as encoding takes. */
static void unlock(const struct segment_header *h, struct segment *ret)
{
    static struct folder folder;
    static struct cipher cipher;

    cipher.calls = toy_cipher(&toy);
    *ret = (struct segment){.header = *h, .file = {.folder = &folder}};
    folder.path = "";
    if (!h->cipher)
        return;
    ret->cipher = &cipher;
    ok(cipher_derive(ret->cipher, h->key_id, h->kdf_salt, &ret->key));
}

static void lock(struct segment *s)
{
    cipher_drop(s->cipher, s->key);
}

const uint8_t *made_decoded(const struct segment_header *sh, const struct group_header *h,
                            const uint8_t *stored)
{
    static struct decoder decoder;
    const uint8_t *body = NULL;
    struct segment s;

    if (!(h->flags & (GROUP_COMPRESSED | GROUP_ENCRYPTED)))
        return stored;
    decoder_free(&decoder, &alloc_default);
    unlock(sh, &s);
    int e = decode_body(&s, &alloc_default, &decoder, h, stored, &body);
    lock(&s);
    return e == 1 ? body : NULL;
}

void made_sealed(const struct segment_header *sh, struct group_header *h, uint8_t *body)
{
    struct segment s;

    if (!sh->cipher)
        return;
    unlock(sh, &s);
    ok(encrypt_body(&s, h, body, body));
    lock(&s);
}

wal_options_t *made_options(bool read_only)
{
    static const uint64_t values[][2] = {
        {WAL_OPT_SEGMENT_BYTES, 4 << 20},   {WAL_OPT_ZERO_AHEAD_BYTES, 1024},
        {WAL_OPT_MAX_RECORD_BYTES, 4096},   {WAL_OPT_BACKGROUND, 0},
        {WAL_OPT_PENDING_BYTES, 64 * 1024}, {WAL_OPT_GROUP_BYTES, 64 * 1024},
    };
    wal_options_t *o;

    ok(wal_options_new(&o));
    for (size_t k = 0; k < sizeof values / sizeof values[0]; k++)
        ok(wal_options_set(o, (uint32_t)values[k][0], values[k][1]));
    ok(wal_options_set(o, WAL_OPT_READ_ONLY, read_only));
    set_encoding(o);
    return o;
}

/* Groups far smaller than any option allows: a long batch of a few hundred bytes. */
static void open_log(struct maker *k)
{
    wal_options_t *o = made_options(false);
    ok(wal_open(k->stand.path, o, &k->log));
    wal_options_free(o);
    k->log->config.group_bytes = SMALL_GROUP;
    k->log->limits.group_bytes = SMALL_GROUP;
}

static struct entry *note(struct maker *k, uint64_t lsn, size_t size, bool last)
{
    struct history *h = &k->made->history;
    if (lsn >= HISTORY_MAX)
        abort();
    h->entries[lsn] = (struct entry){.size = (uint32_t)size,
                                     .type = (uint16_t)(lsn * 257 + k->seed),
                                     .seed = k->seed,
                                     .batch_last = last};
    h->submitted = lsn;
    return &h->entries[lsn];
}

static void batch(struct maker *k, const uint32_t *sizes, size_t n, uint32_t flags)
{
    static uint8_t payload[16 * SIZE_MAX_USED];
    uint16_t types[16];
    uint64_t first = wal_next_lsn(k->log), got;
    size_t at = 0;

    for (size_t r = 0; r < n; r++) {
        const struct entry *e = note(k, first + r, sizes[r], r + 1 == n);
        types[r] = e->type;
        for (size_t i = 0; i < sizes[r]; i++)
            payload[at++] = entry_byte(e, first + r, i);
    }
    ok(wal_append_packed(k->log, payload, sizes, types, n, flags, &got));
    if (got != first)
        abort();
    k->made->history.acked = wal_durable_lsn(k->log);
}

static void one(struct maker *k, uint32_t size)
{
    batch(k, &size, 1, 0);
}

static void many(struct maker *k, size_t n, uint32_t size)
{
    uint32_t sizes[16];
    for (size_t r = 0; r < n; r++)
        sizes[r] = size;
    batch(k, sizes, n, 0);
}

/* With a tag, and with `and_meta` the next version of the metadata; n 0: without records. */
static void tagged(struct maker *k, size_t n, uint32_t size, bool and_meta)
{
    struct history *h = &k->made->history;
    uint8_t payload[SIZE_MAX_USED], bulk[META_BULK_BYTES], tag[MADE_TAG_MAX];
    uint8_t version = (uint8_t)(h->meta += and_meta);
    uint64_t first = wal_next_lsn(k->log);
    wal_batch_t *b;

    ok(wal_batch_new(k->log, &b));
    ok(wal_batch_set_tag(b, tag, made_tag(++h->tag, tag)));
    for (size_t r = 0; r < n; r++) {
        struct entry *e = note(k, first + r, size, r + 1 == n);
        e->tag = (uint8_t)h->tag;
        for (size_t i = 0; i < size; i++)
            payload[i] = entry_byte(e, first + r, i);
        ok(wal_batch_append(b, e->type, payload, size));
    }
    memset(bulk, version, sizeof bulk);
    if (and_meta) {
        ok(wal_batch_meta(b, META_BULK, sizeof META_BULK - 1, bulk, sizeof bulk));
        ok(wal_batch_meta(b, META_CURSOR, sizeof META_CURSOR - 1, &version, 1));
    }
    ok(wal_batch_commit(b, 0, NULL, NULL));
    wal_batch_free(b);
    h->acked = wal_durable_lsn(k->log);
}

static void meta(struct maker *k)
{
    uint8_t version = (uint8_t)++k->made->history.meta, bulk[META_BULK_BYTES];
    memset(bulk, version, sizeof bulk);
    ok(wal_meta_set(k->log, META_BULK, sizeof META_BULK - 1, bulk, sizeof bulk));
    ok(wal_meta_set(k->log, META_CURSOR, sizeof META_CURSOR - 1, &version, 1));
}

static void first_segment(struct maker *k)
{
    one(k, 40);
    batch(k, (const uint32_t[]){10, 0, 100}, 3, 0);
    one(k, 0);
    tagged(k, 2, 30, false);
    meta(k);
    many(k, 5, 200);
    tagged(k, 1, 9, true);
    one(k, 33);
    ok(wal_rotate(k->log));
}

static void second_segment(struct maker *k)
{
    one(k, 21);
    many(k, 4, 180);
    image_load(&k->made->before, k->stand.path);
    meta(k);
    one(k, 0);
    one(k, 700);
    tagged(k, 3, 180, false); /* a run of two groups */
    tagged(k, 2, 20, true);
    tagged(k, 0, 0, true);
    batch(k, (const uint32_t[]){8, 16}, 2, 0);
    one(k, 64);
}

static void big_segment(struct maker *k)
{
    one(k, 21);
    many(k, 4, 180);
    for (int r = 0; r < BIG_RECORDS; r++) {
        one(k, BIG_RECORD);
        if (r == BIG_RECORDS / 2)
            image_load(&k->made->before, k->stand.path);
    }
    meta(k);
    one(k, 64);
}

static void unsynced(struct maker *k)
{
    uint64_t acked = k->made->history.acked;
    batch(k, (const uint32_t[]){90}, 1, WAL_APPEND_ASYNC);
    batch(k, (const uint32_t[]){300, 50}, 2, WAL_APPEND_ASYNC);
    ok(wal_flush(k->log));
    k->made->history.acked = acked;
}

/* A third segment: the last two records of the second are gone, and one of them has come anew. */
static void cut(struct maker *k)
{
    ok(wal_truncate_after(k->log, wal_last_lsn(k->log) - 2));
    k->seed++;
    one(k, 70);
    k->made->history.submitted = wal_last_lsn(k->log);
    many(k, 3, 222);
}

/* The last group's end didn't reach the disk. */
static void tear(struct made *m)
{
    struct control c;
    struct layout l;

    layout_control(&m->now, &c);
    struct image_file *f = image_segment(&m->now, c.newest);
    layout_of(&l, f, UINT64_MAX);
    const struct spot *last = &l.spots[l.n - 1];
    memset(f->bytes + last->offset + 256, 0, (size_t)(last->end - last->offset - 256));
}

static void finish(struct maker *k, enum made_kind kind)
{
    struct image_file *f;
    uint8_t witness[WITNESS_BYTES];

    if (kind == MADE_KILLED || kind == MADE_TORN || kind == MADE_BIG_KILLED)
        unsynced(k);
    if (kind == MADE_CUT)
        cut(k);
    if (kind == MADE_META_LAST)
        meta(k);
    image_load(&k->made->now, k->stand.path);
    if (kind == MADE_OLD_WITNESS) {
        f = image_find(&k->made->now, NAME_CONTROL);
        memcpy(witness, f->bytes + WITNESS_OFFSET, sizeof witness);
        one(k, 55);
        image_free(&k->made->now);
        image_load(&k->made->now, k->stand.path);
        f = image_find(&k->made->now, NAME_CONTROL);
        memcpy(f->bytes + WITNESS_OFFSET, witness, sizeof witness);
    }
    if (kind == MADE_TORN)
        tear(k->made);
    ok(wal_close(k->log));
    if (kind == MADE_CLOSED || kind == MADE_BIG_CLOSED) {
        image_free(&k->made->now);
        image_load(&k->made->now, k->stand.path);
    }
}

void made_make(struct made *ret, enum made_kind kind)
{
    struct maker k = {.made = ret, .seed = 1};

    *ret = (struct made){.name = made_names[kind], .history = {.first = 1}};
    stand_make(&k.stand);
    open_log(&k);
    first_segment(&k);
    if (kind == MADE_BIG_CLOSED || kind == MADE_BIG_KILLED)
        big_segment(&k);
    else
        second_segment(&k);
    finish(&k, kind);
    stand_remove(&k.stand);
}

void made_free(struct made *m)
{
    image_free(&m->now);
    image_free(&m->before);
}
