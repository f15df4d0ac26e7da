/* SPDX-License-Identifier: Apache-2.0 */
#include "format/body.h"

#include <assert.h>

#include "base/cursor.h"

enum { BODY_ALIGN = 8, BODY_HEAD_BYTES = 8, META_ENTRY_HEAD_BYTES = 8, SEAL_ENTRY_BYTES = 16 };

static_assert((int)META_BODY_MAX <= GROUP_BYTES_MIN && (int)SEAL_BODY_MAX <= GROUP_BYTES_MIN,
              "every segment's groups hold a whole map and a whole seal");

size_t meta_body_bytes(const struct meta_entry *entries, size_t n)
{
    size_t sum = BODY_HEAD_BYTES;

    for (size_t i = 0; i < n; i++)
        sum += META_ENTRY_HEAD_BYTES +
               (size_t)align_up((uint64_t)entries[i].key_size + entries[i].value_size, BODY_ALIGN);
    return sum;
}

void meta_body_encode(uint8_t *out, const struct meta_entry *entries, size_t n)
{
    struct cursor c = cursor_write(out, meta_body_bytes(entries, n));

    cursor_put32(&c, (uint32_t)n);
    cursor_put32(&c, 0);
    for (size_t i = 0; i < n; i++) {
        const struct meta_entry *e = &entries[i];
        cursor_put16(&c, e->key_size);
        cursor_put16(&c, e->value_size);
        cursor_put32(&c, 0);
        cursor_put_bytes(&c, e->key, e->key_size);
        cursor_put_bytes(&c, e->value, e->value_size);
        cursor_put_align(&c, BODY_ALIGN);
    }
}

/* Up to the next multiple of BODY_ALIGN; whether what was skipped is 0. */
static bool skip_padding(struct cursor *c)
{
    size_t padding = (0 - c->position) & (BODY_ALIGN - 1);
    const uint8_t *p = cursor_get_bytes(c, padding);
    return p != NULL && all_zero(p, padding);
}

static bool keys_ascend(const struct meta_entry *a, const struct meta_entry *b)
{
    size_t common = a->key_size < b->key_size ? a->key_size : b->key_size;
    int order = memcmp(a->key, b->key, common);
    return order < 0 || (order == 0 && a->key_size < b->key_size);
}

static bool get_entry(struct cursor *c, struct meta_entry *ret)
{
    struct meta_entry e;

    e.key_size = cursor_get16(c);
    e.value_size = cursor_get16(c);
    if (cursor_get32(c) != 0 || e.key_size == 0 || e.key_size > META_KEY_MAX ||
        e.value_size > META_VALUE_MAX)
        return false;
    e.key = cursor_get_bytes(c, e.key_size);
    e.value = cursor_get_bytes(c, e.value_size);
    if (!skip_padding(c))
        return false;
    *ret = e;
    return true;
}

int meta_body_decode(struct meta_entry ret[META_KEYS_MAX], const uint8_t *body, size_t size)
{
    struct cursor c = cursor_read(body, size);
    uint32_t n = cursor_get32(&c);
    struct meta_entry entries[META_KEYS_MAX];

    if (cursor_get32(&c) != 0 || n > META_KEYS_MAX)
        return -1;
    for (uint32_t i = 0; i < n; i++)
        if (!get_entry(&c, &entries[i]) || (i > 0 && !keys_ascend(&entries[i - 1], &entries[i])))
            return -1;
    if (!cursor_ok(&c) || cursor_left(&c) != 0)
        return -1;
    memcpy(ret, entries, n * sizeof(entries[0]));
    return (int)n;
}

size_t seal_body_bytes(size_t n)
{
    return BODY_HEAD_BYTES + n * SEAL_ENTRY_BYTES;
}

void seal_body_encode(uint8_t *out, const struct seal_entry *entries, size_t n)
{
    struct cursor c = cursor_write(out, seal_body_bytes(n));

    cursor_put32(&c, (uint32_t)n);
    cursor_put32(&c, 0);
    for (size_t i = 0; i < n; i++) {
        cursor_put64(&c, entries[i].lsn);
        cursor_put32(&c, entries[i].place);
        cursor_put32(&c, 0);
    }
}

void seal_body_entry(struct seal_entry *ret, const uint8_t *body, size_t i)
{
    const uint8_t *at = body + BODY_HEAD_BYTES + i * SEAL_ENTRY_BYTES;
    *ret = (struct seal_entry){.lsn = load64(at), .place = load32(at + 8)};
}

int seal_body_count(const uint8_t *body, size_t size)
{
    struct cursor c = cursor_read(body, size);
    uint32_t n = cursor_get32(&c);
    struct seal_entry last = {.lsn = 0, .place = FIRST_PLACE - 1};

    if (cursor_get32(&c) != 0 || n > SEAL_ENTRIES_MAX || size != seal_body_bytes(n))
        return -1;
    for (uint32_t i = 0; i < n; i++) {
        struct seal_entry entry;
        entry.lsn = cursor_get64(&c);
        entry.place = cursor_get32(&c);
        if (cursor_get32(&c) != 0 || entry.lsn <= last.lsn || entry.place <= last.place)
            return -1;
        last = entry;
    }
    return (int)n;
}

void checkpoint_header_encode(uint8_t out[CHECKPOINT_HEADER_BYTES],
                              const struct checkpoint_part *part)
{
    struct cursor c = cursor_write(out, CHECKPOINT_HEADER_BYTES);

    cursor_put64(&c, part->lsn);
    cursor_put64(&c, part->state_size);
    cursor_put64(&c, part->offset);
    cursor_put64(&c, part->size);
}

int checkpoint_body_decode(struct checkpoint_part *ret, const uint8_t *body, size_t size)
{
    struct cursor c = cursor_read(body, size);
    struct checkpoint_part part;

    part.lsn = cursor_get64(&c);
    part.state_size = cursor_get64(&c);
    part.offset = cursor_get64(&c);
    part.size = cursor_get64(&c);
    if (part.size > cursor_left(&c))
        return -1;
    part.bytes = cursor_get_bytes(&c, (size_t)part.size);
    if (!skip_padding(&c) || cursor_left(&c) != 0)
        return -1;
    if (part.lsn == 0 || part.offset > part.state_size || part.size > part.state_size - part.offset)
        return -1;
    *ret = part;
    return 0;
}
