/* SPDX-License-Identifier: Apache-2.0 */
#include "log/spill.h"

#include <string.h>

#include "base/bytes.h"
#include "segment/cipher.h"

enum { WINDOW_BYTES = 64 * 1024, FIRST_PARTS = 16, AAD_BYTES = 16 };

void spill_init(struct spill *s, struct wal *w)
{
    *s = (struct spill){.log = w, .file.fd = -1};
}

void spill_disown(struct spill *s)
{
    s->file.fd = -1;
}

void spill_clear(struct spill *s)
{
    const struct alloc *a = s->log->alloc;

    cipher_drop(s->log->config.cipher, s->key);
    file_close(&s->file);
    mem_free(a, s->parts);
    mem_free(a, s->sealed);
    mem_free(a, s->window);
    spill_init(s, s->log);
}

void spill_cut(struct spill *s, uint64_t bytes)
{
    s->bytes = min_u64(s->bytes, bytes);
    while (s->n_parts && s->parts[s->n_parts - 1].at >= s->bytes)
        s->n_parts--;
    s->have = 0;
}

static int derive(struct spill *s)
{
    const struct cipher *c = s->log->config.cipher;
    const struct os *os = s->log->os;
    uint8_t salt[KDF_SALT_BYTES];

    if (!c)
        return 0;
    int r = os->random(os->ctx, salt, sizeof salt);
    return r < 0 ? fault_os(-r, "no random bytes") : cipher_derive(c, c->key_id, salt, &s->key);
}

static int make(struct spill *s)
{
    const struct folder *d = &s->log->folder;

    if (s->file.fd >= 0)
        return 0;
    int e = s->key ? 0 : derive(s);
    if (e < 0)
        return e;
    int fd = d->os->temp_open(d->os->ctx, d->fd, s->log->config.file_mode);
    if (fd < 0)
        return fault_os(-fd, "%s: no temporary file for a batch", d->path);
    s->file = (struct file){.folder = d, .fd = fd};
    strcpy(s->file.name, "(batch)");
    return 0;
}

static int make_room(const struct spill *s, uint8_t **bytes, size_t *room, size_t size)
{
    if (size <= *room)
        return 0;
    uint8_t *more = mem_resize(s->log->alloc, *bytes, size);
    if (!more)
        return fault_nomem();
    *bytes = more;
    *room = size;
    return 0;
}

static int reserve_part(struct spill *s)
{
    size_t room = s->parts_room ? 2 * s->parts_room : FIRST_PARTS;

    if (s->n_parts < s->parts_room)
        return 0;
    struct spill_part *more = mem_resize(s->log->alloc, s->parts, room * sizeof *more);
    if (!more)
        return fault_nomem();
    s->parts = more;
    s->parts_room = room;
    return 0;
}

/* Its number is never used again under this key; that and its place are vouched for. */
static void place_of(const struct spill_part *p, uint8_t aad[AAD_BYTES], struct cipher_place *ret)
{
    store64(aad, p->number);
    store64(aad + 8, p->at);
    *ret = (struct cipher_place){.aad = aad, .aad_size = AAD_BYTES};
    store64(ret->nonce, p->number);
}

static int append_sealed(struct spill *s, const void *data, size_t size)
{
    struct spill_part p = {.at = s->bytes, .offset = s->end, .number = s->made, .size = size};
    uint8_t aad[AAD_BYTES];
    struct cipher_place at;

    int e = reserve_part(s);
    if (e == 0)
        e = make_room(s, &s->sealed, &s->sealed_room, size + CIPHER_TAG_BYTES);
    if (e < 0)
        return e;
    place_of(&p, aad, &at);
    s->made++;
    e = cipher_seal(s->log->config.cipher, s->key, &at, data, size, s->sealed, s->sealed + size);
    if (e == 0)
        e = file_write_bytes(&s->file, s->sealed, size + CIPHER_TAG_BYTES, p.offset);
    if (e < 0)
        return e;
    s->parts[s->n_parts++] = p;
    s->end += size + CIPHER_TAG_BYTES;
    return 0;
}

int spill_append(struct spill *s, const void *data, size_t size)
{
    int e = make(s);
    if (e == 0)
        e = s->key ? append_sealed(s, data, size)
                   : file_write_bytes(&s->file, data, size, s->bytes);
    if (e == 0)
        s->bytes += size;
    return e;
}

/* At least `size` bytes of the file. */
static int read_back(const struct spill *s, void *to, size_t want, size_t size, uint64_t offset,
                     size_t *ret_got)
{
    int e = file_read(&s->file, to, want, offset, ret_got);
    if (e == 0 && *ret_got < size)
        e = fault(WAL_E_IO, "%s: the temporary file of a batch has become shorter", s->log->path);
    return e;
}

static int load_plain(struct spill *s, uint64_t at, size_t size)
{
    size_t want = (size_t)min_u64(max_u64(size, WINDOW_BYTES), s->bytes - at);

    int e = make_room(s, &s->window, &s->room, want);
    if (e == 0)
        e = read_back(s, s->window, want, size, at, &s->have);
    s->window_at = at;
    return e;
}

static const struct spill_part *part_at(const struct spill *s, uint64_t at)
{
    size_t low = 0, high = s->n_parts; /* the last one that begins at or before it */
    while (high - low > 1) {
        size_t mid = low + (high - low) / 2;
        *(s->parts[mid].at <= at ? &low : &high) = mid;
    }
    return &s->parts[low];
}

/* How much of a part counts: what lies behind may have been given up. */
static size_t counts(const struct spill *s, const struct spill_part *p)
{
    bool last = p + 1 == s->parts + s->n_parts;
    return (size_t)min_u64(p->size, (last ? s->bytes : p[1].at) - p->at);
}

static int load_sealed(struct spill *s, uint64_t at)
{
    const struct spill_part *p = part_at(s, at);
    size_t whole = p->size + CIPHER_TAG_BYTES, got;
    uint8_t aad[AAD_BYTES];
    struct cipher_place place;

    int e = make_room(s, &s->sealed, &s->sealed_room, whole);
    if (e == 0)
        e = make_room(s, &s->window, &s->room, p->size);
    if (e == 0)
        e = read_back(s, s->sealed, whole, whole, p->offset, &got);
    if (e < 0)
        return e;
    place_of(p, aad, &place);
    e = cipher_open(s->log->config.cipher, s->key, &place, s->sealed, p->size, s->window,
                    s->sealed + p->size);
    s->window_at = p->at;
    s->have = counts(s, p);
    return e;
}

int spill_look(struct spill *s, uint64_t at, size_t size, const uint8_t **ret)
{
    int e = 0;
    if (at < s->window_at || at + size > s->window_at + s->have) {
        s->have = 0;
        e = s->key ? load_sealed(s, at) : load_plain(s, at, size);
        s->have = e == 0 ? s->have : 0;
    }
    if (e == 0)
        *ret = s->window + (at - s->window_at);
    return e;
}
