#include "log/batch.h"

#include <string.h>

#include "base/bytes.h"
#include "crc/crc.h"
#include "format/record.h"

enum { WINDOW_BYTES = 64 * 1024 };

int batch_new(struct wal *w, struct wal_batch **ret)
{
    struct wal_batch *b = mem_new_zeroed(w->alloc, sizeof *b);
    if (!b)
        return fault_nomem();
    b->store.log = w;
    b->store.spill.fd = -1;
    buffer_init(&b->store.memory, w->alloc, SIZE_MAX / 2);
    wal_ref(w);
    *ret = b;
    return 0;
}

void batch_clear(struct wal_batch *b)
{
    struct batch_store *s = &b->store;
    file_close(&s->spill);
    mem_free(s->log->alloc, s->window);
    buffer_clear(&s->memory);
    s->window = NULL;
    s->room = s->window_have = 0;
    s->spilled = s->records = s->payload = s->body = s->largest = 0;
    b->doomed = false;
}

void batch_free(struct wal_batch *b)
{
    struct wal *w = b->store.log;
    if (!wal_is_ours(w)) {
        b->store.spill.fd = -1; /* closed already */
        if (!wal_disown(w))
            return;
    }
    batch_clear(b);
    buffer_free(&b->store.memory);
    mem_free(w->alloc, b);
    wal_unref(w);
}

static int open_spill(struct batch_store *s)
{
    const struct folder *d = &s->log->folder;
    int fd = d->os->temp_open(d->os->ctx, d->fd, s->log->config.file_mode);
    if (fd < 0)
        return fault_os(-fd, "%s: no temporary file for a batch", d->path);
    s->spill = (struct file){.folder = d, .fd = fd};
    strcpy(s->spill.name, "(batch)");
    return 0;
}

/* Moves what is in memory to the file. On failure nothing has changed: the file's end is where it
 * was. */
static int spill(struct batch_store *s)
{
    int e = s->spill.fd < 0 ? open_spill(s) : 0;
    if (e == 0)
        e = file_write_bytes(&s->spill, s->memory.data, s->memory.size, s->spilled);
    if (e == 0) {
        s->spilled += s->memory.size;
        buffer_clear(&s->memory);
    }
    return e;
}

int batch_append(struct wal_batch *b, uint32_t type, const void *data, size_t size)
{
    struct batch_store *s = &b->store;
    struct source one;

    int e = source_one(&one, type, data, size, s->log->config.max_record_bytes);
    if (e < 0)
        return e;
    if (s->body + one.body > BATCH_BYTES_MAX)
        return fault(WAL_E_TOOBIG, "a batch of more than 4 GiB");
    if (s->memory.size && s->memory.size + one.body > s->log->config.group_bytes) {
        e = spill(s);
        if (e < 0)
            return e;
    }
    uint8_t *out = buffer_reserve(&s->memory, (size_t)one.body);
    if (!out)
        return fault_nomem();
    struct record r = {.size = (uint32_t)size, .type = (uint16_t)type};
    store64(out + one.body - 8, 0);
    r.crc = size ? crc_copy(0, out + RECORD_HEADER_BYTES, data, size) : 0;
    record_header_encode(out, &r);
    s->memory.size += (size_t)one.body;
    s->records++;
    s->payload += size;
    s->body += one.body;
    s->largest = max_u64(s->largest, one.body);
    return 0;
}

/* Reads a piece of the file from s->at on, `size` bytes at least. */
static int read_window(struct batch_store *s, size_t size)
{
    size_t got = 0, want = (size_t)min_u64(max_u64(size, WINDOW_BYTES), s->spilled - s->at);

    if (want > s->room) {
        uint8_t *window = mem_resize(s->log->alloc, s->window, want);
        if (!window)
            return fault_nomem();
        s->window = window;
        s->room = want;
    }
    int e = file_read(&s->spill, s->window, want, s->at, &got);
    if (e == 0 && got < size)
        e = fault(WAL_E_IO, "%s: the temporary file of a batch has become shorter", s->log->path);
    s->window_at = s->at;
    s->window_have = e == 0 ? got : 0;
    return e;
}

/* Makes `size` bytes at s->at visible: in memory, or read back from the file. */
static int look(struct batch_store *s, size_t size, const uint8_t **ret)
{
    int e = 0;

    if (s->at >= s->spilled) {
        *ret = s->memory.data + (s->at - s->spilled);
        return 0;
    }
    if (s->at < s->window_at || s->at + size > s->window_at + s->window_have)
        e = read_window(s, size);
    *ret = s->window + (s->at - s->window_at);
    return e;
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
    if (bytes > s->largest || (s->at < s->spilled && bytes > s->spilled - s->at))
        return fault(WAL_E_IO, "%s: the temporary file of a batch is damaged", s->log->path);
    e = look(s, bytes, &p);
    if (e < 0)
        return e;
    *ret = (struct source_record){
        .data = p + RECORD_HEADER_BYTES, .size = size, .type = load16(p + 12)};
    if (s->at < s->spilled && crc_update(0, ret->data, size) != crc)
        return fault(WAL_E_IO, "%s: the temporary file of a batch is damaged", s->log->path);
    s->at += bytes;
    return 0;
}

static void store_rewind(struct source *src)
{
    src->store->at = 0;
}

static void store_source(struct batch_store *s, struct source *ret)
{
    *ret = (struct source){
        .records = s->records,
        .payload = s->payload,
        .body = s->body,
        .largest = s->largest,
        .can_fail = s->spilled > 0,
        .next = store_next,
        .rewind = store_rewind,
        .store = s,
    };
    source_rewind(ret);
}

int batch_commit(struct wal_batch *b, uint32_t flags, uint64_t *ret_first, uint64_t *ret_last)
{
    struct source s;
    enum append_how how;
    uint64_t records = b->store.records;

    int e = append_how(b->store.log, flags, &how);
    if (e < 0)
        return e;
    if (b->doomed)
        return fault(WAL_E_FAILED,
                     "an earlier commit of this batch is in doubt: it can only be aborted");
    if (records == 0) {
        *ret_first = *ret_last = 0;
        return 0;
    }
    store_source(&b->store, &s);
    e = append_source(b->store.log, &s, flags, ret_first);
    if (e < 0) {
        b->doomed = e == WAL_E_INDOUBT || e == WAL_E_FAILED;
        return e;
    }
    *ret_last = *ret_first + records - 1;
    batch_clear(b);
    return 0;
}
