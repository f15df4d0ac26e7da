/* SPDX-License-Identifier: Apache-2.0 */
#include "log/batch.h"

#include <string.h>

#include "base/bytes.h"
#include "crc/crc.h"
#include "format/record.h"
#include "log/truncate.h"

int batch_new(struct wal *w, struct wal_batch **ret)
{
    struct wal_batch *b = mem_new_zeroed(w->alloc, sizeof *b);
    if (!b)
        return fault_nomem();
    b->store.log = w;
    spill_init(&b->store.spill, w);
    buffer_init(&b->store.memory, w->alloc, SIZE_MAX / 2);
    wal_ref(w);
    *ret = b;
    return 0;
}

void batch_clear(struct wal_batch *b)
{
    struct batch_store *s = &b->store;
    spill_clear(&s->spill);
    buffer_clear(&s->memory);
    s->records = s->payload = s->body = s->largest = 0;
    b->tag.size = 0;
    meta_changes_clear(&b->changes, s->log->alloc);
    b->doomed = false;
}

void batch_free(struct wal_batch *b)
{
    struct wal *w = b->store.log;
    if (!wal_is_ours(w)) {
        spill_disown(&b->store.spill);
        if (!wal_disown(w))
            return;
    }
    batch_clear(b);
    buffer_free(&b->store.memory);
    mem_free(w->alloc, b);
    wal_unref(w);
}

/* Moves what is in memory to the file. On failure nothing has changed. */
static int spill(struct batch_store *s)
{
    int e = spill_append(&s->spill, s->memory.data, s->memory.size);
    if (e == 0)
        buffer_clear(&s->memory);
    return e;
}

static int put(struct batch_store *s, const struct source_record *from)
{
    size_t bytes = record_bytes(from->size);
    int e = 0;

    if (s->memory.size && s->memory.size + bytes > s->log->config.group_bytes)
        e = spill(s);
    if (e < 0)
        return e;
    uint8_t *out = buffer_reserve(&s->memory, bytes);
    if (!out)
        return fault_nomem();
    struct record r = {.size = from->size, .type = from->type};
    store64(out + bytes - 8, 0);
    r.crc = r.size ? crc_copy(0, out + RECORD_HEADER_BYTES, from->data, r.size) : 0;
    record_header_encode(out, &r);
    s->memory.size += bytes;
    return 0;
}

/* Takes back what was put behind the records that count: the bytes are one sequence, in the file
 * first. */
static void set_back(struct batch_store *s)
{
    spill_cut(&s->spill, s->body);
    s->memory.size = (size_t)(s->body - s->spill.bytes);
}

int batch_append_source(struct wal_batch *b, struct source *from)
{
    struct batch_store *s = &b->store;
    struct source_record r;
    int e = 0;

    if (s->body + from->body > BATCH_BYTES_MAX)
        return fault(WAL_E_TOOBIG, "a batch of more than 4 GiB");
    for (; e == 0 && from->left; from->left--) {
        e = from->next(from, &r);
        if (e == 0)
            e = put(s, &r);
    }
    if (e < 0) {
        set_back(s);
        return e;
    }
    s->records += from->records;
    s->payload += from->payload;
    s->body += from->body;
    s->largest = max_u64(s->largest, from->largest);
    return 0;
}

int batch_append(struct wal_batch *b, uint32_t type, const void *data, size_t size)
{
    struct source one;
    int e = source_one(&one, type, data, size, b->store.log->config.max_record_bytes);
    return e < 0 ? e : batch_append_source(b, &one);
}

int batch_set_tag(struct wal_batch *b, const void *data, size_t size)
{
    if (size > TAG_MAX)
        return fault(WAL_E_TOOBIG, "a tag of %zu bytes, more than %d", size, TAG_MAX);
    if (!data && size)
        return fault(WAL_E_INVAL, "data is NULL, but size is %zu", size);
    if (size)
        memcpy(b->tag.bytes, data, size);
    b->tag.size = (uint32_t)size;
    return 0;
}

int batch_meta(struct wal_batch *b, const struct meta_change *change)
{
    return meta_changes_add(&b->changes, b->store.log->alloc, change);
}

/* Makes `size` bytes at s->at visible: in memory, or read back from the file. */
static int look(struct batch_store *s, size_t size, const uint8_t **ret)
{
    if (s->at < s->spill.bytes)
        return spill_look(&s->spill, s->at, size, ret);
    *ret = s->memory.data + (s->at - s->spill.bytes);
    return 0;
}

static int store_next(struct source *src, struct source_record *ret)
{
    struct batch_store *s = src->store;
    const uint8_t *p;

    int e = look(s, RECORD_HEADER_BYTES, &p);
    if (e < 0)
        return e;
    uint32_t size = load32(p), crc = load32(p + 4);
    size_t bytes = record_bytes(size);
    if (bytes > s->largest || (s->at < s->spill.bytes && bytes > s->spill.bytes - s->at))
        return fault(WAL_E_IO, "%s: the temporary file of a batch is damaged", s->log->path);
    e = look(s, bytes, &p);
    if (e < 0)
        return e;
    *ret = (struct source_record){
        .data = p + RECORD_HEADER_BYTES, .size = size, .type = load16(p + 12)};
    if (s->at < s->spill.bytes && crc_update(0, ret->data, size) != crc)
        return fault(WAL_E_IO, "%s: the temporary file of a batch is damaged", s->log->path);
    s->at += bytes;
    return 0;
}

static void store_rewind(struct source *src)
{
    src->store->at = 0;
}

static void source_of(struct wal_batch *b, struct source *ret)
{
    struct batch_store *s = &b->store;
    *ret = (struct source){
        .records = s->records,
        .payload = s->payload,
        .body = s->body,
        .largest = s->largest,
        .alone = s->spill.bytes > 0 || b->changes.n > 0,
        .tag = b->tag.size ? &b->tag : NULL,
        .changes = b->changes.n ? &b->changes : NULL,
        .next = store_next,
        .rewind = store_rewind,
        .store = s,
    };
    source_rewind(ret);
}

/* Whether there is something to commit; a tag alone isn't. */
static bool holds(const struct wal_batch *b)
{
    return b->store.records > 0 || b->changes.n > 0;
}

static int check(const struct wal_batch *b, uint32_t flags)
{
    enum append_how how;
    int e = append_how(b->store.log, flags, &how);
    if (e < 0 || !b->doomed)
        return e;
    return fault(WAL_E_FAILED,
                 "an earlier commit of this batch is in doubt: it can only be aborted");
}

/* A commit has come to this. Without records there are no LSNs. */
static int finish(struct wal_batch *b, int e, uint64_t first, uint64_t *ret_first,
                  uint64_t *ret_last)
{
    uint64_t records = b->store.records;
    if (e < 0) {
        b->doomed = e == WAL_E_INDOUBT || e == WAL_E_FAILED;
        return e;
    }
    *ret_first = records ? first : 0;
    *ret_last = records ? first + records - 1 : 0;
    batch_clear(b);
    return 0;
}

int batch_commit(struct wal_batch *b, uint32_t flags, uint64_t *ret_first, uint64_t *ret_last)
{
    struct source s;
    uint64_t first = 0;

    int e = check(b, flags);
    if (e < 0)
        return e;
    source_of(b, &s);
    if (holds(b))
        e = append_source(b->store.log, &s, flags, &first);
    return finish(b, e, first, ret_first, ret_last);
}

int batch_replace_after(struct wal_batch *b, uint64_t lsn, uint32_t flags, uint64_t *ret_first,
                        uint64_t *ret_last)
{
    struct source s;
    uint64_t first = 0;

    int e = check(b, flags);
    if (e < 0)
        return e;
    source_of(b, &s);
    e = truncate_replace(b->store.log, lsn, holds(b) ? &s : NULL, &first);
    return finish(b, e, first, ret_first, ret_last);
}
